"""The face mesh: 478 points of one face, by MediaPipe's landmark network.

The face is cut out upright, by the line of the eyes, with room around it; the points that come
back are turned into the frame again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import to_rgb, warp_affine
from models.observation import Box, Mesh
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
    return MeshReading(in_frame(points.reshape(POINTS, 3), matrix), _sigmoid(presence.item()))


def upright(box: Box, landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """(2, 3) matrix from the frame to the crop, in which the eyes are level."""
    x1, y1, x2, y2 = box
    across = landmarks[1] - landmarks[0]  # from the right eye to the left one
    length = float(np.hypot(*across))
    cos, sin = (float(across[0]) / length, float(across[1]) / length) if length > 0 else (1.0, 0.0)
    zoom = SIDE / max(MARGIN * max(x2 - x1, y2 - y1), 1.0)
    turn = zoom * np.array([[cos, sin], [-sin, cos]])
    shift = SIDE / 2 - turn @ np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    return np.hstack((turn, shift[:, None]))


def network_input(crop: ColorImage) -> Array:
    """(1, 256, 256, 3) RGB, 0..1."""
    return np.multiply(to_rgb(crop), np.float32(1 / 255), dtype=np.float32)[None]


def in_frame(points: NDArray[np.float32], matrix: NDArray[np.float64]) -> Mesh:
    """(N, 3) points of the crop, in pixels of the frame; z keeps the scale of x and y."""
    zoom = np.hypot(matrix[0, 0], matrix[1, 0])
    back = matrix[:, :2].T / zoom**2  # the inverse of a turn and a zoom
    flat = (points[:, :2] - matrix[:, 2]) @ back.T
    return np.column_stack((flat, points[:, 2] / zoom)).astype(np.float32)


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))
