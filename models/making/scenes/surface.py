"""A piece of something in a scene: a sheet of points with what it looks like."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Something in a scene: where it is, and what it looks like.

    points    (H, W, 3) millimetres; a point that is not a number is not there
    blind     (H, W) how likely a stereo camera finds nothing here, 0..1: dark, shiny, lit
    paint     (H, W, 2) pixel of `picture` that is seen at each point
    picture   what is printed, shown or lives on it; None: `color` all over
    infrared  how much of the emitter's light it throws back, 0..1
    contrast  how much of the picture can be seen in infrared, 0..1
    """

    points: Floats
    blind: Floats
    paint: Floats | None = None
    picture: ColorImage | None = None
    color: tuple[float, float, float] = (120.0, 120.0, 120.0)
    infrared: float = 0.6
    contrast: float = 1.0

    def moved(self, rotation: Floats, translation: Floats) -> "Surface":
        return replace(self, points=self.points @ rotation.T + translation)


def plain(points: Floats, blind: float = 0.0, **looks: object) -> Surface:
    """A surface that is equally blind all over; `looks` are further fields of Surface."""
    return Surface(points, np.full(points.shape[:2], blind), **looks)  # type: ignore[arg-type]


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """(3, 3) of a head turned by degrees, signs as in models.observation.HeadPose."""
    y, p, r = np.radians((-yaw, -pitch, roll))
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(turn @ nod @ tilt)


def finer(grid: Floats, rows: int, columns: int) -> Floats:
    """(H, W, ...) values at (rows, columns), bilinear between the old ones."""
    return _along(_along(grid, rows, 0), columns, 1)


def _along(grid: Floats, count: int, axis: int) -> Floats:
    at = np.linspace(0, grid.shape[axis] - 1, count)
    low = np.minimum(at.astype(int), grid.shape[axis] - 2)
    share = (at - low).reshape([-1 if i == axis else 1 for i in range(grid.ndim)])
    first, second = np.take(grid, low, axis), np.take(grid, low + 1, axis)
    return np.asarray(first * (1 - share) + second * share)
