"""A small picture of the face that was judged, with what speaks against it, for the HTML report.

It shows a person: it is made only where it was asked for by name.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from feeds.imaging import encoded, resize
from kioskd.inspect.still_eye import Still, StillEye
from models.observation import Box
from models.passive.edges import Line
from models.stills.areas import AREAS
from models.stills.mark_places import Evidence, of_liveness, of_marks

WIDTH = 240  # pixels
MOST_RED = 170  # of 255, where heat is strongest
ROOM = 0.8  # of the face's size to each side: what a border, a frame or a hand would be seen in

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Clue:
    """Where one mark lies: lines, an outline, or a PNG of heat over (left, top, width, height)."""

    lines: tuple[Line, ...] = ()
    outline: Outline = ()
    heat: bytes = b""
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Shown:
    """A JPEG of `size` pixels; the face's box, the outlines and the clues are in its pixels.

    outlines  of the nine areas
    clues     of each mark that is against the picture, and of liveness
    """

    jpeg: bytes
    size: tuple[int, int]
    face: tuple[float, float, float, float] | None
    outlines: Mapping[str, Outline]
    clues: Mapping[str, Clue] = field(default_factory=dict)


def shown(still: Still, eye: StillEye, against: Collection[str]) -> Shown:
    """The face and what is around it; the whole picture where there is no face.

    against  codes of what is to be shown. Raises NetworkError.
    """
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
    face, place = still.faces[0], _Place(left, top, zoom)
    outlines = {} if face.mesh is None else _outlines(zoom * (face.mesh[:, :2] - (left, top)))
    found = {code: place.clue(each) for code, each in _evidence(still, eye, against).items()}
    return Shown(jpeg, size, place.box(face.box), outlines, found)


def _evidence(still: Still, eye: StillEye, against: Collection[str]) -> Mapping[str, Evidence]:
    face = still.faces[0]
    found = dict(of_marks(still.image, face, still.edges))
    if "liveness" in against:
        asked = of_liveness(still.image, face.box, lambda image: eye.score(image, face))
        found |= {} if asked is None else {"liveness": asked}
    return {code: each for code, each in found.items() if code in against}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the picture the small one is taken from."""

    left: int
    top: int
    zoom: float

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        x, y = point
        return round(self.zoom * (x - self.left), 1), round(self.zoom * (y - self.top), 1)

    def box(self, box: Box) -> tuple[float, float, float, float]:
        (x1, y1), (x2, y2) = self.at(box[:2]), self.at(box[2:])
        return x1, y1, round(x2 - x1, 1), round(y2 - y1, 1)

    def clue(self, evidence: Evidence) -> Clue:
        lines = tuple((self.at(one), self.at(other)) for one, other in evidence.lines)
        outline = tuple(map(self.at, evidence.outline))
        if evidence.heat is None:
            return Clue(lines, outline)
        return Clue(lines, outline, _painted(evidence.heat), self.box(evidence.box))


def _painted(heat: NDArray[np.float32]) -> bytes:
    """Red, and the less to be seen the less heat there is."""
    cells = np.zeros((*heat.shape, 4), np.uint8)
    cells[..., 2], cells[..., 3] = 255, np.rint(MOST_RED * heat)
    return encoded(cells, ".png")


def _outlines(points: NDArray[np.floating]) -> dict[str, Outline]:
    """Around the middle of each area, its points in order."""
    found = {}
    for area, around in AREAS.items():
        corners = points[list(around)]
        away = corners - corners.mean(axis=0)
        order = np.argsort(np.arctan2(away[:, 1], away[:, 0]))
        found[area] = tuple((round(float(x), 1), round(float(y), 1)) for x, y in corners[order])
    return found
