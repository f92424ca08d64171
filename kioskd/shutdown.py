"""How a daemon is told to end, and that it does so in time."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STDERR = 2


class Signals:
    """What the service manager, or a terminal, has asked for. Made and used in the main thread."""

    def __init__(self) -> None:
        self._stopping = self._hung_up = False
        self._woken, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._hang_up)

    def wait(self, timeout_s: float) -> bool:
        """Wait so long, or until a signal comes; whether it is time to stop.

        By a pipe: a handler runs in the thread that waits, and would wait for itself at an Event.
        """
        if not self._stopping:
            select.select([self._woken], [], [], timeout_s)
        with suppress(BlockingIOError):
            os.read(self._woken, 4096)
        return self._stopping

    def take_hang_up(self) -> bool:
        """Whether SIGHUP came since the last call."""
        hung_up, self._hung_up = self._hung_up, False
        return hung_up

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        self._hung_up = True


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End the process by force if the block takes longer: results are on the disk by then."""

    def end(_number: int, _frame: FrameType | None) -> None:
        said = f"stopping took longer than {seconds:g} s: ended as it was, no result is lost\n"
        try:
            os.set_blocking(STDERR, False)  # nobody may read it, which may be why
            os.write(STDERR, said.encode())
        finally:
            os._exit(1)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        # Python gives signals their defaults back while it ends, and this one's is death.
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
