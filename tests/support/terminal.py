"""A terminal of a size that a test chooses, and what a command draws on it."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Terminal:
    """`kioskd ARGUMENTS` by somebody who sits at a terminal."""

    def __init__(
        self,
        *arguments: str | Path,
        size: tuple[int, int] = (50, 160),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        told = {"TERM": "xterm", "LANG": "C.UTF-8", **(environment or {})}
        kept = {name: value for name, value in os.environ.items() if name not in TELLING}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kioskd", *map(str, arguments)],
            cwd=ROOT,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**kept, **told},
            start_new_session=True,
        )
        os.close(theirs)
        self._seen = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def seen(self) -> str:
        """All that was written so far, with what moves the cursor and gives colours."""
        return self._seen.decode("utf-8", "replace")

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        """As Ctrl-C does, for all that the command started."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> None:
        """At once, with all that it started on this terminal."""
        with suppress(ProcessLookupError):  # nobody of them is left
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        os.close(self._ours)

    def _read(self) -> None:
        try:
            while piece := os.read(self._ours, 65536):
                self._seen += piece
        except OSError:  # the other end is closed
            pass


TELLING = ("COLUMNS", "LINES", "DISPLAY", "WAYLAND_DISPLAY", "CI", "NO_COLOR")


@contextmanager
def terminal(
    *arguments: str | Path,
    size: tuple[int, int] = (50, 160),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """A command at a terminal, killed at the end if it still runs."""
    one = Terminal(*arguments, size=size, environment=environment)
    try:
        yield one
    finally:
        one.end()
