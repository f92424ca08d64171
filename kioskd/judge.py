"""Judge one feed: its newest frame in, one step of its mode, a result out when one is due.

One thread per feed runs `Judge.run`. It owns the feed (the capture process dies with the
thread that started it), the perceiver (the tracks are this feed's) and the mode.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from feeds.feed import Feed
from feeds.frame import Frame
from kioskd import log
from kioskd.event import Result, Step
from kioskd.modes.mode import Mode
from kioskd.modes.reasons import Reason
from kioskd.pace import Load, Pace
from models.observation import Observation
from models.perceive import Perceiver

WAIT_S = 0.25  # how long to wait for a frame before saying "still alive" to the watchdog


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One frame's way through the judge, for whoever measures or watches.

    began_at, stepped_at (the mode has spoken) and ended_at (a result, if any, is delivered)
    are seconds on the monotonic clock.
    """

    frame: Frame
    seen: Observation
    step: Step
    began_at: float
    stepped_at: float
    ended_at: float


class Judge(threading.Thread):
    """The thread that decides for one feed.

    deliver  called with each result in this thread; it returns when the result is durable
    watch    called after each frame, for the bench and for diagnostics; it must be quick

    A stale frame never comes here: `Feed.newest` leaves it out, and the mode sees a gap.
    A bug ends the thread with `failure` set; the daemon then stops, and the door stays shut.
    """

    def __init__(
        self,
        feed: Feed,
        perceiver: Perceiver,
        mode: Mode,
        deliver: Callable[[Result], object],
        watch: Callable[[Judged], None] | None = None,
    ) -> None:
        super().__init__(name=f"judge-{feed.state.feed}", daemon=True)
        self.feed = feed
        self.progress_at = time.monotonic()
        self.failure: BaseException | None = None
        self.load: Load | None = None  # the latest, replaced whole
        self.perceiver, self._mode = perceiver, mode
        self._deliver, self._watch = deliver, watch
        self._stopping = threading.Event()
        self._log = log.logger(feed=feed.state.feed)
        self._pace = Pace()
        self._phase = ""

    def run(self) -> None:
        try:
            self.feed.start()
            while not self._stopping.is_set():
                frame = self.feed.newest(WAIT_S)
                self.progress_at = time.monotonic()
                if frame is not None:
                    self._judge(frame)
        except Exception as error:  # a bug: say it and stop, the daemon exits and is restarted
            self.failure = error
            self._log.exception("judging failed, the daemon stops and the door stays shut")
        finally:
            self.feed.stop()

    def stop(self) -> None:
        """Ask the thread to end after the frame it is at. Join it to know that it has."""
        self._stopping.set()

    def _judge(self, frame: Frame) -> None:
        began_at = time.monotonic()
        seen = self.perceiver.look(frame)
        while wanted := self._mode.wants(seen):
            seen = self.perceiver.measure(frame, seen, wanted)
        step = self._mode.step(seen)
        stepped_at = time.monotonic()
        self._pace.judged(frame.number, frame.captured_at, stepped_at - began_at)
        self.load = self._pace.load()
        self._say(step.phase, step.reasons)
        if step.result is not None:
            self._deliver(self._in_our_time(self._under_load(step.result), frame, began_at))
        if self._watch is not None:
            self._watch(Judged(frame, seen, step, began_at, stepped_at, time.monotonic()))

    def _under_load(self, result: Result) -> Result:
        """With `overloaded` among its reasons, where the mode saw too few of the frames for it.

        It stands behind what ended the attempt, so that whoever reads only two reads it too.
        """
        load = self._pace.load_since(result.started_at)
        if load is None or not load.behind:
            return result
        reasons = (*result.reasons[:1], Reason.OVERLOADED.value, *result.reasons[1:])
        return replace(result, reasons=reasons)

    def _in_our_time(self, result: Result, frame: Frame, taken_at: float) -> Result:
        """A recording played fast goes by its own clock, and gives the same on every machine.

        On a slow one that clock falls behind; the event is as new as the showing of its frame.
        """
        behind_s = taken_at - frame.captured_at
        if not self.feed.settings.has_own_time or behind_s <= 0.0:
            return result
        return replace(
            result,
            started_at=result.started_at + behind_s,
            decided_at=result.decided_at + behind_s,
            captured_at=result.captured_at + behind_s,
        )

    def _say(self, phase: str, reasons: tuple[str, ...]) -> None:
        if phase != self._phase:
            self._log.debug("phase", phase=phase, before=self._phase, reasons=reasons)
            self._phase = phase
