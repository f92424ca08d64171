"""Where the local socket lies, and how both ends reach it however long the path is."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SOCKET = "control.sock"
SYSTEM = Path("/run/kioskd")  # RuntimeDirectory= of the unit


def folder(state_dir: Path) -> Path:
    """$RUNTIME_DIRECTORY, which systemd sets (the first of several), else the state folder."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(given) if given else state_dir


def at(place: Path, use: Callable[[str], object]) -> None:
    """Call `use` with a short name for the path: a socket's address has 107 bytes at most."""
    with _open(place.parent) as descriptor:
        use(f"/proc/self/fd/{descriptor}/{place.name}")


@contextmanager
def _open(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def stream() -> socket.socket:
    """One end of a connection, not connected yet."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
