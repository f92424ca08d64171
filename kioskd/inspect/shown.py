"""A small picture of the face that was judged, with each area's outline, for the HTML report.

It shows a person: it is made only where it was asked for by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feeds.imaging import encoded, resize
from kioskd.inspect.still_eye import Still
from models.passive.edges import Line
from models.stills.areas import AREAS

WIDTH = 240  # pixels
ROOM = 0.8  # of the face's size to each side: what a border, a frame or a hand would be seen in

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A JPEG of `size` pixels; the face's box, the outlines and the edges are in its pixels."""

    jpeg: bytes
    size: tuple[int, int]
    face: tuple[float, float, float, float] | None
    outlines: Mapping[str, Outline]
    edges: tuple[Line, ...] = ()


def shown(still: Still) -> Shown:
    """The face and what is around it; the whole picture where there is no face."""
    height, width = still.image.shape[:2]
    left, top, right, bottom = 0, 0, width, height
    if still.faces:
        x1, y1, x2, y2 = still.faces[0].box
        room = ROOM * max(x2 - x1, y2 - y1)
        left, top = max(0, int(x1 - room)), max(0, int(y1 - room))
        right, bottom = min(width, int(x2 + room)), min(height, int(y2 + room))
    piece = still.image[top:bottom, left:right]
    zoom = WIDTH / piece.shape[1]
    size = (WIDTH, max(1, round(zoom * piece.shape[0])))
    jpeg = encoded(resize(piece, size, "area" if zoom < 1 else "linear"), ".jpg", quality=85)
    if not still.faces:
        return Shown(jpeg, size, None, {})
    face = still.faces[0]
    x1, y1, x2, y2 = face.box
    box = (zoom * (x1 - left), zoom * (y1 - top), zoom * (x2 - x1), zoom * (y2 - y1))
    outlines = {} if face.mesh is None else _outlines(zoom * (face.mesh[:, :2] - (left, top)))
    edges = tuple(
        (_at(one, left, top, zoom), _at(other, left, top, zoom)) for one, other in still.edges
    )
    return Shown(jpeg, size, box, outlines, edges)


def _at(point: tuple[float, float], left: int, top: int, zoom: float) -> tuple[float, float]:
    return round(zoom * (point[0] - left), 1), round(zoom * (point[1] - top), 1)


def _outlines(points: NDArray[np.floating]) -> dict[str, Outline]:
    """Around the middle of each area, its points in order."""
    found = {}
    for area, around in AREAS.items():
        corners = points[list(around)]
        away = corners - corners.mean(axis=0)
        order = np.argsort(np.arctan2(away[:, 1], away[:, 0]))
        found[area] = tuple((round(float(x), 1), round(float(y), 1)) for x, y in corners[order])
    return found
