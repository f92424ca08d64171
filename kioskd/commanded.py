"""A command as the record and the log tell of it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Commanded:
    """Somebody gave a command, and it was done or refused; the audit log has it too.

    command   its name; "" where it could not be read, or there is none of that name
    door      where it is for one; "" else
    way       by which it came
    who       a user and a process of this machine, such as "uid 0, pid 4711"; "" over MQTT
    request   the id that whoever gave it gave it; ""
    status    as HTTP has it, 200 where it was done
    code      why it was refused; "" where it was done
    detail    the same in a sentence
    left_out  refusals before this one that are in no record, for there were too many
    """

    command: str
    door: str
    way: Literal["mqtt", "socket"]
    who: str
    request: str
    status: int
    code: str
    detail: str
    left_out: int = 0
