"""Faces turned in the picture, over the full circle: one face is one face, and none opens."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import kioskd.demo
from feeds.frame import ColorImage
from feeds.imaging import turned, warp_affine
from kioskd.event import Step
from kioskd.modes.gate import Gate
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import SURE, Face, Measure, Wanted
from models.perceive import Perceiver
from tests.support.clips import images_of
from tests.support.eyes import RGB_DOOR, astronaut, frame, live_clip, networks, shown_to
from tests.support.stage import refusal

ATTACK = Path(kioskd.demo.__file__).parent / "clips" / "attack.mp4"
EYE = networks(*RGB_DOOR)
ANGLES = range(0, 360, 15)
# A box jumps, or there is none, where the detector is unsure.
MOVES = {"picture_turned", "moving", "no_face", "face_missed", "not_measured"}
TILTED = {Reason.HEAD_TILTED, Reason.PICTURE_TURNED}
# Everything but pose is let through: a picture turned about its middle has no edges left.
POSE_ALONE = GateSettings(
    minimum_face_size_px=0.0,
    maximum_face_share=1.0,
    minimum_border_px=-1000.0,
    minimum_sharpness=0.0,
    minimum_contrast=0.0,
    minimum_change=0.0,
)


@cache
def attack() -> ColorImage:
    return images_of(ATTACK, 1)[0]


def at(image: ColorImage, degrees: float) -> ColorImage:
    """The image turned clockwise about its middle, as large as it takes to lose nothing."""
    height, width = image.shape[:2]
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    wide = round(abs(width * cos) + abs(height * sin))
    high = round(abs(width * sin) + abs(height * cos))
    turn = np.array(((cos, -sin), (sin, cos)))
    shift = np.array((wide, high)) / 2 - turn @ np.array((width, height)) / 2
    return warp_affine(image, np.column_stack((turn, shift)), (wide, high))


def seen(image: ColorImage) -> tuple[tuple[Face, ...], tuple[Reason, ...]]:
    """The faces of an image that stands still, with their pose, and what the gate says."""
    eye, gate = Perceiver(EYE), Gate(POSE_ALONE, margins=False)
    eye.look(frame(image, 0))
    shown = frame(image, 1)
    found = eye.look(shown)
    for face in found.faces:
        wanted = Wanted(face.track_id, frozenset({Measure.QUALITY, Measure.POSE}))
        found = eye.measure(shown, found, wanted)
    return found.faces, refusal(gate, found, found.faces[0]) if found.faces else ()


PICTURES: dict[str, Callable[[], ColorImage]] = {
    "live": lambda: live_clip(31)[30],
    "portrait": astronaut,
    "attack": attack,
}


@cache
def circle(name: str) -> dict[int, tuple[tuple[Face, ...], tuple[Reason, ...]]]:
    return {angle: seen(at(PICTURES[name](), angle)) for angle in ANGLES}


@pytest.mark.parametrize("name", PICTURES)
def test_one_face_is_one_face_at_every_angle(name: str) -> None:
    counts = {angle: len(faces) for angle, (faces, _) in circle(name).items()}
    assert set(counts.values()) <= {0, 1}, counts
    assert counts[0] == 1
    assert sum(counts.values()) >= len(ANGLES) / 3  # or nothing below would be tried


@pytest.mark.parametrize("name", PICTURES)
def test_roll_is_told_over_the_full_circle(name: str) -> None:
    upright = rolls(name)[0]
    off = {a: abs((roll - upright - a + 180) % 360 - 180) for a, roll in rolls(name).items()}
    assert max(off.values()) <= 15.0, off
    assert float(np.median(list(off.values()))) <= 6.0, off


def rolls(name: str) -> dict[int, float]:
    found = {}
    for angle, (faces, _) in circle(name).items():
        for face in faces:
            if face.pose is not None:
                found[angle] = face.pose.roll
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_no_face_that_is_turned_by_30_degrees_or_more_is_fit(name: str) -> None:
    """Nor is what an attack shows. Upright ones are."""
    for angle, (faces, reasons) in circle(name).items():
        if angle in (0, 15, 345) or not faces:
            continue
        assert reasons, f"fit at {angle} degrees"
        assert set(reasons) <= TILTED | {Reason.NOT_MEASURED}, f"{reasons} at {angle} degrees"
        if min(angle, 360 - angle) >= 90 and faces[0].pose is not None:
            assert reasons == (Reason.PICTURE_TURNED,), f"{reasons} at {angle} degrees"
    assert circle(name)[0][1] == ()


def test_a_face_of_which_the_detector_is_sure_costs_no_second_look() -> None:
    eye = Perceiver(EYE)
    before = EYE.uses()["yunet"].calls
    for number, image in enumerate(live_clip(3)):
        shown = frame(image, number)
        found = eye.look(shown)
    assert found.faces[0].score >= SURE
    eye.measure(shown, found, Wanted(found.faces[0].track_id, frozenset({Measure.POSE})))
    assert EYE.uses()["yunet"].calls - before == 3


def judged(images: Iterator[ColorImage]) -> list[Step]:
    """What RGB liveness says of a clip, as at a door."""
    limits = GateSettings(hybrid_margin_below=0.2, minimum_change=0.0)
    eye, mode, steps = Perceiver(EYE), RgbMode(RgbSettings(), limits), []
    for number, image in enumerate(images):
        shown = frame(image, number)
        steps.append(shown_to(mode, eye, shown))
    return steps


def verdicts(steps: list[Step]) -> list[str]:
    return [step.result.verdict for step in steps if step.result is not None]


def test_a_person_on_the_head_opens_nothing_until_the_feed_is_told_to_turn() -> None:
    live = live_clip(40)
    upside_down = [turned(image, 180) for image in live]
    steps = judged(iter(upside_down))
    assert set(verdicts(steps)) <= {"undecided"}  # nor is it called an attack
    assert {"picture_turned"} <= {r for s in steps for r in s.reasons} <= MOVES
    assert verdicts(judged(turned(image, 180) for image in upside_down))[0] == "passed"
