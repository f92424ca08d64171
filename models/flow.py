"""Carries faces from one frame to the next without the detector, by optical flow.

A grid of points in the face is followed forwards and back again; what does not come back to
where it started is left out. The medians of the rest move and scale the box. When too few
points are left there is no answer, and the caller asks the detector instead.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feeds.imaging import Image, pyramid_flow
from models.observation import Box

GRID = 6  # points a side, over the inner part of the box that is face and not background
INNER = 0.2  # of the box left out at each side
RETURN_PX = 1.0  # a point must come back to within so many pixels of the small copy
LEAST_SHARE = 0.6  # of the points must come back
MOST_ZOOM = 1.2  # a face that grows or shrinks more than this in one frame was not followed
MOST_SPREAD = 0.1  # of the box: how far the points may disagree on where it went

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Move:
    """How a box went from one frame to the next: scaled about `centre`, then shifted."""

    centre: tuple[float, float]
    shift: tuple[float, float]
    zoom: float

    def points(self, points: Points) -> Points:
        """(N, 2) points carried along."""
        centre = np.array(self.centre, np.float32)
        moved = (points - centre) * self.zoom + centre + np.array(self.shift, np.float32)
        return moved.astype(np.float32)

    def box(self, box: Box) -> Box:
        (x1, y1), (x2, y2) = self.points(np.array(box, np.float32).reshape(2, 2)).tolist()
        return x1, y1, x2, y2


def follow(before: Image, now: Image, box: Box, scale: float) -> Move | None:
    """Where the face of a box in the frame before has gone, in pixels of the frame.

    `before` and `now` are grey small copies, `scale` the frame's pixels per pixel of theirs.
    None when it cannot be told.
    """
    start = _grid(box) / np.float32(scale)
    there, found, _ = pyramid_flow(before, now, start)
    back, returned, _ = pyramid_flow(now, before, there)
    kept = found & returned & (np.linalg.norm(back - start, axis=1) <= RETURN_PX)
    if kept.sum() < LEAST_SHARE * len(start):
        return None
    return _move(start[kept] * scale, there[kept] * scale, box)


def _grid(box: Box) -> Points:
    """(GRID * GRID, 2) points in the inner part of a box."""
    x1, y1, x2, y2 = box
    steps = np.linspace(INNER, 1 - INNER, GRID)
    x, y = np.meshgrid(x1 + steps * (x2 - x1), y1 + steps * (y2 - y1))
    return np.stack((x.ravel(), y.ravel()), axis=1).astype(np.float32)


def _move(start: Points, there: Points, box: Box) -> Move | None:
    centre, arrived = np.median(start, axis=0), np.median(there, axis=0)
    near = np.linalg.norm(start - centre, axis=1)
    far = np.linalg.norm(there - arrived, axis=1)
    zoom = float(np.median(far[near > 0] / near[near > 0]))
    if not 1 / MOST_ZOOM <= zoom <= MOST_ZOOM:
        return None
    shift = np.median(there - (start - centre) * zoom - centre, axis=0)
    spread = np.median(np.linalg.norm(there - ((start - centre) * zoom + centre + shift), axis=1))
    if spread > MOST_SPREAD * (box[2] - box[0]):
        return None
    return Move((float(centre[0]), float(centre[1])), (float(shift[0]), float(shift[1])), zoom)
