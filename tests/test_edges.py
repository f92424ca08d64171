"""Edges of a medium about a face: on a real picture, and on SYNTHETIC sheets drawn into it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import resize
from models.face.faces import Detector, small_copy
from models.observation import Box
from models.passive.edges import CLEAR, LIMIT, EdgeMeter, edges, lines
from models.session import Networks
from tests.support.clips import images_of
from tests.support.project import ROOT

SIZE = (640, 480)
FACE: Box = (280.0, 180.0, 360.0, 290.0)
Tone = tuple[int, int, int]


def person(seed: int = 0, at: tuple[int, int] = (320, 235)) -> ColorImage:
    """SYNTHETIC: an oval head on round shoulders before a wall, with a camera's noise."""
    image = np.full((SIZE[1], SIZE[0], 3), (150, 160, 165), np.uint8)
    shape(image, at, (60, 50, 45), (30, 30, 35), (110, 140, 190))
    noise = np.random.default_rng(seed).normal(0.0, 3.0, image.shape)
    return np.clip(cv2.GaussianBlur(image, (0, 0), 1.0) + noise, 0, 255).astype(np.uint8)


def shape(image: ColorImage, at: tuple[int, int], shirt: Tone, hair: Tone, skin: Tone) -> None:
    """Draws head and shoulders into an image."""
    x, y = at
    cv2.ellipse(image, (x, y + 190), (150, 100), 0, 0, 360, shirt, -1, cv2.LINE_AA)
    cv2.rectangle(image, (x - 150, y + 190), (x + 150, y + 600), shirt, -1)
    cv2.rectangle(image, (x - 24, y), (x + 24, y + 110), skin, -1)
    cv2.ellipse(image, (x, y - 10), (52, 75), 0, 0, 360, hair, -1, cv2.LINE_AA)
    cv2.ellipse(image, (x, y), (42, 58), 0, 0, 360, skin, -1, cv2.LINE_AA)


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
    mask = np.zeros_like(image)
    shape(mask, at, *[(255, 255, 255)] * 3)
    return np.where(mask > 0, image, behind).astype(np.uint8)


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


def with_scarf(image: ColorImage) -> ColorImage:
    """SYNTHETIC: a scarf straight across the chest, with two ends that hang down."""
    image = image.copy()
    cv2.rectangle(image, (262, 286), (378, 318), (40, 40, 170), -1)
    cv2.rectangle(image, (282, 318), (304, 470), (40, 40, 170), -1)
    return image


def with_crowd(image: ColorImage, at: tuple[int, int] = (320, 235)) -> ColorImage:
    """SYNTHETIC: others behind, at both sides."""
    behind = image.copy()
    for x in (90, 215, 450, 570):
        shape(behind, (x, 190), (90, 60, 40), (40, 50, 60), (100, 130, 180))
    return over(image, behind, at)


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
    [
        lambda image: image,
        with_door,
        with_window,
        with_wall_picture,
        with_crowd,
        with_long_hair,
        with_hat,
        with_scarf,
    ],
    ids=["wall", "door", "window", "picture", "crowd", "long hair", "hat", "scarf"],
)
def test_what_stands_behind_a_person_or_is_worn_says_nothing(
    around: Callable[[ColorImage], ColorImage],
) -> None:
    value = measured(around(person()))
    assert value is not None
    assert value <= LIMIT


@pytest.mark.parametrize("name", ["smiling.mp4", "astronaut.png", "turning_head.mp4"])
def test_a_real_person_before_a_map_a_flag_or_a_wall_says_nothing(name: str) -> None:
    (image,) = images_of(ROOT / "tests" / "data" / name, 1)
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


class Followed:
    """A face that is followed: each frame through one meter, at a steady rate."""

    def __init__(self, fps: float = 15.0) -> None:
        self.meter, self.at, self.step_s = EdgeMeter(), 0.0, 1 / fps

    def sees(
        self, image: ColorImage, across: int = 0, *, track_id: int = 1, session: int = 0
    ) -> float | None:
        """`across`: pixels by which the face has moved."""
        self.at += self.step_s
        small = small_copy(image, 320)
        box = (FACE[0] + across, FACE[1], FACE[2] + across, FACE[3])
        return self.meter.measure(small, SIZE[0] / 320, box, track_id, session, self.at)


def swaying(fps: float) -> list[int]:
    """Pixels by which a face has moved in each frame of two seconds."""
    return [round(45 * np.sin(5 * at / fps)) for at in range(int(2 * fps))]


@pytest.mark.parametrize("fps", [5.0, 15.0, 60.0])
def test_a_device_that_moves_with_the_face_stays(fps: float) -> None:
    followed = Followed(fps)
    values = [
        followed.sees(with_sheet(person(at, (320 + x, 235)), (320.0 + x, 250.0)), x)
        for at, x in enumerate(swaying(fps))
    ]
    assert min(value for value in values if value is not None) > LIMIT
    assert len([value for value in values if value is None]) == 0


@pytest.mark.parametrize("fps", [5.0, 15.0, 60.0])
def test_a_frame_that_stays_behind_a_face_that_moves_fades(fps: float) -> None:
    """A frame about the whole person stands as a device would, until they move."""
    followed = Followed(fps)
    around = [(person(at, (320 + x, 235)), x) for at, x in enumerate(swaying(fps))]
    values = [followed.sees(with_sheet(image), x) for image, x in around]
    assert values[0] is not None
    assert values[0] > CLEAR
    assert values[-1] is not None
    assert values[-1] < LIMIT


@pytest.mark.parametrize(
    "change", [{"track_id": 2}, {"session": 1}], ids=["another face", "another session"]
)
def test_what_was_seen_about_another_is_forgotten(change: dict[str, int]) -> None:
    followed = Followed()
    for at in range(5):
        followed.sees(with_sheet(person(at)))
    assert followed.sees(person(9), **change) == measured(person(9))


def test_and_so_is_what_was_seen_before_frames_were_dropped() -> None:
    followed = Followed()
    for at in range(5):
        followed.sees(with_sheet(person(at)))
    followed.at += 2.0
    assert followed.sees(person(9)) == measured(person(9))


def test_a_frame_that_cannot_be_told_is_none_and_forgets() -> None:
    followed = Followed()
    followed.sees(with_sheet(person()))
    assert followed.sees(np.full((480, 640, 3), 120, np.uint8)) is None
    assert followed.sees(person(9)) == measured(person(9))


@pytest.mark.parametrize("tilt", [-12.0, 0.0, 6.0, 12.0])
@pytest.mark.parametrize("by", [1, 2])
def test_the_edges_are_shown_where_they_lie(tilt: float, by: int) -> None:
    """Both ends of three lines lie on a side of the sheet, within what is blurred of it."""
    image = with_sheet(person(), tilt=tilt)
    frame = resize(image, (SIZE[0] * by, SIZE[1] * by), "linear")
    small = small_copy(frame, 320)
    x1, y1, x2, y2 = FACE
    found = lines(small, frame.shape[1] / small.shape[1], (by * x1, by * y1, by * x2, by * y2))
    assert len(found) == 3
    corners = cv2.boxPoints(((320, 250), (190, 290), tilt)) * by
    sides = [(a, b) for a, b in zip(corners, np.roll(corners, 1, axis=0), strict=True)]
    for line in found:
        assert min(max(away(end, *side) for end in line) for side in sides) < 12 * by, line


def away(point: tuple[float, float], first: np.ndarray, last: np.ndarray) -> float:
    """Pixels from a line through two points."""
    along = last - first
    across = np.array((-along[1], along[0])) / np.linalg.norm(along)
    return float(abs((np.array(point) - first) @ across))


def test_where_no_edges_can_be_told_none_are_shown() -> None:
    assert lines(np.zeros((240, 320, 3), np.uint8), 2.0, FACE) == ()
