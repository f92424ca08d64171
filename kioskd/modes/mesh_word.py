"""The mesh's word on a face: how long it holds, and how far, while the five points stand still.

The mesh is two thirds of what a frame costs, and a head that faced the camera a moment ago still
does if the detector's five points have hardly moved. So its word on a fit face is kept for a
second, and counts for as long as they say that the head has turned by a few degrees at most and
stands well within the limits. What is near them, or has moved, is for the mesh to say.
"""

from dataclasses import dataclass

from models.face.five_points import SURE, Shape, apart, shape, turned
from models.observation import Face, HeadPose, Observation

HOLDS_S = 1.0  # seconds of observation time
MOST_TURN_DEG = 4.0  # that the points may have turned the head by since, about any axis
MOST_CHANGE = 0.06  # of the points' shape, also such as no turn of a head makes
MARGIN_DEG = 5.0  # that must be left to every limit


@dataclass(frozen=True, slots=True)
class Word:
    """What the mesh said of a fit face, and the five points it was said of."""

    track_id: int
    at: float
    pose: HeadPose
    shape: Shape

    def now(self, seen: Observation, face: Face) -> HeadPose | None:
        """The farthest that the head may be turned now; None where the mesh must be asked.

        Each angle is made worse by the margin. Only a face that the detector saw in this very
        frame, and of which it is sure, can be compared.
        """
        if face.track_id != self.track_id or face.landmarks is None or not face.detected:
            return None
        if not (face.score >= SURE and 0.0 <= seen.at - self.at <= HOLDS_S):
            return None
        points = shape(face.landmarks)
        by = turned(self.shape, points)
        if not apart(self.shape, points) <= MOST_CHANGE:
            return None
        if not max(abs(by.yaw), abs(by.pitch), abs(by.roll)) <= MOST_TURN_DEG:
            return None
        pose = self.pose
        return HeadPose(
            abs(pose.yaw + by.yaw) + MARGIN_DEG,
            abs(pose.pitch + by.pitch) + MARGIN_DEG,
            abs(pose.roll + by.roll) + MARGIN_DEG,
        )


def given(seen: Observation, face: Face) -> Word | None:
    """The word that a face's measured pose is; None where there is nothing to compare it with."""
    if face.pose is None or face.landmarks is None:
        return None
    return Word(face.track_id, seen.at, face.pose, shape(face.landmarks))
