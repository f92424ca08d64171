"""Whether a camera's picture hangs upright, by the face of whoever is in view."""

from collections import Counter
from collections.abc import Iterable

from feeds.feed_settings import FeedSettings
from feeds.frame import ColorImage
from models.face.faces import Detector
from models.face.turn_needed import turn_needed
from models.session import Networks

AGREED = 3  # images that must say the same


def turn(images: Iterable[ColorImage]) -> int | None:
    """By how many degrees the pictures are to be turned; None: nobody was in view.

    Raises NetworkError when the detector cannot be loaded or fails.
    """
    detector = Detector(Networks.load(frozenset({"face"}), "cpu")["face"])
    said: Counter[int] = Counter()
    for image in images:
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
