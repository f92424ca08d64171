"""How long this thread has worked or waited for its turn to: all that is no waiting for others."""

import os
from time import thread_time

# proc(5): nanoseconds on a processor, nanoseconds in the queue for one, turns. Not everywhere.
_SCHEDULE = "/proc/thread-self/schedstat"


class Work:
    """Counts for the thread that asks, and for no other."""

    def __init__(self) -> None:
        try:
            self._schedule: int | None = os.open(_SCHEDULE, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._schedule = None

    def done_s(self) -> float:
        """Seconds since some moment.

        Without the queue, on a machine too busy, decoding an image that lay ready would look
        like waiting for the camera.
        """
        return thread_time() + self._queued_s()

    def _queued_s(self) -> float:
        if self._schedule is None:
            return 0.0
        return int(os.pread(self._schedule, 128, 0).split()[1]) / 1e9
