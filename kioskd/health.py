"""Whether the kiosk is well and, if not, why, as values: what the health topic says in short."""

from dataclasses import dataclass

from feeds.state import Phase


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands in the way.

    code    feed, broker, audit, stopped, or a problem's
    detail  a sentence for the person who must act
    door    where it is one door's; "" for the whole kiosk's
    """

    code: str
    detail: str
    door: str = ""


@dataclass(frozen=True, slots=True)
class DoorHealth:
    """One door, and what happened there since the start.

    captured  frames that its camera gave, of which so many were judged
    passed    attempts by their verdict, and so on
    """

    door: str
    feed: str
    phase: Phase
    captured: int
    judged: int
    passed: int
    failed: int
    undecided: int


@dataclass(frozen=True, slots=True)
class Health:
    """The whole kiosk at one moment.

    why           nothing where it is ready
    rows_waiting  audit rows that the broker has not taken; None: the log cannot be read
    connections   times that a broker took us
    up_s          since the start
    """

    why: tuple[Obstacle, ...]
    doors: tuple[DoorHealth, ...]
    rows_waiting: int | None
    connections: int
    memory_bytes: int
    open_files: int
    up_s: float

    @property
    def ready(self) -> bool:
        return not self.why
