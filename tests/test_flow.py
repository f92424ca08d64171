"""Faces carried by optical flow between two detections."""

from itertools import pairwise

import numpy as np
import pytest

from feeds.imaging import Image, to_grey, warp_affine
from models.face.faces import Detector, small_copy
from models.flow import follow
from models.observation import Box, overlap
from tests.support.eyes import astronaut, live_clip, networks

FACE: Box = (180.0, 63.0, 269.0, 174.0)  # the astronaut's


def moved(zoom: float, right: float, down: float) -> Image:
    """The grey portrait with the face zoomed about its centre, then shifted."""
    centre = np.array([224.5, 118.5])
    shift = np.array([right, down]) + centre - zoom * centre
    matrix = np.column_stack((zoom * np.eye(2), shift))
    return to_grey(warp_affine(astronaut(), matrix, (512, 512), border="reflect"))


@pytest.mark.parametrize(
    ("zoom", "right", "down"), [(1.0, 0, 0), (1.0, 9, -6), (1.1, 0, 0), (0.92, -5, 4)]
)
def test_the_box_goes_where_the_face_went(zoom: float, right: float, down: float) -> None:
    move = follow(to_grey(astronaut()), moved(zoom, right, down), FACE, 1.0)
    assert move is not None
    x1, y1, x2, y2 = FACE
    half = zoom * np.array([x2 - x1, y2 - y1]) / 2
    centre = np.array([224.5 + right, 118.5 + down])
    expected = (*(centre - half), *(centre + half))
    assert move.box(FACE) == pytest.approx(expected, abs=2.0)


def test_on_a_real_face_the_carried_box_stays_with_the_detectors() -> None:
    images = live_clip(30)  # he sits still and sways: a box that jumps is the detector's
    small = [small_copy(image, 320) for image in images]
    detector = Detector(networks("face")["face"])
    box = detector.detect(small[20], 3.0)[0].box
    for before, now in pairwise(small[20:]):
        move = follow(to_grey(before), to_grey(now), box, 3.0)
        assert move is not None
        box = move.box(box)
        assert overlap(box, detector.detect(now, 3.0)[0].box) > 0.85


def test_a_face_that_was_replaced_is_not_followed() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (512, 512), np.uint8)
    assert follow(to_grey(astronaut()), noise, FACE, 1.0) is None


def test_a_face_that_leapt_is_not_followed() -> None:
    assert follow(to_grey(astronaut()), moved(1.5, 0, 0), FACE, 1.0) is None
