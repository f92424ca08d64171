"""Which way a head is turned, from its mesh: a rigid face laid over the points that do not move.

The rigid face is our own: the mean of the meshes of four people looking into a camera, made
symmetric. Its points lie on bone (eye corners, forehead, temples, cheekbones, bridge of the
nose), so neither mouth nor jaw turns the head. x points to the subject's left, y down, z
away from the camera; the unit is the spread of the points.
"""

from math import acos, asin, atan2, cos, degrees, radians, sin

import numpy as np
from numpy.typing import NDArray

from models.observation import HeadPose, Mesh

# Points of the mesh on the subject's right and left side, and the left one's x, y, z.
PAIRS = (
    (33, 263, 0.674, -0.014, -0.092),
    (133, 362, 0.263, 0.013, -0.171),
    (127, 356, 1.065, 0.048, 0.677),
    (234, 454, 1.059, 0.276, 0.749),
    (93, 323, 1.046, 0.510, 0.757),
    (132, 361, 1.013, 0.757, 0.718),
    (21, 251, 1.005, -0.380, 0.316),
    (54, 284, 0.915, -0.558, 0.125),
    (103, 332, 0.768, -0.702, -0.074),
    (67, 297, 0.542, -0.802, -0.249),
    (109, 338, 0.295, -0.852, -0.353),
    (162, 389, 1.050, -0.189, 0.518),
    (116, 345, 0.969, 0.237, 0.103),
    (117, 346, 0.806, 0.226, -0.088),
    (118, 347, 0.690, 0.258, -0.174),
    (50, 280, 0.772, 0.466, -0.185),
    (123, 352, 0.966, 0.439, 0.081),
)
# Points on the midline, and their y, z.
MIDLINE = (
    (10, -0.861, -0.380),
    (151, -0.607, -0.433),
    (9, -0.323, -0.475),
    (8, -0.190, -0.454),
    (168, -0.081, -0.448),
    (6, 0.036, -0.517),
    (197, 0.149, -0.593),
    (195, 0.252, -0.679),
    (5, 0.364, -0.768),
    (4, 0.501, -0.805),
)
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
    if not np.isfinite(points).all():
        return None
    u, strength, v = np.linalg.svd((points - points.mean(axis=0)).T @ RIGID)
    if strength[1] < 1e-6 * max(strength[0], 1e-12):
        return None  # all points on a line
    if np.linalg.det(u @ v) < 0.0:
        u[:, 2] *= -1.0  # a head is never mirrored
    return np.asarray(u @ v)


def angles(rotation: Rotation) -> HeadPose:
    """Yaw and pitch from where the nose points, roll from what is left after undoing both."""
    (xx, _, xz), (yx, _, yz), (zx, _, zz) = rotation.tolist()
    yaw = atan2(-xz, zz)
    pitch = asin(max(-1.0, min(1.0, yz)))
    across = xx * cos(yaw) + zx * sin(yaw)  # the head's x axis along that of a level head,
    down = (xx * sin(yaw) - zx * cos(yaw)) * sin(pitch) + yx * cos(pitch)  # and its y axis
    return HeadPose(degrees(yaw), degrees(pitch), degrees(atan2(down, across)))


def _rigid() -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Mesh indices, and (N, 3) points about their mean."""
    rows = [(left, x, y, z) for _, left, x, y, z in PAIRS]
    rows += [(right, -x, y, z) for right, _, x, y, z in PAIRS]
    rows += [(index, 0.0, y, z) for index, y, z in MIDLINE]
    table = np.array(rows)
    return table[:, 0].astype(int), table[:, 1:] - table[:, 1:].mean(axis=0)


INDICES, RIGID = _rigid()
