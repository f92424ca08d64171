"""The person who tries kioskd: whether somebody sits there, and the page in their browser."""

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterable

LIBRARIES = ("starlette", "uvicorn")  # without them there is no page
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def missing(libraries: Iterable[str]) -> list[str]:
    """Those that are not installed."""
    return [name for name in libraries if importlib.util.find_spec(name) is None]


def sits_there() -> bool:
    """Whether a person is at a terminal, who can read, type and wait."""
    return sys.stdin.isatty() and sys.stdout.isatty() and "CI" not in os.environ


def has_display() -> bool:
    return any(os.environ.get(name) for name in DISPLAYS)


def open_page(url: str) -> None:
    """Hand the page to a browser, where a person sits before a display.

    The browser is theirs: it is not ended with the trial, and what it says is not told.
    """
    if not sits_there() or not has_display():
        return
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    more = {"args": [sys.executable, "-m", "webbrowser", url], "start_new_session": True, **quiet}
    threading.Thread(target=subprocess.run, kwargs=more, daemon=True).start()
