"""What is against a picture of who must stand there: a real frame, worsened in known ways.

What is drawn over the face is SYNTHETIC (models/making/training/occluders.py).
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import read_image, resize
from kioskd.identity.reference_picture import (
    GRAVE,
    ROLES,
    SENTENCES,
    NoReferenceError,
    person_in,
    read_reference,
)
from models.making.training.occluders import OCCLUDERS
from models.session import Networks
from tests.support.eyes import ROOT

BADGE = ROOT / "docs/connect/desk/badges/1001.jpg"  # a man who looks into his webcam


@cache
def networks() -> Networks:
    return Networks.load(ROLES, "cpu", 1)


@cache
def good() -> ColorImage:
    return resize(read_image(str(BADGE)), (1000, 750), "linear")


@cache
def box() -> tuple[int, int, int, int]:
    left, top, width, height = read_reference(good(), networks()).rectangle
    return left, top, width, height


def shrunk(by: float) -> ColorImage:
    return np.asarray(
        cv2.resize(good(), None, fx=by, fy=by, interpolation=cv2.INTER_AREA), np.uint8
    )


def blurred(sigma: float) -> ColorImage:
    return np.asarray(cv2.GaussianBlur(good(), (0, 0), sigma), np.uint8)


def in_light(gain: float) -> ColorImage:
    return np.asarray(np.clip(good() * gain, 0, 255), np.uint8)


def half_dark() -> ColorImage:
    image, (left, _, width, _) = good().copy(), box()
    image[:, : left + width // 2] = (image[:, : left + width // 2] * 0.3).astype(np.uint8)
    return image


def cut() -> ColorImage:
    left, top, width, height = box()
    return good()[top : top + height + 60, left : left + width + 60].copy()


def tilted(degrees: float) -> ColorImage:
    height, width = good().shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(good(), matrix, (width, height)), np.uint8)


def behind(kind: str, seed: int = 1) -> ColorImage:
    mesh = person_in(good(), networks()).mesh
    assert mesh is not None
    return OCCLUDERS[kind](good(), mesh, np.random.default_rng(seed))[0]


def test_a_good_picture_has_nothing_against_it() -> None:
    found = read_reference(good(), networks())
    assert (found.quality, found.reasons) == ("high", ())


@pytest.mark.parametrize(
    ("worse", "reason"),
    [
        (lambda: shrunk(0.7), "face_small"),
        (lambda: shrunk(0.35), "face_very_small"),
        (lambda: blurred(3.0), "blurred"),
        (lambda: blurred(10.0), "very_blurred"),
        (lambda: in_light(0.2), "dark"),
        (lambda: in_light(4.0), "bright"),
        (half_dark, "uneven_light"),
        (cut, "cropped"),
        (lambda: tilted(20.0), "turned"),
        (lambda: tilted(40.0), "far_turned"),
        (lambda: behind("sunglasses"), "partly_covered"),
    ],
)
def test_what_is_wrong_with_a_picture_is_told(worse: Callable[[], ColorImage], reason: str) -> None:
    found = read_reference(worse(), networks())
    assert reason in found.reasons
    assert found.quality == ("low" if set(found.reasons) & GRAVE else "medium")
    assert set(found.reasons) <= set(SENTENCES)


def test_who_wears_a_mask_is_no_good_reference() -> None:
    """Told to be covered, or not even measured: either way nobody is enrolled by it."""
    found = [read_reference(behind("surgical_mask", seed), networks()) for seed in range(8)]
    assert {each.quality for each in found} == {"low"}
    assert sum("covered" in each.reasons for each in found) >= 4


def test_two_people_or_none_are_no_reference() -> None:
    for image, fault in (
        (np.hstack([good(), good()]), "several_faces"),
        (np.full(good().shape, 90, np.uint8), "no_face"),
        (shrunk(0.15), "face_too_small"),
    ):
        with pytest.raises(NoReferenceError) as error:
            read_reference(image, networks())
        assert error.value.fault == fault
