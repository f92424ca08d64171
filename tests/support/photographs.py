"""SYNTHETIC attacks: real pictures on a plane or a bent sheet, moved by computer before a camera.

Nobody held these up; perspective is right, lighting and grain are not. What they test is geometry.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from tests.support.clips import DATA, images_of

WIDTH, HEIGHT = 640, 480
AWAY = 3.0  # distance from the camera, in widths of the picture
WALL = 110  # grey behind it
Grid = NDArray[np.float64]


@cache
def turning_head() -> tuple[ColorImage, ...]:
    """The images of a real head that turns: from facing the camera at 13 to profile at 17."""
    return images_of(DATA / "turning_head.mp4", 23)


def held(
    picture: ColorImage,
    yaw: float = 0.0,
    tilt: float = 0.0,
    across: float = 0.0,
    nearer: float = 1.0,
    tall: float = 440.0,
) -> ColorImage:
    """A flat picture turned about its upright middle, tilted in its plane, moved, brought nearer.

    Degrees; pixels of the picture `tall` pixels high. `nearer` is the size it grows to.
    """
    scale = tall * nearer / picture.shape[0]
    distance = AWAY * picture.shape[1] * scale
    x, y = _rolled(*_pixels(across), tilt)
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    along = distance * x / (distance * c - x * s)
    down = y * (distance + along * s) / distance
    return _sampled(picture, along / scale, down / scale)


def bent(picture: ColorImage, bend: float, yaw: float = 0.0, tall: float = 440.0) -> ColorImage:
    """A picture bent about an upright axis, its middle towards the camera, and turned.

    `bend` is the angle that its whole width covers, degrees. Seen from far away.
    """
    scale = tall / picture.shape[0]
    radius = picture.shape[1] * scale / np.radians(bend)
    x, y = _pixels(0.0)
    on_sheet = np.arcsin(np.clip(x / radius, -1, 1)) - np.radians(yaw)
    on_sheet[np.abs(x) >= radius] = np.inf
    return _sampled(picture, radius * on_sheet / scale, y / scale)


def _pixels(across: float) -> tuple[Grid, Grid]:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    return x - WIDTH / 2 - across, y - HEIGHT / 2


def _rolled(x: Grid, y: Grid, degrees: float) -> tuple[Grid, Grid]:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return c * x + s * y, c * y - s * x


def _sampled(picture: ColorImage, x: Grid, y: Grid) -> ColorImage:
    """The picture at these places about its middle, bilinear; the wall where it is not."""
    tall, wide = picture.shape[:2]
    x, y = x + wide / 2, y + tall / 2
    inside = (x >= 0) & (y >= 0) & (x < wide - 1) & (y < tall - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    left, top = x.astype(int), y.astype(int)
    right, low = (x - left)[..., None], (y - top)[..., None]
    upper = picture[top, left] * (1 - right) + picture[top, left + 1] * right
    lower = picture[top + 1, left] * (1 - right) + picture[top + 1, left + 1] * right
    mixed = upper * (1 - low) + lower * low
    return np.where(inside[..., None], mixed, WALL).astype(np.uint8)
