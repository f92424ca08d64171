"""Where in a picture each mark of a still lies, so that a person can see it and judge for himself.

border_edge and deformation are lines, cut_border is an outline, reflection, moire and liveness are
heat. Liveness is shown by what the score hangs on: a part of the face is blurred away, and the heat
is by how much the score rises then (after Zeiler and Fergus, "Visualizing and Understanding
Convolutional Networks", 2014, arXiv:1311.2901).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import hull_mask, local_mean, resize
from models.observation import Box, Face, Mesh
from models.passive.edges import Line
from models.passive.screens import COLOURS
from models.schemes import logit
from models.stills.marks import OVAL, WHITE, clearest_grid, cut_size, missed

CELLS = 6  # to each side, that are blurred away one after the other
REACH = 0.25  # of the face's size beyond its box that is tried so
PLAIN_BLUR = 6  # pixels to each side that are left of what is blurred away
CHANGE = 0.5  # logits that the score must rise by, or it hangs on no place
SIDE = 48  # cells of heat to each side at most
SMOOTH = 25  # pixels over which a grid's height is told

Heat = NDArray[np.float32]
Point = tuple[float, float]
Score = Callable[[ColorImage], float | None]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Of one mark, in pixels of the picture.

    outline  a closed one
    heat     (rows, columns) of `box`, 0..1, 1 where it is strongest; None: there is none
    """

    lines: tuple[Line, ...] = ()
    outline: tuple[Point, ...] = ()
    heat: Heat | None = None
    box: Box = (0.0, 0.0, 0.0, 0.0)


def of_marks(image: ColorImage, face: Face, edges: tuple[Line, ...]) -> Mapping[str, Evidence]:
    """By mark, of a measured face; what cannot be shown is left out."""
    found = {"border_edge": Evidence(lines=edges), "moire": _grid(image, face.box)}
    if face.mesh is not None:
        found["cut_border"] = _cut(image, face.mesh)
        found["deformation"] = Evidence(lines=missed(face.mesh))
        found["reflection"] = _white(image, face)
    return {mark: each for mark, each in found.items() if each is not None}


def of_liveness(image: ColorImage, box: Box, score: Score) -> Evidence | None:
    """Where the face looks like an attack to `score`, 0..1; None where it is no single place."""
    before, wide = score(image), _grown(image, box)
    left, top, right, bottom = wide
    if before is None or min(right - left, bottom - top) < CELLS:
        return None
    rows = np.linspace(top, bottom, CELLS + 1).astype(int)
    columns = np.linspace(left, right, CELLS + 1).astype(int)
    heat = np.zeros((CELLS, CELLS), np.float32)
    plain = _blurred(image, wide)
    for at in np.ndindex(heat.shape):
        place = slice(rows[at[0]], rows[at[0] + 1]), slice(columns[at[1]], columns[at[1] + 1])
        covered = image.copy()
        covered[place] = plain[place]
        after = score(covered)
        heat[at] = 0.0 if after is None else logit(after) - logit(before)
    if heat.max() < CHANGE:
        return None
    return _heat(heat, (float(left), float(top), float(right), float(bottom)))


def _grown(image: ColorImage, box: Box) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = box
    by = REACH * max(x2 - x1, y2 - y1)
    height, width = image.shape[:2]
    left, top = max(0, int(x1 - by)), max(0, int(y1 - by))
    return left, top, min(width, int(x2 + by)), min(height, int(y2 + by))


def _blurred(image: ColorImage, box: tuple[int, int, int, int]) -> ColorImage:
    left, top, right, bottom = box
    small = resize(image[top:bottom, left:right], (PLAIN_BLUR, PLAIN_BLUR), "area")
    found = image.copy()
    found[top:bottom, left:right] = resize(small, (right - left, bottom - top), "linear")
    return found


def _heat(values: NDArray[np.floating], box: Box) -> Evidence | None:
    """Shrunk to SIDE cells at most; None of nothing."""
    by = max(1, -(-max(values.shape) // SIDE))
    rows, columns = values.shape[0] // by, values.shape[1] // by
    if not rows or not columns:
        return None
    cells = values[: rows * by, : columns * by].reshape(rows, by, columns, by).mean(axis=(1, 3))
    cells = np.maximum(cells, 0.0)
    most = float(cells.max())
    return Evidence(heat=(cells / most).astype(np.float32), box=box) if most > 0.0 else None


def _cut(image: ColorImage, mesh: Mesh) -> Evidence | None:
    size = cut_size(image, mesh)
    if size is None:
        return None
    oval = mesh[list(OVAL), :2]
    middle = oval.mean(axis=0)
    ring = (middle + (oval - middle) * size[0]).tolist()
    return Evidence(outline=tuple((float(x), float(y)) for x, y in ring))


def _white(image: ColorImage, face: Face) -> Evidence | None:
    """The white pixels within the face's oval."""
    assert face.mesh is not None
    left, top, right, bottom = (max(0, round(side)) for side in face.box)
    piece = image[top:bottom, left:right]
    if min(piece.shape[:2]) < 2:
        return None
    oval = face.mesh[list(OVAL), :2] - (left, top)
    inside = hull_mask(piece.shape[:2], oval)
    white = (piece.min(axis=2) >= WHITE) & inside
    return _heat(white, (float(left), float(top), float(right), float(bottom)))


def _grid(image: ColorImage, box: Box) -> Evidence | None:
    """How high the clearest grid's wave stands in each place of the face."""
    clearest = clearest_grid(image, box)
    if clearest is None:
        return None
    left, top, right, bottom = (max(0, round(side)) for side in clearest.box)
    piece = clearest.image[top:bottom, left:right]
    if min(piece.shape[:2]) < SMOOTH:
        return None
    y, x = np.mgrid[: piece.shape[0], : piece.shape[1]].astype(np.float32)
    down, across = clearest.grid.wave
    angle = 2 * np.pi * (down * y + across * x)
    height = np.zeros(piece.shape[:2], np.float32)
    for weights in COLOURS:
        plane = piece.astype(np.float32) @ weights
        plane = np.ascontiguousarray(plane - local_mean(plane, SMOOTH), np.float32)
        height += np.hypot(*(local_mean(plane * part(angle), SMOOTH) for part in (np.cos, np.sin)))
    zoom = image.shape[1] / clearest.image.shape[1]
    return _heat(height, (zoom * left, zoom * top, zoom * right, zoom * bottom))
