"""Binds a result to the very frames that it rests on, by a digest that others can work out again.

    digest = SHA-256(frame 1, frame 2, ...)    of the frames that counted, in their order
    frame  = "kioskd-frame-1", width, height, then height x width x 3 bytes of blue, green and red

Width and height are 4 bytes each, the highest first; the rows follow from the top, and a frame is
as the feed gave it, turned and mirrored as its settings say. The name in front keeps apart two
frames and one that has the bytes of both.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from feeds.frame import ColorImage, Frame
from kioskd.event import FramesBound, Result, Step
from models.observation import Box, Face, Observation

HEAD = b"kioskd-frame-1"
SIDE_BYTES = 4


class Binding:
    """Follows the frames of one judge, and binds each result to those that it counted."""

    def __init__(self) -> None:
        self._track: int | None = None
        self._fresh()

    def saw(self, frame: Frame, seen: Observation, step: Step) -> Result | None:
        """The step's result, if it has one, with what its frames come to."""
        if step.counted is not None:
            if step.counted != self._track:
                self._fresh()
                self._track = step.counted
            self._add(frame, _face(seen, step.counted))
        if step.result is None:
            return None
        bound, ours = self._bound(), step.result.track_id == self._track
        self._fresh()
        return replace(step.result, frames_bound=bound if ours else None)

    def _fresh(self) -> None:
        self._digest, self._count = hashlib.sha256(), 0
        self._track = None
        self._box: Box = (0.0, 0.0, 0.0, 0.0)

    def _add(self, frame: Frame, face: Face | None) -> None:
        _take(self._digest, frame.color)
        self._count += 1
        if face is not None:
            self._box = face.box

    def _bound(self) -> FramesBound | None:
        if not self._count:
            return None
        left, top, right, bottom = map(round, self._box)
        rectangle = left, top, right - left, bottom - top
        return FramesBound(self._digest.hexdigest(), self._count, rectangle)


def frames_digest(images: Iterable[ColorImage]) -> str:
    """What a result's digest is, if these are its frames: (height, width, 3) BGR, 0..255."""
    digest = hashlib.sha256()
    for image in images:
        _take(digest, image)
    return digest.hexdigest()


def _take(digest: "hashlib._Hash", image: ColorImage) -> None:
    """One more frame: its head, and its pixels."""
    height, width = image.shape[:2]
    digest.update(HEAD + width.to_bytes(SIDE_BYTES) + height.to_bytes(SIDE_BYTES))
    digest.update(np.ascontiguousarray(image, np.uint8).data.cast("B"))


def _face(seen: Observation, track_id: int) -> Face | None:
    return next((face for face in seen.faces if face.track_id == track_id), None)
