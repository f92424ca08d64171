"""SYNTHETIC attacks: a photograph of one person stands before the camera, then another who acts.

Nobody held these up. The photograph is laid over the other's face by the five points of both, so
that the boxes fit and the tracker has no reason to end the track; what lies between is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import warp_affine
from models.face.faces import Detector
from models.identity.looks import laid_over
from tests.support.eyes import networks

Between = Literal["cut", "cross-fade", "blank"]
BETWEEN: tuple[Between, ...] = ("cut", "cross-fade", "blank")
GRAIN = 2.0  # grey levels of a sensor's noise: no two images of a still scene are equal
SHAKE = 0.6  # pixels by which a hand that holds a photograph moves it from frame to frame


@dataclass(frozen=True)
class Swap:
    """between: what is shown while one is exchanged for the other, for `lasts` frames."""

    between: Between
    lasts: int
    level: int = 0  # grey of the blank


def points(image: ColorImage) -> NDArray[np.float32] | None:
    """(5, 2) of the surest face in a picture."""
    found = Detector(networks("face")["face"]).find(image, 320)
    return found[0].landmarks if found else None


def swapped(
    photograph: ColorImage, acts: Sequence[ColorImage], stands: int, swap: Swap, seed: int
) -> list[ColorImage] | None:
    """The photograph for so many frames, the swap, then the other's images; None without faces."""
    here, there = points(photograph), points(acts[0])
    if here is None or there is None:
        return None
    random = np.random.default_rng(seed)
    matrix = laid_over(here, there)
    assert matrix is not None
    height, width = acts[0].shape[:2]

    def held() -> ColorImage:
        shaken = matrix.copy()
        shaken[:, 2] += random.normal(0.0, SHAKE, 2)
        return warp_affine(photograph, shaken, (width, height), "reflect")

    shown = [held() for _ in range(stands)]
    for number in range(swap.lasts):
        share = (number + 1) / (swap.lasts + 1)
        match swap.between:
            case "blank":
                shown.append(np.full_like(acts[0], swap.level))
            case "cross-fade":
                mixed = (1 - share) * held() + share * acts[min(number, len(acts) - 1)]
                shown.append(mixed.astype(np.uint8))
            case "cut":
                pass
    shown += acts[swap.lasts if swap.between == "cross-fade" else 0 :]
    return [_grained(image, random) for image in shown]


def _grained(image: ColorImage, random: np.random.Generator) -> ColorImage:
    noise = random.normal(0.0, GRAIN, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)
