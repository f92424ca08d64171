"""The face mesh: 478 points of one face, by MediaPipe's landmark network.

The face is cut out upright, by the line of the eyes, with room around it; the points that come
back are turned into the frame again.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import moved, to_rgb, warp_affine
from models.observation import Box, Mesh
from models.schemes import sigmoid
from models.session import Array, Network

SIDE = 256  # pixels of the upright crop
MARGIN = 1.5  # side of the crop in longer sides of the face box; what the network was made for
POINTS = 478


@dataclass(frozen=True, slots=True, eq=False)
class MeshReading:
    """presence: how sure the network is that the crop shows a face, 0..1."""

    mesh: Mesh
    presence: float


def read_mesh(
    network: Network, image: ColorImage, box: Box, landmarks: NDArray[np.float32]
) -> MeshReading:
    """The mesh of the face in a box with five landmarks; raises NetworkError."""
    matrix = upright(box, landmarks)
    crop = warp_affine(image, matrix, (SIDE, SIDE))
    points, presence = network.run(network_input(crop))[:2]
    return MeshReading(in_frame(points.reshape(POINTS, 3), matrix), sigmoid(presence.item()))


def upright(box: Box, landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """(2, 3) matrix from the frame to the crop, in which the eyes are level."""
    x1, y1, x2, y2 = box
    (right_x, right_y), (left_x, left_y) = landmarks[:2].tolist()  # the subject's eyes
    across, down = left_x - right_x, left_y - right_y
    length = hypot(across, down)
    cos, sin = (across / length, down / length) if length > 0 else (1.0, 0.0)
    zoom = SIDE / max(MARGIN * max(x2 - x1, y2 - y1), 1.0)
    a, b, x, y = zoom * cos, zoom * sin, (x1 + x2) / 2, (y1 + y2) / 2
    return np.array(((a, b, SIDE / 2 - a * x - b * y), (-b, a, SIDE / 2 + b * x - a * y)))


def network_input(crop: ColorImage) -> Array:
    """(1, 256, 256, 3) RGB, 0..1."""
    pixels = to_rgb(crop)[None].astype(np.float32)
    pixels *= np.float32(1 / 255)
    return pixels


def in_frame(points: NDArray[np.float32], matrix: NDArray[np.float64]) -> Mesh:
    """(N, 3) points of the crop, in pixels of the frame; z keeps the scale of x and y."""
    (a, b, x), (_, _, y) = matrix.tolist()
    square = a * a + b * b
    a, b = a / square, b / square  # a turn and a zoom, undone
    back = ((a, -b, 0.0, b * y - a * x), (b, a, 0.0, -b * x - a * y), (0.0, 0.0, hypot(a, b), 0.0))
    return moved(points, np.array(back))
