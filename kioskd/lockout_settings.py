"""When a door is locked out after attacks, and for how long."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class LockoutSettings:
    """attacks   so many within `within_s` lock the door out; 0: never
    within_s  seconds
    first_s   seconds of the first lockout; each further one is longer by as much
    most_s    never longer; after as long without one the first length holds again
    ended_by  time alone; or, sooner, a command of somebody who has looked
    """

    attacks: int = 5
    within_s: float = 120.0
    first_s: float = 30.0
    most_s: float = 300.0
    ended_by: Literal["time", "command"] = "time"
