"""Straight, long edges around a face that belong to a sheet, a screen or its bezel.

A medium has four straight sides, each parallel to its opposite and square to the next, and the face
lies between them. So, for one tilt after the other, this looks for the straightest step in
brightness at the left, at the right, above and below the face; a step is as strong as its weakest
part, beside the face and far past it, and the three strongest sides at one tilt count. What is
straight in a room rarely has three sides about a face, and none of them passes a shoulder.

All lengths are in units of the face, the root of its box's area, so that neither distance nor
resolution matters; and because the picture is laid out about the face, what moves with the face
stays where it is from frame to frame, and a door, a window or a shelf behind it does not. The
steps of the frames before are kept so far: what wanders fades.

The measure is our own; docs/measure/passive.md has what it is worth and what it does not see.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, exp, floor, sqrt

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import Image, resize, to_grey
from models.observation import Box

LIMIT = 1.95  # sides; at or under it nothing is said (docs/measure/passive.md)
CLEAR = 2.4  # sides; from here on its whole weight counts

FINE, COARSE = 0.05, 0.2  # face units: what a step is told in, and what it is averaged along
REACH = 60  # columns of FINE to each side of the face's middle that are looked at
TILTS = np.linspace(-0.35, 0.35, 15)  # tangents: up to 19 degrees
# Rows of COARSE from the face's middle. Each part must have the edge: beside the face, and far on;
# at its sides, an edge goes on past the chin, where shoulders would hide what is behind them.
NEAR = ((-3, -1), (-1, 1), (1, 3))
FAR_UPRIGHT = ((-5, -2), (-2, 2), (2, 5), (5, 8))
FAR_LEVEL = ((-4, -2), (-2, 0), (0, 2), (2, 4))
FIRST, LAST = -5, 8  # rows that these need
# Columns of FINE from the face's middle between which a medium's sides are sought.
UPRIGHT = ((-46, -10), (10, 46))
LEVEL = ((-59, -16), (15, 59))
FADES = 0.25  # of an edge for each face unit beyond one: what is far is more often the room's
NOISE = 12.0  # grey levels added before the logarithm
FULL = 0.65  # of a logarithm: a step that counts whole, as of a bezel before a wall
LEAST_FACE = 16.0  # pixels of the small copy per face unit, below which nothing is told apart
BRIGHT = 40  # grey levels that the brightest of the picture must reach
SOMETHING = 0.15  # of FULL: a picture without any such step is out of focus
BLACK = 12  # grey levels up to which rows and columns at the border are no picture, but bars
LATELY_S = 0.3  # within which what was seen before counts, by e
GAP_S = 0.5  # after which it does not

Line = tuple[tuple[float, float], tuple[float, float]]  # both ends, pixels of the frame
Parts = tuple[tuple[int, int], ...]
Zones = tuple[tuple[int, int], tuple[int, int]]
Steps = NDArray[np.float32]  # (rows, 4 * REACH) of FULL, -1..1; 0 outside the picture


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Steps about a face, across upright edges and across level ones."""

    upright: Steps
    level: Steps


class EdgeMeter:
    """Measures the edges about the faces of one feed, over the frames in which one is followed.

    Not thread-safe. Frames come in the order of capture.
    """

    def __init__(self) -> None:
        self._of: tuple[int, int] | None = None  # session and track that were measured last,
        self._at = 0.0  # when,
        self._lately: _Layout | None = None  # and what was seen of late

    def measure(
        self, small: ColorImage, scale: float, box: Box, track_id: int, session: int, at: float
    ) -> float | None:
        """As `edges`, of this frame and of those just before it, laid over one another.

        `at` is when the frame was captured, seconds, monotonic.
        """
        now = _layout(small, scale, box)
        gap = at - self._at
        if self._of != (session, track_id) or not 0.0 < gap <= GAP_S:
            self._lately = None
        self._of, self._at = (session, track_id), at
        if now is not None and self._lately is not None:
            now = _mixed(self._lately, now, 1.0 - exp(-gap / LATELY_S))
        self._lately = now
        return None if now is None else _sides(now)


def edges(small: ColorImage, scale: float, box: Box) -> float | None:
    """How much of a medium's border is about a face in one picture: 0..3 sides.

    `small` is the frame's small copy and `scale` frame pixels per pixel of it; `box` is the face's
    in the frame. None when it cannot be told: the face is too small, or fills the picture so that
    fewer than three of its sides are in view; the picture is dark, or nothing in it is sharp.
    """
    found = _layout(small, scale, box)
    return None if found is None else _sides(found)


def lines(small: ColorImage, scale: float, box: Box) -> tuple[Line, ...]:
    """Where the three sides lie that `edges` counts, for whoever wants to see them; () of None."""
    found = _layout(small, scale, box)
    if found is None:
        return ()
    upright = _strength(found.upright, UPRIGHT, FAR_UPRIGHT)
    level = _strength(found.level, LEVEL, FAR_LEVEL)[::-1]
    best = _or_next(np.stack([*_best(upright, UPRIGHT), *_best(level, LEVEL)], axis=1))
    tilt = int((best.sum(axis=1) - best.min(axis=1)).argmax())
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    unit = sqrt((box[2] - box[0]) * (box[3] - box[1]))
    sides = [
        (strength, (x + unit * across, y + unit * along), (x + unit * other, y + unit * end))
        for strength, across, along, other, end in _placed(upright, UPRIGHT, tilt, TILTS)
    ]
    sides += [
        (strength, (x + unit * along, y + unit * across), (x + unit * end, y + unit * other))
        for strength, across, along, other, end in _placed(level, LEVEL, tilt, TILTS[::-1])
    ]
    return tuple((first, last) for _, first, last in sorted(sides)[1:])


def _placed(
    strength: NDArray[np.float32], zones: Zones, tilt: int, tilts: NDArray[np.float64]
) -> Iterator[tuple[float, float, float, float, float]]:
    """Of each zone's strongest edge at a tilt or the next ones: its strength, and both its ends,
    each across it and along it, in face units.
    """
    around = range(max(0, tilt - 1), min(len(tilts), tilt + 2))
    past = zones[0][1] - zones[0][0]
    for columns in (slice(0, past), slice(past, None)):
        part = strength[around.start : around.stop, columns]
        row, column = divmod(int(part.argmax()), part.shape[1])
        at = (int(_columns(zones)[columns][column]) + 0.5) * FINE
        slope = float(tilts[around[row]])
        first, last = NEAR[0][0] * COARSE, NEAR[-1][1] * COARSE
        yield float(part.max()), at + slope * first, first, at + slope * last, last


def _layout(small: ColorImage, scale: float, box: Box) -> _Layout | None:
    x1, y1, x2, y2 = (side / scale for side in box)
    if not (x2 > x1 and y2 > y1) or (unit := sqrt((x2 - x1) * (y2 - y1))) < LEAST_FACE:
        return None
    left, top, grey = _picture(to_grey(small))
    x, y = (x1 + x2) / 2 - left, (y1 + y2) / 2 - top
    while unit * FINE >= 2.0:  # by two is far quicker than by what is no whole number
        height, width = grey.shape[0] // 2, grey.shape[1] // 2
        grey = resize(grey[: 2 * height, : 2 * width], (width, height), "area")
        x, y, unit = x / 2, y / 2, unit / 2
    if not _in_view(x / unit, y / unit, grey.shape[1] / unit, grey.shape[0] / unit):
        return None
    upright = _steps(grey, x, y, unit)
    level = _steps(grey.T, y, x, unit)
    if upright is None or level is None:
        return None
    if max(np.abs(upright).max(), np.abs(level).max()) < SOMETHING:
        return None
    return _Layout(upright, level)


def _picture(grey: Image) -> tuple[int, int, Image]:
    """What lies within black bars, and where it begins."""
    columns, rows = grey.max(axis=0) > BLACK, grey.max(axis=1) > BLACK
    if not columns.any():
        return 0, 0, grey
    left, top = int(columns.argmax()), int(rows.argmax())
    right, bottom = len(columns) - int(columns[::-1].argmax()), len(rows) - int(rows[::-1].argmax())
    return left, top, grey[top:bottom, left:right]


def _in_view(x: float, y: float, width: float, height: float) -> bool:
    """Whether at least three sides of a medium could be seen about a face, all in face units."""
    (left, right), (above, below) = ((zones[0][1], zones[1][0]) for zones in (UPRIGHT, LEVEL))
    seen = (
        x > -left * FINE,
        width - x > right * FINE,
        y > -above * FINE,
        height - y > below * FINE,
    )
    return sum(seen) >= 3


def _steps(grey: Image, x: float, y: float, unit: float) -> Steps | None:
    """The steps across upright edges about a face at (x, y); None where it is too dark."""
    found = np.zeros((LAST - FIRST, 4 * REACH), np.float32)
    columns = _cells(x / unit, grey.shape[1] / unit, FINE, -REACH, REACH)
    rows = _cells(y / unit, grey.shape[0] / unit, COARSE, FIRST, LAST)
    left, right = (max(0, round(x + FINE * unit * edge)) for edge in columns)
    top, bottom = (max(0, round(y + COARSE * unit * edge)) for edge in rows)
    if columns[1] - columns[0] < 5 or rows[1] <= rows[0] or right <= left or bottom <= top:
        return found
    # Transposed back and forth, which costs nothing, as OpenCV wants rows that lie in one piece.
    size = (columns[1] - columns[0], rows[1] - rows[0])
    piece = grey[top:bottom, left:right]
    if piece.strides[1] == 1:
        cells = resize(piece, size, "area")
    else:
        cells = resize(piece.T, size[::-1], "area").T
    if cells.max() < BRIGHT:
        return None
    light = np.log(cells + np.float32(NOISE)) / np.float32(2 * FULL)
    pairs = light[:, 1:] + light[:, :-1]
    across = pairs[:, 3:] - pairs[:, :-3]
    first = columns[0] + 2 * REACH + 2
    inside = found[rows[0] - FIRST : rows[1] - FIRST, first : first + across.shape[1]]
    np.minimum(np.maximum(across, np.float32(-1.0)), np.float32(1.0), out=inside)
    return found


def _cells(at: float, length: float, cell: float, first: int, last: int) -> tuple[int, int]:
    """From which to which cell they lie in a picture of this length, the face's middle `at`."""
    return max(first, ceil(-at / cell)), min(last, floor((length - at) / cell))


def _mixed(before: _Layout, now: _Layout, share: float) -> _Layout:
    return _Layout(
        before.upright + np.float32(share) * (now.upright - before.upright),
        before.level + np.float32(share) * (now.level - before.level),
    )


def _sides(found: _Layout) -> float:
    """0..3: the three strongest sides at one tilt."""
    upright = _strength(found.upright, UPRIGHT, FAR_UPRIGHT)
    level = _strength(found.level, LEVEL, FAR_LEVEL)[::-1]  # square to it: tilted the other way
    best = _or_next(np.stack([*_best(upright, UPRIGHT), *_best(level, LEVEL)], axis=1))
    return float((best.sum(axis=1) - best.min(axis=1)).max())


def _best(strength: NDArray[np.float32], zones: Zones) -> Sequence[NDArray[np.float32]]:
    """(tilts,) of the strongest edge in each of two zones."""
    first = zones[0][1] - zones[0][0]
    return strength[:, :first].max(axis=1), strength[:, first:].max(axis=1)


def _strength(steps: Steps, zones: Zones, far: Parts) -> NDArray[np.float32]:
    """(tilts, columns of all zones) of the edge at each tilt and place, 0..1."""
    sheared = steps.ravel().take(_places(zones))
    near, along = _weakest(sheared, NEAR), _weakest(sheared, far)
    return np.asarray((near + 2 * along).reshape(len(TILTS), -1) * _worth(zones))


def _weakest(sheared: NDArray[np.float32], parts: Parts) -> NDArray[np.float32]:
    means = [
        np.abs(np.add.reduce(sheared[a - FIRST : b - FIRST])) * np.float32(1 / (b - a))
        for a, b in parts
    ]
    return np.asarray(np.minimum.reduce(means))


def _or_next(of_tilts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each tilt, or of the next ones: a medium that is not quite level to the lens tapers."""
    found = of_tilts.copy()
    np.maximum(found[1:], of_tilts[:-1], out=found[1:])
    np.maximum(found[:-1], of_tilts[1:], out=found[:-1])
    return found


@cache
def _worth(zones: Zones) -> NDArray[np.float32]:
    """(columns,) by how far an edge is from the face; a third, as `near + 2 * along` is three."""
    away = np.abs(_columns(zones)) * FINE
    return np.asarray((1.0 - FADES * np.maximum(0.0, away - 1.0)) / 3.0, np.float32)


def _columns(zones: Zones) -> NDArray[np.intp]:
    return np.concatenate([np.arange(a, b) for a, b in zones])


@cache
def _places(zones: Zones) -> NDArray[np.intp]:
    """(rows, tilts * columns): where, in steps with a margin of REACH, each tilted edge runs."""
    rows = np.arange(FIRST, LAST)
    shifts = np.rint((rows[:, None] + 0.5) * TILTS * COARSE / FINE).astype(np.intp)
    columns = _columns(zones) + 2 * REACH
    starts = np.arange(len(rows)) * 4 * REACH
    places = starts[:, None, None] + columns + shifts[:, :, None]
    return np.asarray(places.reshape(len(rows), -1), np.intp)
