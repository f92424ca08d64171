"""The one value that leaves a feed."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

ColorImage = NDArray[np.uint8]  # (H, W, 3), BGR, as OpenCV delivers it
DepthImage = NDArray[np.uint16]  # (H, W), millimetres along the optical axis; 0: no data
InfraredImage = NDArray[np.uint8]  # (H, W)

# Why a depth camera's frame is without depth:
#   absent      the camera gave none with this image
#   other_size  it is not of the colour image's size
#   empty       it holds no distance at all
#   repeated    it equals the depth before bit by bit: the sensor stands still
NoDepth = Literal["absent", "other_size", "empty", "repeated"]


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera: (X, Y, Z) is seen at pixel (fx * X / Z + cx, fy * Y / Z + cy).

    X runs right, Y down, Z away from the camera; (0, 0) is the first pixel's centre.
    """

    width: int
    height: int
    fx: float  # pixels, as are all that follow
    fy: float
    cx: float
    cy: float


@dataclass(frozen=True, slots=True)
class Rig:
    """How a depth camera's eyes see, and how they stand to each other.

    color        of the colour image, and so of the depth, which is aligned to it
    infrared     of the infrared image; None if the camera gives none
    rotation     3x3, row by row, and
    translation  millimetres: p_color = rotation @ p_infrared + translation
    """

    color: Intrinsics
    infrared: Intrinsics | None = None
    rotation: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What one feed saw at one instant. The images are never written to after they left the room.

    feed         the feed's name in config.yaml
    number       counts the feed's captured frames from 0; a gap means frames were dropped
    session      counts how often the source was opened; a new one means nothing before it
                 may be joined to what comes after
    captured_at  seconds on the host's monotonic clock
    wall_time    unix seconds of the same instant
    color        (H, W, 3) uint8, BGR

    Only a depth camera's frames have more than None in what follows:

    rig             its geometry; a feed whose frames have none is no depth camera
    depth           (H, W) uint16, millimetres, aligned to `color` and of its size; 0: no data
    no_depth        why `depth` is None though there is a rig
    depth_gap_s     seconds between the moments `color` and `depth` were taken, never negative
    infrared        (h, w) uint8, of its own size and point of view
    infrared_gap_s  seconds between the moments `color` and `infrared` were taken
    """

    feed: str
    number: int
    session: int
    captured_at: float
    wall_time: float
    color: ColorImage
    rig: Rig | None = None
    depth: DepthImage | None = None
    no_depth: NoDepth | None = None
    depth_gap_s: float | None = None
    infrared: InfraredImage | None = None
    infrared_gap_s: float | None = None
