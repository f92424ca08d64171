"""One camera, watched over: fresh frames in, states out, whatever happens to what is behind.

    starting --> online     a frame came
    online   --> stalled    the camera is silent, frozen, or only gives the past
    any      --> offline    it cannot be opened, or its capture process died
    stalled, offline --> online     a frame came

Whatever ended the capture process, another is started after a jittered back-off; only a file
that was to be played once stays offline, "finished".
"""

from collections.abc import Callable
from signal import strsignal
from time import monotonic, sleep, time

from feeds import naming
from feeds.blank_picture import blank
from feeds.capture_messages import Message
from feeds.feed_settings import FeedSettings, PlayedSource
from feeds.frame import Frame
from feeds.hardware import Facts
from feeds.loops import LoopWatch
from feeds.process import CaptureProcess
from feeds.retry import Retry
from feeds.slot import Slot, Taken
from feeds.state import FeedCounts, FeedState, Phase
from feeds.watch import STARVED_S, Watch

_STALLS = frozenset(
    {
        "no_frames",
        "no_key_frame",
        "frozen",
        "blank",
        "too_slow",
        "late",
        "time_jumped",
        "picture_changed",
        "depth_stopped",
    }
)  # faults of a camera that was open
_STILL = frozenset({"frozen", "blank"})
_LOOK_S = 0.1  # how often the capture process is looked after while waiting for a frame


def _ignore(_: FeedState) -> None:
    pass


def _trust(_: Facts) -> str | None:
    return None


class Feed:
    """The newest fresh frame of one camera.

    start, newest and stop belong to one thread, and that thread must outlive the feed: the
    kernel kills the capture process when the thread that started it ends, and newest() starts
    it too. `state` and `counts` may be read from any thread.
    """

    def __init__(
        self,
        settings: FeedSettings,
        on_state: Callable[[FeedState], None] = _ignore,
        distrust: Callable[[Facts], str | None] = _trust,
    ) -> None:
        """Both are called from within start() and newest().

        on_state  once per change
        distrust  with each opening, of which camera it is: why none of its pictures may count, in a
                  sentence; None: they may
        """
        self.settings = settings
        self.state = FeedState(settings.name, "starting", "", "not started yet", time())
        self.counts = FeedCounts()  # as of the last call of newest()
        self._name = naming.shown(settings.source)
        self._on_state, self._distrust = on_state, distrust
        self._process: CaptureProcess | None = None
        self._closing: Message | None = None
        self._watch = Watch(settings, monotonic())
        self._loops = LoopWatch()  # over all openings: whoever plays a loop can break a connection
        self._retry = Retry(settings.retry_first_s, settings.retry_most_s)
        self._before = FeedCounts()  # counted by capture processes that have ended
        self._session = 0  # the next capture process's first
        self._captured_at = 0.0  # of the newest frame handed out
        self._spawned = 0
        self._over = False

    def start(self) -> None:
        """Starts capturing; frames follow when the camera gives them."""
        self._become("starting", "opening", f"opening {self._name}")
        self._spawn()

    def newest(self, timeout_s: float) -> Frame | None:
        """The newest frame not handed out before, waiting for it up to `timeout_s`.

        All supervision happens in here, so call it again and again: it notices a stall, kills
        what hangs and starts what died. None if no frame came in time, and at once when a
        file has just been played to its end.
        """
        deadline = monotonic() + timeout_s
        while True:
            frame = self._take()
            if frame is not None:
                return frame
            was_over = self._over
            self._supervise()
            left_s = deadline - monotonic()
            if left_s <= 0 or self._over != was_over:
                return None
            self._wait(min(left_s, _LOOK_S))

    def reopen(self) -> None:
        """Ends the capture process and opens the camera anew at once, whatever state it is in.

        For the thread of `newest`. A recording that was played to its end begins again.
        """
        if self._process is not None:
            self._close(self._process)
        self._over = False
        self._become("starting", "opening", f"opening {self._name} again, as it was asked for")
        self._spawn()

    def stop(self) -> None:
        """Ends the capture process; no frame follows."""
        self._over = True
        if self._process is not None:
            self._close(self._process)

    @property
    def capture_pid(self) -> int | None:
        """The capture process's id, None while there is none."""
        return None if self._process is None else self._process.pid

    # -- frames

    def _take(self) -> Frame | None:
        process = self._process
        if process is None or not self._watch.is_open:
            return None  # whose pictures they are is not known before it is open
        taken = process.slot.take()
        if taken is None:
            return None
        process.acknowledge()
        if self._too_old(taken) or self._looped(taken):
            return None
        return self._handed_out(taken, process.slot)

    def _too_old(self, taken: Taken) -> bool:
        """Whether the frame lay in the slot while the camera behind it had stalled.

        A file played fast has a time of its own, and waits for the reader by design.
        """
        if self.settings.has_own_time:
            return False
        return monotonic() - taken.captured_at > self._watch.patience_s

    def _looped(self, taken: Taken) -> bool:
        """Whether the camera shows what it showed before. A recording may, and is told as one."""
        if self.settings.loops == "ignore" or isinstance(self.settings.source, PlayedSource):
            return False
        if not self._loops.saw(taken.image, taken.captured_at):
            return False
        self._retry.online(monotonic())
        self._become("stalled", "looped", naming.looped(self._name))
        return True

    def _handed_out(self, taken: Taken, slot: Slot) -> Frame:
        self._count(slot, taken=1)
        self._retry.online(monotonic())
        self._judge_by(taken, first=slot.captured == 1)
        self._captured_at = taken.captured_at
        planes = taken.planes
        frame = Frame(
            feed=self.settings.name,
            number=taken.number,
            session=taken.session,
            captured_at=taken.captured_at,
            wall_time=taken.wall_time,
            color=taken.image,
        )
        return frame if planes is None else planes.beside(frame)

    def _judge_by(self, taken: Taken, *, first: bool) -> None:
        """A file is shown as it is; a camera gives nothing before it showed several pictures."""
        if isinstance(self.settings.source, PlayedSource) and taken.planes is None:
            if blank(taken.image):
                return self._become("stalled", "blank", naming.blank(self._name))
            if first and self.state.reason in _STILL:
                return None
        return self._become("online", "", f"{self._name} gives images")

    # -- supervision

    def _supervise(self) -> None:
        if self._process is not None:
            self._look_after(self._process)
        elif not self._over and monotonic() >= self._retry.at:
            self._spawn()

    def _look_after(self, process: CaptureProcess) -> None:
        if not self._listen(process):
            return
        self._count(process.slot)
        self._watch.seen = process.slot.seen
        now = monotonic()
        if process.ended:
            self._end(process)
        elif self._hangs(process, now):
            self._kill(process)
        elif self._watch.stalled(process.slot.put_at, now):
            self._stall(process.slot)

    def _hangs(self, process: CaptureProcess, now: float) -> bool:
        """Whether to kill it. On a machine too busy it is slow, and another would be no faster."""
        beat_at = process.slot.beat_at
        if not self._watch.hangs(beat_at, now):
            return False
        return not process.starved or self._watch.hangs(beat_at, now - STARVED_S)

    def _listen(self, process: CaptureProcess) -> bool:
        """Whether to go on with this process; not where it has the wrong camera."""
        for message in process.messages():
            if message.what != "opened":
                self._closing = message
            elif (why := self._distrusted(message.facts)) is not None:
                self._close(process)
                self._become("offline", "camera_changed", f"{self._name} {why}")
                self._retry.failed(monotonic())
                return False
            else:
                self._watch.opened(monotonic(), message.patience_s)
        return True

    def _distrusted(self, facts: Facts) -> str | None:
        if self.settings.pinning == "off" or isinstance(self.settings.source, PlayedSource):
            return None  # a recording is no camera, and is told as what it is
        return self._distrust(facts)

    def _stall(self, slot: Slot) -> None:
        if slot.blank:
            self._become("stalled", "blank", naming.blank(self._name))
        elif slot.frozen:
            self._become("stalled", "frozen", naming.frozen(self._name))
        elif self.settings.has_own_time:
            return  # it waited for its reader, and now takes as long as the machine does
        elif self.state.phase == "online":  # a camera that starts may wait for a key frame
            detail = naming.no_frames(self._name, self._watch.patience_s)
            self._become("stalled", "no_frames", detail)

    def _end(self, process: CaptureProcess) -> None:
        closing = self._closing
        if closing is not None and closing.what == "finished" and not process.slot.all_taken:
            return  # the file's last frame first
        status = self._close(process)
        if closing is None:
            self._become("offline", "crashed", f"the capture process {_death(status)}")
        elif closing.what == "finished":
            self._over = True
            self._become("offline", "finished", closing.detail)
        else:
            phase: Phase = "stalled" if closing.code in _STALLS else "offline"
            self._become(phase, closing.code, closing.detail)
        self._retry.failed(monotonic())

    def _kill(self, process: CaptureProcess) -> None:
        self._close(process)
        if self._watch.waits_for_camera:
            detail = naming.no_frames(self._name, self._watch.patience_s)
            self._become("stalled", "no_frames", detail)
        else:
            phase: Phase = "stalled" if self._watch.is_open else "offline"
            self._become(phase, "hung", f"the capture process of {self._name} hung and was killed")
        self._retry.failed(monotonic())

    # -- the capture process

    def _spawn(self) -> None:
        self._closing = None
        self._spawned += 1
        self._watch = Watch(self.settings, monotonic())
        try:
            self._process = CaptureProcess(
                self.settings,
                session=self._session,
                number=self._before.captured,
                not_before=self._captured_at,
            )
        except OSError as error:
            detail = f"no capture process can be started: {error.strerror}"
            self._become("offline", "no_process", detail)
            self._retry.failed(monotonic())

    def _close(self, process: CaptureProcess) -> int | None:
        self._process = None
        self._count(process.slot)
        self._before = self.counts
        self._session = max(self._session, process.slot.session) + 1
        return process.stop()

    def _wait(self, timeout_s: float) -> None:
        if self._process is None:
            sleep(timeout_s)
        else:
            self._process.wait(timeout_s)

    # -- what is told

    def _count(self, slot: Slot, *, taken: int = 0) -> None:
        before = self._before
        self.counts = FeedCounts(
            captured=before.captured + slot.captured,
            taken=self.counts.taken + taken,
            late=before.late + slot.late,
            repeated=before.repeated + slot.repeated,
            restarts=max(self._spawned - 1, 0),
        )

    def _become(self, phase: Phase, reason: str, detail: str) -> None:
        old = self.state
        if (old.phase, old.reason, old.detail) == (phase, reason, detail):
            return
        same = (old.phase, old.reason) == (phase, reason)
        self.state = FeedState(
            self.settings.name, phase, reason, detail, old.since if same else time()
        )
        self._on_state(self.state)


def _death(status: int | None) -> str:
    if status is None:
        return "is stuck in its driver and cannot be killed"
    if status < 0:
        return f"was ended by signal {-status} ({strsignal(-status)})"
    return f"ended unexpectedly with status {status}"
