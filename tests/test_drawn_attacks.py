"""The drawn attacks that networks are trained on: the same from a seed, and still faces."""

from collections.abc import Callable

import numpy as np
import pytest

from feeds.frame import ColorImage
from models.face.faces import Detector, small_copy
from models.making.training.composites import MEDIA, attack_frame
from models.making.training.drawn_attacks import filmed, recaptured
from models.observation import Box
from tests.support.eyes import astronaut, live_clip, networks

# Pixel work that must be the same on the other OPENCV.


def face_box() -> Box:
    return Detector(networks("face")["face"]).detect(small_copy(astronaut(), 320), 512 / 320)[0].box


@pytest.mark.parametrize("draw", [recaptured, filmed])
def test_the_same_seed_draws_the_same_picture_and_another_seed_another(
    draw: Callable[[ColorImage, np.random.Generator], ColorImage],
) -> None:
    first, again, other = (draw(astronaut(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == astronaut().shape
    assert first.dtype == np.uint8
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("seed", range(8))
def test_a_drawn_attack_is_another_picture_of_the_same_person(seed: int) -> None:
    attack = recaptured(astronaut(), np.random.default_rng(seed))
    given, found = (image.mean(2).ravel() for image in (astronaut(), attack))
    assert np.abs(given - found).mean() > 3
    assert np.corrcoef(given, found)[0, 1] > 0.4


@pytest.mark.parametrize("kind", MEDIA)
def test_the_detector_finds_the_face_on_every_medium(kind: str) -> None:
    detector = Detector(networks("face")["face"])
    random = np.random.default_rng(30107)
    found = 0
    for _ in range(5):
        image = attack_frame(astronaut(), face_box(), live_clip(1)[0], kind, random)
        assert image.shape == (480, 640, 3)
        found += bool(detector.detect(small_copy(image, 320), 2.0))
    assert found >= 3
