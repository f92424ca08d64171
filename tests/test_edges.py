"""Edges of a medium about a face: on a real picture, and on SYNTHETIC sheets drawn into it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import open_file, resize
from models.face.detector import Detector, small_copy
from models.observation import Box
from models.passive.edges import CLEAR, LIMIT, edges
from models.session import Networks
from tests.support.project import ROOT

SIZE = (640, 480)
FACE: Box = (280.0, 180.0, 360.0, 290.0)


def person(seed: int = 0, at: tuple[int, int] = (320, 235)) -> ColorImage:
    """SYNTHETIC: an oval head on round shoulders before a wall, with a camera's noise."""
    image = np.full((SIZE[1], SIZE[0], 3), (150, 160, 165), np.uint8)
    x, y = at
    cv2.ellipse(image, (x, y + 250), (150, 170), 0, 0, 360, (60, 50, 45), -1, cv2.LINE_AA)
    cv2.ellipse(image, (x, y - 10), (52, 75), 0, 0, 360, (30, 30, 35), -1, cv2.LINE_AA)
    cv2.ellipse(image, (x, y), (42, 58), 0, 0, 360, (110, 140, 190), -1, cv2.LINE_AA)
    noise = np.random.default_rng(seed).normal(0.0, 3.0, image.shape)
    return np.clip(cv2.GaussianBlur(image, (0, 0), 1.0) + noise, 0, 255).astype(np.uint8)


def with_sheet(
    image: ColorImage,
    centre: tuple[float, float] = (320, 250),
    size: tuple[float, float] = (190, 290),
    tilt: float = 6.0,
) -> ColorImage:
    """SYNTHETIC: the dark bezel of a device about what is shown in it."""
    outline = np.asarray(cv2.boxPoints((centre, size, tilt)), np.int32)
    return np.asarray(
        cv2.polylines(image.copy(), [outline], True, (15, 15, 15), 9, cv2.LINE_AA),
        np.uint8,
    )


def with_door(image: ColorImage, at: tuple[int, int] = (320, 235)) -> ColorImage:
    """SYNTHETIC: a dark door behind the person, from the top to the floor."""
    behind = image.copy()
    cv2.rectangle(behind, (200, -10), (430, 490), (30, 40, 60), -1)
    return over(image, behind, at)


def with_window(image: ColorImage, at: tuple[int, int] = (320, 235)) -> ColorImage:
    """SYNTHETIC: a bright window behind the head, with its frame."""
    behind = image.copy()
    cv2.rectangle(behind, (230, 60), (520, 260), (40, 40, 45), 8)
    cv2.rectangle(behind, (236, 66), (514, 254), (235, 235, 235), -1)
    return over(image, behind, at)


def with_wall_picture(image: ColorImage, at: tuple[int, int] = (320, 235)) -> ColorImage:
    """SYNTHETIC: a framed picture on the wall beside the head."""
    behind = image.copy()
    cv2.rectangle(behind, (430, 100), (560, 280), (20, 20, 20), 6)
    cv2.rectangle(behind, (436, 106), (554, 274), (90, 120, 80), -1)
    return over(image, behind, at)


def over(image: ColorImage, behind: ColorImage, at: tuple[int, int]) -> ColorImage:
    """The person of a picture before what was drawn over the wall."""
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.ellipse(mask, (at[0], at[1] + 250), (150, 170), 0, 0, 360, 255, -1)
    cv2.ellipse(mask, (at[0], at[1] - 10), (52, 75), 0, 0, 360, 255, -1)
    cv2.ellipse(mask, at, (42, 58), 0, 0, 360, 255, -1)
    return np.where(mask[..., None] > 0, image, behind).astype(np.uint8)


def with_long_hair(image: ColorImage) -> ColorImage:
    """SYNTHETIC: hair that falls straight down to the chest at both sides."""
    image = image.copy()
    for x in (262, 362):
        cv2.rectangle(image, (x, 190), (x + 16, 330), (30, 30, 35), -1)
    return image


def with_hat(image: ColorImage) -> ColorImage:
    """SYNTHETIC: a wide, straight brim above the eyes."""
    image = image.copy()
    cv2.rectangle(image, (240, 168), (400, 182), (20, 20, 20), -1)
    cv2.rectangle(image, (275, 110), (365, 170), (20, 20, 20), -1)
    return image


def measured(image: ColorImage, box: Box = FACE) -> float | None:
    small = small_copy(image, 320)
    return edges(small, image.shape[1] / small.shape[1], box)


def test_a_device_about_a_face_has_edges() -> None:
    value = measured(with_sheet(person()))
    assert value is not None
    assert value > CLEAR


@pytest.mark.parametrize("tilt", [-14.0, 0.0, 14.0])
@pytest.mark.parametrize("size", [(150, 260), (260, 330)])
def test_however_it_is_held(tilt: float, size: tuple[float, float]) -> None:
    value = measured(with_sheet(person(), size=size, tilt=tilt))
    assert value is not None
    assert value > LIMIT


@pytest.mark.parametrize(
    "around",
    [lambda image: image, with_door, with_window, with_wall_picture, with_long_hair, with_hat],
    ids=["wall", "door", "window", "picture", "long hair", "hat"],
)
def test_what_stands_behind_a_person_or_is_worn_says_nothing(
    around: Callable[[ColorImage], ColorImage],
) -> None:
    value = measured(around(person()))
    assert value is not None
    assert value <= LIMIT


def test_a_real_person_before_a_panelled_door_says_nothing() -> None:
    capture = open_file(str(ROOT / "tests" / "data" / "single_face.mp4"))
    assert capture is not None
    image = capture.read()
    assert image is not None
    detector = Detector(Networks.load({"face"})["face"])
    value = measured(image, detector.find(image)[0].box)
    assert value is not None
    assert value <= LIMIT


def test_it_cannot_be_told_in_the_dark() -> None:
    assert measured((with_sheet(person()) // 12).astype(np.uint8)) is None


def test_nor_in_a_picture_without_any_sharp_edge() -> None:
    flat = np.full((480, 640, 3), 120, np.uint8)
    assert measured(flat) is None


def test_nor_of_a_face_that_is_too_small() -> None:
    assert measured(with_sheet(person()), (310.0, 230.0, 330.0, 255.0)) is None


def test_nor_of_a_face_that_fills_the_picture() -> None:
    image = with_sheet(person())[170:300, 260:380]
    close = resize(image, (640, 480), "linear")
    assert measured(close, (80.0, 30.0, 560.0, 470.0)) is None


@pytest.mark.parametrize(
    "box", [(300.0, 200.0, 300.0, 280.0), (900.0, 200.0, 980.0, 300.0), (np.nan,) * 4]
)
def test_nor_of_a_box_that_holds_nothing(box: Box) -> None:
    assert measured(with_sheet(person()), box) is None
