"""How a picture came about: a still one, a cross-fade, a push, and a person. No network is run.

The person is on a recording (tests/data/asked); noise, fades, pushes and sways are drawn.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest

from feeds.frame import ColorImage
from kioskd.modes.onset import LEAST_MIXED, LEAST_MOVED, LEAST_PUSHED, is_still
from models.observation import Blend, Passage
from models.passage import KEPT_S, LAGS_S, LONG_S, PassageMeter
from tests.support.clips import DATA, images_of
from tests.support.two_photographs import Exchange, Hand, Pair, exchanged, held

FACE = (150.0, 70.0, 250.0, 200.0)  # where it is in head.mp4, 400x300
REST, TURNED = 35, 54  # frames of it
RATES = [10.0, 15.0, 30.0, 60.0]


@cache
def recorded() -> tuple[ColorImage, ...]:
    return images_of(DATA / "asked" / "head.mp4")


def noisy(images: Iterable[ColorImage], grain: float = 2.0) -> list[ColorImage]:
    chance = np.random.default_rng(5)
    return [
        np.clip(np.round(each + chance.normal(0, grain, each.shape)), 0, 255).astype(np.uint8)
        for each in images
    ]


def followed(
    images: Iterable[ColorImage], fps: float, meter: PassageMeter | None = None
) -> Passage:
    """What the last of them tells."""
    meter, told = meter or PassageMeter(), None
    for number, image in enumerate(images):
        told = meter.measure(image, 1.0, FACE, 1, 0, 100.0 + number / fps)
    assert told is not None
    return told


@pytest.mark.parametrize("fps", RATES)
def test_a_photograph_on_a_stand_changes_by_noise_alone(fps: float) -> None:
    told = followed(noisy([recorded()[REST]] * round(1.5 * fps)), fps)
    assert told.stir == pytest.approx(1.0, abs=0.05)
    assert is_still(told)
    assert told.blends == ()


@pytest.mark.parametrize("fps", RATES)
def test_who_stands_and_sways_by_half_a_pixel_is_no_photograph(fps: float) -> None:
    count = round(1.5 * fps)
    ways = [0.5 * np.sin(2 * np.pi * 0.8 * n / fps) for n in range(count)]
    told = followed(noisy((held(recorded()[REST], Hand(way, way)) for way in ways), 1.0), fps)
    assert told.stir is not None
    assert told.stir > 1.2
    assert not is_still(told)


def test_a_picture_that_is_always_the_same_is_still() -> None:
    told = followed([recorded()[REST]] * 30, 30.0)
    assert (told.stir, told.grain) == (1.0, 0.0)
    assert is_still(told)


def test_a_lamp_that_flickers_gives_no_life() -> None:
    shown = (np.round(recorded()[REST] * (0.8 + 0.1 * np.sin(n / 5))) for n in range(45))
    assert is_still(followed(noisy(shown), 30.0))


def test_the_person_on_the_recording_is_no_photograph() -> None:
    meter = PassageMeter()
    seen = [
        meter.measure(image, 1.0, FACE, 1, 0, number / 25.0)
        for number, image in enumerate(noisy(recorded()[:60]))
    ]
    assert not any(map(is_still, seen))


def half_way(kind: Exchange, lasts_s: float, fps: float) -> Blend:
    """What the frame tells in which the second photograph is there, seen from the first on."""
    pair = Pair(recorded()[REST], recorded()[TURNED])
    shown = list(exchanged(pair, kind, lasts_s, fps))[: round((1.2 + lasts_s) * fps) + 2]
    blend = followed(shown, fps).since(lasts_s + 0.1)
    assert blend is not None
    return blend


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("lasts_s", [0.3, 0.5, 1.0, 2.0])
def test_a_cross_fade_leaves_nothing_of_its_ends(lasts_s: float, fps: float) -> None:
    blend = half_way("fade", lasts_s, fps)
    assert blend.frames > 0
    assert blend.mixed < LEAST_MIXED


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("lasts_s", [0.8, 1.5])
def test_a_push_leaves_nothing_of_its_ends(lasts_s: float, fps: float) -> None:
    blend = half_way("push", lasts_s, fps)
    assert blend.frames > 0
    assert blend.pushed < LEAST_PUSHED


@pytest.mark.parametrize("fps", [15.0, 30.0])
def test_a_hand_that_sways_hides_no_cross_fade(fps: float) -> None:
    """By a pixel and a half of 400, as a screen is held in a hand."""
    pair = Pair(recorded()[REST], recorded()[TURNED])
    shown = list(exchanged(pair, "fade", 0.4, fps, sways=1.5))[: round(1.6 * fps) + 2]
    told = followed(shown, fps)
    blend = told.since(0.5)
    assert not is_still(told)
    assert blend is not None
    assert blend.frames > 0
    assert blend.mixed < LEAST_MIXED


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("by", [1.0, 2.0, 3.0])
def test_a_photograph_that_is_moved_is_nothing_but_moved(by: float, fps: float) -> None:
    count = round(1.5 * fps)
    ways = [by * np.sin(2 * np.pi * 0.5 * n / fps) for n in range(count)]
    told = followed(noisy((held(recorded()[REST], Hand(way, way / 2)) for way in ways), 1.0), fps)
    assert told.blends
    assert all(blend.moved < LEAST_MOVED for blend in told.blends if blend.since_s <= 1.0)


@pytest.mark.parametrize("every", [1, 2])
def test_a_head_that_turns_is_more_than_moved(every: int) -> None:
    blend = followed(noisy(recorded()[20:53:every]), 25.0 / every).since(0.4)
    assert blend is not None
    assert blend.moved > LEAST_MOVED


def test_a_cut_has_nothing_half_way() -> None:
    assert half_way("cut", 0.0, 30.0).frames == 0


@pytest.mark.parametrize("every", [1, 2])
def test_a_head_that_turns_is_no_picture_laid_over_another(every: int) -> None:
    blend = followed(noisy(recorded()[20:53:every]), 25.0 / every).since(0.4)
    assert blend is not None
    assert blend.frames > 0
    assert blend.mixed > LEAST_MIXED
    assert blend.pushed > LEAST_PUSHED


def test_at_first_nothing_is_known() -> None:
    meter = PassageMeter()
    told = followed(noisy([recorded()[REST]] * 10), 30.0, meter)
    assert (told.stir, told.grain, told.blends) == (None, None, ())


@pytest.mark.parametrize(("track", "session", "at"), [(2, 0, 9.0), (1, 1, 9.0), (1, 0, 1.0)])
def test_another_track_another_session_and_time_gone_back_begin_anew(
    track: int, session: int, at: float
) -> None:
    meter = PassageMeter()
    for number in range(30):
        told = meter.measure(recorded()[REST], 1.0, FACE, 1, 0, 8.0 + number / 30)
    assert told.stir is not None
    assert meter.measure(recorded()[REST], 1.0, FACE, track, session, at).stir is None


def test_a_face_outside_the_picture_tells_nothing() -> None:
    meter = PassageMeter()
    for number in range(60):
        told = meter.measure(recorded()[REST], 1.0, (900.0, 900.0, 980.0, 990.0), 1, 0, number / 30)
    assert told == Passage(None, None, ())


def test_it_remembers_for_as_long_as_it_says() -> None:
    shown = recorded()[:100]
    blends = followed(shown, 25.0).blends
    assert [blend.since_s for blend in blends] == pytest.approx(LAGS_S, abs=0.041)
    assert max(LAGS_S) < KEPT_S
    assert LONG_S < 1.0


def test_since_is_from_then_or_from_the_longest_before_that_tells() -> None:
    near, middle, far = (Blend(s, n, 0.5, 0.4) for s, n in ((0.25, 1), (0.6, 2), (1.9, 0)))
    told = Passage(10.0, 1.0, (near, middle, far))
    assert [told.since(s) for s in (0.1, 0.25, 0.5, 1.0, 5.0)] == [
        near,
        near,
        middle,
        middle,
        middle,
    ]
    assert Passage(10.0, 1.0, (far,)).since(0.1) == far
    assert Passage(10.0, 1.0).since(0.1) is None
