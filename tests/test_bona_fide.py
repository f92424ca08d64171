"""How a face is cut out for the liveness networks, against rectangles worked by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.liveness.bona_fide import (
    LivenessReader,
    bona_fide,
    cut,
    looks,
    shifted_crop,
    square_crop,
    usable,
)
from models.manifest import shipped
from models.network_file import Crop
from models.observation import Box
from models.schemes import together
from models.session import Networks
from tests.support.eyes import live_clip, networks

HYBRID = Crop(2.7, "box", "linear")


@pytest.mark.parametrize(
    ("box", "scale", "expected"),
    [
        # 100x120 about (320, 240), x2 = 200x240: fits as it is.
        ((270, 180, 370, 300), 2.0, (220, 120, 421, 361)),
        # x4 = 400x480 is higher than the frame's 479: the scale shrinks to 479/120 for both.
        ((270, 180, 370, 300), 4.0, (120, 0, 520, 480)),
        # At the left border: shifted right, not cut, not shrunk.
        ((10, 180, 110, 300), 2.0, (0, 120, 201, 361)),
        # In the lower right corner: shifted up and left, to end on the last pixel.
        ((530, 350, 630, 470), 2.0, (439, 239, 640, 480)),
        # A box that reaches out of the frame by itself.
        ((-20, -30, 80, 90), 2.0, (0, 0, 201, 241)),
    ],
)
def test_a_box_crop_is_grown_and_shifted_inside(
    box: Box, scale: float, expected: tuple[int, int, int, int]
) -> None:
    assert shifted_crop(box, scale, width=640, height=480) == expected


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((270.0, 180.0, 370.0, 300.0), (242, 162, 156)),  # 1.3 x 120 about (320, 240)
        ((0.0, 0.0, 100.0, 100.0), (-15, -15, 130)),
    ],
)
def test_a_square_crop_takes_the_longer_side(box: Box, expected: tuple[int, int, int]) -> None:
    assert square_crop(box, 1.3) == expected


def test_a_square_crop_that_reaches_out_is_mirrored_at_the_border() -> None:
    image = np.zeros((80, 80, 3), np.uint8)
    image[:, :, 0] = np.arange(80)  # each column is its own number
    crop = cut(image, (-20.0, 0.0, 60.0, 80.0), Crop(1.0, "square", "area"), 80)
    assert crop[0, :, 0].tolist() == [*range(20, 0, -1), *range(60)]


def test_area_resize_averages_where_linear_aliases() -> None:
    image = np.zeros((470, 470, 3), np.uint8)
    image[:, ::2] = 200  # stripes one pixel wide
    box = (0.0, 0.0, 470.0, 470.0)
    area = cut(image, box, Crop(1.0, "square", "area"), 80)
    linear = cut(image, box, Crop(1.0, "box", "linear"), 80)
    assert area.std() < 5 < 50 < linear.std()


@given(
    st.floats(-200, 700),
    st.floats(-200, 500),
    st.floats(1, 900),
    st.floats(1, 900),
    st.sampled_from([Crop(2.7, "box", "linear"), Crop(4, "box", "linear")]),
)
def test_a_box_crop_always_lies_in_the_frame(
    x: float, y: float, width: float, height: float, crop: Crop
) -> None:
    box = (x, y, x + width, y + height)
    left, top, right, bottom = shifted_crop(box, crop.scale, 640, 480)
    assert 0 <= left < right <= 640
    assert 0 <= top < bottom <= 480


@pytest.mark.parametrize("crop", [HYBRID, Crop(1.3, "square", "area")])
def test_a_crop_is_80_by_80_wherever_the_box_is(crop: Crop) -> None:
    image = live_clip(1)[0]
    for box in [(300.0, 100.0, 560.0, 440.0), (-50.0, -50.0, 40.0, 60.0), (10.0, 10.0, 12.0, 13.0)]:
        assert cut(image, box, crop, 112).shape == (112, 112, 3)


@pytest.mark.parametrize(
    "box",
    [
        (float("nan"), 0.0, 10.0, 10.0),
        (0.0, 0.0, float("inf"), 10.0),
        (10.0, 10.0, 10.5, 40.0),
        (40.0, 40.0, 10.0, 10.0),
    ],
)
def test_a_box_that_is_none_has_no_score(box: Box) -> None:
    assert not usable(box)
    assert LivenessReader(networks("hybrid")).score("hybrid", live_clip(1)[0], box) is None


def test_of_several_crops_the_mean_of_the_logits_counts_and_each_must_be_said() -> None:
    assert together([0.3]) == 0.3
    assert together([0.5, 0.9]) == pytest.approx(0.75)  # odds of 1 and 9: 3, their geometric mean
    assert together([0.5, None]) is None


def test_a_network_that_looks_at_several_crops_says_the_mean_of_what_it_says_of_each() -> None:
    image, box = live_clip(1)[0], (350.0, 120.0, 560.0, 400.0)
    usual = shipped().roles["hybrid"]
    alone, both = [], Crop(2.7, "box", "linear", also=(1.8,))
    for crop in (*looks(both), both):
        service = replace(usual, crop=crop)
        manifest = replace(shipped(), roles={**shipped().roles, "hybrid": service})
        loaded = Networks.load({"hybrid"}, "cpu", manifest=manifest)
        found = LivenessReader(loaded).score("hybrid", image, box)
        assert found is not None
        alone.append(found)
    assert [each.scale for each in looks(both)] == [2.7, 1.8]
    assert alone[2] == pytest.approx(together(alone[:2]), abs=1e-5)


def test_logits_that_are_no_numbers_have_no_score() -> None:
    assert bona_fide(np.array([0, np.nan, 0], np.float32)) is None
    assert bona_fide(np.array([0, np.inf, 0], np.float32)) is None
    assert bona_fide(np.array([0, 0, 0], np.float32)) == pytest.approx(1 / 3)
    assert bona_fide(np.array([-999, 999, -999], np.float32)) == 1.0
