"""Whole frames of presentation attacks: a bona fide picture put on a drawn medium in a room.

A phone, a tablet, a monitor or a sheet of paper shows the picture, held by a drawn hand or
mounted, before a room out of focus, seen at an angle. What the medium does to the picture is in
models.making.training.drawn_attacks.py. These are SYNTHETIC attacks; only for training and fitting.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.making.training.drawn_attacks import Image, Light, Random, filmed, recaptured
from models.observation import Box

WIDTH, HEIGHT = 640, 480


@dataclass(frozen=True, slots=True)
class Medium:
    """Lengths are shares of the medium's longer side; (low, high) is drawn between."""

    aspect: tuple[float, float]  # width / height
    frame: tuple[float, float]  # bezel or paper margin
    tone: tuple[float, float]  # grey of that, 0..1
    corner: float  # radius
    screen: bool


MEDIA = {
    "phone": Medium((0.45, 0.6), (0.01, 0.06), (0.0, 0.15), 0.06, True),
    "phone held sideways": Medium((1.6, 2.1), (0.01, 0.06), (0.0, 0.15), 0.06, True),
    "tablet": Medium((0.65, 1.5), (0.03, 0.08), (0.0, 0.95), 0.04, True),
    "monitor": Medium((1.3, 1.8), (0.01, 0.05), (0.0, 0.3), 0.0, True),
    "print": Medium((0.65, 1.5), (0.0, 0.06), (0.7, 1.0), 0.0, False),
}


def attack_frame(
    image: Image,
    box: Box,
    room: Image,
    kind: str,
    random: Random,
    *,
    sharp: bool = False,
    by: tuple[float, float] = (0.0, 0.0),
) -> Image:
    """The face of a bona fide frame on a medium of this kind, before another room.

    sharp  whether the room is there as it is, rather than a part of it, out of focus
    by     pixels to the right and down by which the medium is moved from where it is drawn
    """
    medium = MEDIA[kind]
    shape, outline = _placed(medium, random)
    outline = outline + np.float32(by)
    matrix = _onto(image, box, shape, outline, random)
    size = (WIDTH, HEIGHT)
    shown = cv2.warpPerspective(image, matrix, size, borderMode=cv2.BORDER_REFLECT_101)
    shown = recaptured(shown, random, screen=medium.screen)
    light = _as_it_is(room) if sharp else _background(room, random)
    light = _over(light, _flat(medium, random), _filled(outline, medium.corner * max(shape)))
    light = _over(light, np.float32(shown) / 255, _filled(_inner(outline, shape, medium, random)))
    if random.random() < 0.6:
        light = _hand(light, outline, random)
    light = cv2.GaussianBlur(light, (0, 0), random.uniform(0.4, 1.0))
    return filmed(np.uint8(np.clip(light, 0, 1) * 255 + 0.5), random)


def _placed(medium: Medium, random: Random) -> tuple[tuple[float, float], NDArray[np.float32]]:
    """Width and height of the medium, and its four corners in the frame; it may reach out."""
    aspect = random.uniform(*medium.aspect)
    height = random.uniform(0.55, 1.35) * HEIGHT / max(1.0, aspect * 0.75)
    width = height * aspect
    centre = np.float32([WIDTH / 2, HEIGHT / 2]) + random.normal(0, 0.05, 2) * (WIDTH, HEIGHT)
    corners = np.float32([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2)
    angle = np.deg2rad(random.normal(0, 5))
    turn = np.float32([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = corners @ turn.T + random.normal(0, 0.02 * height, (4, 2))
    return (width, height), np.float32(corners + centre)


def _onto(
    image: Image,
    box: Box,
    shape: tuple[float, float],
    outline: NDArray[np.float32],
    random: Random,
) -> NDArray[np.float64]:
    """From pixels of the picture to pixels of the frame: the face is about the medium's middle."""
    x1, y1, x2, y2 = box
    share = random.uniform(0.35, 0.75)  # of the medium that the face takes
    scale = max((x2 - x1) / shape[0], (y2 - y1) / shape[1]) / share
    half = np.array(shape) * scale / 2
    middle = np.array([(x1 + x2) / 2, (y1 + y2) / 2]) + random.normal(0, 0.08, 2) * half
    corners = middle + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    return np.asarray(cv2.getPerspectiveTransform(np.float32(corners), outline))


def _background(room: Image, random: Random) -> Light:
    """A room out of focus, cut from any picture."""
    room = cv2.resize(room, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    if random.random() < 0.5:
        room = room[:, ::-1]
    zoom = random.uniform(1.0, 2.5)
    turn = cv2.getRotationMatrix2D((WIDTH * random.random(), HEIGHT * random.random()), 0, zoom)
    room = cv2.warpAffine(room, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT_101)
    light = cv2.GaussianBlur(np.float32(room) / 255, (0, 0), random.uniform(3, 20))
    return light * np.float32(random.uniform(0.5, 1.3))


def _as_it_is(room: Image) -> Light:
    size = (WIDTH, HEIGHT)
    return np.float32(cv2.resize(room, size, interpolation=cv2.INTER_AREA)) / np.float32(255)


def _flat(medium: Medium, random: Random) -> Light:
    tone = random.uniform(*medium.tone) + random.normal(0, 0.02, 3)
    return np.broadcast_to(np.float32(tone), (HEIGHT, WIDTH, 3))


def _inner(
    outline: NDArray[np.float32], shape: tuple[float, float], medium: Medium, random: Random
) -> NDArray[np.float32]:
    """The corners of what the medium shows, inside its bezel or margin."""
    width = random.uniform(*medium.frame) * max(shape)
    inside = np.clip(1 - 2 * width / np.array(shape), 0.3, 1.0)
    middle = outline.mean(0)
    right, down = (outline[1] - outline[0]) / 2, (outline[3] - outline[0]) / 2
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    moved = [middle + x * inside[0] * right + y * inside[1] * down for x, y in signs]
    return np.float32(moved)


def _filled(corners: NDArray[np.float32], radius: float = 0.0) -> Light:
    """(H, W, 1) cover, 0..1, of a four-sided shape, its corners rounded."""
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    middle = corners.mean(0)
    shrunk = (
        corners + radius * (middle - corners) / np.abs(middle - corners).max()
        if radius
        else corners
    )
    cv2.fillConvexPoly(mask, np.int32(shrunk * 16), 1.0, cv2.LINE_AA, 4)
    if radius >= 1:
        size = 2 * int(radius) + 1
        mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    return mask[..., None]


def _hand(light: Light, outline: NDArray[np.float32], random: Random) -> Light:
    """Fingers over one edge of the medium, of some colour of skin."""
    edge = int(random.integers(1, 4))
    first, second = outline[edge], outline[(edge + 1) % 4]
    middle = outline.mean(0)
    skin = np.float32([0.45, 0.58, 0.8]) * random.uniform(0.35, 1.1)
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    start, spread = random.uniform(0.15, 0.6), random.uniform(0.06, 0.12)
    for finger in range(int(random.integers(1, 5))):
        place = first + (second - first) * (start + finger * spread)
        inward = (middle - place) / max(1.0, float(np.linalg.norm(middle - place)))
        ends = place - inward * 70, place + inward * random.uniform(4, 30)
        thick = int(random.uniform(16, 30))
        cv2.line(mask, *(tuple(int(v) for v in end) for end in ends), 1.0, thick, cv2.LINE_AA)
    shade = cv2.GaussianBlur(mask, (0, 0), 6)[..., None] * 0.5 + 0.5
    return _over(light, shade * skin, mask[..., None])


def _over(below: Light, above: Light, mask: Light) -> Light:
    return np.float32(below * (1 - mask) + above * mask)
