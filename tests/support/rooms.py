"""SYNTHETIC: a room before a fixed camera, and who or what comes before it, as small copies."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from models.observation import Box

WIDTH, HEIGHT = 320, 240
Tone = tuple[int, int, int]


def room(seed: int = 0, light: tuple[float, float] = (200.0, 140.0)) -> ColorImage:
    """A wall lit from its left, to grey levels from there to its right, and what hangs on it.

    With another seed it is another wall.
    """
    random = np.random.default_rng(seed)
    wall = np.linspace(*light, WIDTH)[None, :, None] * np.array([0.95, 1.0, 1.0])
    wall = np.tile(wall, (HEIGHT, 1, 1)).astype(np.uint8)
    for _ in range(100):
        x, y = random.uniform((-20, -20), (WIDTH, HEIGHT))
        wide, high = random.uniform(6, 36, 2)
        tone = tuple(random.uniform(40, 230, 3).tolist())
        cv2.rectangle(wall, (int(x), int(y)), (int(x + wide), int(y + high)), tone, -1)
    return blurred(wall)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A head, `wide` pixels, at x and y of its middle.

    hair   by which it reaches out to each side, of the head's width
    hat    by which a hat reaches over the box, of the head's height
    scarf  whether one lies about neck and shoulders
    """

    x: float = 160.0
    y: float = 110.0
    wide: float = 44.0
    hair: float = 0.1
    hat: float = 0.2
    scarf: bool = False

    @property
    def box(self) -> Box:
        high = 1.25 * self.wide
        return (
            self.x - self.wide / 2,
            self.y - high / 2,
            self.x + self.wide / 2,
            self.y + high / 2,
        )

    def before(self, picture: ColorImage) -> ColorImage:
        found = picture.copy()
        middle, unit = (round(self.x), round(self.y)), self.wide
        body = (round(self.x), round(self.y + 2.0 * unit))
        cv2.ellipse(found, body, sizes(1.35 * unit, 1.1 * unit), 0, 0, 360, (70, 60, 50), -1)
        bottom = (round(self.x + 1.35 * unit), HEIGHT)
        cv2.rectangle(found, (round(self.x - 1.35 * unit), body[1]), bottom, (70, 60, 50), -1)
        reach = sizes((0.5 + self.hair) * unit, (0.62 + 1.25 * self.hat) * unit)
        cv2.ellipse(found, middle, reach, 0, 0, 360, (25, 28, 30), -1)
        if self.scarf:
            about = (round(self.x), round(self.y + 0.85 * unit))
            cv2.ellipse(found, about, sizes(0.95 * unit, 0.3 * unit), 0, 0, 360, (40, 40, 170), -1)
        cv2.ellipse(found, middle, sizes(0.46 * unit, 0.6 * unit), 0, 0, 360, (120, 150, 200), -1)
        return blurred(found)


def shown(who: Somebody, reach: float = 1.7) -> tuple[ColorImage, NDArray[np.bool_]]:
    """A person before another room, and where a sheet covers the picture that shows them.

    `reach` is by how many widths of the face the sheet goes on to each side of its middle.
    """
    cover = np.zeros((HEIGHT, WIDTH), np.uint8)
    half = reach * who.wide
    corner = (round(who.x - half), round(who.y - 1.25 * half))
    cv2.rectangle(cover, corner, (round(who.x + half), round(who.y + 1.25 * half)), 255, -1)
    return who.before(ELSEWHERE), cover > 0


def with_sheet(
    picture: ColorImage, who: Somebody, reach: float = 1.7, by: tuple[int, int] = (0, 0)
) -> ColorImage:
    """Somebody's picture, held up before a room; the sheet is moved by so many pixels."""
    content, cover = (np.roll(each, by[::-1], (0, 1)) for each in shown(who, reach))
    return np.asarray(np.where(cover[..., None], content, picture), np.uint8)


def filled(picture: ColorImage, who: Somebody, share: float) -> ColorImage:
    """A screen that has come up from below so far that this share of the picture shows it."""
    content, _ = shown(who)
    top = round(HEIGHT * (1.0 - share))
    return np.concatenate((picture[:top], content[: HEIGHT - top]))


def filmed(picture: ColorImage, number: int, gain: float = 1.0) -> ColorImage:
    """As a camera gives it: with noise, of its own in each of eight frames, and an exposure."""
    grain = noise(number % 8)[: picture.shape[0], : picture.shape[1]]
    return np.asarray(np.clip(picture * np.float32(gain) + grain, 0, 255), np.uint8)


@cache
def noise(number: int) -> NDArray[np.float32]:
    grain = np.random.default_rng(number).normal(0.0, 2.0, (HEIGHT, WIDTH, 3))
    return grain.astype(np.float32)


def blurred(picture: ColorImage) -> ColorImage:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.uint8)


def sizes(wide: float, high: float) -> tuple[int, int]:
    return round(wide), round(high)


ELSEWHERE = room(77, (60.0, 35.0))  # what a screen shows is mostly darker
