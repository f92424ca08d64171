"""Which way a head is turned, from its mesh: a rigid face laid over the points that do not move."""

from math import asin, atan2, cos, degrees, isfinite, sin

import numpy as np
from numpy.typing import NDArray

from feeds.imaging import singular_values
from models.mesh.bones import INDICES, RIGID
from models.observation import HeadPose, Mesh

Rotation = NDArray[np.float64]  # (3, 3), from the rigid face to the camera's axes


def head_pose(mesh: Mesh) -> HeadPose | None:
    """The turn of the head; None when the mesh is no face one could turn."""
    rotation = fitted(mesh[INDICES].astype(np.float64))
    return None if rotation is None else angles(rotation)


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
