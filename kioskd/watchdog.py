"""systemd's watchdog, fed only while every required worker makes progress.

A timer that feeds it by itself would prove no more than that the timer runs. Here each worker
says what it last got done, and one that has fallen silent for longer than its limit starves the
watchdog, whatever the others do. Where there is no systemd, as in a container, the file that
$KIOSKD_ALIVE names is written as often, for a health check to look at. Without either all of this
does nothing.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path


def overdue(progress: Mapping[str, float], limits: Mapping[str, float], now: float) -> list[str]:
    """The workers that have been silent for too long, by name; pure.

    `progress` holds when each worker last got something done, `limits` for how many seconds it
    may say nothing. A worker with a limit that never reported is overdue.
    """
    return [
        worker
        for worker, limit in limits.items()
        if worker not in progress or now - progress[worker] > limit
    ]


def notify(message: str) -> bool:
    """Tell the service manager, e.g. "READY=1" (sd_notify(3)); whether there was one to tell.

    A manager that has gone away is not an error: it will have its own idea of what to do.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # Linux's abstract sockets have a zero byte there
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            # Never wait for a full queue: the caller is the thread that also stops the daemon.
            manager.setblocking(False)
            manager.sendto(message.encode(), address)
    except OSError:
        return False
    return True


def _sign() -> Path | None:
    """The file by which others see that all is well; it holds the daemon's process number."""
    named = os.environ.get("KIOSKD_ALIVE")
    return Path(named) if named else None


class Watchdog:
    """Keeps the latest progress of each worker and tells the service manager about the whole.

    `limits` names the first workers and for how many seconds each may be silent. A worker's time
    starts when it becomes known, so a slow start is bounded by the same limit. `progress` may be
    called from any thread; the rest belongs to the main thread.
    """

    def __init__(
        self,
        limits: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits: dict[str, float] = {}
        self._clock = clock
        self._progress: dict[str, float] = {}
        self._sign = _sign()
        if self._sign is not None:  # what a daemon before left is no sign of this one
            with suppress(OSError):
                self._sign.unlink(missing_ok=True)
        for worker, limit_s in (limits or {}).items():
            self.watch(worker, limit_s)

    def watch(self, worker: str, limit_s: float) -> None:
        """One more worker, from now on."""
        self._progress[worker] = self._clock()
        self._limits[worker] = limit_s

    def forget(self, worker: str) -> None:
        """The worker has ended as it should."""
        del self._limits[worker], self._progress[worker]

    def progress(self, worker: str, at: float | None = None) -> None:
        """`worker` got something done, or found that there was nothing to do (`at`, else now)."""
        if worker not in self._limits:
            raise KeyError(f"{worker} is not among the workers that are watched")
        # One assignment: no lock needed.
        self._progress[worker] = self._clock() if at is None else at

    def ready(self, status: str = "") -> None:
        """The service is up: systemd starts what waits for it."""
        notify(f"READY=1\nSTATUS={one_line(status)}" if status else "READY=1")

    def stopping(self) -> None:
        """The service has begun to stop."""
        notify("STOPPING=1")

    def tend(self) -> list[str]:
        """Feed the watchdog, or say who is overdue and leave it hungry; call at least every second.

        The overdue workers' names also stand in `systemctl status`.
        """
        late = overdue(self._progress, self._limits, self._clock())
        notify(f"STATUS=No progress: {one_line(', '.join(late))}" if late else "WATCHDOG=1")
        if not late and self._sign is not None:
            with suppress(OSError):  # then nobody sees it, and takes us for stuck
                self._sign.write_text(f"{os.getpid()}\n", "ascii")
        return late


def one_line(text: str) -> str:
    """A notification is lines of NAME=value: a name with a line break in it must not add one."""
    return " ".join(text.split())
