"""Pictures for who looks on, made small, and only when somebody asks. Each frame's once."""

import threading
from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

from feeds.frame import Frame
from feeds.imaging import encoded, resize

LONG_SIDE = 640  # pixels: enough to aim by, and a few milliseconds to encode
QUALITY = 75  # of JPEG
NEAR_MM, FAR_MM = 200.0, 1500.0  # of the depths that are told apart: where a person stands

Grey = NDArray[np.uint8]


class Pictures:
    """The newest frame of each feed as pictures that a browser shows. Safe from any thread."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Frame, dict[str, str]]] = {}
        self._lock = threading.Lock()

    def of(self, frame: Frame) -> dict[str, str]:
        """As data: addresses: the picture, and depth and infrared where there are any."""
        with self._lock:
            made = self._made.get(frame.feed)
            if made is None or made[0] is not frame:
                made = self._made[frame.feed] = (frame, _pictures(frame))
            return made[1]

    def forget(self, feed: str) -> None:
        """Nobody looks any more."""
        with self._lock:
            self._made.pop(feed, None)


def _pictures(frame: Frame) -> dict[str, str]:
    pictures = {"picture": _address(frame.color)}
    if frame.depth is not None:
        pictures["depth"] = _address(_by_distance(frame.depth))
    if frame.infrared is not None:
        pictures["infrared"] = _address(frame.infrared)
    return pictures


def _address(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    if scale < 1.0:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = resize(image, size, "linear" if scale > 0.5 else "area")
    content = encoded(image, ".jpg", quality=QUALITY)
    return "data:image/jpeg;base64," + b64encode(content).decode("ascii")


def _by_distance(depth: NDArray[np.uint16]) -> Grey:
    """Near is light, far is dark, and where nothing was measured it is black."""
    distance = np.clip(depth.astype(np.float32), NEAR_MM, FAR_MM)
    grey = 255.0 - 215.0 * (distance - NEAR_MM) / (FAR_MM - NEAR_MM)
    return np.where(depth == 0, 0, grey).astype(np.uint8)
