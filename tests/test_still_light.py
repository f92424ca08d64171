"""The scales of a still fall as the photograph gets worse, and its bands never rise."""

from functools import cache

import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import read_image, resize
from kioskd.inspect.profiles import rules
from kioskd.inspect.still_finding import SEVERITY
from models.making.scenes.conditions import CONDITIONS
from models.observation import Box
from models.stills.light import light
from tests.support.clips import images_of
from tests.support.daemon import LIVE
from tests.support.eyes import president
from tests.support.stills import PORTRAIT, eye

LEEWAY = 0.002  # by which rounding to grey levels may raise a value


@cache
def faces() -> tuple[tuple[ColorImage, Box], ...]:
    """Three people: two portraits, and one before a webcam."""
    clips = (images_of(LIVE, 1)[0], president())
    images = (read_image(str(PORTRAIT)), *clips)
    return tuple((image, eye().find(image)[0].box) for image in images)


@pytest.mark.parametrize("scale", CONDITIONS)
@pytest.mark.parametrize("person", range(3))
def test_what_makes_a_photograph_worse_never_makes_its_band_better(scale: str, person: int) -> None:
    image, box = faces()[person]
    worsened, _, steps = CONDITIONS[scale]
    rule = rules("selfie")[scale]
    told = [light(worsened(image, box, step), box) for step in steps]
    values = np.array([getattr(each, scale) for each in told])
    better = 1.0 if rule.better == "more" else -1.0
    assert (np.diff(values * better) <= LEEWAY).all(), values
    bands = [SEVERITY.index(rule.judge(value).band) for value in values.tolist()]
    assert bands == sorted(bands)
    assert bands[0] == 0  # as it was photographed it is accepted


@pytest.mark.parametrize(
    ("scale", "step"), [("sharpness", 3.0), ("contrast", 0.2), ("brightness", -4.0), ("shadow", 4)]
)
def test_what_nobody_would_take_is_rejected(scale: str, step: float) -> None:
    for image, box in faces():
        told = light(CONDITIONS[scale][0](image, box, step), box)
        assert rules("selfie")[scale].judge(getattr(told, scale)).band == "reject"


def test_the_scales_are_of_the_face_and_not_of_its_pixels() -> None:
    image, box = faces()[0]
    large = resize(image, (image.shape[1] * 3, image.shape[0] * 3), "linear")
    one = light(image, box)
    other = light(large, (3 * box[0], 3 * box[1], 3 * box[2], 3 * box[3]))
    assert one is not None
    assert other is not None
    for scale in ("contrast", "brightness", "overexposed", "shadow", "backlight"):
        assert getattr(one, scale) == pytest.approx(getattr(other, scale), abs=0.02), scale


def test_a_face_outside_the_picture_has_no_light() -> None:
    image, _ = faces()[0]
    assert light(image, (600.0, 600.0, 700.0, 700.0)) is None
    assert light(image, (-90.0, -90.0, -10.0, -10.0)) is None


def test_what_is_white_is_overexposed_and_what_is_black_is_nothing_of_it() -> None:
    box = (20.0, 20.0, 80.0, 80.0)
    white, black = (light(np.full((100, 100, 3), tone, np.uint8), box) for tone in (255, 0))
    assert white is not None
    assert black is not None
    assert (white.overexposed, black.overexposed) == (1.0, 0.0)
    assert (white.brightness, black.brightness) == (0.89, 0.0)  # the highlights, of skin
    assert (white.contrast, black.contrast) == (0.0, 0.0)
