"""The background of a fixed camera: learned while nobody is there, and missed beside a medium.

Beside a living head the room is still there. Beside a face on a sheet or a screen that somebody
holds up it is not, nor anywhere behind one that fills the picture. So the picture is kept as it
was while nobody stood there, and where a face is, it is told how much of the room has gone to its
left, to its right and above it, on average: a passer-by, a door that opens, long hair or a hat take
one of these or two, and not all.

A picture is compared by its logarithms, in two ways: what is fine of it, place by place, by how
alike the two are whatever their contrast; and what is coarse, after the one step that fits most of
it, so that neither a lamp's brightness nor the camera's exposure counts. A flat wall that is as
bright as before is taken to be there.

It cannot be told as long as nothing was learned, nor from a change of most of the picture between
two frames, nor from one that is the same room shifted: that was the light or the camera, and what
was learned is not relied on until the room is seen again as it was, or learned anew. Other faces
are left out with the bodies below them. What is like the background is no evidence for life.

The measure is our own; docs/measure/passive.md has what it is worth and what it does not see.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import local_mean, resize, spectrum, to_grey
from models.observation import Box

LIMIT = 0.7  # share of the room that has gone; at or under it nothing is said
CLEAR = 0.9  # from here on its whole weight counts

EVERY_S = 0.1  # between two looks at the picture as a whole
GAP_S = 0.5  # between two, above which it is not known how the one became the other
LEARNED_S = 3.0  # of stillness with nobody there, after which the picture is the background
FOLLOWED_S = 10.0  # in which a known one is brought to what is there now, by e
STILL = 0.95  # share of the picture that stays, or it does not stand still
THERE = 0.6  # share of the room that must be there for what is not to be missed
AT_ONCE = 0.5  # share of the room that goes within one step only where light or camera change

BRIGHT = 40  # grey levels that the brightest of a picture must reach
NOISE = 12.0  # grey levels added before the logarithm
FINE, PATCH = 15, 9  # pixels of half the small copy: what is fine, and about what two are alike
LEAST = 0.003  # mean square of the logarithm, fine, above which there is something to compare
ALIKE = 0.5  # of 1, below which it is not the same
STEP = 0.5  # of the logarithm, coarse, by which it is another thing

# In widths and heights of the face's box, from its side or its top.
BESIDE = (0.4, 0.9)  # a side's zone, from the box outwards
AT_HEAD = (-0.1, 0.7)  # its rows, from the box's top downwards
ABOVE = (-1.0, -0.5)  # the rows of the zone above, as wide as the box
HEAD = (0.6, 0.6)  # about a head, to its sides and upwards, what may be hair or a hat
SHOULDERS = (0.75, 1.8)  # from which height down, and how far out, there may be a body
LEAST_ZONE = 0.5  # of a zone must be in view
LEAST_ROOM = 0.1  # of the picture must be room

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
_LOGARITHM = np.log(np.arange(256, dtype=np.float32) + np.float32(NOISE))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture in logarithms: what is coarse of it, what is fine, and the fine's mean square."""

    coarse: Floats
    fine: Floats
    power: Floats


@dataclass(frozen=True, slots=True)
class _Still:
    """A picture that has not changed since."""

    scene: Scene
    since: float


class BackgroundMeter:
    """Learns the background of one feed, and tells what of it is missing about a face.

    Not thread-safe. Frames come in the order of capture.
    """

    def __init__(self) -> None:
        self._session: int | None = None
        self._known: Scene | None = None
        self._trusted = False  # whether the room was seen as known, and never changed at once
        self._looked_at = -np.inf
        self._there = 0.0  # share of the room that was there at the last look
        self._still: _Still | None = None  # while nobody is there
        self._now: tuple[ColorImage, Scene | None] | None = None

    def look(
        self, small: ColorImage, scale: float, at: float, session: int, boxes: Sequence[Box]
    ) -> None:
        """At the picture as a whole, with the boxes of all faces in it; learns where none is.

        `small` is the frame's small copy and `scale` frame pixels per pixel of it; `at` is when
        the frame was captured, seconds, monotonic. Call it for every frame.
        """
        if session != self._session:
            self._session = session
            self._forget()
        gap = at - self._looked_at
        if 0.0 <= gap < EVERY_S:
            return
        self._looked_at = at
        now = self._scene(small)
        if now is None:  # a hand over the lens: the room may be there again after it
            self._trusted, self._still, self._there = False, None, 0.0
            return
        if not self._comparable(now):
            self._forget()
        if self._known is not None:
            self._compare(self._known, now, gap, halved(boxes, scale))
        if boxes:
            self._still = None
        else:
            self._learn(now, at, gap)

    def measure(
        self, small: ColorImage, scale: float, box: Box, others: Sequence[Box]
    ) -> float | None:
        """0..1: how much of the room has gone about a face, on average of three zones.

        `others` are the boxes of the other faces in the frame. None when it cannot be told.
        """
        known, now = self._known, self._scene(small)
        if known is None or now is None or not self._trusted or now.fine.shape != known.fine.shape:
            return None
        (face, *rest) = halved((box, *others), scale)
        return missing(known, now, face, rest)

    def _forget(self) -> None:
        self._known, self._still, self._trusted, self._there = None, None, False, 0.0

    def _comparable(self, now: Scene) -> bool:
        """Whether it is of the size of whatever is remembered."""
        still = None if self._still is None else self._still.scene
        kept = (each for each in (self._known, still) if each is not None)
        return all(each.fine.shape == now.fine.shape for each in kept)

    def _scene(self, small: ColorImage) -> Scene | None:
        """Made once of each picture."""
        if self._now is None or self._now[0] is not small:
            self._now = small, scene(small)
        return self._now[1]

    def _compare(self, known: Scene, now: Scene, gap: float, faces: Sequence[Box]) -> None:
        share = there(known, now, faces)
        if share is None:
            return
        lost = self._there - share
        if share >= THERE:
            self._trusted = True
        elif lost > AT_ONCE or gap > GAP_S or _shifted(known, now):
            self._trusted = False
        self._there = share

    def _learn(self, now: Scene, at: float, gap: float) -> None:
        still = self._still
        if still is None or gap > GAP_S or _gone(still.scene, now).mean() > 1.0 - STILL:
            self._still = _Still(now, at)
            return
        if at - still.since < LEARNED_S:
            return
        if self._known is None or not self._trusted:
            self._known, self._trusted, self._there = now, True, 1.0
        else:
            self._known = _mixed(self._known, now, min(1.0, gap / FOLLOWED_S))


def missing(known: Scene, now: Scene, face: Box, others: Sequence[Box] = ()) -> float | None:
    """As `BackgroundMeter.measure`, of a scene; boxes are in its own pixels, as of `halved`."""
    room = room_in(now.fine.shape, (face, *others))
    if room.mean() < LEAST_ROOM:
        return None
    gone, clear = _gone(known, now, room), room_in(now.fine.shape, others)
    found = (_share(gone, clear, zone) for zone in zones(face))
    shares = [share for share in found if share is not None]
    if len(shares) >= 2:
        return sum(shares) / len(shares)
    away = float(gone[room].mean())
    return min((away, *shares)) if away > 1.0 - THERE else None


def there(
    known: Scene, now: Scene, faces: Sequence[Box] = (), within: Mask | bool = True
) -> float | None:
    """0..1: the share of the room that is there, where nobody is; None where too little is room.

    within  (H, W) where to look at it
    """
    room = room_in(now.fine.shape, faces) & within
    if room.mean() < LEAST_ROOM:
        return None
    return 1.0 - float(_gone(known, now, room)[room].mean())


def scene(small: ColorImage) -> Scene | None:
    """Of a frame's small copy; None where it is too dark, or too small."""
    grey = to_grey(small)
    if min(grey.shape) < 4 * FINE:
        return None
    grey = resize(grey, (grey.shape[1] // 2, grey.shape[0] // 2), "area")
    if grey.max() < BRIGHT:
        return None
    light = _LOGARITHM[grey]
    coarse = local_mean(light, FINE)
    fine = light - coarse
    return Scene(coarse, fine, local_mean(fine * fine, PATCH))


def _mixed(before: Scene, now: Scene, share: float) -> Scene:
    fine = before.fine + np.float32(share) * (now.fine - before.fine)
    coarse = before.coarse + np.float32(share) * (now.coarse - before.coarse)
    return Scene(coarse, fine, local_mean(fine * fine, PATCH))


def _gone(known: Scene, now: Scene, room: Mask | None = None) -> Mask:
    """(H, W) where now is not what was known; the step in brightness is the room's."""
    step = now.coarse - known.coarse
    of_room = step[::4, ::4] if room is None else step[::2, ::2][room[::2, ::2]]
    common = np.float32(np.median(of_room)) if of_room.size else np.float32(0.0)
    power = known.power + now.power
    alike = local_mean(known.fine * now.fine, PATCH) * np.float32(2.0)
    other = (power > LEAST) & (alike < np.float32(ALIKE) * power)
    return np.asarray(other | (np.abs(step - common) > STEP))


def _shifted(known: Scene, now: Scene) -> bool:
    """Whether it is the same picture, moved: the camera was."""
    both = spectrum(known.fine).conj() * spectrum(now.fine)
    found = np.fft.ifft2(both / np.maximum(np.abs(both), 1e-6)).real
    down, across = np.unravel_index(found.argmax(), found.shape)
    coarse, fine, power = (
        np.roll(of, (-int(down), -int(across)), (0, 1)) for of in (now.coarse, now.fine, now.power)
    )
    back = Scene(coarse, fine, power)
    return bool((down or across) and _gone(known, back).mean() < 1.0 - THERE)


def halved(boxes: Sequence[Box], scale: float) -> list[Box]:
    """Boxes of the frame in a scene's pixels; `scale` is frame pixels per pixel of its copy."""
    return [(a / scale / 2, b / scale / 2, c / scale / 2, d / scale / 2) for a, b, c, d in boxes]


def room_in(shape: tuple[int, ...], boxes: Sequence[Box]) -> Mask:
    """(H, W) of a scene where no person is, nor what one may wear or carry."""
    room = np.ones(shape, np.bool_)
    for x1, y1, x2, y2 in boxes:
        width, height = x2 - x1, y2 - y1
        top, shoulders = y1 - HEAD[1] * height, y1 + SHOULDERS[0] * height
        room[_rows(top), _span(x1 - HEAD[0] * width, x2 + HEAD[0] * width)] = False
        reach = SHOULDERS[1] * width
        room[_rows(shoulders), _span(x1 - reach, x2 + reach)] = False
    return room


def _rows(top: float) -> slice:
    return slice(max(0, round(top)), None)


def _span(first: float, last: float) -> slice:
    return slice(max(0, round(first)), max(0, round(last)))


def zones(face: Box) -> tuple[Box, Box, Box]:
    """Left of a face, right of it and above it."""
    x1, y1, x2, y2 = face
    width, height = x2 - x1, y2 - y1
    near, far = BESIDE[0] * width, BESIDE[1] * width
    top, low = y1 + AT_HEAD[0] * height, y1 + AT_HEAD[1] * height
    return (
        (x1 - far, top, x1 - near, low),
        (x2 + near, top, x2 + far, low),
        (x1, y1 + ABOVE[0] * height, x2, y1 + ABOVE[1] * height),
    )


def _share(gone: Mask, clear: Mask, zone: Box) -> float | None:
    """Of a zone, the share that has gone; None where too little of it is in view and nobody's."""
    x1, y1, x2, y2 = zone
    part = _span(y1, y2), _span(x1, x2)
    seen = clear[part]
    count = int(seen.sum())
    if count < max(20.0, LEAST_ZONE * (x2 - x1) * (y2 - y1)):
        return None
    return float((gone[part] & seen).sum() / count)
