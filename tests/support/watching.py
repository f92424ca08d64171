"""A real feed with a real capture process, and waiting for what it should do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from feeds.feed import Feed
from feeds.feed_settings import FeedSettings
from feeds.frame import Frame
from feeds.hardware import Facts
from feeds.state import FeedCounts, FeedState
from tests.support.patience import DEADLINE_S

Distrust = Callable[[Facts], str | None]


class Watched:
    """A started feed and all it has said."""

    def __init__(self, settings: FeedSettings, distrust: Distrust = lambda _: None) -> None:
        self.states: list[FeedState] = []
        self.feed = Feed(settings, self.states.append, distrust)
        self.feed.start()

    def frame(self, deadline_s: float = DEADLINE_S) -> Frame:
        """The next frame, waited for."""
        return self.frame_where(lambda _: True, deadline_s)

    def frame_where(self, wanted: Callable[[Frame], bool], deadline_s: float = DEADLINE_S) -> Frame:
        deadline = monotonic() + deadline_s
        while monotonic() < deadline:
            frame = self.feed.newest(0.2)
            if frame is not None and wanted(frame):
                return frame
        raise AssertionError(f"no such frame came; {self.feed.state}")

    def until(self, phase: str, reason: str = "") -> list[Frame]:
        """Takes frames until the feed is in this state; those frames."""
        deadline = monotonic() + DEADLINE_S
        frames = []
        while (self.feed.state.phase, self.feed.state.reason) != (phase, reason):
            if monotonic() > deadline:
                raise AssertionError(f"never {phase} {reason}; {self.told}")
            frame = self.feed.newest(0.2)
            if frame is not None:
                frames.append(frame)
        return frames

    def until_one_lies_ready(self) -> None:
        """Waits, taking nothing, until there is an image that was not taken."""
        process = self.feed._process
        assert process is not None
        deadline = monotonic() + DEADLINE_S
        while process.slot.all_taken:
            assert monotonic() < deadline, f"no image came; {self.told}"
            sleep(0.01)

    def until_counted(self, reached: Callable[[FeedCounts], bool]) -> list[Frame]:
        """Takes frames until the counts are so; those frames."""
        deadline = monotonic() + DEADLINE_S
        frames = []
        while not reached(self.feed.counts):
            assert monotonic() < deadline, f"{self.feed.counts}; {self.told}"
            frame = self.feed.newest(0.2)
            if frame is not None:
                frames.append(frame)
        return frames

    def until_restarted(self, times: int) -> None:
        deadline = monotonic() + DEADLINE_S
        while self.feed.counts.restarts < times:
            assert monotonic() < deadline, f"not restarted; {self.told}"
            self.feed.newest(0.2)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Phase and reason of every state the feed told of."""
        return [(state.phase, state.reason) for state in self.states]


@contextmanager
def watched(settings: FeedSettings, distrust: Distrust = lambda _: None) -> Iterator[Watched]:
    watching = Watched(settings, distrust)
    try:
        yield watching
    finally:
        watching.feed.stop()
