"""How the picture of a face grew since the frame before: optical flow, for who comes closer.

The flow is followed backwards, from where the face is now to where its points were, on small
grey copies. A detector's box can grow by itself; the points of a face cannot.
"""

from dataclasses import dataclass

from feeds.frame import Frame
from feeds.imaging import Image, to_grey
from models.face.faces import small_copy
from models.flow import follow
from models.observation import Face, Motion


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """One frame as it was kept: its small grey copy, and who was in it."""

    session: int
    number: int
    at: float
    grey: Image
    track_id: int


class MotionMeter:
    """Keeps the last frame in which a face was measured. Not thread-safe: one per feed."""

    def __init__(self, long_side: int) -> None:
        self._long_side = long_side
        self._now: _Look | None = None
        self._before: _Look | None = None

    def measure(self, frame: Frame, face: Face) -> Motion:
        """The motion since this face was last measured; None in it where it cannot be told."""
        small = small_copy(frame.color, self._long_side)
        now = _Look(frame.session, frame.number, frame.captured_at, to_grey(small), face.track_id)
        if self._now is None or (self._now.session, self._now.number) != (now.session, now.number):
            self._before = self._now
        self._now, before = now, self._before
        if before is None or (before.session, before.track_id) != (now.session, now.track_id):
            return Motion(None)
        scale = frame.color.shape[1] / small.shape[1]
        move = follow(now.grey, before.grey, face.box, scale)
        return Motion(None if move is None else 1.0 / move.zoom)
