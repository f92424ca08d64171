"""SYNTHETIC attacks: two photographs of one person take each other's place before the camera.

One shows them at rest, the other doing what is asked. Nobody held these up: they are two frames of
a recording, with a sensor's noise, and what lies between them is drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from feeds.frame import ColorImage
from feeds.imaging import warp_affine

Exchange = Literal["cut", "blank", "push", "slide", "fade", "blink"]
BEFORE_S, AFTER_S = 1.2, 2.0
NOISE = 1.5  # grey levels of a sensor's noise, standard deviation
GREY = 90  # of the blank
BLINK_S = 0.2  # for which the second is there, where the first comes back


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    rest: ColorImage
    done: ColorImage


@dataclass(frozen=True, slots=True)
class Hand:
    """How the second lies to the first: shifted (pixels), turned (degrees), and so much larger."""

    right: float = 0.0
    down: float = 0.0
    degrees: float = 0.0
    size: float = 1.0


def held(image: ColorImage, hand: Hand) -> ColorImage:
    height, width = image.shape[:2]
    x, y = width / 2, height / 2
    angle = np.radians(hand.degrees)
    a, b = hand.size * np.cos(angle), hand.size * np.sin(angle)
    matrix = np.array(
        ((a, b, x - a * x - b * y + hand.right), (-b, a, y + b * x - a * y + hand.down))
    )
    return warp_affine(image, matrix, (width, height), "reflect")


def exchanged(
    pair: Pair,
    kind: Exchange,
    lasts_s: float,
    fps: float,
    hand: Hand = Hand(),
    sways: float = 0.0,
) -> Iterator[ColorImage]:
    """The first for 1.2 s, then the exchange, then the second for 2 s; at so many frames a second.

    A push lays the second over the first from the left, a slide moves it in from there. `sways`:
    pixels by which a hand moves all of it to and fro, in 1.4 s across and in 2 s down.
    """
    noise = list(_noise(pair.rest))
    second = held(pair.done, hand)
    for number in range(round((BEFORE_S + lasts_s + AFTER_S) * fps)):
        since = number / fps - BEFORE_S
        along = since / lasts_s if lasts_s else float(since > 0)
        shown = pair.rest if along <= 0 else second
        if kind == "blink" and since > lasts_s + BLINK_S:
            shown = pair.rest
        elif 0 < along < 1:
            shown = between(pair.rest, second, kind, along)
        if sways:
            shown = held(shown, _swayed(sways, number / fps))
        yield np.clip(shown + noise[number % len(noise)], 0, 255).astype(np.uint8)


def _swayed(by: float, at: float) -> Hand:
    return Hand(by * np.sin(2 * np.pi * at / 1.4), by * np.sin(2 * np.pi * at / 2.0 + 1.0))


def between(first: ColorImage, second: ColorImage, kind: Exchange, along: float) -> ColorImage:
    """What is seen while the second takes the place of the first, `along` of the way, 0..1."""
    edge = int(along * second.shape[1])
    match kind:
        case "blank":
            return np.full_like(first, GREY)
        case "push":
            return np.concatenate((second[:, :edge], first[:, edge:]), axis=1)
        case "slide":
            return np.concatenate((second[:, second.shape[1] - edge :], first[:, edge:]), axis=1)
    mixed = np.round((1 - along) * first + along * second.astype(np.float32))
    return np.asarray(mixed, np.uint8)


def started(acts: Sequence[ColorImage], stands_s: float, fps: float) -> Iterator[ColorImage]:
    """A recording that stands still, and is started when something is asked for."""
    noise = list(_noise(acts[0]))
    for number, image in enumerate([acts[0]] * round(stands_s * fps) + list(acts)):
        yield np.clip(image + noise[number % len(noise)], 0, 255).astype(np.uint8)


def _noise(image: ColorImage) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    chance = np.random.default_rng(12)
    for _ in range(31):
        yield chance.normal(0.0, NOISE, image.shape).astype(np.float32)
