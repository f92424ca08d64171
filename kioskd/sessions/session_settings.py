"""How sessions are kept, and who may open them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Busy = Literal["wait", "refuse"]


@dataclass(frozen=True, slots=True)
class SessionsSettings:
    """The sessions of one kiosk.

    clients      what each program that may open sessions shows, by its name
    busy         what becomes of a session for a door that has one: it waits, or is refused
    most_waiting at one door; more are refused
    per_minute   sessions that one correlation id, or one client without one, may open in a minute
    keep_h       hours for which an ended session can be read
    """

    clients: Mapping[str, str] = field(default_factory=dict, repr=False)
    busy: Busy = "wait"
    most_waiting: int = 20
    per_minute: int = 10
    keep_h: float = 48.0
