"""What stands about a face jumps with a photograph, and stays where it is behind a person."""

import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import to_grey
from models.around import FEWEST, jump, sample
from tests.support.clips import DATA, images_of
from tests.support.two_photographs import Hand, held

FACE = (150.0, 70.0, 250.0, 200.0)  # where it is in head.mp4, 400x300
JUMPS = 1.5  # kioskd.modes.onset.MOST_AROUND


def noisy(images: list[ColorImage]) -> list[ColorImage]:
    chance = np.random.default_rng(3)
    return [
        np.clip(each + chance.normal(0.0, 1.5, each.shape), 0, 255).astype(np.uint8)
        for each in images
    ]


def jumped(images: list[ColorImage], times: list[float] | None = None) -> float | None:
    """In the last of them."""
    looks = [sample(to_grey(image)) for image in noisy(images)]
    return jump(looks, times or [n / 10 for n in range(len(looks))], FACE, images[0].shape[:2])


def room() -> ColorImage:
    return images_of(DATA / "asked" / "head.mp4")[35]


def sways(by: float, count: int = 10) -> list[ColorImage]:
    return [held(room(), Hand(by * np.sin(0.45 * n), by * np.cos(0.3 * n))) for n in range(count)]


@pytest.mark.parametrize("by", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("hand", [Hand(3, 2), Hand(0, 0, 2.0), Hand(0, 0, 0, 1.04)])
def test_a_photograph_that_is_held_elsewhere_brings_its_own_wall(by: float, hand: Hand) -> None:
    before = sways(by)
    told = jumped([*before, held(before[-1], hand)])
    assert told is not None
    assert told > JUMPS


@pytest.mark.parametrize("by", [0.0, 1.0, 2.0])
def test_a_hand_that_sways_on_does_not_jump(by: float) -> None:
    told = jumped(sways(by, 11))
    assert told is not None
    assert told < JUMPS


def test_a_face_that_is_another_at_once_leaves_the_wall_where_it_is() -> None:
    other = room().copy()
    other[70:200, 150:250] = other[70:200, 150:250][:, ::-1]
    told = jumped([room()] * 10 + [other])
    assert told is not None
    assert told < JUMPS


def test_a_lamp_that_flickers_is_no_jump() -> None:
    told = jumped([room()] * 10 + [np.clip(room() + 12.0, 0, 255).astype(np.uint8)])
    assert told is not None
    assert told < JUMPS


def test_where_frames_were_lost_a_sway_may_have_gone_further() -> None:
    swayed = sways(2.0, 14)
    shown = [*swayed[:10], swayed[13]]
    told = jumped(shown, [*(n / 10 for n in range(10)), 1.3])
    assert told is not None
    assert told < JUMPS


def test_of_too_few_frames_and_of_a_face_that_fills_the_picture_nothing_is_known() -> None:
    assert jumped([room()] * (FEWEST + 1)) is None
    looks = [sample(to_grey(room()))] * 10
    times = [n / 10 for n in range(10)]
    assert jump(looks, times, (0.0, 0.0, 400.0, 300.0), (300, 400)) is None
