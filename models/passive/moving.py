"""What moves with a face, and as what: a sheet's surroundings go along with it, and it stays flat.

Company. A picture is kept until the face has moved by a little, a second at most. Then what lies to
its left, to its right and above it is compared with that picture twice: where it was, and moved as
the face did. The second fits a medium that somebody holds; the first fits the room behind a head.
How much better it fits is told in shares of what the move would change, and of the three zones the
one that went least with the face counts. It cannot be told where nothing stands out beside the
face, and from a face that turned or came closer rather than moved. That a room stays is no evidence
for life.

Planar. A head is round, and hardly ever moves without turning a little: the nose then goes another
way than the ears. A picture of a face goes where one affine map takes all of it. So a grid of
points is followed from the frame that was kept to the one that is there now, and their motion is
taken apart into what an affine map does and what goes with the depth of a head of usual shape. How
much of both the first one is, over the moves of late, is told. The points are followed in the
pictures themselves and not in the mesh: the network that lays a mesh takes a picture of a face for
a head. A recording of a head that turns has that head's parallax. That is no evidence for life, and
nothing here is.

Neither can be told of a face that does not move, nor where the rest of the picture moves along:
that was the camera.

Both are our own; docs/measure/passive.md has what they are worth and what they do not see.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import Image, pyramid_flow, resize, to_grey, warp_affine
from models.observation import Box
from models.passive.background import Mask, halved, room_in, zones

COMPANY_LIMIT = 0.3  # share by which what is about it went along; at or under it nothing is said
COMPANY_CLEAR = 0.7

LEAST_MOVE, MOST_MOVE = 0.06, 0.25  # of the face's width
KEPT_S = 1.0  # a picture to compare with, at most
COMPANY_HOLDS_S = 1.0  # for which what was told stands
LATELY = 0.5  # share of what was told before in what is told now
LEAST = 9.0  # mean square of grey levels that the move must change, or nothing stands out
MINE = 0.5  # share that the face itself must have moved so
INNER = 0.15  # of the face's box left out at each side: hair and background

PLANAR_LIMIT = 0.92  # share of the motion that is flat; at or under it nothing is said
PLANAR_CLEAR = 0.97  # from here on its whole weight counts
STIRS = 0.05  # of the width, by which the points moved at least
PLANAR_HOLDS_S = 2.0  # for which what was told stands
SMALLEST = 60.0  # pixels of the face's width: below, its parallax is less than a pixel
SIDE = 80  # pixels to which its width is brought
AROUND = 0.15  # of its width about the face, that is looked at too
GRID, REACH = 11, 0.52  # points to a side, and how far they reach from its middle, of the box
WINDOW = 11  # pixels about a point by which it is followed
RETURN_PX = 1.0  # a point must come back to within so many
LEAST_POINTS = 40
ROUNDS, STEADY = 5, 0.004  # of the fit; the residual, in face widths, below which all count alike

Points = NDArray[np.float32]
Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    at: float
    of: tuple[int, ...]  # the small copy's shape
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
        kept = self._kept
        if kept is None or not 0.0 < at - kept.at <= KEPT_S or kept.of != small.shape:
            self._kept = _Look(at, small.shape, half(small), face)
        elif moved(kept.face, face) >= LEAST_MOVE:
            now = _Look(at, small.shape, half(small), face)
            self._take(company(kept.grey, kept.face, now.grey, face), at)
            self._kept = now
        return self._told if at - self._told_at <= COMPANY_HOLDS_S else None

    def _take(self, found: float | None, at: float) -> None:
        if found is None:
            return
        fresh = self._told is None or at - self._told_at > COMPANY_HOLDS_S
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


class Move(NamedTuple):
    """How far a face's points moved, in its widths: as a flat thing, and by their depth."""

    flat: float
    deep: float

    @property
    def share(self) -> float:
        """0..1 of the motion that is flat."""
        return self.flat / max(self.flat + self.deep, 1e-9)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A face in a frame: its piece of it, and the whole at half the small copy.

    scale  the piece's pixels per pixel of the frame, `corner` where it begins in the frame
    """

    box: Box
    piece: Image
    corner: tuple[int, int]
    scale: tuple[float, float]
    whole: Image
    face: Box  # in pixels of the whole


class PlanarMeter:
    """Tells how flat the faces of one feed move. Not thread-safe.

    Frames come in the order of capture.
    """

    def __init__(self) -> None:
        self._of: tuple[int, int] | None = None  # session and track that were measured last,
        self._kept: tuple[float, Look] | None = None  # a look at it and when,
        self._told = Move(0.0, 0.0)  # the moves that were told, the last ones most,
        self._told_at = -np.inf  # and when

    def measure(
        self,
        image: ColorImage,
        small: ColorImage,
        box: Box,
        track_id: int,
        session: int,
        at: float,
    ) -> float | None:
        """0..1: the share of a face's motion that is flat. None: it cannot be told.

        `image` is the frame at its full resolution, `small` its small copy; `at` is when it was
        captured, seconds, monotonic.
        """
        if self._of != (session, track_id):
            self._of, self._kept, self._told_at = (session, track_id), None, -np.inf
        kept = self._kept
        if kept is None or not 0.0 < at - kept[0] <= KEPT_S:
            self._keep(look(image, small, box), at)
        elif stirred(kept[1].box, box):
            before, now = kept[1], look(image, small, box, like=kept[1])
            self._take(None if now is None else move(before, now), at)
            self._keep(look(image, small, box), at)
        return self._told.share if at - self._told_at <= PLANAR_HOLDS_S else None

    def _keep(self, found: Look | None, at: float) -> None:
        self._kept = None if found is None else (at, found)

    def _take(self, found: Move | None, at: float) -> None:
        if found is None:
            return
        before = LATELY if at - self._told_at <= PLANAR_HOLDS_S else 0.0
        self._told = Move(
            before * self._told.flat + found.flat, before * self._told.deep + found.deep
        )
        self._told_at = at


def stirred(was: Box, now: Box) -> bool:
    """Whether a face's box moved so far that it is worth a look."""
    return moved(was, now) >= LEAST_MOVE


def look(image: ColorImage, small: ColorImage, box: Box, like: Look | None = None) -> Look | None:
    """A face in a frame; None where it is too small, or not in the picture.

    `like` is a look before, whose piece is cut alike, about where the face is now.
    """
    wide, high = box[2] - box[0], box[3] - box[1]
    if not (wide >= SMALLEST and np.isfinite(high)):
        return None
    if like is None:
        corner = (round(box[0] - AROUND * wide), round(box[1] - AROUND * wide))
        size = (round((1 + 2 * AROUND) * wide), round(high + 2 * AROUND * wide))
        to = (round(size[0] * SIDE / wide), round(size[1] * SIDE / wide))
    else:
        (x, y), (u, v) = middle(like.box), middle(box)
        corner = (like.corner[0] + round(u - x), like.corner[1] + round(v - y))
        to = (like.piece.shape[1], like.piece.shape[0])
        size = (round(to[0] / like.scale[0]), round(to[1] / like.scale[1]))
    piece = image[
        max(0, corner[1]) : max(0, corner[1] + size[1]),
        max(0, corner[0]) : max(0, corner[0] + size[0]),
    ]
    if piece.shape[:2] != (size[1], size[0]):
        return None
    grey = resize(to_grey(piece), to, "area")
    (face,) = halved([box], image.shape[1] / small.shape[1])
    scale = to[0] / size[0], to[1] / size[1]
    return Look(box, grey, corner, scale, half(small), face)


def move(before: Look, now: Look) -> Move | None:
    """How a face moved from one look to another that was cut alike; None: it cannot be told."""
    if moved(before.box, now.box) > MOST_MOVE or before.whole.shape != now.whole.shape:
        return None
    if not Pair(before.whole, before.face, now.whole, now.face).stands:
        return None
    points = _grid(before.box)
    start = (points - np.array(before.corner, np.float32)) * np.array(before.scale, np.float32)
    there, found, _ = pyramid_flow(before.piece, now.piece, start, WINDOW)
    back, returned, _ = pyramid_flow(now.piece, before.piece, there, WINDOW)
    kept = found & returned & (np.linalg.norm(back - start, axis=1) <= RETURN_PX)
    if kept.sum() < LEAST_POINTS:
        return None
    wide, x, y = before.box[2] - before.box[0], *middle(before.box)
    was = (points[kept] - (x, y)) / (wide, before.box[3] - before.box[1])
    by = (there - start)[kept] / np.array(before.scale, np.float32)
    by += np.array(now.corner, np.float32) - np.array(before.corner, np.float32)
    told = taken_apart(was, by / wide)
    return told if told.flat >= STIRS else None


def _grid(box: Box) -> Points:
    """(GRID * GRID, 2) points over a face, in the pixels of its box."""
    steps = np.linspace(-REACH, REACH, GRID)
    x, y = np.meshgrid(
        (box[0] + box[2]) / 2 + steps * (box[2] - box[0]),
        (box[1] + box[3]) / 2 + steps * (box[3] - box[1]),
    )
    return np.stack((x.ravel(), y.ravel()), axis=1).astype(np.float32)


def taken_apart(points: Floats, by: Floats) -> Move:
    """(N, 2) points, -0.5..0.5 over the box, and how far each moved, in widths of the face.

    The fit is by least squares; points that it leaves over count less from round to round.
    """
    known = np.column_stack((points, np.ones(len(points)), depth(points)))
    weight = np.ones(len(points))
    for _ in range(ROUNDS):
        weighed = known * weight[:, None]
        found = np.linalg.solve(weighed.T @ known + 1e-9 * np.eye(4), weighed.T @ by)
        weight = 1.0 / np.maximum(np.linalg.norm(by - known @ found, axis=1), STEADY)
    return Move(float(np.linalg.norm(found[2])), float(np.linalg.norm(found[3])))


def depth(points: Floats) -> NDArray[np.float64]:
    """(N,) how far a head of usual shape stands out at (N, 2) points of its box, in its widths.

    An ellipsoid with a nose on it.
    """
    x, y = 2.0 * points[:, 0], 2.0 * points[:, 1]
    head = np.sqrt(np.clip(1.0 - 0.9 * x**2 - 0.5 * y**2, 0.05, None))
    nose = np.exp(-((x / 0.22) ** 2) - ((y - 0.12) / 0.3) ** 2)
    return np.asarray(0.5 * head + 0.14 * nose)
