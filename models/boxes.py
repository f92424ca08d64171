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


def overlap(one: Box, other: Box) -> float:
    """The same of two boxes; 0 where a side is no number."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if not (width > 0.0 and height > 0.0):
        return 0.0
    shared = width * height
    own = (one[2] - one[0]) * (one[3] - one[1])
    union = own + (other[2] - other[0]) * (other[3] - other[1]) - shared
    return shared / union if union > 0.0 else 0.0


def area(box: Box) -> float:
    """Square pixels of a box."""
    x1, y1, x2, y2 = box
    return max(0.0, x2 - x1) * max(0.0, y2 - y1)
