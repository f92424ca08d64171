"""The gate's defaults on the clip that ships: fit as it was filmed, unfit when made worse."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import kioskd.demo
from feeds.frame import ColorImage, Frame
from kioskd.modes.gate import Gate
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from models.observation import Measure, Wanted
from models.perceive import Perceiver, needs
from models.session import Networks
from tests.support.stage import refusal

CLIP = Path(kioskd.demo.__file__).parent / "clips" / "live.mov"
BEGIN, FRAMES = 20, 5  # the person is in view in frames 0 to 71, and here looks straight ahead
Change = Callable[[ColorImage], ColorImage]


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks.load(needs([Measure.POSE]))


@pytest.fixture(scope="module")
def pictures() -> list[ColorImage]:
    video = cv2.VideoCapture(str(CLIP))
    video.set(cv2.CAP_PROP_POS_FRAMES, BEGIN)
    found = [np.asarray(video.read()[1], np.uint8) for _ in range(FRAMES)]
    video.release()
    return found


def brighter(factor: float) -> Change:
    return lambda image: np.clip(image * factor, 0, 255).astype(np.uint8)


def blurred(sigma: float) -> Change:
    return lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def flatter(factor: float) -> Change:
    return lambda image: (128 + (image - 128.0) * factor).astype(np.uint8)


def turned(degrees: float) -> Change:
    def turn(image: ColorImage) -> ColorImage:
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        return np.asarray(cv2.warpAffine(image, matrix, (width, height)), np.uint8)

    return turn


def judged(networks: Networks, pictures: list[ColorImage], change: Change) -> set[Reason]:
    """All that the gate says of the frames in which the tracker follows the face."""
    perceiver, gate = Perceiver(networks), Gate(GateSettings(minimum_change=0.0), margins=False)
    said: set[Reason] = set()
    faces = 0
    for number, picture in enumerate(pictures):
        frame = Frame("clip", number, 0, number / 26, 1e9, change(picture))
        seen = perceiver.look(frame)
        for face in seen.faces:
            wanted = Wanted(face.track_id, frozenset({Measure.QUALITY, Measure.POSE}))
            (measured,) = perceiver.measure(frame, seen, wanted).faces
            said.update(refusal(gate, seen, measured))
            gate.follow(seen, measured)
            faces += 1
    assert faces >= FRAMES - 2
    return said


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (brighter(1.0), set()),
        (blurred(1), set()),
        (brighter(0.5), set()),
        (brighter(1.5), set()),
        (blurred(8), {Reason.BLURRY}),
        (brighter(0.25), {Reason.LOW_CONTRAST, Reason.TOO_DARK}),
        (brighter(3.5), {Reason.TOO_BRIGHT}),
        (flatter(0.3), {Reason.LOW_CONTRAST}),
        (turned(28), {Reason.HEAD_TILTED}),
    ],
    ids=[
        "as filmed",
        "a little soft",
        "half the light",
        "half as much light again",
        "out of focus",
        "a quarter of the light",
        "washed out",
        "hazy",
        "head tilted",
    ],
)
def test_gate_on_the_shipped_clip(
    networks: Networks, pictures: list[ColorImage], change: Change, expected: set[Reason]
) -> None:
    assert judged(networks, pictures, change) == expected
