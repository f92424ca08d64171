"""Which way up a face stands in the picture, over the full circle.

The detector knows upright faces. Others it often finds as well, but lays its five points as if
they stood upright, and is less sure of them: of 2,119 faces turned by 45 degrees or more, two had
a score of SURE or more; of 278 upright ones 91 % (`scripts/measure_turned`). So a face of which it
is not sure is looked at again at eight turns: the one that it likes best is how the face stands,
and the five points found there are the right ones.
"""

from math import cos, hypot, radians, sin

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import resize, warp_affine
from models.face.faces import Detection, Detector
from models.observation import SURE, Box
from models.session import Network

TURNS = 8  # at which a face is looked at, evenly over the circle
TILE = 96  # pixels a side of each look
ROOM = 1.6  # side of what is looked at, in longer sides of the face's box
LEAST = 0.3  # score from which a face counts as found in a look

Landmarks = NDArray[np.float32]
Matrix = NDArray[np.float64]


class Stand:
    """Finds how faces stand. One per feed: it keeps the network's input between calls."""

    def __init__(self, network: Network) -> None:
        """`network` is the face detector's."""
        self._detector = Detector(network, LEAST)

    def landmarks(
        self, image: ColorImage, box: Box, score: float, landmarks: Landmarks
    ) -> Landmarks | None:
        """(5, 2) landmarks of a face as it stands, in pixels of the image.

        `score` and `landmarks` are what the detector said of it in the whole image. None where
        no turn shows a face. Raises NetworkError.
        """
        if score >= SURE:
            return landmarks
        looks = _looks(image, box)
        found = self._detector.detect(_mosaic(image, box, looks), 1.0)
        best = max(found, key=lambda face: face.score, default=None)
        if best is None:
            return None
        turn = _tile(best)
        return landmarks if turn == 0 else _in_image(best, turn, looks[turn])


def _looks(image: ColorImage, box: Box) -> list[Matrix]:
    """(2, 3) matrix of each turn, from the image to a tile in which a face so turned stands."""
    x1, y1, x2, y2 = box
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    zoom = TILE / max(ROOM * max(x2 - x1, y2 - y1), 1.0)
    looks = []
    for turn in range(TURNS):
        a, b = zoom * cos(radians(360 / TURNS * turn)), zoom * sin(radians(360 / TURNS * turn))
        looks.append(
            np.array(((a, b, TILE / 2 - a * x - b * y), (-b, a, TILE / 2 + b * x - a * y)))
        )
    return looks


def _mosaic(image: ColorImage, box: Box, looks: list[Matrix]) -> ColorImage:
    """The face at every turn, in two rows."""
    piece, to_piece = _piece(image, box)
    tiles = [warp_affine(piece, look @ to_piece, (TILE, TILE)) for look in looks]
    half = TURNS // 2
    return np.vstack((np.hstack(tiles[:half]), np.hstack(tiles[half:])))


def _piece(image: ColorImage, box: Box) -> tuple[ColorImage, Matrix]:
    """What stands around a box, shrunk by areas to a tile's scale, and (3, 3) from it to the image.

    Turned without this, a large face would lose its detail to aliasing.
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box
    reach = 0.75 * ROOM * max(x2 - x1, y2 - y1)  # to the corners of a tile, at any turn
    left, right = _within((x1 + x2) / 2, reach, width)
    top, bottom = _within((y1 + y2) / 2, reach, height)
    piece = image[top:bottom, left:right]
    zoom = TILE / max(ROOM * max(x2 - x1, y2 - y1), 1.0)
    if zoom < 0.9:
        size = (max(1, round((right - left) * zoom)), max(1, round((bottom - top) * zoom)))
        piece = resize(piece, size, "area")
    across, down = (right - left) / piece.shape[1], (bottom - top) / piece.shape[0]
    return piece, np.array(((across, 0.0, left), (0.0, down, top), (0.0, 0.0, 1.0)))


def _within(centre: float, reach: float, length: int) -> tuple[int, int]:
    """Begin and end (exclusive) of a stretch about a centre, at least a pixel of 0..length."""
    begin = min(max(int(centre - reach), 0), length - 1)
    return begin, max(begin + 1, min(int(centre + reach) + 1, length))


def _tile(face: Detection) -> int:
    """In which tile of the mosaic a face was found."""
    x1, y1, x2, y2 = face.box
    column = min(max(int((x1 + x2) / 2 / TILE), 0), TURNS // 2 - 1)
    return column + (TURNS // 2 if (y1 + y2) / 2 >= TILE else 0)


def _in_image(face: Detection, turn: int, look: Matrix) -> Landmarks:
    """The landmarks of a face in a tile of the mosaic, carried back to the image."""
    corner = np.array((turn % (TURNS // 2) * TILE, turn // (TURNS // 2) * TILE))
    (a, b, x), (_, _, y) = look.tolist()
    back = np.array(((a, -b), (b, a))) / hypot(a, b) ** 2  # a turn and a zoom, undone
    moved: Landmarks = ((face.landmarks - corner - (x, y)) @ back.T).astype(np.float32)
    return moved
