"""Face detection by YuNet: pixels in, boxes and five landmarks out.

The network looks at a small copy of the frame, its longer side at a configured size, padded
with black at the right and bottom to multiples of 32. It answers on three grids (strides 8,
16, 32), each cell holding a face or not.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import distinct, resize
from models.observation import Box
from models.perception_settings import USUAL
from models.session import Array, Network

STRIDES = (8, 16, 32)
OVERLAP = 0.3  # two boxes that share more than this (IoU) are one face; OpenCV's default


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face in one frame, in pixels of the frame; landmarks as in observation.Face."""

    box: Box
    score: float
    landmarks: NDArray[np.float32]  # (5, 2)


def small_copy(image: ColorImage, long_side: int) -> ColorImage:
    """The image shrunk so that its longer side is at most `long_side`, a multiple of 32."""
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1.0:
        return image
    return resize(image, (max(1, round(width * scale)), max(1, round(height * scale))), "linear")


class Detector:
    """YuNet on frames of any size. One per feed: it keeps the network's input between calls."""

    def __init__(self, network: Network, min_score: float = USUAL.detector_min_score) -> None:
        self._network = network
        self._min_score = min_score
        self._input: Array = np.zeros((1, 3, 32, 32), np.float32)

    def find(self, image: ColorImage, long_side: int = USUAL.detector_long_side) -> list[Detection]:
        """Faces in an image that nobody has shrunk yet, surest first, in the image's own pixels."""
        small = small_copy(image, long_side)
        return self.detect(small, image.shape[1] / small.shape[1])

    def detect(self, small: ColorImage, scale: float) -> list[Detection]:
        """Faces in a small copy, surest first; `scale` = frame pixels per pixel of the copy."""
        outputs = self._network.run(self._filled(small))
        scores, boxes, landmarks = _decode(outputs, self._input, self._min_score)
        found = []
        for each in distinct(boxes, scores, OVERLAP) if len(scores) else ():
            x1, y1, x2, y2 = (boxes[each] * scale).tolist()
            found.append(Detection((x1, y1, x2, y2), scores[each].item(), landmarks[each] * scale))
        return found

    def _filled(self, small: ColorImage) -> Array:
        """The network's input: (1, 3, H, W), BGR as it is, black beyond the image."""
        height, width = small.shape[:2]
        shape = (1, 3, -(-height // 32) * 32, -(-width // 32) * 32)
        if self._input.shape != shape:
            self._input = np.zeros(shape, np.float32)
        self._input[0, :, :height, :width] = small.transpose(2, 0, 1)
        return self._input


def _decode(outputs: list[Array], given: Array, min_score: float) -> tuple[Array, Array, Array]:
    """(N,) scores, (N, 4) boxes and (N, 5, 2) landmarks of each cell that is sure enough."""
    squared = (_joined(outputs, 0) * _joined(outputs, 1))[:, 0]  # both come out of a sigmoid
    (sure,) = (squared >= min_score * min_score).nonzero()
    if not sure.size:
        return squared[sure], np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32)
    cells, box = _cells(*given.shape[2:])[sure], _joined(outputs, 2)[sure]
    corner, side = cells[:, :2], cells[:, 2:]
    centre = corner + box[:, :2] * side  # offsets are in cells, sizes logarithmic
    half = np.exp(box[:, 2:]) * (side / 2)
    points = _joined(outputs, 3)[sure].reshape(-1, 5, 2)
    landmarks = corner[:, None] + points * side[:, None]
    boxes: Array = np.concatenate((centre - half, centre + half), axis=1)
    return np.sqrt(squared[sure]), boxes, landmarks


def _joined(outputs: list[Array], kind: int) -> Array:
    """One kind of answer (class, object, box, points) of all cells, one grid after the other."""
    grids = len(STRIDES)
    joined: Array = np.concatenate(outputs[kind * grids : (kind + 1) * grids], axis=1)[0]
    return joined


@lru_cache(maxsize=16)
def _cells(height: int, width: int) -> Array:
    """(N, 3): left, top and side of each cell in pixels, in the order of the answers."""
    grids = []
    for stride in STRIDES:
        top, left = np.mgrid[0:height:stride, 0:width:stride].reshape(2, -1)
        grids.append(np.stack((left, top, np.full_like(left, stride)), axis=1))
    return np.concatenate(grids).astype(np.float32)
