"""The one value that leaves a feed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ColorImage = NDArray[np.uint8]  # (H, W, 3), BGR, as OpenCV delivers it


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What one feed saw at one instant. The image is never written to after it left the room.

    feed         the feed's name in config.yaml
    number       counts the feed's captured frames from 0; a gap means frames were dropped
    session      counts how often the source was opened; a new one means nothing before it
                 may be joined to what comes after
    captured_at  seconds on the host's monotonic clock
    wall_time    unix seconds of the same instant
    color        (H, W, 3) uint8, BGR
    """

    feed: str
    number: int
    session: int
    captured_at: float
    wall_time: float
    color: ColorImage
