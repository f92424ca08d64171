"""A face that comes closer, measured by optical flow on a real portrait made larger."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feeds.frame import ColorImage, Frame
from feeds.imaging import read_image, warp_affine
from models.motion import MotionMeter
from models.observation import Face

PORTRAIT = read_image(str(Path(__file__).parent / "data" / "astronaut.png"))
FACE = Face(1, (180.0, 60.0, 270.0, 180.0), 0.9, True)
CENTRE = np.array([225.0, 120.0])


def frame(number: int, size: float, session: int = 0) -> Frame:
    at = number / 15
    return Frame("clip", number, session, at, at, portrait(size))


def portrait(size: float) -> ColorImage:
    """The portrait, `size` times as large about its face."""
    shift = CENTRE - size * CENTRE
    matrix = np.array([[size, 0.0, shift[0]], [0.0, size, shift[1]]])
    return warp_affine(PORTRAIT, matrix, (512, 512))


def face(size: float, track: int = 1) -> Face:
    (x, y), (half_w, half_h) = CENTRE, (45.0 * size, 60.0 * size)
    return replace(FACE, track_id=track, box=(x - half_w, y - half_h, x + half_w, y + half_h))


@pytest.mark.parametrize("growth", [1.0, 1.03, 0.97])
def test_the_growth_of_the_picture_is_what_is_measured(growth: float) -> None:
    meter = MotionMeter(320)
    assert meter.measure(frame(0, 1.0), face(1.0)).zoom is None
    grown = 1.0
    for number in range(1, 9):
        size = growth**number
        zoom = meter.measure(frame(number, size), face(size)).zoom
        assert zoom is not None
        grown *= zoom
    assert grown == pytest.approx(growth**8, rel=0.05)


def test_a_box_that_grows_by_itself_does_not_count() -> None:
    meter = MotionMeter(320)
    meter.measure(frame(0, 1.0), face(1.0))
    zoom = meter.measure(frame(1, 1.0), face(1.1)).zoom
    assert zoom == pytest.approx(1.0, abs=0.02)


def test_asked_twice_about_one_frame_it_gives_the_same_answer() -> None:
    meter = MotionMeter(320)
    meter.measure(frame(0, 1.0), face(1.0))
    first = meter.measure(frame(1, 1.05), face(1.05))
    assert meter.measure(frame(1, 1.05), face(1.05)) == first
    assert first.zoom == pytest.approx(1.05, abs=0.02)


def test_nothing_is_measured_from_one_person_or_session_to_another() -> None:
    meter = MotionMeter(320)
    meter.measure(frame(0, 1.0), face(1.0))
    assert meter.measure(frame(1, 1.0), face(1.0, track=2)).zoom is None
    assert meter.measure(frame(2, 1.0, session=1), face(1.0, track=2)).zoom is None


def test_a_cut_to_another_picture_is_no_growth() -> None:
    meter = MotionMeter(320)
    meter.measure(frame(0, 1.0), face(1.0))
    noise = np.random.default_rng(7).integers(0, 255, (512, 512, 3), np.uint8)
    other = replace(frame(1, 1.0), color=noise)
    assert meter.measure(other, face(1.0)).zoom is None
