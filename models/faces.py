"""Which faces are in each frame of one feed: the detector at times, optical flow in between.

The detector looks at every k-th frame. In the frames between, the boxes of confirmed faces
are carried by optical flow; where that fails, or a face is still tentative or was just missed,
the detector looks at once. Where nobody is followed, the frames between are passed over.
"""

from feeds.frame import ColorImage, Frame
from feeds.imaging import Image, to_grey
from models.change import Sample, same_face, sample
from models.face.detector import Detector, small_copy
from models.flow import follow
from models.stages import Stages
from models.track import Track, Tracker


class FaceFinder:
    """Not thread-safe: one per feed."""

    def __init__(
        self, detector: Detector, tracker: Tracker, long_side: int, every: int, stages: Stages
    ) -> None:
        """`long_side` of the small copy that is looked at, pixels; `every` is the k above."""
        self._detector = detector
        self._tracker = tracker
        self._long_side = long_side
        self._every = every
        self._stages = stages
        self.small: ColorImage | None = None  # of this frame; None where it was passed over
        self._samples: dict[int, Sample] = {}  # what each track looked like when last detected
        self._grey: Image | None = None  # the small copy before, kept where k > 1
        self._since = every  # frames from the one the detector last looked at

    def reset(self) -> None:
        """Forgets all faces."""
        self._tracker.reset()
        self._since = self._every

    def find(self, frame: Frame) -> tuple[Track, ...]:
        """The confirmed faces of a frame; frames come in the order they were captured.

        Raises NetworkError when the detector fails.
        """
        if self._tracker.advance(frame.captured_at, frame.session):
            self._since = self._every  # nothing before may be joined to this frame
        if self._since < self._every and not self._tracker.tracks:
            self._since += 1
            self.small = None
            return ()
        with self._stages.timed("shrink"):
            self.small = small = small_copy(frame.color, self._long_side)
        scale = frame.color.shape[1] / small.shape[1]
        if not self._carried(small, scale):
            self._detect(small, scale)
        self._since += 1
        return self._tracker.confirmed

    def _detect(self, small: ColorImage, scale: float) -> None:
        with self._stages.timed("detect"):
            found = self._detector.detect(small, scale)
        with self._stages.timed("track"):
            samples = [sample(small, scale, face.box) for face in found]
            joined = self._tracker.update(found, lambda i, n: self._alike(i, samples[n]))
            self._samples = {i: now for i, n in joined.items() if (now := samples[n]) is not None}
        self._since = 0

    def _alike(self, track_id: int, now: Sample | None) -> bool:
        return same_face(self._samples.get(track_id), now)

    def _carried(self, small: ColorImage, scale: float) -> bool:
        """Whether this frame can do without the detector."""
        if self._every == 1:
            return False
        before, self._grey = self._grey, to_grey(small)
        if before is None or self._since >= self._every or not self._tracker.settled:
            return False
        with self._stages.timed("follow"):
            return self._followed(before, self._grey, scale)

    def _followed(self, before: Image, now: Image, scale: float) -> bool:
        """Carries every track, or none."""
        moves = {}
        for track in self._tracker.tracks:
            move = follow(before, now, track.box, scale)
            if move is None:
                return False
            moves[track.track_id] = (move.box(track.box), move.points(track.landmarks))
        self._tracker.carry(moves)
        return True
