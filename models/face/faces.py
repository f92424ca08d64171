"""Which faces are in each frame of one feed, and whose: found, joined into tracks, followed.

YuNet finds them in a small copy of the frame, its longer side at a configured size, padded with
black at the right and bottom to multiples of 32. It answers on three grids (strides 8, 16, 32),
each cell holding a face or not.

A track is one face over time. Only the tracker forgives a missed frame. A face that jumps so far
that its boxes hardly overlap is another face, and so is one that comes back after `forget_s`, or in
another session of the source, or that suddenly looks like somebody else. Time comes with the data.

The detector looks at every k-th frame. In the frames between, the boxes of confirmed faces are
carried by optical flow; where that fails, or a face is still tentative or was just missed, the
detector looks at once. Where nobody is followed, the frames between are passed over.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage, Frame
from feeds.imaging import Image, distinct, mean_and_variance, resize, to_grey
from models.flow import follow
from models.observation import Box, overlap
from models.perception_settings import USUAL
from models.picture_measures import region
from models.session import Array, Network

STRIDES = (8, 16, 32)
OVERLAP = 0.3  # two boxes that share more than this (IoU) are one face; OpenCV's default


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face in one frame, in pixels of the frame; landmarks as in observation.Face."""

    box: Box
    score: float
    landmarks: NDArray[np.float32]  # (5, 2)


def small_copy(image: ColorImage, long_side: int) -> ColorImage:
    """The image shrunk so that its longer side is at most `long_side`, a multiple of 32."""
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1.0:
        return image
    return resize(image, (max(1, round(width * scale)), max(1, round(height * scale))), "linear")


class Detector:
    """YuNet on frames of any size. One per feed: it keeps the network's input between calls."""

    def __init__(self, network: Network, min_score: float = USUAL.detector_min_score) -> None:
        self._network = network
        self._min_score = min_score
        self._input: Array = np.zeros((1, 3, 32, 32), np.float32)

    def find(self, image: ColorImage, long_side: int = USUAL.detector_long_side) -> list[Detection]:
        """Faces in an image that nobody has shrunk yet, surest first, in the image's own pixels."""
        small = small_copy(image, long_side)
        return self.detect(small, image.shape[1] / small.shape[1])

    def detect(self, small: ColorImage, scale: float) -> list[Detection]:
        """Faces in a small copy, surest first; `scale` = frame pixels per pixel of the copy."""
        outputs = self._network.run(self._filled(small))
        scores, boxes, landmarks = _decode(outputs, self._input, self._min_score)
        found = []
        for each in distinct(boxes, scores, OVERLAP) if len(scores) else ():
            x1, y1, x2, y2 = (boxes[each] * scale).tolist()
            found.append(Detection((x1, y1, x2, y2), scores[each].item(), landmarks[each] * scale))
        return found

    def _filled(self, small: ColorImage) -> Array:
        """The network's input: (1, 3, H, W), BGR as it is, black beyond the image."""
        height, width = small.shape[:2]
        shape = (1, 3, -(-height // 32) * 32, -(-width // 32) * 32)
        if self._input.shape != shape:
            self._input = np.zeros(shape, np.float32)
        self._input[0, :, :height, :width] = small.transpose(2, 0, 1)
        return self._input


def _decode(outputs: list[Array], given: Array, min_score: float) -> tuple[Array, Array, Array]:
    """(N,) scores, (N, 4) boxes and (N, 5, 2) landmarks of each cell that is sure enough."""
    squared = (_joined(outputs, 0) * _joined(outputs, 1))[:, 0]  # both come out of a sigmoid
    (sure,) = (squared >= min_score * min_score).nonzero()
    if not sure.size:
        return squared[sure], np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32)
    cells, box = _cells(*given.shape[2:])[sure], _joined(outputs, 2)[sure]
    corner, side = cells[:, :2], cells[:, 2:]
    centre = corner + box[:, :2] * side  # offsets are in cells, sizes logarithmic
    half = np.exp(box[:, 2:]) * (side / 2)
    points = _joined(outputs, 3)[sure].reshape(-1, 5, 2)
    landmarks = corner[:, None] + points * side[:, None]
    boxes: Array = np.concatenate((centre - half, centre + half), axis=1)
    return np.sqrt(squared[sure]), boxes, landmarks


def _joined(outputs: list[Array], kind: int) -> Array:
    """One kind of answer (class, object, box, points) of all cells, one grid after the other."""
    grids = len(STRIDES)
    joined: Array = np.concatenate(outputs[kind * grids : (kind + 1) * grids], axis=1)[0]
    return joined


@lru_cache(maxsize=16)
def _cells(height: int, width: int) -> Array:
    """(N, 3): left, top and side of each cell in pixels, in the order of the answers."""
    grids = []
    for stride in STRIDES:
        top, left = np.mgrid[0:height:stride, 0:width:stride].reshape(2, -1)
        grids.append(np.stack((left, top, np.full_like(left, stride)), axis=1))
    return np.concatenate(grids).astype(np.float32)


Same = Callable[[int, int], bool]


def _same(_track_id: int, _index: int) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """When detections are of the same face, and from when and how long it counts.

    min_overlap  boxes that share less than this (IoU) are not the same face
    confirm      a face counts from so many detections on
    forget_s     seconds without a detection after which a track ends
    """

    min_overlap: float = 0.3
    confirm: int = USUAL.confirm
    forget_s: float = USUAL.forget_s


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face over time.

    hits     detections so far
    seen_at  when it was last detected, seconds
    missed   whether the detector looked for it in the last frame and saw nothing
    carried  whether the box was carried since the last detection and not detected itself
    """

    track_id: int
    box: Box
    score: float
    landmarks: NDArray[np.float32]
    hits: int
    seen_at: float
    missed: bool = False
    carried: bool = False


class Tracker:
    """Greedy matching by overlap, best pair first."""

    def __init__(self, settings: TrackSettings | None = None) -> None:
        self._settings = settings or TrackSettings()
        self._ids = count(1)  # never started again, so no id is used twice
        self._tracks: dict[int, Track] = {}
        self._session: int | None = None
        self._at = 0.0

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All tracks, tentative ones too."""
        return tuple(self._tracks.values())

    @property
    def confirmed(self) -> tuple[Track, ...]:
        """The tracks that were detected often enough to be faces."""
        return tuple(t for t in self.tracks if t.hits >= self._settings.confirm)

    @property
    def settled(self) -> bool:
        """Whether every track is a face that the detector saw lately, when it last looked."""
        lately = self._settings.forget_s / 2
        return all(
            track.hits >= self._settings.confirm
            and not track.missed
            and self._at - track.seen_at <= lately
            for track in self.tracks
        )

    def reset(self) -> None:
        """Ends all tracks."""
        self._tracks.clear()

    def advance(self, at: float, session: int) -> bool:
        """Moves time on to a frame, and ends the tracks that may not be joined to it.

        True when that frame begins anew: another session of the source, or time ran backwards.
        """
        anew = session != self._session or at < self._at
        if anew:
            self.reset()
        self._session, self._at = session, at
        forget_s = self._settings.forget_s
        self._tracks = {i: t for i, t in self._tracks.items() if at - t.seen_at <= forget_s}
        return anew

    def update(self, detections: Sequence[Detection], same: Same = _same) -> dict[int, int]:
        """Joins the detections of the frame that time was moved on to; track id to its index.

        `same(track_id, index)` says whether a detection may continue a track that it overlaps.
        If not, another face has taken the place: the track ends there and then.
        """
        pairs = self._pairs(detections)
        for track in self.tracks:
            if track.track_id not in pairs:
                self._miss(track)
        for track_id, index in list(pairs.items()):
            if same(track_id, index):
                self._tracks[track_id] = self._seen(track_id, detections[index])
            else:
                del self._tracks[track_id], pairs[track_id]
        for index in sorted(set(range(len(detections))) - set(pairs.values())):
            track_id = next(self._ids)
            self._tracks[track_id] = self._seen(track_id, detections[index])
            pairs[track_id] = index
        return pairs

    def carry(self, moved: Mapping[int, tuple[Box, NDArray[np.float32]]]) -> None:
        """Moves tracks to boxes and landmarks that were followed without the detector."""
        for track_id, (box, landmarks) in moved.items():
            track = self._tracks[track_id]
            self._tracks[track_id] = replace(track, box=box, landmarks=landmarks, carried=True)

    def _pairs(self, detections: Sequence[Detection]) -> dict[int, int]:
        """Track id to index of the detection that continues it."""
        shares = [
            (overlap(track.box, found.box), track.track_id, index)
            for track in self.tracks
            for index, found in enumerate(detections)
        ]
        pairs: dict[int, int] = {}
        for share, track_id, index in sorted(shares, key=lambda each: -each[0]):
            free = track_id not in pairs and index not in pairs.values()
            if free and share >= self._settings.min_overlap:
                pairs[track_id] = index
        return pairs

    def _seen(self, track_id: int, found: Detection) -> Track:
        before = self._tracks.get(track_id)
        hits = before.hits + 1 if before else 1
        return Track(track_id, found.box, found.score, found.landmarks, hits, self._at)

    def _miss(self, track: Track) -> None:
        """A confirmed face is waited for; a tentative one was a flicker."""
        if track.hits >= self._settings.confirm:
            self._tracks[track.track_id] = replace(track, missed=True)
        else:
            del self._tracks[track.track_id]


SAMPLE = (32, 32)  # pixels of a face's sample
ALIKE = 0.5  # correlation of two samples below which they show two faces

Timing = Callable[[str], AbstractContextManager[object]]
Sample = NDArray[np.float32]  # (1024,), zero mean, length 1


def sample(small: ColorImage, scale: float, box: Box) -> Sample | None:
    """What a face looks like, light and contrast apart; None when it lies outside the frame."""
    piece = small[region(box, scale, small)]
    if piece.size == 0:
        return None
    shrunk = resize(to_grey(piece), SAMPLE, "area" if piece.shape[0] >= SAMPLE[1] else "linear")
    mean, variance = mean_and_variance(shrunk)
    values = shrunk.astype(np.float32).ravel() - mean
    return values / max(sqrt(variance * values.size), 1e-6)


def same_face(one: Sample | None, other: Sample | None) -> bool:
    """Whether two samples of adjacent frames may show one face. A cut to another one does not.

    It tells a swap, not an identity: two people alike, or two pictures of one, pass.
    """
    if one is None or other is None:
        return True
    return float(one @ other) >= ALIKE


class FaceFinder:
    """Not thread-safe: one per feed."""

    def __init__(
        self, detector: Detector, tracker: Tracker, long_side: int, every: int, timed: Timing
    ) -> None:
        """`long_side` of the small copy that is looked at, pixels; `every` is the k above.

        `timed` is given the name of each stage, and takes its time.
        """
        self._detector = detector
        self._tracker = tracker
        self._long_side = long_side
        self._every = every
        self._timed = timed
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
        with self._timed("shrink"):
            self.small = small = small_copy(frame.color, self._long_side)
        scale = frame.color.shape[1] / small.shape[1]
        if not self._carried(small, scale):
            self._detect(small, scale)
        self._since += 1
        return self._tracker.confirmed

    def _detect(self, small: ColorImage, scale: float) -> None:
        with self._timed("detect"):
            found = self._detector.detect(small, scale)
        with self._timed("track"):
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
        with self._timed("follow"):
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
