"""A face laid out flat: where each part of a face lies in a picture, whatever its shape and turn.

`MEAN` is the mean face's mesh (models/making/relief/mean_face.py). Its frontal picture is covered
with a grid of places; each place is a fixed blend of mesh points, so that with the mesh of any
other face it lies on the same part of that face.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

# The mesh's outline, from the top of the forehead towards the subject's left, round the chin.
OUTLINE = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
MESHED = 468  # points of the mesh without the irises
STEP_MM = 6.0  # between two places, on the mean face
SOFTNESS = 1.0  # how little the blend follows a single point of the mesh


@cache
def mean() -> Floats:
    """(478, 3) millimetres: x to the subject's left, y down, z away from the camera."""
    with Path(__file__).with_name("face.npy").open("rb") as file:
        return np.asarray(np.load(file, allow_pickle=False), np.float64)


@cache
def places(step_mm: float = STEP_MM) -> Floats:
    """(K, 2) x, y on the mean face, millimetres: a grid of what lies inside the outline."""
    outline = mean()[list(OUTLINE), :2]
    low, high = outline.min(axis=0), outline.max(axis=0)
    x, y = (np.arange(a + step_mm / 2, b, step_mm) for a, b in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return grid[inside(grid, outline)]


@cache
def blend(step_mm: float = STEP_MM) -> Floats:
    """(K, 468): each place as a blend of mesh points; a row's weights add up to 1."""
    return blend_at(places(step_mm))


def blend_at(points: Floats) -> Floats:
    """(K, 468) weights that carry points on the mean face to those of any other mesh."""
    known = mean()[:MESHED, :2]
    count = len(known)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(known, known) + SOFTNESS * np.eye(count)
    system[:count, count:] = _affine(known)
    system[count:, :count] = _affine(known).T
    rows = np.hstack((_kernel(points, known), _affine(points)))
    weights: Floats = np.linalg.solve(system, rows.T).T[:, :count]
    return weights


def inside(points: Floats, outline: Floats) -> NDArray[np.bool_]:
    """Which (N, 2) points lie inside a closed outline."""
    x, y = points[:, None, 0], points[:, None, 1]
    a, b = outline, np.roll(outline, -1, axis=0)
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    odd: NDArray[np.bool_] = (crosses & (x < at)).sum(axis=1) % 2 == 1
    return odd


def _kernel(points: Floats, known: Floats) -> Floats:
    """Of thin-plate splines: r^2 log r, distances in centimetres."""
    squared = ((points[:, None] - known) ** 2).sum(axis=2) / 100.0
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-12)))


def _affine(points: Floats) -> Floats:
    return np.column_stack((np.ones(len(points)), points / 10.0))
