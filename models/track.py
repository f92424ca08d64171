"""Which face is whose: detections of one frame after the other joined into tracks.

Pure: time comes with the data. Only the tracker forgives a missed frame. A face that jumps
so far that its boxes hardly overlap is another face, and so is one that comes back after
`forget_s`, or in another session of the source, or that suddenly looks like somebody else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from models.face.detector import Detection
from models.observation import Box, overlap
from models.perception_settings import USUAL

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
