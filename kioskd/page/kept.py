"""What the page remembers of the doors: snapshots, taken where things happen, read by who looks.

Everything here is called on the threads of judges and of delivery and only takes note, so that it
costs nothing while nobody looks. Observations are kept for the last minutes, so that a question
"what if" can be answered; pictures never are, but for the newest one.
"""

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from feeds.frame import Frame
from feeds.state import FeedState
from kioskd.event import Result, Step
from kioskd.happenings import (
    ActionEnded,
    AttemptEnded,
    BrokerMet,
    DoorSwitched,
    FeedChanged,
    FrameJudged,
    Replied,
    WatchChanged,
)
from kioskd.prompter import Prompter
from models.observation import Observation
from models.schemes import NONE_ADDED, Added

SCORES_S = 30.0  # of the plot
KEPT_S = 180.0  # of observations, for "what if"
MOST_KEPT = 6000  # frames, if a recording is played fast
HOUR_S = 3600.0
ATTEMPTS = 30  # the newest that are listed
MOST_OUTCOMES = 200  # events of which the outcome is shown
MOST_ENDED = 5000  # attempts within an hour


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """One frame as it was decided on. `seen` has what was measured for who looks on, too."""

    seen: Observation
    step: Step


@dataclass(frozen=True, slots=True)
class Scores:
    """What the networks said of one frame; `at` in seconds, monotonic."""

    at: float
    score: float | None
    by_model: dict[str, float]


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that ended: `at` in seconds, monotonic; `wall` since 1970."""

    at: float
    wall: float
    result: Result
    event_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a controller said of an event of this door. It is shown, and never acted upon."""

    at: float
    granted: bool
    text: str


@dataclass(slots=True)
class DoorKept:
    """Of one door. Each field is replaced whole, or added to by one thread and copied by others."""

    door: str
    feed: str
    frame: Frame | None = None
    looked: Looked | None = None
    judged_at: float = 0.0  # monotonic seconds at which the newest frame was done with
    cost_s: float = 0.0  # what deciding on it took
    state: FeedState | None = None
    prompt: str | None = None
    answer: Answer | None = None
    watch_failure: str | None = None
    enabled: bool = True
    kept: deque[Looked] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    scores: deque[Scores] = field(default_factory=deque)
    ended: deque[Ended] = field(default_factory=lambda: deque(maxlen=MOST_ENDED))

    def judged(self, one: FrameJudged) -> None:
        looked = Looked(one.seen, one.step)
        self.frame, self.looked = one.frame, looked
        self.judged_at, self.cost_s = one.ended_at, one.stepped_at - one.began_at
        self.kept.append(looked)
        while one.seen.at - self.kept[0].seen.at > KEPT_S:
            self.kept.popleft()
        if (scores := _scores(one.seen)) is not None:
            self.scores.append(scores)
        while self.scores and one.seen.at - self.scores[0].at > SCORES_S:
            self.scores.popleft()

    def passed_lately(self, now: float, within_s: float) -> bool:
        """Whether the door was told that somebody passed, and the controller may still answer."""
        ended = self.ended[-1] if self.ended else None
        if ended is None or ended.result.verdict != "passed" or now - ended.at >= within_s:
            return False
        return self.answer is None or self.answer.at < ended.at

    def reasons(self, now: float) -> Counter[str]:
        """How often each reason ended an attempt or stood in its way, within the last hour."""
        recent = [one for one in self.ended.copy() if now - one.at <= HOUR_S]
        return Counter(reason for one in recent for reason in one.result.reasons)

    def attempts(self) -> list[Ended]:
        """The newest first."""
        return list(reversed(self.ended.copy()))[:ATTEMPTS]


class Kept:
    """Of all doors, and of the kiosk. Its methods are listeners of the stream."""

    def __init__(self, doors: Mapping[str, str], added: Added = NONE_ADDED) -> None:
        """`doors`: the feed of each door, by the door's name; `added`: see models/schemes.py."""
        self.added = added
        self.doors = {door: DoorKept(door, feed) for door, feed in doors.items()}
        self._by_feed = {kept.feed: kept for kept in self.doors.values()}
        self.broker = ""
        self.outcomes: Mapping[str, str] = {}  # of the newest events, by their ids
        self.events: Counter[str] = Counter()  # since the start, by outcome
        self._prompter = Prompter(self._prompt)

    def frame_judged(self, one: FrameJudged) -> None:
        self.doors[one.door].judged(one)
        self._prompter(one)

    def attempt_ended(self, one: AttemptEnded) -> None:
        told = one.delivery
        ended = Ended(time.monotonic(), time.time(), one.result, told.event_id, told.outcome)
        self.doors[one.door].ended.append(ended)

    def feed_changed(self, one: FeedChanged) -> None:
        kept = self.doors[one.door]
        kept.state = one.state
        if one.state.phase != "online":
            kept.prompt = None

    def broker_met(self, one: BrokerMet) -> None:
        self.broker = one.place

    def watch_changed(self, one: WatchChanged) -> None:
        self.doors[one.door].watch_failure = one.failure

    def door_switched(self, one: DoorSwitched) -> None:
        self.doors[one.door].enabled = one.enabled

    def action_ended(self, one: ActionEnded) -> None:
        """What became of an event at the broker."""
        newest = list(self.outcomes.items())[1 - MOST_OUTCOMES :]
        self.outcomes = dict([*newest, (one.event_id, one.outcome)])
        self.events[one.outcome] += 1

    def replied(self, one: Replied) -> None:
        self.doors[one.door].answer = Answer(one.at, one.granted, one.text)

    def _prompt(self, feed: str, code: str | None) -> None:
        self._by_feed[feed].prompt = code


def _scores(seen: Observation) -> Scores | None:
    measured = (face.liveness for face in seen.faces if face.liveness is not None)
    liveness = next(measured, None)
    return None if liveness is None else Scores(seen.at, liveness.score, dict(liveness.by_model))
