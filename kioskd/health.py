"""Whether the kiosk is well and, if not, why, as values: what the health topic says in short."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
class Light:
    """How light a door's pictures were while a face was in view, over the last hour that had one.

    since, until  unix seconds; the hour's frames with a face lie between them
    mean          grey of the whole picture, 0 black to 1 white
    """

    since: float
    until: float
    frames: int
    mean: float


@dataclass(frozen=True, slots=True)
class Faces:
    """How faces lay in a door's pictures and looked, over at least five people: never one alone.

    since, until  unix seconds, of the first and the last of their frames
    x, y          of the box's centre, in widths and heights of the picture
    width         of the box, in widths of the picture
    sharpness     and brightness as the gate measures them, 0 to 1; None where it never did
    """

    since: float
    until: float
    people: int
    x: float
    y: float
    width: float
    sharpness: float | None = None
    brightness: float | None = None


@dataclass(frozen=True, slots=True)
class DoorHealth:
    """One door, and what happened there since the start.

    captured  frames that its camera gave, of which so many were judged
    passed    attempts by their verdict, and so on
    light     of the last hour with somebody in view, and faces of the last people; None before
    """

    door: str
    feed: str
    phase: Phase
    captured: int
    judged: int
    passed: int
    failed: int
    undecided: int
    light: Light | None = None
    faces: Faces | None = None


@dataclass(frozen=True, slots=True)
class FleetHealth:
    """The kiosk's own road to a fleet's cluster.

    rows_waiting  audit rows that the fleet lacks, however many the broker has; None: unreadable
    """

    connected: bool
    rows_waiting: int | None

    def told(self) -> dict[str, bool | int | None]:
        """As health and `kioskd ctl status` say it."""
        return {"connected": self.connected, "auditRowsWaiting": self.rows_waiting}


@dataclass(frozen=True, slots=True)
class Health:
    """The whole kiosk at one moment.

    why           nothing where it is ready
    rows_waiting  audit rows that the broker has not taken; None: the log cannot be read
    connections   times that a broker took us
    up_s          since the start
    layers        those of the fleet that stand; None: this kiosk takes none
    fleet         its own road there; None: it has none
    """

    why: tuple[Obstacle, ...]
    doors: tuple[DoorHealth, ...]
    rows_waiting: int | None
    connections: int
    memory_bytes: int
    open_files: int
    up_s: float
    layers: tuple[Mapping[str, Any], ...] | None = None
    fleet: FleetHealth | None = None

    @property
    def ready(self) -> bool:
        return not self.why
