"""A screen's grid in a face, and bands that roll over it: on real pictures and SYNTHETIC ones."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import resize
from models.face.faces import Detector, small_copy
from models.observation import Box
from models.passive.screens import (
    BANDS_CLEAR,
    BANDS_LIMIT,
    CLEAR,
    COARSE,
    EVERY,
    FINE,
    LATELY,
    LIMIT,
    BandMeter,
    GridMeter,
    grid,
    screens,
)
from models.session import Networks
from tests.support.clips import images_of
from tests.support.project import ROOT

SIZE = (640, 480)
FACE: Box = (245.0, 120.0, 395.0, 320.0)
STEP_S = 1 / 15


@pytest.fixture(scope="module")
def real() -> list[tuple[ColorImage, Box]]:
    """Frames of a real person who moves, and the face in each."""
    detector = Detector(Networks.load({"face"})["face"])
    images = images_of(ROOT / "tests" / "data" / "smiling.mp4", 40)
    return [(image, detector.find(image)[0].box) for image in images]


def skin(seed: int = 0, size: tuple[int, int] = SIZE) -> ColorImage:
    """SYNTHETIC: smooth blotches of a skin's colours, and a camera's noise."""
    random = np.random.default_rng(seed)
    blotches = random.normal(0.0, 6.0, (size[1] // 16, size[0] // 16, 3)).astype(np.float32)
    tone = np.array((110, 140, 190), np.float32)
    image = cv2.resize(blotches, size, interpolation=cv2.INTER_CUBIC) + tone
    return np.clip(image + random.normal(0.0, 2.5, image.shape), 0, 255).astype(np.uint8)


def with_grid(
    image: ColorImage, pitch: float, degrees: float, depth: float = 0.06, colours: float = 1 / 3
) -> ColorImage:
    """SYNTHETIC: an even grid over the picture; `colours`: of a pitch from one colour to the next.

    `pitch` in pixels.
    """
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    angle = np.deg2rad(degrees)
    across = (x * np.cos(angle) + y * np.sin(angle)) / pitch
    waves = [np.cos(2 * np.pi * (across + colours * channel)) for channel in range(3)]
    return np.clip(image * (1 + depth * np.stack(waves, -1)), 0, 255).astype(np.uint8)


def compressed(image: ColorImage, quality: int) -> ColorImage:
    _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


@pytest.mark.parametrize("pitch", [2.6, 4.0, 6.5, 9.0, 12.0])
@pytest.mark.parametrize("degrees", [20.0, 45.0, -60.0])
def test_an_even_grid_stands_out(pitch: float, degrees: float) -> None:
    value = screens(with_grid(skin(), pitch, degrees), FACE)
    assert value is not None
    assert value > CLEAR


@pytest.mark.parametrize("pitch", [12.0, 14.0])
def test_coarse_moire_is_seen_by_the_coarser_look_alone(pitch: float) -> None:
    image = with_grid(skin(), pitch, 30.0)
    fine, coarse = grid(image, FACE, FINE), grid(image, FACE, COARSE)
    assert fine is not None
    assert coarse is not None
    assert fine.stands_out <= LIMIT < coarse.stands_out + COARSE.skin
    assert np.hypot(*coarse.wave) == pytest.approx(1 / pitch, rel=0.1)


def test_also_one_of_brightness_alone() -> None:
    value = screens(with_grid(skin(), 4.0, 30.0, colours=0.0), FACE)
    assert value is not None
    assert value > LIMIT


@pytest.mark.parametrize("quality", [95, 85, 75])
def test_skin_has_none_however_it_was_compressed(quality: int) -> None:
    value = screens(compressed(skin(), quality), FACE)
    assert value is not None
    assert value <= LIMIT


@pytest.mark.parametrize("axis", [0, 1], ids=["level", "upright"])
def test_level_and_upright_stripes_are_an_encoders(axis: int) -> None:
    striped = np.moveaxis(skin(), axis, 0)
    striped[::8] = striped[::8] // 2
    value = screens(np.ascontiguousarray(np.moveaxis(striped, 0, axis)), FACE)
    assert value is not None
    assert value <= LIMIT


@pytest.mark.parametrize("quality", [30, 15, 5])
def test_a_fine_one_cannot_be_told_where_an_encoder_wiped_out_all_that_is_fine(
    quality: int,
) -> None:
    assert grid(compressed(with_grid(skin(), 2.6, 20.0), quality), FACE, FINE) is None


def test_and_coarse_moire_outlives_it() -> None:
    value = screens(compressed(with_grid(skin(), 12.0, 30.0), 30), FACE)
    assert value is not None
    assert value > CLEAR


def test_a_real_face_has_no_grid(real: list[tuple[ColorImage, Box]]) -> None:
    values = [screens(image, box) for image, box in real]
    told = [value for value in values if value is not None]
    assert told
    assert max(told) <= LIMIT


def test_and_has_one_when_it_is_drawn_over_it(real: list[tuple[ColorImage, Box]]) -> None:
    image, box = real[0]
    value = screens(with_grid(image, 4.0, 20.0, depth=0.1), box)
    assert value is not None
    assert value > LIMIT


@pytest.mark.parametrize(
    "box",
    [
        (300.0, 200.0, 400.0, 320.0),
        (-80.0, 100.0, 100.0, 300.0),
        (900.0, 100.0, 1100.0, 300.0),
        (np.nan,) * 4,
    ],
    ids=["small", "cut off", "outside", "no number"],
)
def test_a_face_too_small_or_not_in_the_picture_cannot_be_told(box: Box) -> None:
    assert screens(with_grid(skin(), 4.0, 20.0), box) is None


def test_it_is_looked_for_now_and_then() -> None:
    meter = GridMeter()
    first = meter.measure(with_grid(skin(), 4.0, 20.0), FACE, 1, 0)
    assert [meter.measure(skin(), FACE, 1, 0) for _ in range(EVERY - 1)] == [first] * (EVERY - 1)
    assert meter.measure(skin(), FACE, 1, 0) == screens(skin(), FACE)


@pytest.mark.parametrize("other", [(2, 0), (1, 1)], ids=["another face", "another session"])
def test_and_at_once_in_another(other: tuple[int, int]) -> None:
    meter = GridMeter()
    meter.measure(with_grid(skin(), 4.0, 20.0), FACE, 1, 0)
    assert meter.measure(skin(), FACE, *other) == screens(skin(), FACE)


def banded(
    image: ColorImage, number: int, columns: slice, *, roll: float = 1.3, depth: float = 0.08
) -> ColorImage:
    """SYNTHETIC: four bands over some columns, `roll` radians further in each frame."""
    rows = np.linspace(0.0, 8 * np.pi, image.shape[0])[:, None, None]
    found = image.astype(np.float64)
    found[:, columns] *= 1 + depth * np.sin(rows + roll * number)
    return np.clip(found, 0, 255).astype(np.uint8)


SCREEN = slice(220, 420)  # columns
EVERYWHERE = slice(None)


def bands(frames: Sequence[tuple[ColorImage, Box]], step_s: float = STEP_S) -> list[float | None]:
    meter = BandMeter()
    values = []
    for number, (image, box) in enumerate(frames):
        small = small_copy(image, 320)
        scale = image.shape[1] / small.shape[1]
        values.append(meter.measure(small, scale, box, 1, 0, number * step_s))
    return values


@pytest.mark.parametrize("fps", [5.1, 15, 60])
def test_bands_that_roll_over_a_screen_are_seen(fps: float) -> None:
    frames = [(banded(skin(at), at, SCREEN), FACE) for at in range(16)]
    values = bands(frames, 1 / fps)
    assert values[:LATELY] == [None] * LATELY
    assert min(value for value in values[LATELY:] if value is not None) > BANDS_LIMIT


def test_deep_ones_clearly() -> None:
    frames = [(banded(skin(at), at, SCREEN, depth=0.15), FACE) for at in range(16)]
    value = bands(frames)[-1]
    assert value is not None
    assert value > BANDS_CLEAR


@pytest.mark.parametrize(
    ("columns", "roll"),
    [(EVERYWHERE, 1.3), (SCREEN, 0.0), (slice(0), 0.0)],
    ids=["a lamp's, over the whole room", "that stand", "none"],
)
def test_others_are_not(columns: slice, roll: float) -> None:
    frames = [(banded(skin(at), at, columns, roll=roll), FACE) for at in range(16)]
    value = bands(frames)[-1]
    assert value is not None
    assert value <= BANDS_LIMIT


def test_a_real_person_who_moves_has_none(real: list[tuple[ColorImage, Box]]) -> None:
    told = [value for value in bands(real) if value is not None]
    assert told
    assert max(told) <= BANDS_LIMIT


def test_nor_is_a_flash_of_the_light_a_band() -> None:
    frames = [((skin(at) * (0.6 if at % 3 else 1.0)).astype(np.uint8), FACE) for at in range(16)]
    value = bands(frames)[-1]
    assert value is not None
    assert value <= BANDS_LIMIT


def test_it_cannot_be_told_when_the_face_leaves_no_room_beside_it() -> None:
    close = (60.0, 20.0, 580.0, 470.0)
    assert set(bands([(banded(skin(at), at, EVERYWHERE), close) for at in range(16)])) == {None}


def test_nor_when_frames_are_far_apart() -> None:
    frames = [(banded(skin(at), at, SCREEN), FACE) for at in range(16)]
    assert set(bands(frames, 0.3)) == {None}


def test_nor_across_a_change_of_resolution() -> None:
    frames = [(banded(skin(at), at, SCREEN), FACE) for at in range(LATELY)]
    wide = [(resize(image, (640, 360), "linear"), FACE) for image, _ in frames]
    assert set(bands([*frames, *wide])) == {None}


@pytest.mark.parametrize("box", [(300.0, 1.0, 300.0, 9.0), (900.0, 1.0, 990.0, 9.0)])
def test_nor_of_a_box_that_holds_nothing(box: Box) -> None:
    assert set(bands([(skin(at), box) for at in range(16)])) == {None}
