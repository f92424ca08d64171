"""What `kioskd doctor` says of several pictures of a camera."""

import numpy as np
import pytest

from feeds.frame import Frame
from feeds.pace import Pace
from kioskd.doctor.several_pictures import Pictures
from tests.support.pictures import picture


def viewed(rate: float, count: int, *, contrast: int = 100, every: int = 1) -> Pictures:
    """`count` pictures of a camera that gives `rate` of them a second, each `every`th taken."""
    view = Pictures()
    for turn in range(count):
        number = turn * every
        image = picture(0)
        image[:24] += np.uint8(contrast)
        frame = Frame("door", number, 0, 100.0 + number / rate, 0.0, image)
        view.add(frame)
    return view


@pytest.mark.parametrize("rate", [6.0, 15.0, 60.0])
def test_a_camera_is_well_when_several_pictures_over_a_while_are(rate: float) -> None:
    assert not viewed(rate, 3).whole
    view = viewed(rate, 1 + round(rate))
    assert view.whole
    assert view.rate == pytest.approx(rate)
    assert view.fault == ""


def test_pictures_that_the_reader_missed_count_for_the_rate() -> None:
    assert viewed(30.0, 5, every=10).fault == ""


def test_too_few_pictures_a_second_are_told_with_how_many() -> None:
    assert viewed(1.0, 5).fault.startswith("gives 1.0 pictures a second, at least 5 are needed: ")


def test_hardly_anything_in_the_picture_is_told_with_what_to_look_at() -> None:
    fault = viewed(15.0, 16, contrast=2).fault
    assert "shows hardly anything" in fault
    for cause in ("cap", "privacy mask", "light"):
        assert cause in fault


def test_one_picture_is_too_few_to_call_a_camera_well() -> None:
    assert "too few pictures" in viewed(15.0, 1).fault


def test_a_pace_is_known_after_a_few_pictures_and_no_silence_changes_it() -> None:
    pace = Pace()
    for turn in range(3):
        pace.note(turn * 1.0)
    assert pace.rate is None
    pace.note(3.0)
    assert pace.rate == pytest.approx(1.0)
    assert pace.too_slow
    quick = Pace()
    for turn in range(20):
        quick.note(turn * 0.1 + (5.0 if turn > 15 else 0.0))
    assert quick.rate == pytest.approx(10.0)
    assert not quick.too_slow
