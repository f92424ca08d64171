"""`kioskd feeds`: which camera each feed is known to have, and taking another one in its place."""

import sys
from pathlib import Path

from feeds.hardware import Facts
from kioskd.camera_pins import CameraPins, PinError
from kioskd.commands.configuration import FAILED, OK, configuration
from kioskd.config.config import Config


def show(path: Path) -> int:
    """Print what is known of each feed's camera, and which was refused.

    Exit status 0; 1 where another camera is refused, or what is known cannot be read.
    """
    config = configuration(path)
    pins, status = CameraPins(config.state_dir), OK
    for feed in _feeds(config):
        try:
            known = pins.known(feed)
        except PinError as error:
            print(error, file=sys.stderr)
            status = FAILED
            continue
        print(f"{feed}: {_written(known.pinned)}")
        if known.refused is not None:
            print(f"{feed}: refused {_written(known.refused)}")
            status = FAILED
    return status


def accept(path: Path, feed: str) -> int:
    """Take the camera that was refused at a feed. Exit status 0; 1 where there is none."""
    config = configuration(path)
    if feed not in _feeds(config):
        names = ", ".join(_feeds(config))
        print(f"{path} has no feed {feed}; it has {names}", file=sys.stderr)
        return FAILED
    try:
        accepted = CameraPins(config.state_dir).accept(feed)
    except PinError as error:
        print(error, file=sys.stderr)
        return FAILED
    print(f"{feed}: {_written(accepted)}, from the next time on that it is opened")
    return OK


def _feeds(config: Config) -> list[str]:
    return [door.feed.name for door in config.doors]


def _written(facts: Facts | None) -> str:
    if facts is None:
        return "nothing is known yet"
    told = ", ".join(f"{name} {text or 'none'}" for name, text in facts.items())
    return told or "a camera of which nothing can be told"
