"""Posts the alarms to an address of the site's, on a thread of its own.

Only the newest state is kept for it. What does not succeed is tried again, ever more seldom, and
never more often in an hour than it may: a server that hangs or refuses holds up nothing.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from kioskd.alarms.alarms_settings import PostSettings
from kioskd.alarms.post import PostError, place, post

HOUR_S = 3600.0
FIRST_S = 2.0  # before it is tried again; twice as long each time
MOST_S = 300.0


class Quota:
    """So many in any hour; times in seconds on the monotonic clock. Pure."""

    def __init__(self, per_hour: int) -> None:
        self._taken_at: deque[float] = deque(maxlen=per_hour)

    def wait_s(self, now: float) -> float:
        """How long until there is room for one more."""
        if len(self._taken_at) < (self._taken_at.maxlen or 0):
            return 0.0
        return max(0.0, self._taken_at[0] + HOUR_S - now)

    def take(self, now: float) -> None:
        self._taken_at.append(now)


class AlarmPost(threading.Thread):
    """A part (kioskd/part.py) on which nothing depends.

    trouble  told in a sentence why alarms are not taken there, and None when they are
    """

    stop_s = 1.0
    progress_at = None
    failure = None

    def __init__(
        self,
        settings: PostSettings,
        trouble: Callable[[str | None], object],
        first_s: float = FIRST_S,
    ) -> None:
        super().__init__(name="alarm post", daemon=True)
        self._settings, self._trouble, self._first_s = settings, trouble, first_s
        self._changed = threading.Condition()
        self._newest: bytes | None = None  # not posted yet
        self._stopping = False
        self._quota = Quota(settings.per_hour)

    def put(self, body: bytes) -> None:
        """The newest state, over one that has not been posted yet; from any thread."""
        with self._changed:
            self._newest = body
            self._changed.notify()

    def run(self) -> None:
        wait_s = 0.0
        while (body := self._next(wait_s)) is not None:
            try:
                post(self._settings, body)
            except PostError as error:
                wait_s = min(MOST_S, max(self._first_s, 2.0 * wait_s))
                self._again(body)
                self._trouble(self._sentence(error))
            else:
                wait_s = 0.0
                self._trouble(None)

    def stop(self, failure: str | None = None) -> None:
        """Ask the thread to end; what is under way may take until its deadline."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def _next(self, wait_s: float) -> bytes | None:
        """The newest state, when it may be posted; None: it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, wait_s)
            self._changed.wait_for(lambda: self._stopping or self._newest is not None)
            self._changed.wait_for(lambda: self._stopping, self._quota.wait_s(time.monotonic()))
            if self._stopping:
                return None
            self._quota.take(time.monotonic())
            body, self._newest = self._newest, None
            return body

    def _again(self, body: bytes) -> None:
        with self._changed:
            if self._newest is None:
                self._newest = body

    def _sentence(self, error: PostError) -> str:
        shown = place(self._settings.url).shown
        return f"alarms cannot be posted to {shown} (alarms.url): {error}; it is tried again"
