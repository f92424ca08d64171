"""How far a head has turned since the mesh last looked, from the detector's five points alone.

No network. The points' shape is their place about their middle, in units of their spread: where
the face is and how large does not matter. That tells little of how a head stands, since no two
faces are alike and YuNet's points lean less than the head does; but of one face it tells well
how little has changed. The table is a ridge regression over pairs of frames of one clip up to a
second apart, and over pictures turned by known angles (`scripts/measure_glance --fit`).
"""

from math import dist, sqrt

import numpy as np
from numpy.typing import NDArray

from models.observation import HeadPose

SURE = 0.905  # a face that the detector scores so much stands upright (models/face/upright.py)

Shape = tuple[float, ...]  # x and y of each of the five points in turn

# Degrees of yaw, pitch and roll per unit of change, by rows as a Shape.
TABLE = (
    (-7.5, 12.4, 68.5),
    (-17.5, 22.3, 129.2),
    (-48.0, -0.4, 81.9),
    (-3.8, 4.2, -116.7),
    (85.5, -6.8, -14.2),
    (16.8, -31.0, 5.6),
    (-32.3, -3.3, -51.1),
    (-10.3, 5.6, -50.6),
    (2.3, -1.9, -85.1),
    (14.8, -1.1, 32.5),
)


def shape(landmarks: NDArray[np.float32]) -> Shape:
    """The shape of (5, 2) landmarks; all nought where they lie in one point."""
    points: list[list[float]] = landmarks.tolist()
    x, y = (sum(side) / len(points) for side in zip(*points, strict=True))
    about = [place for point in points for place in (point[0] - x, point[1] - y)]
    spread = sqrt(sum(place * place for place in about))
    return tuple(place / spread for place in about) if spread > 0.0 else (0.0,) * len(about)


def apart(before: Shape, now: Shape) -> float:
    """How unlike two shapes are: 0 = alike, 1.4 = nothing in common."""
    return dist(before, now)


def turned(before: Shape, now: Shape) -> HeadPose:
    """By how much a head seems to have turned from one shape to the other, degrees."""
    yaw = pitch = roll = 0.0
    for one, other, (to_yaw, to_pitch, to_roll) in zip(before, now, TABLE, strict=True):
        change = other - one
        yaw, pitch, roll = yaw + to_yaw * change, pitch + to_pitch * change, roll + to_roll * change
    return HeadPose(yaw, pitch, roll)
