"""What happens at the doors and in delivery, as values; stream.py brings them to whoever listens.

Times are seconds: `…_at` on the monotonic clock, the others since 1970.
"""

from dataclasses import dataclass
from pathlib import Path

from feeds.frame import Frame
from feeds.state import FeedState
from kioskd.alarms.alarm import Alarm
from kioskd.commanded import Commanded
from kioskd.config.config import Door
from kioskd.delivery.outcome import Delivery
from kioskd.delivery.wire import Outcome
from kioskd.event import Result, Step
from kioskd.modes.gate import Finding
from kioskd.modes.spec import Needs
from kioskd.problems import ProblemChanged
from kioskd.reload.reloaded import Reloaded
from models.observation import Measure, Observation


@dataclass(frozen=True, slots=True, eq=False)
class FrameJudged:
    """One frame's way through the judge; for each frame.

    began_at, stepped_at (the mode has spoken) and ended_at (a result, if any, is delivered). What
    was measured after that, for who looks on, is in `seen` too.
    """

    door: str
    frame: Frame
    seen: Observation
    step: Step
    began_at: float
    stepped_at: float
    ended_at: float


@dataclass(frozen=True, slots=True)
class Stepped:
    """A mode came into another phase, or gives other reasons than with the frame before.

    found  what each check of this frame found
    """

    door: str
    feed: str
    before: str
    phase: str
    reasons: tuple[str, ...]
    found: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ModeChanged:
    """Another mode decides at a door from here on.

    needs    what it may ask to have measured
    failure  why nobody is decided on there instead, which is a network that the mode needs; or None
    session  id of the session that it decides for; "": the door's own mode
    """

    door: str
    needs: Needs
    failure: str | None
    session: str = ""


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """A door goes by other rules from its next frame on, of the configuration with this digest."""

    door: str
    rules: Door
    digest: str


@dataclass(frozen=True, slots=True)
class ConfigurationRead:
    """config.yaml was read again, and this came of it."""

    answer: Reloaded


@dataclass(frozen=True, slots=True)
class WatchChanged:
    """What is measured of every frame at a door for those who look on; nothing, with `failure`."""

    door: str
    measures: frozenset[Measure]
    failure: str | None


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """A mode came to a result, and it was handed to delivery."""

    door: str
    result: Result
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class ActionEnded:
    """What became of an action in the end. The audit log has it too. `door`: "" if unknown."""

    event_id: str
    feed: str
    door: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class Replied:
    """A controller answered an event of the last seconds: to be shown and recorded, no more.

    Nobody acts on it, and nobody decides by it.

    granted  whether it opened
    text     its own words for the person, one line of at most 200 characters; "" for none. Whoever
             may write to the topic wrote them: they are text, and no markup
    at       when it came, seconds on the monotonic clock
    """

    door: str
    feed: str
    event_id: str
    granted: bool
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class ReplyRefused:
    """What came on the topic of replies was not taken, `times` times since it was last told."""

    door: str
    feed: str
    why: str
    times: int


@dataclass(frozen=True, slots=True)
class FeedChanged:
    """A feed came into another state."""

    door: str
    state: FeedState


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    """An alarm began, or ended."""

    alarm: Alarm


@dataclass(frozen=True, slots=True)
class DoorSwitched:
    """An operator enabled or disabled a door, or it was found disabled at the start."""

    door: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class BrokerMet:
    """A broker took us; once for each connection."""

    place: str


@dataclass(frozen=True, slots=True)
class FleetMet:
    """A fleet's cluster took us; once for each connection."""

    place: str


@dataclass(frozen=True, slots=True)
class RecordsPruned:
    """Audit records that the broker took long ago were deleted."""

    count: int
    first: int
    last: int
    recorded_before: float


@dataclass(frozen=True, slots=True)
class RecordsRescued:
    """The records that waited in a damaged log wait in the new one; `lost` could not be read."""

    path: Path
    saved: int
    lost: int


@dataclass(frozen=True, slots=True)
class ClockSet:
    """Somebody or something set the wall clock, forward (positive) or back."""

    by_s: float


@dataclass(frozen=True, slots=True, eq=False)
class ListenerFailed:
    """A listener begins to fail: a mistake of ours, which ends nothing."""

    name: str
    error: Exception


@dataclass(frozen=True, slots=True)
class Missed:
    """A listener with a thread of its own was too slow, and so many happenings are lost to it."""

    count: int


Happening = (
    FrameJudged
    | Stepped
    | ModeChanged
    | RulesChanged
    | ConfigurationRead
    | WatchChanged
    | AttemptEnded
    | ActionEnded
    | Replied
    | ReplyRefused
    | FeedChanged
    | DoorSwitched
    | Commanded
    | ProblemChanged
    | AlarmChanged
    | BrokerMet
    | FleetMet
    | RecordsPruned
    | RecordsRescued
    | ClockSet
    | ListenerFailed
    | Missed
)
