"""How far a face has moved over the frames that count.

A face that has walked up and stands need not have stood for a second before its first frame counts:
of frames that were refused only the last SETTLED_S are looked at. The frames that count must lie
close to each other, though, over WINDOW_S, so that a slow drift ends them too.
"""

import math
from dataclasses import dataclass

from models.observation import Box, Face

WINDOW_S = 1.0  # the seed: "fairly still for at least 1 second"
SETTLED_S = 0.25  # long enough to tell standing from a slow step at 10 frames a second


@dataclass(frozen=True, slots=True)
class Point:
    """Where the box's centre was, in pixels, and whether that frame passed the whole gate."""

    at: float
    x: float
    y: float
    fit: bool


@dataclass(frozen=True, slots=True)
class Trail:
    """Where one track's box centre was lately, oldest first."""

    track_id: int | None = None
    points: tuple[Point, ...] = ()

    def followed(self, face: Face, at: float, fit: bool) -> "Trail":
        """The trail with this frame added; another track begins a trail of its own."""
        return Trail(face.track_id, (*self._recent(face, at), Point(at, *_centre(face.box), fit)))

    def drift(self, face: Face, at: float) -> float:
        """The farthest the centre now is from where it was, in face widths.

        0 for a face just seen: there is as much history as there is.
        """
        x, y = _centre(face.box)
        width = face.box[2] - face.box[0]
        if width <= 0:
            return math.inf
        recent = self._recent(face, at)
        return max((math.hypot(x - one.x, y - one.y) for one in recent), default=0.0) / width

    def _recent(self, face: Face, at: float) -> tuple[Point, ...]:
        if face.track_id != self.track_id:
            return ()
        return tuple(
            one for one in self.points if at - one.at <= (WINDOW_S if one.fit else SETTLED_S)
        )


def _centre(box: Box) -> tuple[float, float]:
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2, (y1 + y2) / 2
