"""Counts what happens, as it is told: a quick listener of the stream.

Counters and histograms, no rates: whoever reads them divides by a time of their own. A label has
only values that the configuration or the code names, so no series is ever added by who comes.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import get_args

from kioskd.alarms.alarm import AlarmCode
from kioskd.delivery.outcome import Handed
from kioskd.delivery.wire import Outcome
from kioskd.event import Result, Verdict
from kioskd.happenings import (
    ActionEnded,
    AlarmChanged,
    AttemptEnded,
    BrokerMet,
    FeedChanged,
    FrameJudged,
)
from kioskd.metrics.library import CollectorRegistry, Counter, Histogram
from kioskd.modes.reasons import Reason
from kioskd.stream import Stream

HANDED: tuple[str, ...] = get_args(Handed)
OTHER = "other"  # a reason that is none of ours
REASONS = frozenset(reason.value for reason in Reason)
AGE_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
JUDGE_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
DECISION_S = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0)


class _Families:
    """Every metric that is counted here, registered once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"kioskd_{name}", told, labels, registry=registry)

        def histogram(name: str, told: str, *labels: str, buckets: Iterable[float]) -> Histogram:
            of = tuple(buckets)
            return Histogram(f"kioskd_{name}", told, labels, registry=registry, buckets=of)

        self.judged = counter("frames_judged", "Frames that were judged.", "door")
        self.replaced = counter(
            "frames_replaced",
            "Frames never judged: newer ones took their place, or they were too old by then.",
            "door",
        )
        self.reasons = counter(
            "gate_reasons", "Frames judged by what stood in their way.", "door", "reason"
        )
        self.age = histogram(
            "frame_age_seconds", "From capture to the mode's word.", "door", buckets=AGE_S
        )
        self.judging = histogram(
            "judge_seconds", "Spent on a frame, from look to word.", "door", buckets=JUDGE_S
        )
        about = "door", "mode", "verdict"
        self.attempts = counter("attempts", "Attempts that ended.", *about)
        self.results = counter("results", "Attempts whose result is for the door.", *about)
        self.decision = histogram(
            "decision_seconds", "From first face to the decision.", *about, buckets=DECISION_S
        )
        self.handed = counter("results_handed_over", "Results by what was done.", "door", "outcome")
        self.events = counter("events_ended", "Events by their end.", "door", "outcome")
        self.feeds = counter("feed_changes", "Feeds by new state.", "door", "state", "reason")
        self.connections = counter("broker_connections", "Times that a broker took us.")
        self.alarms = counter("alarms", "Times that an alarm began.", "code")
        for code in get_args(AlarmCode):
            self.alarms.labels(code)

    def begin(self, door: str, mode: str) -> None:
        """Zeros of what will be counted: the first of anything is a change then, and seen."""
        for verdict in get_args(Verdict):
            self.attempts.labels(door, mode, verdict)
            self.results.labels(door, mode, verdict)
        for outcome in HANDED:
            self.handed.labels(door, outcome)
        for outcome in get_args(Outcome):
            self.events.labels(door, outcome)


class Tallies:
    """What happened at these doors since the start.

    doors     the mode of each, by its name
    own_time  doors whose recording goes by a clock of its own: their frames have no age
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        doors: Mapping[str, str],
        own_time: Collection[str] = (),
    ) -> None:
        self._families = made = _Families(registry)
        self._doors = {door: _DoorTally(made, door, own_time=door in own_time) for door in doors}
        for door, mode in doors.items():
            made.begin(door, mode)

    def listen(self, stream: Stream) -> None:
        stream.listen("metrics", FrameJudged, self.frame_judged)
        stream.listen("metrics", AttemptEnded, self.attempt_ended)
        stream.listen("metrics", ActionEnded, self.action_ended)
        stream.listen("metrics", FeedChanged, self.feed_changed)
        stream.listen("metrics", AlarmChanged, self.alarm_changed)
        stream.listen("metrics", BrokerMet, lambda _: self._families.connections.inc())

    def alarm_changed(self, changed: AlarmChanged) -> None:
        if changed.alarm.rings:
            self._families.alarms.labels(changed.alarm.code).inc()

    def frame_judged(self, judged: FrameJudged) -> None:
        if tally := self._doors.get(judged.door):
            tally.frame(judged)

    def attempt_ended(self, ended: AttemptEnded) -> None:
        if tally := self._doors.get(ended.door):
            tally.attempt(ended)

    def action_ended(self, ended: ActionEnded) -> None:
        door = ended.door if ended.door in self._doors else ""
        self._families.events.labels(door, ended.outcome).inc()

    def feed_changed(self, changed: FeedChanged) -> None:
        state = changed.state
        if changed.door in self._doors:
            self._families.feeds.labels(changed.door, state.phase, state.reason).inc()


class _DoorTally:
    """One door's, told of its frames and attempts by its judge's thread alone."""

    def __init__(self, families: _Families, door: str, *, own_time: bool) -> None:
        self._families, self._door, self._own_time = families, door, own_time
        self._judged = families.judged.labels(door)
        self._replaced = families.replaced.labels(door)
        self._age = families.age.labels(door)
        self._judging = families.judging.labels(door)
        self._reasons: dict[str, Counter] = {}
        self._number = -1
        self._first_seen: dict[int, float] = {}  # by track, of the faces in view

    def frame(self, judged: FrameJudged) -> None:
        frame = judged.frame
        self._judged.inc()
        self._replaced.inc(max(0, frame.number - self._number - 1))
        self._number = frame.number
        self._judging.observe(judged.stepped_at - judged.began_at)
        if not self._own_time:
            self._age.observe(max(0.0, judged.stepped_at - frame.captured_at))
        for reason in judged.step.reasons:
            self._reason(reason).inc()
        tracks = (face.track_id for face in judged.seen.faces)
        self._first_seen = {
            track: self._first_seen.get(track, frame.captured_at) for track in tracks
        }

    def _reason(self, code: str) -> Counter:
        code = code if code in REASONS else OTHER
        if code not in self._reasons:
            self._reasons[code] = self._families.reasons.labels(self._door, code)
        return self._reasons[code]

    def attempt(self, ended: AttemptEnded) -> None:
        result = ended.result
        about = self._door, result.mode, result.verdict
        self._families.attempts.labels(*about).inc()
        if result.emits:
            self._families.results.labels(*about).inc()
        self._families.handed.labels(self._door, ended.delivery.outcome).inc()
        took_s = result.decided_at - self._began_at(result)
        self._families.decision.labels(*about).observe(max(0.0, took_s))

    def _began_at(self, result: Result) -> float:
        """When the face was first seen; of one that tries again, that attempt's first frame."""
        seen_at = self._first_seen.get(result.track_id, math.inf)
        self._first_seen[result.track_id] = math.inf
        # The result of a recording with a clock of its own is told in ours.
        return result.started_at if self._own_time else min(seen_at, result.started_at)
