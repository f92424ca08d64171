"""How frontal a head stands. Plain numbers, so that those who decide may ask too."""

from math import acos, cos, degrees, radians

from models.observation import HeadPose


def centre_pose_quality(pose: HeadPose) -> float:
    """How frontal a face is: 1 = looks into the lens, 0 = profile or beyond.

    (1 - t / 90)**2, t the degrees between the nose's direction and the line to the camera,
    whichever way it points; tilting the head to a shoulder does not count. 15 degrees give
    0.69, 20.9 give 0.59, 30 give 0.44, 45 give 0.25.
    """
    away = degrees(acos(cos(radians(pose.yaw)) * cos(radians(pose.pitch))))
    return max(0.0, 1.0 - away / 90.0) ** 2
