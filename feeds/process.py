"""The feed's hold on one capture process: its slot, its bell, what it says, its end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from select import select
from typing import IO

from feeds.capture_messages import Message, Orders, orders_line, read_message
from feeds.feed_settings import FeedSettings
from feeds.slot import Slot
from feeds.surroundings import DAEMON_SIGNALS, environment, hold_standard

_KILL_S = 2.0  # a process that does not die in this time is stuck in a driver; it is left behind


class CaptureProcess:
    """One run of feeds.capture, with shared memory of its own.

    The kernel kills it when the thread that made it ends.
    """

    def __init__(
        self, settings: FeedSettings, *, session: int, number: int, not_before: float
    ) -> None:
        """Starts the process; raises OSError, leaving nothing open, when the machine cannot."""
        self.ended = False
        self._said = b""
        hold_standard()
        with ExitStack() as had, ExitStack() as passed_on:
            self.slot = Slot.create()
            had.callback(self.slot.close)
            self._bell_fd, bell_end = _pipe(had, passed_on)
            self._control_fd, control_end = _pipe(had, passed_on)
            orders = Orders(
                settings=settings,
                slot_fd=self.slot.fd,
                bell_fd=bell_end,
                control_fd=control_end,
                parent_pid=os.getpid(),
                session=session,
                number=number,
                not_before=not_before,
            )
            self._process = _spawned(orders)
            had.callback(_input(self._process).close)
            self._had = had.pop_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def starved(self) -> bool:
        """Whether it would work if the machine let it: it waits for a processor and nothing else.

        What hangs in a driver, or waits for a camera, sleeps.
        """
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] == "R"  # proc(5)

    def wait(self, timeout_s: float) -> None:
        """Returns when an image or a message has come, the process has ended, or time is up."""
        ready, _, _ = select([self._bell_fd, self._control_fd], [], [], timeout_s)
        if self._bell_fd in ready:
            _drained(self._bell_fd)

    def messages(self) -> list[Message]:
        """What the process has said since the last call; `ended` tells whether it was the last."""
        said, self.ended = _drained(self._control_fd)
        *lines, self._said = (self._said + said).split(b"\n")
        return [read_message(line) for line in lines]

    def acknowledge(self) -> None:
        """Tells the process that its newest image was taken."""
        with suppress(BlockingIOError, BrokenPipeError):  # it has enough to read, or is gone
            os.write(_input(self._process).fileno(), b".")

    def stop(self) -> int | None:
        """Kills the process if it has not ended, and frees all it had.

        It has nothing to put in order, as the kernel closes cameras and connections. Returns
        its exit status, negative for a signal; None if it would not even die.
        """
        self._process.kill()
        status = self._reaped(_KILL_S)
        self._had.close()
        return status

    def _reaped(self, timeout_s: float) -> int | None:
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None


def _pipe(reads: ExitStack, writes: ExitStack) -> tuple[int, int]:
    """A pipe's two ends, each to be closed by its stack; reading never waits."""
    ours, theirs = os.pipe()
    reads.callback(os.close, ours)
    writes.callback(os.close, theirs)
    os.set_blocking(ours, False)
    return ours, theirs


def _spawned(orders: Orders) -> subprocess.Popen[bytes]:
    """The process, with its orders given. Its name in the process list ends with the feed's."""
    # Opened here: Python before 3.11.4, such as Debian 12's, loses the pipe of stdin where it
    # cannot open this by itself.
    with Path(os.devnull).open("r+b", buffering=0) as nowhere, _without_signals():
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "feeds.capture", orders.settings.name],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=nowhere,  # codecs print their troubles there; ours are messages
            stderr=nowhere,
            pass_fds=(orders.slot_fd, orders.bell_fd, orders.control_fd),
            env=environment(),
        )
    with suppress(BrokenPipeError):  # it has died at birth, which `ended` will tell
        os.write(_input(process).fileno(), orders_line(orders))
    os.set_blocking(_input(process).fileno(), False)
    return process


@contextmanager
def _without_signals() -> Iterator[None]:
    """What is started in here meets none of the daemon's signals before it can ignore them.

    A capture process that ended before the daemon would look as if it had crashed.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, DAEMON_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _input(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _drained(fd: int) -> tuple[bytes, bool]:
    """All that can be read from a non-blocking fd, and whether its other end is closed."""
    read = b""
    try:
        while piece := os.read(fd, 65536):
            read += piece
    except BlockingIOError:
        return read, False
    return read, True
