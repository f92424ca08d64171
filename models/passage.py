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
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import Image, local_mean, resize, to_grey, warp_affine
from models import around
from models.observation import Blend, Box, Passage

LAGS_S = (0.25, 0.4, 0.6, 0.9, 1.3, 1.9, 2.6)  # from how long ago the ways are measured
KEPT_S = 2.8
LEAST_S = 0.025  # nearer frames are left out: 30 a second tell as much as 60
LATELY_S, LONG_S = 0.8, 0.4  # what stir is told from, and what is a long wait in it
ROOM = 1.3  # side of the region in the box's
SIDE = 48  # pixels of the sample
SMOOTH = 3  # pixels of the square over which it is averaged where a way is looked at
HALF_WAY = (0.15, 0.85)
MOST_BETWEEN = 12  # frames of a way that are looked at
MOST_PAIRS = 24  # of frames far apart
LIT = 40.0  # grey levels, standard deviation: about a face's
MOST_SHIFTS = 4  # times that the shift is asked for
MARGIN = 4  # pixels of the sample that a shift may bring in at the most
SURELY_NOT_MOVED = 0.7  # of the change, left by the first of them
LEAST_CHANGE = 1.0  # grey levels, root mean square: less is no way

Sample = NDArray[np.float32]  # (..., SIDE * SIDE), grey levels about their mean
Region = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    at: float
    grey: Image  # the whole small copy
    small: around.Sample  # the same, smaller


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
        if not self._looks or at - self._looks[-1].at >= LEAST_S:
            grey = to_grey(small)
            self._looks.append(_Look(at, grey, around.sample(grey)))
        while at - self._looks[0].at > KEPT_S:
            self._looks.popleft()
        x1, y1, x2, y2 = (side / scale for side in box)
        region = _region((x1, y1, x2, y2), small)
        if region is None:
            return Passage(None, None)
        past = _Past(list(self._looks), region)
        stir, grain = past.stir()
        return Passage(stir, grain, tuple(past.blends()), past.jump((x1, y1, x2, y2)))


class _Past:
    """The looks of one region up to now, each sampled only if it is asked for."""

    def __init__(self, looks: list[_Look], region: Region) -> None:
        self._looks, self._region = looks, region
        self._times = np.array([look.at for look in looks])
        self._samples: dict[int, Sample] = {}

    def stir(self) -> tuple[float | None, float | None]:
        """Change over LONG_S in that between neighbours, of mean squares; and the latter's root."""
        lately = int(np.searchsorted(self._times, self._times[-1] - LATELY_S))
        times = self._times[lately:]
        first, second = np.nonzero(times[None, :] - times[:, None] >= LONG_S)
        if len(first) == 0:
            return None, None
        seen = np.stack([_lit(self._sample(n)) for n in range(lately, len(self._looks))])
        every = ceil(len(first) / MOST_PAIRS)
        apart = float(np.mean((seen[second[::every]] - seen[first[::every]]) ** 2))
        neighbours = float(np.mean(np.diff(seen, axis=0) ** 2))
        if not neighbours > 0.0:
            return (1.0 if not apart > 0.0 else None), 0.0
        return apart / neighbours, neighbours**0.5

    def jump(self, box: Box) -> float | None:
        """Of what stands about the face, in the last step (models/around.py)."""
        height, width = self._looks[-1].grey.shape[:2]
        samples = [look.small for look in self._looks]
        return around.jump(samples, self._times.tolist(), box, (height, width))

    def blends(self) -> Iterator[Blend]:
        """From each lag that is reached, the shortest first."""
        before = -1
        for lag_s in LAGS_S:
            since = int(np.searchsorted(self._times, self._times[-1] - lag_s, "right")) - 1
            if since < 0:
                return
            if since != before and (blend := self._blend(since)) is not None:
                yield blend
            before = since

    def _blend(self, since: int) -> Blend | None:
        """What the looks between that one and now are of the two; None where these are alike."""
        last = len(self._looks) - 1
        first, whole = self._smooth(since), self._smooth(last) - self._smooth(since)
        power = float(whole @ whole)
        if not power >= LEAST_CHANGE**2 * len(whole):
            return None
        since_s = float(self._times[last] - self._times[since])
        moved = _moved(first, first + whole)
        every = 1
        while (last - since) / every > MOST_BETWEEN:
            every *= 2  # so that several lags look at the same ones
        between = [n for n in range(since + 1, last) if (last - n) % every == 0]
        gone = np.stack([self._smooth(n) - first for n in between or [since]])
        share = gone @ whole / power
        half = (share > HALF_WAY[0]) & (share < HALF_WAY[1])
        if not half.any():
            return Blend(since_s, 0, 1.0, 1.0, moved)
        # an edge that moves by far leaves sqrt(share * (1 - share)), which is taken for a half
        left = _left(gone[half], first, whole) / (4 * share[half] * (1 - share[half])) ** 0.5
        nearer = np.minimum(gone[half] ** 2, (gone[half] - whole) ** 2).sum(axis=1) ** 0.5
        mixed, pushed = (float(np.median(of)) / power**0.5 for of in (left, nearer))
        return Blend(since_s, int(half.sum()), mixed, pushed, moved)

    def _sample(self, n: int) -> Sample:
        piece = self._looks[n].grey[self._region]
        how: Literal["area", "linear"] = "area" if min(piece.shape[:2]) >= SIDE else "linear"
        shrunk = resize(piece, (SIDE, SIDE), how).astype(np.float32).ravel()
        return np.asarray(shrunk - shrunk.mean(), np.float32)

    def _smooth(self, n: int) -> Sample:
        """With less noise, and slopes that hold for more than a pixel."""
        if n not in self._samples:
            sample = self._sample(n).reshape(SIDE, SIDE)
            self._samples[n] = local_mean(sample, SMOOTH).ravel()
        return self._samples[n]


def _left(gone: Sample, first: Sample, whole: Sample) -> NDArray[np.float32]:
    """(N,) what a mean of both ends leaves of (N, SIDE * SIDE) looks half way, by its length.

    A hand that holds a screen shifts both ends by some pixels: to first order by their slopes.
    """
    theirs = np.stack((whole, *_slopes(first), *_slopes(first + whole)))
    parts = np.linalg.lstsq(theirs @ theirs.T, theirs @ gone.T, rcond=None)[0]
    left = gone - parts.T @ theirs
    return np.asarray((left**2).sum(axis=1) ** 0.5, np.float32)


def _moved(first: Sample, last: Sample) -> float:
    """What the best shift of the first leaves of the change, in parts of it, 0..1.

    The slopes half way between the two tell a shift to second order; where that already explains
    much it is done, and asked again.
    """
    change = float(_inner(last - first).std())
    shift, least, now = np.zeros(2), 1.0, first
    for _ in range(MOST_SHIFTS):
        half_way = np.asarray((now + last) / 2, np.float32)
        theirs, gone = _inner(np.stack(_slopes(half_way))), _inner(last - now)
        by = np.linalg.lstsq(theirs @ theirs.T, theirs @ gone, rcond=None)[0]
        left = float((gone - by @ theirs).std()) / change if change > 0.0 else 1.0
        least = min(least, left)
        if left > SURELY_NOT_MOVED:
            break
        shift = np.clip(shift - by, -MARGIN, MARGIN)
        how = np.array(((1.0, 0.0, shift[1]), (0.0, 1.0, shift[0])))
        now = warp_affine(first.reshape(SIDE, SIDE), how, (SIDE, SIDE), "reflect").ravel()
    return least


def _inner(samples: Sample) -> Sample:
    """(..., N) of samples without a margin, into which a shift brings what nobody saw."""
    square = samples.reshape(*samples.shape[:-1], SIDE, SIDE)[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
    return square.reshape(*samples.shape[:-1], -1)


def _slopes(sample: Sample) -> tuple[Sample, Sample]:
    """Down and across, grey levels a pixel."""
    square = sample.reshape(SIDE, SIDE)
    down, across = np.zeros_like(square), np.zeros_like(square)
    down[1:-1] = (square[2:] - square[:-2]) / 2
    across[:, 1:-1] = (square[:, 2:] - square[:, :-2]) / 2
    return down.ravel(), across.ravel()


def _region(box: Box, image: Image) -> Region | None:
    """The box with some room, inside the image; None when nothing is left."""
    height, width = image.shape[:2]
    left, top, right, bottom = box
    x, y = (ROOM - 1) / 2 * (right - left), (ROOM - 1) / 2 * (bottom - top)
    across = slice(max(0, round(left - x)), min(width, round(right + x)))
    down = slice(max(0, round(top - y)), min(height, round(bottom + y)))
    return (down, across) if across.stop - across.start > 1 and down.stop - down.start > 1 else None


def _lit(sample: Sample) -> Sample:
    """As under one and the same light: a lamp that flickers is no life."""
    spread = float(sample.std())
    return np.asarray(sample * (LIT / spread), np.float32) if spread > 0.0 else sample
