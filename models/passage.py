"""How the picture of a face came from what it was to what it is, compared where it stands.

Two things a face cannot do, and photographs cannot help. A photograph on a stand changes by the
sensor's noise alone, which is as much from one frame to the next as over half a second; a living
face sways and breathes, and has gone further the longer one waits. And where one photograph fades
into another each picture between is a mean of both, or, where one is pushed over the other, a part
of each; in a face that moves, edges lie between where they were and where they will be.

Pixels are compared in place: laid out by each frame's mesh two photographs no longer lie over each
other to the pixel. The measures are our own; docs/measure/challenges.md has them on people.
"""

from collections import deque
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import Image, local_mean, resize, to_grey
from models.observation import Blend, Box, Passage

LAGS_S = (0.25, 0.4, 0.6, 0.9, 1.3, 1.9, 2.6)  # from how long ago the ways are measured
KEPT_S = 2.8
LEAST_S = 0.025  # nearer frames are left out: 30 a second tell as much as 60
LATELY_S, LONG_S = 0.8, 0.4  # what stir is told from, and what is a long wait in it
ROOM = 1.2  # side of the region in the box's
SIDE = 48  # pixels of the sample
SMOOTH = 3  # pixels of the square over which it is averaged where a way is looked at
HALF_WAY = (0.15, 0.85)
MOST_BETWEEN = 12  # frames of a way that are looked at
LIT = 40.0  # grey levels, standard deviation: about a face's
LEAST_CHANGE = 1.0  # grey levels, root mean square: less is no way

Sample = NDArray[np.float32]  # (SIDE * SIDE,), grey levels about their mean
Region = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    at: float
    box: Box  # in the small copy
    grey: Image


class PassageMeter:
    """Follows the picture of one face of one feed. Not thread-safe; frames in their order."""

    def __init__(self) -> None:
        self._whose: tuple[int, int, tuple[int, ...]] | None = None
        self._looks: deque[_Look] = deque()

    def measure(
        self, small: ColorImage, scale: float, box: Box, track_id: int, session: int, at: float
    ) -> Passage:
        """`scale` = frame pixels per pixel of the small copy; `at` in seconds."""
        whose = (session, track_id, small.shape)
        if whose != self._whose or (self._looks and at < self._looks[-1].at):
            self._whose = whose
            self._looks.clear()
        x1, y1, x2, y2 = (side / scale for side in box)
        if not self._looks or at - self._looks[-1].at >= LEAST_S:
            self._looks.append(_Look(at, (x1, y1, x2, y2), to_grey(small)))
        while at - self._looks[0].at > KEPT_S:
            self._looks.popleft()
        looks = list(self._looks)
        stir, grain = _stir([look for look in looks if at - look.at <= LATELY_S])
        return Passage(stir, grain, tuple(_blends(looks)))


def _stir(looks: list[_Look]) -> tuple[float | None, float | None]:
    """Change over LONG_S in that between neighbours, of mean squares; and the latter's root."""
    times = np.array([look.at for look in looks])
    first, second = np.nonzero(times[None, :] - times[:, None] >= LONG_S)
    if len(first) == 0:
        return None, None
    region = _region((looks[-1].box,), looks[-1].grey)
    samples = [_sample(look.grey, region) for look in looks]
    if region is None or any(sample is None for sample in samples):
        return None, None
    seen = np.stack([_lit(sample) for sample in samples if sample is not None])
    neighbours = float(np.mean(np.diff(seen, axis=0) ** 2))
    apart = float(np.mean([np.mean((seen[b] - seen[a]) ** 2) for a, b in _some(first, second)]))
    if not neighbours > 0.0:
        return (1.0 if not apart > 0.0 else None), 0.0
    return apart / neighbours, neighbours**0.5


def _some(first: NDArray[np.int_], second: NDArray[np.int_]) -> list[tuple[int, int]]:
    """Of the pairs a few, evenly."""
    every = ceil(len(first) / (2 * MOST_BETWEEN))
    return list(zip(first[::every].tolist(), second[::every].tolist(), strict=True))


def _blends(looks: list[_Look]) -> list[Blend]:
    """From each lag that is reached, the shortest first."""
    now, found, before = looks[-1], [], -1
    for lag_s in LAGS_S:
        at = next((n for n in range(len(looks) - 1, -1, -1) if now.at - looks[n].at >= lag_s), None)
        if at is None:
            break
        if at != before and (blend := _blend(looks[at:])) is not None:
            found.append(blend)
        before = at
    return found


def _blend(way: list[_Look]) -> Blend | None:
    """What the frames of a way are of its two ends; None where the ends are alike."""
    region = _region((way[0].box, way[-1].box), way[0].grey)
    first, last = _smooth(way[0].grey, region), _smooth(way[-1].grey, region)
    if first is None or last is None:
        return None
    ends = _Ends(first, last)
    if not ends.power >= LEAST_CHANGE**2 * len(first):
        return None
    every = ceil(max(1, len(way) - 2) / MOST_BETWEEN)
    samples = (_smooth(look.grey, region) for look in way[1:-1:every])
    told = [of for each in samples if each is not None and (of := ends.of(each)) is not None]
    since_s = way[-1].at - way[0].at
    if not told:
        return Blend(since_s, 0, 1.0, 1.0)
    mixed, pushed = np.median(told, axis=0).tolist()
    return Blend(since_s, len(told), mixed, pushed)


class _Ends:
    """The two ends of a way, and what of a sample between is theirs."""

    def __init__(self, first: Sample, last: Sample) -> None:
        self._first, self._whole = first, last - first
        self.power = float(self._whole @ self._whole)
        # a hand that holds a screen shifts both by some pixels: to first order by their slopes
        theirs = np.stack((self._whole, *_slopes(first), *_slopes(last)))
        self._theirs, self._found = theirs, np.linalg.pinv(theirs.T)

    def of(self, between: Sample) -> tuple[float, float] | None:
        """What a mean of both ends, and a part of each, leave of it; None unless half way.

        In parts of the change; an edge that moves by far leaves sqrt(share * (1 - share)), which
        is taken for a half.
        """
        gone = between - self._first
        share = float(gone @ self._whole) / self.power
        if not HALF_WAY[0] < share < HALF_WAY[1]:
            return None
        left = gone - (self._found @ gone) @ self._theirs
        mixed = (float(left @ left) / self.power / (4 * share * (1 - share))) ** 0.5
        nearer = np.minimum(gone**2, (gone - self._whole) ** 2)
        return mixed, (float(nearer.sum()) / self.power) ** 0.5


def _slopes(sample: Sample) -> tuple[Sample, Sample]:
    """Down and across, grey levels a pixel."""
    down, across = np.gradient(sample.reshape(SIDE, SIDE))
    return down.ravel(), across.ravel()


def _region(boxes: tuple[Box, ...], image: Image) -> Region | None:
    """What holds these boxes, with some room, inside the image; None when nothing is left."""
    height, width = image.shape[:2]
    left, top = (min(box[n] for box in boxes) for n in (0, 1))
    right, bottom = (max(box[n] for box in boxes) for n in (2, 3))
    x, y = (ROOM - 1) / 2 * (right - left), (ROOM - 1) / 2 * (bottom - top)
    across = slice(max(0, round(left - x)), min(width, round(right + x)))
    down = slice(max(0, round(top - y)), min(height, round(bottom + y)))
    return (down, across) if across.stop - across.start > 1 and down.stop - down.start > 1 else None


def _sample(grey: Image, region: Region | None) -> Sample | None:
    if region is None:
        return None
    piece = grey[region]
    shrinks = min(piece.shape[:2]) >= SIDE
    shrunk = resize(piece, (SIDE, SIDE), "area" if shrinks else "linear").astype(np.float32).ravel()
    return np.asarray(shrunk - shrunk.mean(), np.float32)


def _smooth(grey: Image, region: Region | None) -> Sample | None:
    """With less noise, and slopes that hold for more than a pixel."""
    sample = _sample(grey, region)
    return None if sample is None else local_mean(sample.reshape(SIDE, SIDE), SMOOTH).ravel()


def _lit(sample: Sample) -> Sample:
    """As under one and the same light: a lamp that flickers is no life."""
    spread = float(sample.std())
    return np.asarray(sample * (LIT / spread), np.float32) if spread > 0.0 else sample
