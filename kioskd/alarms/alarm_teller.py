"""Looks once a second what is a cause of alarm, and tells who must hear of it."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from feeds.state import FeedState
from kioskd.alarms.alarm import Alarm
from kioskd.alarms.alarm_book import AlarmBook
from kioskd.alarms.causes import causes
from kioskd.happenings import AlarmChanged
from kioskd.stream import Stream

LOOK_S = 1.0
GREET_S = 30.0  # after so long it is told as if something had changed: alarms of before are over


class AlarmTeller(threading.Thread):
    """A part (kioskd/part.py) on which nothing depends.

    problems  what is wrong, sentence by code
    feeds     the state of each door's feed
    tell      called with all alarms at each change, and whether one began or ended, as once after
              the start; must not wait
    """

    stop_s = 2.0
    progress_at = None
    failure = None

    def __init__(
        self,
        problems: Callable[[], Mapping[str, str]],
        feeds: Callable[[], Mapping[str, FeedState]],
        stream: Stream,
        tell: Callable[[Sequence[Alarm], bool], object],
    ) -> None:
        super().__init__(name="alarms", daemon=True)
        self._problems, self._feeds, self._stream, self._tell = problems, feeds, stream, tell
        self._stopping = threading.Event()
        self._book = AlarmBook()
        self._told: list[Alarm] | None = None
        self._greet_at: float | None = None  # on the monotonic clock
        self._greeted = False

    @property
    def alarms(self) -> Sequence[Alarm]:
        """As they were last told, from any thread."""
        return self._told or ()

    def run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self.look(time.monotonic(), time.time())

    def stop(self, failure: str | None = None) -> None:
        """Ask the thread to end. Join it to know that it has."""
        self._stopping.set()

    def look(self, now: float, wall: float) -> None:
        """One look; seconds, `now` monotonic and `wall` since 1970."""
        changed = self._book.look(causes(self._problems(), self._feeds()), now, wall)
        for alarm in changed:
            self._stream.tell(AlarmChanged(alarm))
        alarms = self._book.alarms
        loud = bool(changed) or self._due(now)
        if alarms != self._told or loud:
            self._told = alarms
            self._greeted = self._greeted or loud
            self._tell(alarms, loud)

    def _due(self, now: float) -> bool:
        """Whoever was told of an alarm before a restart must hear that it is over."""
        if self._greet_at is None:
            self._greet_at = now + GREET_S
        return not self._greeted and now >= self._greet_at
