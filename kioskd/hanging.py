"""Does a camera's picture hang upright? Looked at by `kioskd doctor`, if somebody is in view."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from feeds.feed import Feed
from feeds.frame import ColorImage
from feeds.settings import FeedSettings, PlayedSource
from models.detect import Detector
from models.mounting import turn_needed
from models.session import Networks

LOOK_S = 3.0  # after the first image, so long somebody is looked for
AGREED = 3  # images that must say the same
START_S = 10.0  # in which the first image must come


def turn(settings: FeedSettings) -> int | None:
    """By how many degrees the feed's pictures are to be turned; None: nobody was in view.

    Raises NetworkError when the detector cannot be loaded or fails.
    """
    detector = Detector(Networks.load(frozenset({"face"}), "cpu")["face"])
    said: Counter[int] = Counter()
    for image in _images(settings):
        needed = turn_needed(image, detector)
        if needed is not None:
            said[needed] += 1
            if said[needed] == AGREED:
                return needed
    return None


def advice(settings: FeedSettings, needed: int) -> str:
    """What to do about a picture that must be turned by so many degrees, beyond how it is now."""
    seems = "hang upside down" if needed == 180 else "lie on its side"
    more = -needed if settings.mirror else needed  # it is turned before it is mirrored
    rotate = (settings.rotate + more) % 360
    key = f"rotate: {rotate}" if rotate else "no rotate"
    return (
        f"the picture seems to {seems}: turn the camera, or set {key} under feeds.{settings.name}"
    )


def _images(settings: FeedSettings) -> Iterator[ColorImage]:
    """What the feed shows, for LOOK_S."""
    if isinstance(settings.source, PlayedSource):
        settings = replace(settings, source=replace(settings.source, repeat="once"))
    feed = Feed(settings)
    feed.start()
    try:
        ends_at = time.monotonic() + START_S
        first = True
        while time.monotonic() < ends_at and feed.state.reason != "finished":
            if (frame := feed.newest(0.25)) is not None:
                ends_at = time.monotonic() + LOOK_S if first else ends_at
                first = False
                yield frame.color
    finally:
        feed.stop()
