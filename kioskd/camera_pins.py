"""Remembers which camera each feed has, so that another one in its place opens no door.

The first that is seen is remembered in the state folder. Another one is refused until somebody
accepts it by hand (`kioskd feeds accept`); what was refused is noted beside it, so that exactly
that one is accepted and not whichever stands there next. What cannot be read or kept refuses too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from feeds.hardware import Facts, differences
from kioskd.private_file import replace_file

FORMAT = 1
PREFIX = "camera."  # how the names of these files begin


class PinError(Exception):
    """What was remembered cannot be read or changed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Pin:
    """What is known of a feed's camera; None: nothing yet.

    pinned   the one that is taken
    refused  the one that stood there last and was not
    """

    pinned: Facts | None = None
    refused: Facts | None = None


class CameraPins:
    """Those in one state folder. A feed is asked for by one thread; the command may be another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def distrust(self, feed: str, seen: Facts) -> str | None:
        """Why a camera is not taken for the feed's, in words behind its name; None if it is.

        It touches the disk, with each opening of a camera.
        """
        try:
            known = self.known(feed)
            if known.pinned is None:
                self._keep(feed, "pinned", seen or None)
                return None
            told = differences(known.pinned, seen)
            self._keep(feed, "refused", seen if told else None)
        except PinError as error:
            return f"may be another camera: {error}"
        if not told:
            return None
        return (
            f"is another camera than before ({told}): if you changed it, run"
            f" `kioskd feeds accept {feed}`; if not, see who did"
        )

    def known(self, feed: str) -> Pin:
        """Raises PinError."""
        return Pin(self._read(feed, "pinned"), self._read(feed, "refused"))

    def accept(self, feed: str) -> Facts:
        """The refused camera is the feed's from now on. Raises PinError."""
        refused = self._read(feed, "refused")
        if refused is None:
            raise PinError(f"no other camera was refused at {feed}, so there is none to accept")
        self._keep(feed, "pinned", refused)
        self._keep(feed, "refused", None)
        return refused

    def _file(self, feed: str, what: str) -> Path:
        return self._folder / f"{PREFIX}{feed}.{what}.json"

    def _read(self, feed: str, what: str) -> Facts | None:
        path = self._file(feed, what)
        try:
            return _facts(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise PinError(
                f"{path} cannot be read: move it away, and the camera that is seen next is taken"
            ) from error

    def _keep(self, feed: str, what: str, facts: Facts | None) -> None:
        path = self._file(feed, what)
        try:
            if facts is None:
                path.unlink(missing_ok=True)
            elif facts != self._read(feed, what):
                content = {"format": FORMAT, "facts": dict(facts)}
                replace_file(path, json.dumps(content, indent=2).encode())
        except OSError as error:
            raise PinError(f"{path} cannot be kept ({error.strerror})") from error


def _facts(content: bytes) -> Facts:
    """Raises ValueError, KeyError or TypeError for what was not written so."""
    said = json.loads(content)
    facts = said["facts"]
    if said["format"] != FORMAT or not isinstance(facts, Mapping):
        raise ValueError("another version of kioskd wrote it")
    return {str(name): str(text) for name, text in facts.items()}
