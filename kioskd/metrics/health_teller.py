"""Tells on the health topic how the kiosk is: at each change of what stands in the way or of the
layers that hold, and often.

It counts the little that it says by itself, so that it needs no library.
"""

import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable

from kioskd.event import Verdict
from kioskd.happenings import AttemptEnded, BrokerMet, FrameJudged
from kioskd.health import DoorHealth, Health, Obstacle
from kioskd.judge import Judge
from kioskd.metrics.hour_means import HourMeans
from kioskd.metrics.kiosk_state import KioskState, memory_bytes, open_files
from kioskd.metrics.readiness import not_ready
from kioskd.stream import Stream

LOOK_S = 1.0  # how soon a change is noticed
EVERY_S = 30.0  # and it is told so often without one
STOPPED = Obstacle("stopped", "kioskd was stopped")


class HealthTeller(threading.Thread):
    """A thread that looks and tells. A part (kioskd/part.py) on which nothing depends.

    tell  called with each health that is to be published; it must not wait
    """

    stop_s = 2.0
    progress_at = None
    failure = None

    def __init__(self, state: KioskState, stream: Stream, tell: Callable[[Health], object]) -> None:
        super().__init__(name="health", daemon=True)
        self._state, self._tell = state, tell
        self._stopping = threading.Event()
        self._attempts: Counter[tuple[str, Verdict]] = Counter()
        self._means: defaultdict[str, HourMeans] = defaultdict(HourMeans)
        self._connections = 0
        self._began_at = time.monotonic()
        stream.listen("health", AttemptEnded, self._attempt_ended)
        stream.listen("health", BrokerMet, self._broker_met)
        stream.listen("health", FrameJudged, self._frame_judged)

    def run(self) -> None:
        told: object = None
        told_at = self._began_at
        while not self._stopping.wait(LOOK_S):
            why, now = not_ready(self._state), time.monotonic()
            stands = [(one.code, one.door) for one in why], self._state.sources.layers()
            if stands != told or now - told_at >= EVERY_S:
                told, told_at = stands, now
                self._tell(self._health(why))
        self._tell(self._health((STOPPED,)))

    def stop(self, failure: str | None = None) -> None:
        """Ask the thread to end, with a last word. Join it to know that it has."""
        self._stopping.set()

    def _attempt_ended(self, ended: AttemptEnded) -> None:
        self._attempts[ended.door, ended.result.verdict] += 1  # a door's own thread alone does

    def _frame_judged(self, judged: FrameJudged) -> None:
        self._means[judged.door].take(judged.frame, judged.seen)  # likewise

    def _broker_met(self, _met: BrokerMet) -> None:
        self._connections += 1

    def _health(self, why: tuple[Obstacle, ...]) -> Health:
        return Health(
            why=why,
            doors=tuple(map(self._door, self._state.judges)),
            rows_waiting=self._state.rows_waiting,
            connections=self._connections,
            memory_bytes=memory_bytes(os.getpid()),
            open_files=open_files(),
            up_s=time.monotonic() - self._began_at,
            layers=self._state.sources.layers(),
            fleet=self._state.fleet,
        )

    def _door(self, judge: Judge) -> DoorHealth:
        counts, ended = judge.feed.counts, self._attempts
        means = self._means[judge.door]
        return DoorHealth(
            judge.door,
            judge.feed.settings.name,
            judge.feed.state.phase,
            counts.captured,
            counts.taken,
            ended[judge.door, "passed"],
            ended[judge.door, "failed"],
            ended[judge.door, "undecided"],
            means.light,
            means.faces,
        )
