"""A result says which frames it rests on, and whose look they have."""

import hashlib
from typing import Any

import numpy as np
import pytest

from feeds.feed_settings import FeedSettings, FileSource
from feeds.frame import ColorImage, Frame
from kioskd.binding import Binding, frames_digest
from kioskd.config.config import Door
from kioskd.daemon import own_mode
from kioskd.event import Result, Step
from kioskd.modes import catalogue
from kioskd.modes.challenges.challenge_settings import SequenceSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Face, Measure, Observation
from tests.support.somebody import somebody
from tests.support.stage import Play, Stage, person

ONE, OTHER = 1, 2


def image(number: int) -> ColorImage:
    return np.full((4, 6, 3), number, np.uint8)


def seen(number: int, *faces: Face) -> Observation:
    return Observation("door", number, 0, number / 10, 0.0, 6, 4, faces)


def frame(number: int) -> Frame:
    return Frame("door", number, 0, number / 10, 0.0, image(number))


def passed(track: int = 1) -> Result:
    return Result("rgbLiveness", "door", "mode", track, 1, "passed", True, {}, 0.0, 1.0, 0.0, 2)


def test_the_digest_is_of_the_frames_that_counted_in_their_order() -> None:
    binding = Binding()
    for number, counts in enumerate((True, False, True)):
        step = Step("LIVE_WINDOW", counted=1 if counts else None)
        assert binding.saw(frame(number), seen(number, person()), step) is None
    end = Step("CONFIRMED", result=passed(), counted=1)
    bound = binding.saw(frame(3), seen(3, person()), end)
    assert bound is not None
    assert bound.frames_bound is not None
    assert bound.frames_bound.count == 3
    assert bound.frames_bound.digest == frames_digest(map(image, (0, 2, 3)))
    assert bound.frames_bound.digest != frames_digest(map(image, (0, 3, 2)))
    left, top, width, height = bound.frames_bound.rectangle
    assert (left, top) == tuple(map(round, person().box[:2]))
    assert (width, height) == (200, 240)


def test_a_digest_can_be_worked_out_by_hand() -> None:
    head = b"kioskd-frame-1" + bytes((0, 0, 0, 6, 0, 0, 0, 4))
    assert frames_digest([image(7)]) == hashlib.sha256(head + bytes([7]) * 72).hexdigest()


def test_what_one_attempt_counted_is_not_of_the_next_nor_of_another_person() -> None:
    binding = Binding()
    binding.saw(frame(0), seen(0, person()), Step("LIVE_WINDOW", counted=1))
    binding.saw(frame(1), seen(1, person()), Step("CONFIRMED", result=passed(), counted=1))
    binding.saw(frame(2), seen(2, person(track=2)), Step("LIVE_WINDOW", counted=2))
    end = Step("CONFIRMED", result=passed(2), counted=2)
    bound = binding.saw(frame(3), seen(3, person(track=2)), end)
    assert bound is not None
    assert bound.frames_bound is not None
    assert bound.frames_bound.digest == frames_digest(map(image, (2, 3)))
    undecided = binding.saw(frame(4), seen(4), Step("IDLE", result=passed()))
    assert undecided is not None
    assert undecided.frames_bound is None  # it counted nothing


def bound_door() -> Stage:
    settings = RgbSettings()
    return Stage(catalogue.make(settings, GateSettings(), lambda _: 0, binds=True))


def looking(swap_s: float, back_s: float = 99.0) -> Play:
    def play(t: float) -> tuple[Face, ...]:
        return (person(who=OTHER if swap_s <= t < back_s else ONE),)

    return play


def test_a_door_that_binds_gives_the_look_of_who_was_live() -> None:
    (result,) = bound_door().show(looking(99.0), 2.0)
    assert result.verdict == "passed"
    assert result.look is not None
    assert result.look.likeness(somebody(ONE)) > 0.99
    assert result.look.likeness(somebody(OTHER)) < 0.3


def test_who_is_swapped_in_ends_the_attempt_and_lends_nobody_their_life() -> None:
    results = bound_door().show(looking(0.2), 1.2)
    assert results[0].verdict == "undecided"
    assert results[0].reasons[0] == "other_person"
    assert not any(result.verdict == "passed" and result.frames < 6 for result in results)


def test_one_look_of_somebody_else_counts_for_nothing() -> None:
    door = bound_door()
    (result,) = door.show(looking(0.5, 0.55), 3.0)
    assert result.verdict == "passed"
    assert result.look is not None
    assert result.look.likeness(somebody(ONE)) > 0.99


def test_a_door_that_does_not_bind_asks_for_no_look() -> None:
    door = Stage(catalogue.make(RgbSettings(), GateSettings(), lambda _: 0))
    (result,) = door.show(looking(99.0), 2.0)
    assert result.look is None
    assert Measure.IDENTITY not in catalogue.needs(RgbSettings()).measures
    assert Measure.IDENTITY in catalogue.needs(RgbSettings(), binds=True).measures


def test_a_look_is_in_no_text_of_a_result() -> None:
    (result,) = bound_door().show(looking(99.0), 2.0)
    assert "look" not in repr(result)


def test_every_mode_can_be_bound() -> None:
    for spec in catalogue.SPECS:
        settings = spec.settings
        catalogue.make(settings, spec.gate.defaults, lambda _: 0, binds=True)
    turns = SequenceSettings(joined_with="rgb", always_joined=True)
    assert Measure.LIVENESS in catalogue.needs(turns).measures


@pytest.mark.parametrize(
    ("more", "binds"),
    [({}, False), ({"one_person": True}, True), ({"opens_to": "enrolled"}, True)],
)
def test_a_door_may_hold_its_attempts_to_one_person(more: dict[str, Any], binds: bool) -> None:
    feed = FeedSettings("cam", FileSource("x"))
    door = Door("main", feed, GateSettings(), RgbSettings(), **more)
    assert (Measure.IDENTITY in own_mode(door).needs.measures) is binds
