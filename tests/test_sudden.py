"""A smile that is there at once is none: photographs that take each other's place.

The photographs are frames of the shipped clip of a person; that they are swapped is synthetic.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from feeds.frame import ColorImage, Frame
from kioskd.judge import judged
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from models.mesh.way import OUTER_EYES, Way
from models.observation import Blend, Face, Measure, Passage
from models.perceive import Perceiver, needs
from models.session import Networks
from tests.support.clips import DATA, images_of
from tests.support.easing import smiling
from tests.support.stage import Stage, always, person
from tests.support.two_photographs import Hand, Pair, exchanged, held

CLIP = DATA / "smiling.mp4"
FPS = 18.0
NEUTRAL, SMILING = 2, 31  # frames of the clip
OPEN = GateSettings(maximum_drift=1.0, minimum_change=0.0)
ALONE = SmileSettings(joined_with="none", smile_threshold=0.4)  # his is one of 0.55


@cache
def clip() -> tuple[ColorImage, ...]:
    return images_of(CLIP)


@cache
def networks() -> Networks:
    return Networks.load(needs([Measure.POSE, Measure.BLENDSHAPES, Measure.IDENTITY]), "cpu")


def told(shown: Iterable[ColorImage], every: int = 1) -> tuple[list[str], set[str]]:
    """The verdicts, and every reason that was given."""
    mode, eye = SmileMode(ALONE, OPEN, lambda _: 0), Perceiver(networks())
    verdicts: list[str] = []
    reasons: set[str] = set()
    for number, picture in enumerate(shown):
        if number % every == 0:
            at = number / FPS
            _, step = judged(mode, eye, Frame("f", number, 0, at, at, picture))
            reasons |= set(step.reasons)
            if step.result is not None:
                verdicts.append(step.result.verdict)
    return verdicts, reasons


def noisy(picture: ColorImage, count: int) -> list[ColorImage]:
    """As a photograph in a hand is seen, which sways; one on a stand is `still_picture`."""
    chance = np.random.default_rng(count)
    ways = [Hand(2 * np.sin(0.15 * n), 2 * np.cos(0.1 * n)) for n in range(count)]
    shown = [held(picture, way) + chance.normal(0.0, 1.5, picture.shape) for way in ways]
    return [np.clip(each, 0, 255).astype(np.uint8) for each in shown]


@pytest.mark.parametrize("every", [1, 2])
def test_the_person_on_the_clip_smiles_as_people_do(every: int) -> None:
    verdicts, reasons = told(clip(), every)
    assert verdicts == ["passed"]
    assert "sudden" not in reasons


@pytest.mark.parametrize(("blank", "every"), [(0, 1), (0, 3), (4, 2), (5, 1), (5, 3)])
def test_two_photographs_of_one_person_are_no_smile(blank: int, every: int) -> None:
    first, second = clip()[NEUTRAL], clip()[SMILING]
    shown = [
        *noisy(first, 30),
        *[np.full_like(first, 90)] * blank,
        *noisy(second, 60),
    ]
    verdicts, reasons = told(shown, every)
    assert "passed" not in verdicts
    assert "sudden" in reasons


def test_a_third_photograph_half_way_is_still_no_smile() -> None:
    half = next(n for n in range(NEUTRAL, SMILING) if _mouth(n) > 0.25)
    parts = (clip()[NEUTRAL], clip()[half], clip()[SMILING])
    shown = [
        each for part, count in zip(parts, (30, 6, 60), strict=True) for each in noisy(part, count)
    ]
    verdicts, _ = told(shown)
    assert "passed" not in verdicts


@cache
def _mouth(number: int) -> float:
    from models.mesh.expression import smile
    from models.observation import Wanted

    eye = Perceiver(networks())
    for again in range(3):
        frame = Frame("f", again, 0, again / FPS, 0.0, clip()[number])
        seen = eye.look(frame)
    wanted = Wanted(seen.faces[0].track_id, frozenset({Measure.POSE, Measure.BLENDSHAPES}))
    return smile(eye.measure(frame, seen, wanted).faces[0].blendshapes or {}) or 0.0


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_who_goes_back_to_rest_may_smile_again(fps: float) -> None:
    stage = Stage(SmileMode(ALONE, OPEN, lambda _: 0), fps)
    at_once = replace(person(0.9), mesh=smiling(1.0))
    assert stage.show(always(person(0.0)), 1.0) == []
    assert stage.show(always(at_once), 1.5) == []
    assert "sudden" in stage.reasons
    assert stage.steps[-1].prompt == "look_straight"  # and not to smile: that they do already
    assert stage.show(always(person(0.0)), 1.0) == []
    assert stage.steps[-1].prompt == "smile"
    (result,) = stage.show(always(person(0.9)), 2.0)
    assert result.verdict == "passed"


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
@pytest.mark.parametrize("when", ["begins", "was held"])
def test_a_cross_fade_is_no_smile_until_the_face_was_at_rest_again(fps: float, when: str) -> None:
    """Whoever goes on to hold the second photograph up gets no second try by it."""
    fades = Passage(10.0, 1.5, (Blend(0.3, 4, 0.03, 0.3),))
    stage = Stage(SmileMode(ALONE, OPEN, lambda _: 0), fps)
    assert stage.show(always(person(0.0)), 1.0) == []

    def faded(at: float) -> tuple[Face, ...]:
        told = at < 0.5 if when == "begins" else 0.6 < at < 1.0
        return (replace(person(0.9), passage=fades) if told else person(0.9),)

    assert stage.show(faded, 2.0) == []
    assert "blended" in stage.reasons
    assert stage.show(always(person(0.0)), 0.5) == []
    (result,) = stage.show(always(person(0.9)), 1.0)
    assert result.verdict == "passed"


@pytest.mark.parametrize(("lasts_s", "every"), [(0.2, 2), (0.3, 1), (0.5, 3)])
def test_two_photographs_that_fade_in_a_hand_that_sways_are_no_smile(
    lasts_s: float, every: int
) -> None:
    pair = Pair(clip()[NEUTRAL], clip()[SMILING])
    shown = exchanged(pair, "fade", lasts_s, FPS, Hand(5, 3, 1.5, 1.03), 1.5)
    verdicts, reasons = told(shown, every)
    assert "passed" not in verdicts
    assert "blended" in reasons


class TestWay:
    """The way from one look to another, in a drawn mesh of which only the cheeks move."""

    def gone(self, *much: float, fps: float = 30.0) -> Way:
        way = Way()
        for number in range(5):
            way.rests(number / fps, smiling(0.0))
        for number, each in enumerate(much, start=5):
            way.goes(number / fps, smiling(each))
        return way

    @pytest.mark.parametrize("fps", [10.0, 30.0])
    def test_a_cut_makes_the_whole_way_at_every_rate(self, fps: float) -> None:
        leap = self.gone(1.0, 1.0, 1.0, 1.0, fps=fps).leap()
        assert leap is not None
        assert leap.share == pytest.approx(1.0, abs=1e-3)
        assert leap.per_s == pytest.approx(fps, rel=1e-3)

    def test_steps_are_shares_of_the_way(self) -> None:
        leap = self.gone(0.25, 0.5, 0.75, *[1.0] * 8).leap()
        assert leap is not None
        assert leap.share == pytest.approx(0.25, abs=1e-3)

    def test_frames_of_jittering_times_make_no_speed(self) -> None:
        way = Way()
        way.rests(0.0, smiling(0.0))
        for number, much in enumerate((0.3, 0.6, *[1.0] * 6)):
            way.goes(0.034 + 0.001 * number, smiling(much))
        leap = way.leap()
        assert leap is not None
        assert leap.per_s < 13.0

    def test_without_rest_or_way_nothing_can_be_told(self) -> None:
        assert Way().leap() is None
        assert self.gone().leap() is None
        assert self.gone(0.0, 0.0, 0.0).leap() is None

    def test_what_is_no_number_is_never_a_way(self) -> None:
        way = self.gone()
        for number in range(4):
            way.goes(1.0 + number, np.full((478, 3), np.nan, np.float32))
        assert way.leap() is None

    def test_place_size_and_roll_play_no_part(self) -> None:
        way = Way()
        for number in range(5):
            way.rests(number / 30, smiling(0.0))
        for number, much in enumerate((0.5, 1.0, 1.0, 1.0), start=5):
            moved = smiling(much)
            turned = moved[:, :2] @ np.array([[0.8, 0.6], [-0.6, 0.8]]) * (1 + number) + 17 * number
            moved[:, :2] = turned
            way.goes(number / 30, moved)
        leap = way.leap()
        assert leap is not None
        assert leap.share == pytest.approx(0.5, abs=0.01)

    def test_eyes_in_one_place_say_nothing(self) -> None:
        flat = smiling(1.0)
        flat[OUTER_EYES[0]] = flat[OUTER_EYES[1]]
        way = self.gone()
        way.goes(1.0, flat)
        assert way.leap() is None
