"""Plain geometry of boxes."""

import numpy as np
from numpy.typing import NDArray

from models.observation import Box


def overlaps(box: NDArray[np.floating], boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """(N,) intersection over union of one (4,) box with (N, 4) boxes, 0..1."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    area = np.prod(box[2:] - box[:2])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    union = area + areas - shared
    fractions: NDArray[np.floating] = np.zeros_like(shared)
    np.divide(shared, union, out=fractions, where=union > 0)
    return fractions


def area(box: Box) -> float:
    """Square pixels of a box."""
    x1, y1, x2, y2 = box
    return max(0.0, x2 - x1) * max(0.0, y2 - y1)
