"""What surrounds a process of ours: standard descriptors, environment, signals."""

import os
import signal
import sys

# Often sent to a whole group of processes, and the daemon's to handle.
DAEMON_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# All that a capture process may know of its parent's environment, which holds the broker's
# password and the place of every credential. Proxies are left out too: a camera is never reached
# through one, and its address carries a password of its own.
_KEPT = (
    "PATH",
    "HOME",  # the RealSense library's settings
    "TMPDIR",
    "TZ",
    *("LANG", "LC_ALL", "LC_CTYPE"),  # how the names of files are written
    "LD_LIBRARY_PATH",
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),  # whom a camera's certificate must be signed by
)


def environment() -> dict[str, str]:
    """The environment of a child that senses, which finds its modules where this process did."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": _search_path()}


def hold_standard() -> None:
    """Has descriptors 0 to 2 lead somewhere: to nothing, where this process began without them.

    Whatever was opened next would get their numbers, and a child would take it for its input, or
    lose it to its own. Raises OSError where there is no descriptor left.
    """
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(fd, True)
    os.close(fd)


def _search_path() -> str:
    return os.pathsep.join(path or os.getcwd() for path in sys.path)
