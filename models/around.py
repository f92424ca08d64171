"""Did what stands about a face jump from one frame to the next, and not the face alone?

Who smiles or turns the head leaves the wall behind them where it is. A photograph that takes
another's place brings its own wall along, and a hand never holds it where the first one was: then
all that has edges outside the face changes in one frame by more than it does from frame to frame.
What moves beside a face, hair, shoulders, somebody who walks by, is a part of it, and so the middle
of all is asked for. The measure is our own; docs/measure/challenges.md has it on people.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from feeds.imaging import Image, local_mean, resize
from models.observation import Box

SIDE = 48  # pixels of the sample of a whole picture
SMOOTH = 3  # pixels of the square over which it is averaged
ROOM_ASIDE, ROOM_ABOVE = 0.15, 0.3  # of the face's box that is its hair and throat, to each side
EDGES = 0.4  # share of what is outside, that with the steepest slopes, which is looked at
LEAST = 0.3  # grey levels: less from frame to frame is a sensor's noise, averaged
USUAL, FEWEST = 8, 3  # steps before this one that are compared with, and at the least
FEWEST_CELLS = 40  # of the sample, to say anything

Sample = NDArray[np.float32]  # (SIDE, SIDE), grey levels


def sample(grey: Image) -> Sample:
    """The whole picture, small."""
    small = resize(grey, (SIDE, SIDE), "area").astype(np.float32)
    return np.asarray(local_mean(small, SMOOTH), np.float32)


def jump(
    looks: Sequence[Sample], times: Sequence[float], box: Box, shape: tuple[int, int]
) -> float | None:
    """How many times its usual change the surroundings made in the last step; None: not known.

    `looks` and `times` are of the frames up to now, the oldest first; `box` is the face's in the
    picture of this shape, height and width. A step that took longer, because frames were lost, may
    change more.
    """
    looks, times = looks[-USUAL - 2 :], times[-USUAL - 2 :]
    if len(looks) < FEWEST + 2:
        return None
    outside = _outside(box, shape)
    slopes = np.hypot(*np.gradient(looks[-2]))
    edges = outside & (slopes > np.quantile(slopes[outside], 1 - EDGES)) if outside.any() else None
    if edges is None or edges.sum() < FEWEST_CELLS:
        return None
    level = [look - look[outside].mean() for look in looks]  # a lamp that flickers is no jump
    steps = np.stack([np.abs(now - was)[edges] for was, now in pairwise(level)])
    lasted = np.diff(times)
    longer = max(1.0, float(lasted[-1] / np.median(lasted[:-1])))
    usual = np.median(steps[:-1], axis=0) + LEAST
    return float(np.median(steps[-1] / usual)) / longer


def _outside(box: Box, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(SIDE, SIDE) what of the picture is neither the face nor about to be."""
    left, top, right, bottom = box
    x, y = ROOM_ASIDE * (right - left), ROOM_ABOVE * (bottom - top)
    high, wide = (SIDE / max(side, 1) for side in shape)
    across = slice(max(0, int((left - x) * wide)), max(0, int(np.ceil((right + x) * wide))))
    down = slice(max(0, int((top - y) * high)), max(0, int(np.ceil((bottom + y) * high))))
    outside = np.ones((SIDE, SIDE), bool)
    outside[down, across] = False
    return outside
