"""The scales of docs/understand/scales.md: which way they go, and what they do not depend on."""

import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import resize
from models.observation import Box, ImageQuality
from models.picture_measures import quality
from tests.support.eyes import live_clip, president

BOX: Box = (416.0, 300.0, 602.0, 564.0)  # the face in the first image of the live clip


def of(image: ColorImage, box: Box = BOX) -> ImageQuality:
    found = quality(image, box)
    assert found is not None
    return found


def blurred(image: ColorImage, times: int) -> ColorImage:
    """Averaged with its neighbours so many times over."""
    soft = image.astype(float)
    for _ in range(times):
        for axis in (0, 1):
            soft = (np.roll(soft, 1, axis) + soft + np.roll(soft, -1, axis)) / 3
    return soft.astype(np.uint8)


def lit(image: ColorImage, gain: float) -> ColorImage:
    return np.asarray(np.clip(image * gain, 0, 255), np.uint8)


def test_sharpness_falls_with_every_bit_of_blur() -> None:
    image, box = president(), (262.0, 58.0, 430.0, 288.0)
    values = [of(blurred(image, times), box).sharpness for times in (0, 1, 3, 9, 27, 81)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.7
    assert values[-1] < 0.1


def test_brightness_and_contrast_fall_with_the_light() -> None:
    image = live_clip(1)[0]
    values = [of(lit(image, gain)) for gain in (1.0, 0.8, 0.5, 0.2, 0.0)]
    for scale in ([v.brightness for v in values], [v.contrast for v in values]):
        assert scale == sorted(scale, reverse=True)
        assert scale[-1] == 0.0


def test_sharpness_is_not_a_matter_of_light() -> None:
    image = live_clip(1)[0]
    assert of(lit(image, 0.5)).sharpness == pytest.approx(of(image).sharpness, abs=0.03)


def test_sharpness_is_not_a_matter_of_pixels() -> None:
    image = live_clip(1)[0]
    larger = resize(image, (1920, 1440), "linear")
    box = (BOX[0] * 2, BOX[1] * 2, BOX[2] * 2, BOX[3] * 2)
    assert of(larger, box).sharpness == pytest.approx(of(image).sharpness, abs=0.12)


def test_what_stands_behind_the_face_does_not_count() -> None:
    image = live_clip(1)[0]
    other = np.random.default_rng(7).integers(0, 255, image.shape, np.uint8)
    other[300:564, 416:602] = image[300:564, 416:602]
    assert of(other) == of(image)


def test_a_flat_face_has_neither_sharpness_nor_contrast() -> None:
    assert of(np.full((540, 960, 3), 255, np.uint8)) == ImageQuality(0.0, 0.0, 1.0)


def test_all_scales_stay_between_0_and_1() -> None:
    noise = np.random.default_rng(1).integers(0, 2, (540, 960, 3), np.uint8) * 255
    found = of(noise.astype(np.uint8))
    assert all(0 <= v <= 1 for v in (found.sharpness, found.contrast, found.brightness))
    assert found.sharpness > 0.9


def test_a_box_beside_the_frame_has_no_quality() -> None:
    assert quality(live_clip(1)[0], (-300.0, 10.0, -100.0, 200.0)) is None
    assert quality(live_clip(1)[0], (2000.0, 10.0, 2100.0, 200.0)) is None


def test_a_box_half_beside_the_frame_is_measured_on_the_half_that_is_seen() -> None:
    assert quality(live_clip(1)[0], (-100.0, 100.0, 200.0, 400.0)) is not None
