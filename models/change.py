"""Does a face change from frame to frame, as all that lives does, and is it still the same one?

A camera that hangs behind its own encoder sends the same picture again and again, yet no two
decoded images are equal bit by bit. What it cannot send is change: docs/understand/scales.md,
"Change".
"""

from collections import deque
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import Image, mean_and_variance, mean_difference, resize, to_grey
from models.observation import Box

BEFORE = 8  # frames a region is compared with: a loop of so few frames is a still picture too
LATELY = 10  # measured frames that are summed up
FEWEST = 5  # with fewer nothing is said
SHARE = 0.3  # of the frames may change less than what is said: an encoder repeats itself at times

SAMPLE = (32, 32)  # pixels of a face's sample
ALIKE = 0.5  # correlation of two samples below which they show two faces

Sample = NDArray[np.float32]  # (1024,), zero mean, length 1


class ChangeMeter:
    """Follows how much each face of one feed changes. Frames come in the order of capture."""

    def __init__(self) -> None:
        self._session: int | None = None
        self._before: deque[Image] = deque(maxlen=BEFORE)
        self._lately: dict[int, deque[float]] = {}

    def measure(
        self, small: ColorImage, scale: float, box: Box, track_id: int, session: int
    ) -> float | None:
        """Grey levels (0..255) by which the face changes, now and in seven of ten frames or more.

        One frame's change is the mean absolute difference of the face's region from the same
        region of the most alike of the frames before. None until enough frames were measured.
        `scale` = frame pixels per pixel of the small copy. Call it once per frame.
        """
        if session != self._session:
            self._session = session
            self._before.clear()
            self._lately.clear()
        now = to_grey(small)
        least = self._least(now, _region(box, scale, now))
        self._before.append(now)
        if least is None:
            return None
        kept = {track_id: self._lately.get(track_id, deque(maxlen=LATELY))}
        kept[track_id].append(least)
        self._lately = kept  # the gate follows one face at a time
        changes = sorted(kept[track_id])
        return min(least, changes[int(SHARE * len(changes))]) if len(changes) >= FEWEST else None

    def _least(self, now: Image, region: tuple[slice, slice]) -> float | None:
        if now[region].size == 0 or (self._before and self._before[-1].shape != now.shape):
            self._before.clear()
            return None
        differences = [mean_difference(now[region], then[region]) for then in self._before]
        return min(differences, default=None)


def sample(small: ColorImage, scale: float, box: Box) -> Sample | None:
    """What a face looks like, light and contrast apart; None when it lies outside the frame."""
    piece = small[_region(box, scale, small)]
    if piece.size == 0:
        return None
    shrunk = resize(to_grey(piece), SAMPLE, "area" if piece.shape[0] >= SAMPLE[1] else "linear")
    mean, variance = mean_and_variance(shrunk)
    values = shrunk.astype(np.float32).ravel() - mean
    return values / max(sqrt(variance * values.size), 1e-6)


def same_face(one: Sample | None, other: Sample | None) -> bool:
    """Whether two samples of adjacent frames may show one face. A cut to another one does not.

    It tells a swap, not an identity: two people alike, or two pictures of one, pass.
    """
    if one is None or other is None:
        return True
    return float(one @ other) >= ALIKE


def _region(box: Box, scale: float, image: Image) -> tuple[slice, slice]:
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(side / scale) for side in box)
    return (
        slice(min(max(y1, 0), height), min(max(y2, 0), height)),
        slice(min(max(x1, 0), width), min(max(x2, 0), width)),
    )
