"""`kioskd record`: keep a feed's own frames for a while, and no longer than asked for."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from feeds import recording
from feeds.feed import Feed
from feeds.feed_settings import FeedSettings, RealSenseSource, RecordingSource, Source
from feeds.frame import Frame
from feeds.realsense.depth_recording import DepthRecording
from feeds.state import FeedState
from kioskd.commands.configuration import FAILED, OK, WRONG, configuration
from kioskd.config.load import Config
from kioskd.log import redacted

WAIT_S = 0.25  # for a frame
GIGABYTE = 1e9
DAY_S = 86_400.0
TELL_S = 5.0  # between two words on frames that were lost

WARNING = """\
This keeps pictures of whoever stands before the camera: faces, which are personal data. They
are stored as they are, readable by this user only, and never sent anywhere.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be kept. The oldest recordings go first; this one ends where it would not fit."""

    minutes: float
    gigabytes: float  # of all recordings in the folder together
    days: float


def run(
    config: Path, feed: str, folder: Path, limits: Limits, agreed: Callable[[str], bool]
) -> int:
    """Record, if `agreed` says yes to the warning, which it is asked once.

    Exit status 0; 1 where nothing could be kept; 2 where nothing was to be.
    """
    try:
        settings = _feed(configuration(config), feed)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return WRONG
    kept = f"At most {limits.minutes:g} minutes now; what is older than {limits.days:g} days, or"
    kept += f" beyond {limits.gigabytes:g} GB in {folder}, is deleted.\n"
    if not agreed(WARNING + kept):
        print("nothing was recorded", file=sys.stderr)
        return WRONG
    try:
        return _record(settings, folder, limits)
    except OSError as error:
        print(f"{error.filename or folder}: {error.strerror}", file=sys.stderr)
        return FAILED


def make_room(folder: Path, limits: Limits, now: float) -> list[Path]:
    """Deletes what is too old or too much, the oldest first, and says what it was."""
    deleted = []
    found = recording.recordings(folder)
    sizes = {path: recording.size(path) for path in found}
    for path in found:
        too_old = now - path.stat().st_mtime > limits.days * DAY_S
        too_much = sum(sizes.values()) > limits.gigabytes * GIGABYTE
        if too_old or too_much:
            recording.delete(path)
            del sizes[path]
            deleted.append(path)
    return deleted


def _feed(config: Config, name: str) -> FeedSettings:
    """The feed of this name; LookupError with a sentence where no door has it."""
    feeds = {door.feed.name: door.feed for door in config.doors}
    if name not in feeds:
        raise LookupError(f"no door has a feed called {name}; there are {', '.join(feeds)}")
    return feeds[name]


def _record(settings: FeedSettings, folder: Path, limits: Limits) -> int:
    for path in make_room(folder, limits, time.time()):
        print(f"deleted {path}")
    began = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    recorder = _Recorder(folder / settings.name / began, settings.source)
    print(f"recording to {recorder.folder}; Ctrl-C ends it", flush=True)
    try:
        with _opened(settings) as feed:
            why = _keep(feed, recorder, folder, limits)
    finally:
        recorder.close()
    missed = max(0, feed.counts.captured - recorder.frames)
    print(f"{why}; {recorder.frames} frames, {recorder.bytes / 1e6:.0f} MB, {missed} not kept")
    if not recorder.frames:
        print(f"the feed gave no frame: {redacted(feed.state.detail)}", file=sys.stderr)
        return FAILED
    return OK


def _keep(feed: Feed, recorder: "_Recorder", folder: Path, limits: Limits) -> str:
    """Records until there is a reason to end, and says which."""
    deadline = time.monotonic() + 60.0 * limits.minutes
    others = sum(map(recording.size, recording.recordings(folder)))
    room = limits.gigabytes * GIGABYTE - (others - recorder.bytes)
    loss = Loss(time.monotonic())
    try:
        while (now := time.monotonic()) < deadline:
            frame = feed.newest(WAIT_S)
            if frame is not None:
                recorder.add(frame)
            elif feed.state.reason == "finished":
                return "the file is at its end"
            if told := loss.told(feed.counts.captured, recorder.frames, now):
                print(told, file=sys.stderr, flush=True)
            if recorder.bytes + recorder.waiting >= room:
                recorder.settle()  # what waits is smaller on the disk than in memory
            if recorder.bytes >= room:
                return f"{limits.gigabytes:g} GB are full"
    except KeyboardInterrupt:
        return "ended"
    return f"{limits.minutes:g} minutes are over"


class Loss:
    """Tells, every TELL_S at most, that frames are being lost, and how many by now."""

    def __init__(self, now: float) -> None:
        self._told_at = now
        self._lost = 0

    def told(self, captured: int, kept: int, now: float) -> str:
        """A sentence where more frames were lost since the last; the newest may be on its way."""
        lost = captured - kept - 1
        if now - self._told_at < TELL_S or lost <= self._lost:
            return ""
        self._told_at, self._lost = now, lost
        return (
            f"{lost} of {captured} frames lost so far ({lost / captured:.1%}): this machine does"
            " not write them as fast as they come; free it, or have the camera send smaller ones"
        )


class _Recorder(recording.Recorder):
    """Keeps a depth feed in its library's own format too, so that it can be a feed again."""

    def __init__(self, folder: Path, source: Source) -> None:
        super().__init__(folder)
        self._depth: DepthRecording | None = None
        if isinstance(source, RealSenseSource | RecordingSource):
            self._depth = DepthRecording(folder, source.serial or "unknown")

    def add(self, frame: Frame) -> None:
        before = 0 if self._depth is None else self._depth.bytes
        super().add(frame)
        if self._depth is not None:
            self._depth.add(frame)
            self.bytes += self._depth.bytes - before

    def close(self) -> None:
        super().close()
        if self._depth is not None:
            self._depth.close()


@contextmanager
def _opened(settings: FeedSettings) -> Iterator[Feed]:
    feed = Feed(settings, _say)
    feed.start()
    try:
        yield feed
    finally:
        feed.stop()


def _say(state: FeedState) -> None:
    print(f"feed {state.phase}: {redacted(state.detail)}", file=sys.stderr, flush=True)
