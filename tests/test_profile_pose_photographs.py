"""Photographs that are moved before the camera do not pass profile pose: through the real networks.

The photographs are SYNTHETIC attacks (tests/support/photographs.py); the turn that must pass is a
real head.
"""

from collections.abc import Callable, Sequence
from math import pi, sin

import numpy as np
import pytest

from feeds.frame import ColorImage, Frame
from kioskd.event import Result
from kioskd.modes.pose.pose_mode import PoseMode
from kioskd.modes.pose.pose_settings import GATE, PoseSettings
from models.perceive import Perceiver
from tests.support.eyes import astronaut, networks, shown_to
from tests.support.photographs import bent, held, turning_head

FPS = 12.0
PICTURES: dict[str, Callable[[], ColorImage]] = {
    "a portrait": astronaut,
    "from the front": lambda: turning_head()[13],
}
SWING = [sin(2 * pi * n / 20) for n in range(20)]  # to both sides, in less than two seconds

MOVED: dict[str, Callable[[ColorImage, float], ColorImage]] = {
    "turned": lambda picture, share: held(picture, yaw=60 * share),
    "turned and tilted": lambda picture, share: held(picture, yaw=50 * share, tilt=20 * share),
    "turned and brought nearer": lambda picture, share: held(
        picture, yaw=45 * share, nearer=1 + 0.3 * abs(share)
    ),
    "moved to and fro": lambda picture, share: held(picture, across=80 * share, yaw=30 * share),
    "bent and turned": lambda picture, share: bent(picture, 120.0, 35 * share),
    "bent more and less": lambda picture, share: bent(picture, 90.0 + 60 * share),
}


def judged(images: Sequence[ColorImage]) -> tuple[list[Result], int]:
    """What the mode concludes, and how many frames it took for evidence."""
    eye = Perceiver(networks("face", "mesh", "identity"))
    mode = PoseMode(PoseSettings(), GATE)
    results, evidence = [], 0
    grain = np.random.default_rng(0)  # of a sensor: no two images of a still scene are equal
    for number, image in enumerate(images):
        at = number / FPS
        noisy = np.clip(image + grain.normal(0, 2, image.shape), 0, 255).astype(np.uint8)
        frame = Frame("door", number, 0, 100.0 + at, 1.7e9 + at, noisy)
        step = shown_to(mode, eye, frame)
        evidence += not step.reasons
        results += [step.result] if step.result else []
    return results, evidence


def still(picture: ColorImage, move: Callable[[ColorImage, float], ColorImage]) -> list[ColorImage]:
    return [move(picture, 0.0)] * 10


@pytest.mark.parametrize("moved", MOVED)
@pytest.mark.parametrize("picture", PICTURES)
def test_a_photograph_does_not_pass_however_it_is_moved(picture: str, moved: str) -> None:
    shown, move = PICTURES[picture](), MOVED[moved]
    results, evidence = judged(still(shown, move) + [move(shown, share) for share in SWING])
    assert "passed" not in {result.verdict for result in results}
    assert evidence >= 5  # the face was seen, and judged


def test_two_photographs_that_are_swapped_do_not_pass() -> None:
    front, side = (held(turning_head()[n]) for n in (13, 18))
    results, evidence = judged([*[front] * 12, *[side] * 6, *[front] * 6, *[side] * 6])
    assert "passed" not in {result.verdict for result in results}
    assert evidence >= 5


def test_a_photograph_pushed_aside_by_another_does_not_pass() -> None:
    front, side = turning_head()[13], turning_head()[18]
    out = [held(front, across=60.0 * n) for n in range(6)]
    back = [held(side, across=300.0 - 60.0 * n) for n in range(6)]
    results, _ = judged([*[held(front)] * 12, *out, *back, *[held(side)] * 6])
    assert "passed" not in {result.verdict for result in results}


def test_the_real_head_at_the_same_size_does_pass() -> None:
    """So it is the motion that is refused above, and not the size, light or place of the face."""
    front, turn = turning_head()[13], turning_head()[14:]
    results, _ = judged([*[held(front)] * 9, *map(held, turn)])
    assert [result.verdict for result in results] == ["passed"]
