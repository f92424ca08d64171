"""How far a face has moved lately."""

import math
from dataclasses import dataclass

from models.observation import Box, Face

WINDOW_S = 1.0  # the seed: "fairly still for at least 1 second"


@dataclass(frozen=True, slots=True)
class Trail:
    """Where one track's box centre was in the last second: (at, x, y), oldest first."""

    track_id: int | None = None
    points: tuple[tuple[float, float, float], ...] = ()

    def followed(self, face: Face, at: float) -> "Trail":
        """The trail with this frame added; another track begins a trail of its own."""
        recent = self._recent(face, at)
        return Trail(face.track_id, (*recent, (at, *_centre(face.box))))

    def drift(self, face: Face, at: float) -> float:
        """The farthest the centre now is from where it was in the last second, in face widths.

        0 for a face just seen: there is as much history as there is.
        """
        x, y = _centre(face.box)
        width = face.box[2] - face.box[0]
        if width <= 0:
            return math.inf
        distances = (math.hypot(x - px, y - py) for _, px, py in self._recent(face, at))
        return max(distances, default=0.0) / width

    def _recent(self, face: Face, at: float) -> tuple[tuple[float, float, float], ...]:
        if face.track_id != self.track_id:
            return ()
        return tuple(point for point in self.points if at - point[0] <= WINDOW_S)


def _centre(box: Box) -> tuple[float, float]:
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2, (y1 + y2) / 2
