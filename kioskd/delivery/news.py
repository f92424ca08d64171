"""What the courier tells whoever keeps the log, as it happens."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kioskd.delivery.wire import Outcome


@dataclass(frozen=True, slots=True)
class Met:
    """A broker took us; told once for each connection."""

    place: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of an action in the end. The audit log has it too."""

    event_id: str
    feed: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class Pruned:
    """Audit records that the broker took long ago were deleted; unix seconds."""

    count: int
    first: int
    last: int
    recorded_before: float


@dataclass(frozen=True, slots=True)
class Rescued:
    """The records that waited in a damaged log wait in the new one; `lost` could not be read."""

    path: Path
    saved: int
    lost: int


@dataclass(frozen=True, slots=True)
class ClockSet:
    """Somebody or something set the wall clock, forward (positive) or back."""

    by_s: float


News = Met | Ended | Pruned | Rescued | ClockSet
Tell = Callable[[News], None]


def nobody(_news: News) -> None:
    """For whoever does not want to hear it."""
