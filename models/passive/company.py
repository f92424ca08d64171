"""What moves with a face: a sheet's or a screen's surroundings do, and a room's do not.

A picture is kept until the face has moved by a little, a second at most. Then what lies to its
left, to its right and above it is compared with that picture twice: where it was, and moved as
the face did. The second fits a medium that somebody holds; the first fits the room behind a head.
How much better it fits is told in shares of what the move would change, and of the three zones the
one that went least with the face counts. Where the rest of the picture moved along, the camera did.

It cannot be told while nothing moves, where nothing stands out beside the face, and from a face
that turned or came closer rather than moved. That a room stays is no evidence for life.

The measure is our own; docs/measure/passive.md has what it is worth and what it does not see.
"""

from dataclasses import dataclass

import numpy as np

from feeds.frame import ColorImage
from feeds.imaging import Image, resize, to_grey, warp_affine
from models.observation import Box
from models.passive.background import Mask, halved, room_in, zones

LIMIT = 0.3  # share by which what is about the face went with it; at or under it nothing is said
CLEAR = 0.7

LEAST_MOVE, MOST_MOVE = 0.06, 0.25  # of the face's width
KEPT_S = 1.0  # a picture to compare with, at most
HOLDS_S = 1.0  # for which what was told stands
LATELY = 0.5  # share of what was told before in what is told now
LEAST = 9.0  # mean square of grey levels that the move must change, or nothing stands out
MINE = 0.5  # share that the face itself must have moved so
INNER = 0.15  # of the face's box left out at each side: hair and background


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    at: float
    grey: Image
    face: Box


class CompanyMeter:
    """Tells what moves with the faces of one feed. Not thread-safe.

    Frames come in the order of capture.
    """

    def __init__(self) -> None:
        self._of: tuple[int, int] | None = None  # session and track that were measured last,
        self._kept: _Look | None = None  # a picture of it,
        self._told: float | None = None  # what came of it,
        self._told_at = 0.0  # and when

    def measure(
        self, small: ColorImage, scale: float, box: Box, track_id: int, session: int, at: float
    ) -> float | None:
        """-1..1: how far what is about a face went with it, 1 = all of it. None: cannot tell.

        `small` is the frame's small copy and `scale` frame pixels per pixel of it; `at` is when
        the frame was captured, seconds, monotonic.
        """
        if self._of != (session, track_id):
            self._of, self._kept, self._told = (session, track_id), None, None
        (face,) = halved([box], scale)
        now = _Look(at, half(small), face)
        kept = self._kept
        if kept is None or not 0.0 < at - kept.at <= KEPT_S or kept.grey.shape != now.grey.shape:
            self._kept = now
        elif moved(kept.face, face) >= LEAST_MOVE:
            self._take(company(kept.grey, kept.face, now.grey, face), at)
            self._kept = now
        return self._told if at - self._told_at <= HOLDS_S else None

    def _take(self, found: float | None, at: float) -> None:
        if found is None:
            return
        fresh = self._told is None or at - self._told_at > HOLDS_S
        before = found if fresh or self._told is None else self._told
        self._told, self._told_at = LATELY * before + (1 - LATELY) * found, at


def half(small: ColorImage) -> Image:
    """A small copy's grey, at half its size."""
    grey = to_grey(small)
    return resize(grey, (max(1, grey.shape[1] // 2), max(1, grey.shape[0] // 2)), "area")


def middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def moved(was: Box, now: Box) -> float:
    """In widths of the face."""
    (x, y), (u, v) = middle(was), middle(now)
    return float(np.hypot(u - x, v - y)) / max(now[2] - now[0], 1e-6)


class Pair:
    """Two pictures of one size, and the face in each, in their pixels: what went along with it."""

    def __init__(self, before: Image, was: Box, now: Image, face: Box) -> None:
        (x, y), (u, v) = middle(was), middle(face)
        shift = np.array([[1.0, 0.0, u - x], [0.0, 1.0, v - y]])
        along = warp_affine(before, shift, (now.shape[1], now.shape[0]), "reflect")
        there = along.astype(np.float32)
        self._room = room_in(now.shape, [face])
        self._stays, self._goes = (now - 1.0 * before) ** 2, (now - there) ** 2
        self._change = (there - before) ** 2

    def share(self, part: Mask | tuple[slice, slice]) -> float | None:
        """-1..1: how far a part of the picture went with the face; None: nothing stands out."""
        change = self._change[part]
        stirred = float(change.mean()) if change.size else 0.0
        if stirred < LEAST:
            return None
        gain = float(self._stays[part].mean() - self._goes[part].mean()) / stirred
        return min(1.0, max(-1.0, gain))

    @property
    def stands(self) -> bool:
        """Whether the rest of the picture is seen not to have moved along: the camera did not."""
        rest = self.share(self._room)
        return rest is not None and rest <= 0.0


def company(before: Image, was: Box, now: Image, face: Box) -> float | None:
    """As `CompanyMeter.measure`, of two pictures and the face in each, in their pixels."""
    if not LEAST_MOVE <= moved(was, face) <= MOST_MOVE:
        return None
    pair = Pair(before, was, now, face)
    mine = pair.share(_part(_within(face), now.shape))
    if mine is None or mine < MINE or not pair.stands:
        return None
    found = [pair.share(_part(zone, now.shape)) for zone in zones(face)]
    told = [each for each in found if each is not None]
    return min(told) if len(told) >= 2 else None


def _within(face: Box) -> Box:
    x1, y1, x2, y2 = face
    wide, high = INNER * (x2 - x1), INNER * (y2 - y1)
    return x1 + wide, y1 + high, x2 - wide, y2 - high


def _part(zone: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    x1, y1, x2, y2 = (max(0, round(side)) for side in zone)
    return slice(y1, y2), slice(x1, x2)
