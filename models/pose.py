"""Which way a head is turned, from its mesh: a rigid face laid over the points that do not move."""

from math import acos, asin, atan2, cos, degrees, isfinite, radians, sin

import numpy as np
from numpy.typing import NDArray

from feeds.imaging import singular_values
from models.bones import INDICES, RIGID
from models.observation import HeadPose, Mesh

Rotation = NDArray[np.float64]  # (3, 3), from the rigid face to the camera's axes


def head_pose(mesh: Mesh) -> HeadPose | None:
    """The turn of the head; None when the mesh is no face one could turn."""
    rotation = fitted(mesh[INDICES].astype(np.float64))
    return None if rotation is None else angles(rotation)


def centre_pose_quality(pose: HeadPose) -> float:
    """How frontal a face is: 1 = looks into the lens, 0 = profile or beyond.

    (1 - t / 90)**2, t the degrees between the nose's direction and the line to the camera,
    whichever way it points; tilting the head to a shoulder does not count. 15 degrees give
    0.69, 20.9 give 0.59, 30 give 0.44, 45 give 0.25.
    """
    away = degrees(acos(cos(radians(pose.yaw)) * cos(radians(pose.pitch))))
    return max(0.0, 1.0 - away / 90.0) ** 2


def fitted(points: NDArray[np.float64]) -> Rotation | None:
    """The rotation that lays the rigid face over (N, 3) points best (least squares)."""
    centre = points.sum(axis=0) / len(points)
    if not all(map(isfinite, centre.tolist())):
        return None
    u, strength, v = singular_values((points - centre).T @ RIGID)
    if strength[1] < 1e-6 * max(strength[0], 1e-12):
        return None  # all points on a line
    rotation = u @ v
    if _mirrors(rotation):
        u[:, 2] *= -1.0
        rotation = u @ v
    return rotation


def _mirrors(rotation: Rotation) -> bool:
    (a, b, c), (d, e, f), (g, h, i) = rotation.tolist()
    return bool(a * (e * i - f * h) + b * (f * g - d * i) + c * (d * h - e * g) < 0.0)


def angles(rotation: Rotation) -> HeadPose:
    """Yaw and pitch from where the nose points, roll from what is left after undoing both."""
    (xx, _, xz), (yx, _, yz), (zx, _, zz) = rotation.tolist()
    yaw = atan2(-xz, zz)
    pitch = asin(max(-1.0, min(1.0, yz)))
    across = xx * cos(yaw) + zx * sin(yaw)  # the head's x axis along that of a level head,
    down = (xx * sin(yaw) - zx * cos(yaw)) * sin(pitch) + yx * cos(pitch)  # and its y axis
    return HeadPose(degrees(yaw), degrees(pitch), degrees(atan2(down, across)))
