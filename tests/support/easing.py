"""The mesh of made-up people who smile: it takes its time, as a real face's does."""

from dataclasses import dataclass, field, replace

import numpy as np

from models.mesh.way import OUTER_EYES
from models.observation import Face, Mesh

CHEEKS = range(400, 440)  # points that nothing else of a drawn mesh is told by
PER_S, AT_ONCE = 5.0, 0.6  # of the way, at most


@dataclass
class Easing:
    """Follows each track; gives a mesh to who has a smile's score and none."""

    _was: dict[int, tuple[float, float]] = field(default_factory=dict)  # when, and how far

    def face(self, face: Face, at: float) -> Face:
        if face.mesh is not None or not face.blendshapes:
            return face
        to = face.blendshapes.get("mouthSmileLeft", 0.0)
        if not np.isfinite(to):
            return replace(face, mesh=smiling(0.0))
        before, was = self._was.get(face.track_id, (at, to))
        most = min(PER_S * max(at - before, 0.0), AT_ONCE)
        now = was + min(max(to - was, -most), most)
        self._was[face.track_id] = (at, now)
        return replace(face, mesh=smiling(now))


def smiling(much: float) -> Mesh:
    """A mesh whose cheeks are raised so much; all else of it is still."""
    points = np.zeros((478, 3), np.float32)
    points[OUTER_EYES[0]], points[OUTER_EYES[1]] = (-50, 0, 0), (50, 0, 0)
    points[CHEEKS, 1] = 60 - 10 * much
    return points
