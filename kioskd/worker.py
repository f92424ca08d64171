"""A part of the daemon that does what others must not wait for, one thing after the other."""

import queue
import threading
import time
from collections.abc import Callable

from kioskd import log
from kioskd.part import failure_of

TURN_S = 1.0  # how often it shows that it lives


class Worker(threading.Thread):
    """`later` is for any thread. What fails costs itself alone, and is told in the log.

    watched  whether the daemon is restarted where a piece of work takes too long: not for work that
             others send, or they could have it restarted
    """

    stop_s = 5.0

    def __init__(self, name: str, *, watched: bool = True) -> None:
        super().__init__(name=name, daemon=True)
        self._watched = watched
        self.progress_at: float | None = time.monotonic() if watched else None
        self._heap: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._stopping = False

    @property
    def failure(self) -> str | None:
        return failure_of(self, self.name, None, on_purpose=self._stopping)

    def later(self, work: Callable[[], object]) -> None:
        self._heap.put(work)

    def turn(self) -> None:
        """Called about once a second, for whoever has something to do then."""

    def stop(self, failure: str | None = None) -> None:
        self._stopping = True
        self._heap.put(lambda: None)

    def run(self) -> None:
        while not self._stopping:
            if self._watched:
                self.progress_at = time.monotonic()
            try:
                self._heap.get(timeout=TURN_S)()
            except queue.Empty:
                pass
            except Exception:  # a mistake of ours, in one piece of work
                log.logger().exception("a piece of work failed", worker=self.name)
            self.turn()
