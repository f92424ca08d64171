"""How a camera hangs: its pictures turned upright, and left and right put in their places.

Whatever a shot holds is turned together: colours, depth and infrared, and the geometry that
says how they see. So nobody after it need know how the camera hangs.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from feeds.feed_settings import FeedSettings
from feeds.frame import Intrinsics, Rig
from feeds.imaging import turned
from feeds.opened_source import Shot
from feeds.planes import Planes

_QUARTER = np.array(((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)))  # clockwise, y down
_MIRROR = np.diag((-1.0, 1.0, 1.0))


def upright(shot: Shot, settings: FeedSettings) -> Shot:
    """The shot as a camera that hangs upright would have taken it; the same if this one does."""
    rotate, mirror = settings.rotate, settings.mirror
    if not rotate and not mirror:
        return shot
    planes = None if shot.planes is None else _planes(shot.planes, rotate, mirror)
    return replace(shot, image=turned(shot.image, rotate, mirror), planes=planes)


def _planes(planes: Planes, rotate: int, mirror: bool) -> Planes:
    depth, infrared = planes.depth, planes.infrared
    return replace(
        planes,
        rig=turned_rig(planes.rig, rotate, mirror),
        depth=None if depth is None else turned(depth, rotate, mirror),
        infrared=None if infrared is None else turned(infrared, rotate, mirror),
    )


def turned_rig(rig: Rig, rotate: int, mirror: bool) -> Rig:
    """The geometry of a depth camera whose pictures are all turned, and perhaps mirrored, alike.

    Both eyes' axes turn by the same Q, so p_color = R p_infrared + t becomes
    Q p_color = (Q R Q^T) (Q p_infrared) + Q t. A mirror is such a Q too, and Q R Q^T stays a
    rotation: what is seen is a mirrored world, at the same distances.
    """
    axes = np.linalg.matrix_power(_QUARTER, rotate // 90)
    if mirror:
        axes = _MIRROR @ axes
    rotation = axes @ np.reshape(rig.rotation, (3, 3)) @ axes.T
    return Rig(
        color=_intrinsics(rig.color, rotate, mirror),
        infrared=None if rig.infrared is None else _intrinsics(rig.infrared, rotate, mirror),
        rotation=tuple(_plain(rotation)),
        translation=_three(axes @ np.array(rig.translation)),
    )


def _intrinsics(eye: Intrinsics, rotate: int, mirror: bool) -> Intrinsics:
    for _ in range(rotate // 90):  # (x, y) goes to (height - 1 - y, x)
        eye = Intrinsics(eye.height, eye.width, eye.fy, eye.fx, eye.height - 1 - eye.cy, eye.cx)
    return replace(eye, cx=eye.width - 1 - eye.cx) if mirror else eye


def _plain(values: NDArray[np.float64]) -> list[float]:
    """As plain numbers, and no zero that is negative."""
    return [value + 0.0 for value in values.ravel().tolist()]


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = _plain(values)
    return x, y, z
