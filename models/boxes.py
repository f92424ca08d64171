"""Plain geometry of boxes."""

import numpy as np
from numpy.typing import NDArray

from models.observation import Box


def overlaps(box: NDArray[np.floating], boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """(N,) intersection over union of one (4,) box with (N, 4) boxes, 0..1."""
    low = np.maximum(box[:2], boxes[:, :2])
    sides = np.minimum(box[2:], boxes[:, 2:]) - low
    shared = np.maximum(sides[:, 0], 0) * np.maximum(sides[:, 1], 0)
    own = (box[2] - box[0]) * (box[3] - box[1])
    others = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    fractions: NDArray[np.floating] = shared / np.maximum(own + others - shared, 1e-9)
    return fractions


def area(box: Box) -> float:
    """Square pixels of a box."""
    x1, y1, x2, y2 = box
    return max(0.0, x2 - x1) * max(0.0, y2 - y1)
