"""What is in the way of an action is no action: a reason each time, and never a pass.

First drawn people, then the shipped recording of somebody who smiles, through the real networks;
what glares, covers, weaves, turns and moves aside is drawn on its pictures: synthetic.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from feeds.frame import ColorImage, Frame
from feeds.imaging import turned
from kioskd.event import Step
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import (
    ChallengeSettings,
    SequenceSettings,
    Unified,
)
from kioskd.modes.challenges.kinds import UNWATCHED, Challenge
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.pose import pose_settings
from kioskd.modes.pose.pose_mode import PoseMode
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_mode import SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from models.making.training.occluders import surgical_mask
from models.observation import Face, Measure, Observation, Wanted
from models.perceive import Perceiver, needs
from tests.support.acting import REST, Look, Scene, Stage, face, showing, still
from tests.support.clips import DATA, images_of
from tests.support.eyes import networks
from tests.support.stage import revealed
from tests.support.swaps import points
from tests.test_challenge import DONE, acted

OPEN = GateSettings(minimum_face_size_px=60.0, minimum_sharpness=0.05, minimum_change=0.0)
Drawn = Callable[[ColorImage, int], ColorImage]  # of an image, and which it is


def asked(kind: Challenge, *, watch: bool = False) -> ChallengeMode:
    settings = ChallengeSettings(kind, joined_with="none", unified=Unified(watch=watch))
    return ChallengeMode(settings, OPEN, lambda _: 0)


def smile_door() -> SmileMode:
    return SmileMode(SmileSettings(joined_with="none"), OPEN, lambda _: 0)


DOORS: dict[str, Callable[[], Mode]] = {
    **{kind.value: lambda kind=kind: asked(kind) for kind in Challenge},  # type: ignore[misc]
    "secure_access_smile": smile_door,
    "secure_access_profile_pose": lambda: PoseMode(pose_settings.PoseSettings(), OPEN),
    "challenge_sequence": lambda: ChallengeMode(SequenceSettings(), OPEN, lambda _: 0),
}
# What each of those asks for that is no challenge of its own, done.
OTHERS: dict[str, Look] = {
    "secure_access_smile": DONE[Challenge.SMILE],
    "secure_access_smile_rgb_liveness": DONE[Challenge.SMILE],
    "secure_access_profile_pose": Look(yaw=45.0),
    "challenge_sequence": DONE[Challenge.LEFT_TURN],
}


def other(name: str) -> Mode:
    if name == "secure_access_smile_rgb_liveness":  # whose networks the clips below are not shown
        return SmileRgbMode(SmileRgbSettings(), OPEN)
    return DOORS[name]()


def speaks(seconds: float) -> list[Scene]:
    """Lips that open and close, four times a second, and eyes that blink every second."""
    said: list[Scene] = []
    for beat in range(round(seconds * 8)):
        lips = 0.30 if beat % 2 else 0.05
        eyes = (0.04, 0.04) if beat % 8 == 5 else (0.3, 0.3)
        said.append(still(0.125, Look(mouth=lips, eyes=eyes, smile=0.1)))
    return said


@pytest.mark.parametrize("watch", [False, True])
@pytest.mark.parametrize("fps", [15.0, 30.0])
@pytest.mark.parametrize("kind", sorted(set(Challenge) - {Challenge.BLINK}))
def test_who_speaks_and_blinks_has_not_done_what_was_asked(
    kind: Challenge, fps: float, watch: bool
) -> None:
    stage = Stage(asked(kind, watch=watch and kind not in UNWATCHED), fps)
    (result,) = stage.play(still(0.7), *speaks(5.5))
    assert result.verdict == "failed"
    assert result.reasons[0] in {"time_over", "fraud_eyes", "fraud_mouth"}


def test_speech_is_no_blink() -> None:
    stage = Stage(asked(Challenge.BLINK), 30.0)
    lips = [still(0.125, Look(mouth=0.3 if beat % 2 else 0.05)) for beat in range(44)]
    (result,) = stage.play(still(0.7), *lips)
    assert (result.verdict, result.reasons[0]) == ("failed", "time_over")


@pytest.mark.parametrize("fps", [15.0, 30.0])
@pytest.mark.parametrize("name", OTHERS)
def test_who_speaks_and_blinks_opens_no_other_door_either(name: str, fps: float) -> None:
    stage = Stage(other(name), fps)
    (result, *_) = stage.play(still(0.7), *speaks(20.0 if "pose" in name else 5.5))
    assert result.verdict in {"failed", "undecided"}
    assert result.reasons[0] in {"time_over", "fraud_mouth"}


def beside(left: float, track: int, look: Look = REST) -> Face:
    """Somebody else as near, whose box begins there."""
    one = face(look, track, who=2)
    x1, y1, x2, y2 = one.box
    return replace(one, box=(left, y1, left + x2 - x1, y2))


@pytest.mark.parametrize("kind", Challenge)
def test_a_second_person_who_leans_in_and_does_it_opens_nothing(kind: Challenge) -> None:
    leans = [showing(1 / 15, face(), beside(900.0, 2, one)) for one in _towards(DONE[kind])]
    stage = Stage(asked(kind))
    results = stage.play(still(0.7), still(0.2), *leans, still(0.3))
    assert [result.verdict for result in results] == ["undecided"]
    assert results[0].reasons[0] == "several_faces"


@pytest.mark.parametrize("name", OTHERS)
def test_a_second_person_who_leans_in_opens_no_other_door_either(name: str) -> None:
    leans = [showing(1 / 15, face(), beside(900.0, 2, one)) for one in _towards(OTHERS[name])]
    stage = Stage(other(name))
    results = stage.play(still(0.9), *leans, still(0.3))
    assert [(result.verdict, result.reasons[0]) for result in results] == [
        ("undecided", "several_faces")
    ]


@pytest.mark.parametrize("name", OTHERS)
def test_a_face_that_leaves_at_the_side_opens_no_other_door_either(name: str) -> None:
    half = REST.towards(OTHERS[name], 0.5)
    out = [showing(1 / 15, _moved(face(half), 50.0 * n)) for n in range(1, 12)]
    stage = Stage(other(name))
    results = stage.play(still(0.9), *out, showing(1.0))
    assert [(result.verdict, result.reasons[0]) for result in results] == [
        ("undecided", "track_lost")
    ]


@pytest.mark.parametrize("kind", Challenge)
def test_a_second_person_who_takes_the_place_of_the_first_opens_nothing(kind: Challenge) -> None:
    pushes = [showing(1 / 15, beside(540.0, 1, one)) for one in _towards(DONE[kind])]
    stage = Stage(asked(kind))
    results = stage.play(still(0.7), *pushes, still(0.6, DONE[kind], who=2), *acted(kind)[2:])
    assert "passed" not in {result.verdict for result in results}
    assert "other_person" in {reason for step in stage.steps for reason in step.reasons}


@pytest.mark.parametrize("kind", Challenge)
@pytest.mark.parametrize("side", [-1, 1])
def test_a_face_that_leaves_at_the_side_opens_nothing(kind: Challenge, side: int) -> None:
    """It goes while it begins to do what is asked; half of it is out, then all."""
    half = REST.towards(DONE[kind], 0.5)
    out = [showing(1 / 15, _moved(face(half), side * 50.0 * n)) for n in range(1, 12)]
    stage = Stage(asked(kind))
    results = stage.play(still(0.7), *out, showing(1.0))
    assert [(result.verdict, result.reasons[0]) for result in results] == [
        ("undecided", "track_lost")
    ]


def _moved(one: Face, by: float) -> Face:
    x1, y1, x2, y2 = one.box
    return replace(one, box=(x1 + by, y1, x2 + by, y2))


def _towards(look: Look) -> list[Look]:
    return [REST.towards(look, min(1.0, n / 6)) for n in range(1, 13)]


def test_a_mouth_of_which_no_score_can_be_read_cannot_smile() -> None:
    covered = replace(face(), blendshapes=None)
    stage = Stage(smile_door())
    results = stage.play(showing(4.0, covered))
    assert "passed" not in {result.verdict for result in results}
    assert "not_measured" in {reason for step in stage.steps for reason in step.reasons}


# --- through the real networks ---------------------------------------------------------------


@cache
def smiles() -> tuple[ColorImage, ...]:
    """Somebody who looks neutral, then smiles: 18 images a second, and shown as 15."""
    return images_of(DATA / "smiling.mp4")[10:46]


@cache
def five() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """(5, 2) of the face in its first image: the eyes, the nose, the mouth."""
    found = points(smiles()[0])
    assert found is not None
    return np.asarray(found, np.float32)


def steps(door: Mode, seen: Sequence[Observation]) -> list[Step]:
    return [revealed(door, one)[1] for one in seen]


def observed(images: Sequence[ColorImage]) -> list[Observation]:
    """Every frame, with all that the doors ask for measured on its largest face."""
    measures = frozenset(
        {
            Measure.QUALITY,
            Measure.POSE,
            Measure.BLENDSHAPES,
            Measure.MOTION,
            Measure.IDENTITY,
            Measure.PASSAGE,
            Measure.COVER,
        }
    )
    eye, found = Perceiver(networks(*sorted(needs(measures)))), []
    for number, image in enumerate(images):
        frame = Frame("door", number, 0, 100.0 + number / 15, number / 15, image)
        seen = eye.look(frame)
        if seen.faces:
            seen = eye.measure(frame, seen, Wanted(seen.faces[0].track_id, measures))
        found.append(seen)
    return found


def rests(count: int) -> list[ColorImage]:
    """So many images in which he is at rest, and sways as people do."""
    there_and_back = [*range(9), *range(7, 0, -1)]
    return [smiles()[there_and_back[n % len(there_and_back)]] for n in range(count)]


def spot(image: ColorImage, x: float, y: float, size: float, level: float) -> ColorImage:
    """With a soft round patch of one grey."""
    height, width = image.shape[:2]
    down, across = np.mgrid[0:height, 0:width]
    far = np.hypot(across - x, down - y) / size
    share = np.clip(1.5 - far, 0.0, 1.0)[..., None]
    return np.asarray(image * (1 - share) + level * share, np.uint8)


def glares(image: ColorImage, number: int) -> ColorImage:
    """Lamps that come and go in both glasses."""
    apart = float(np.hypot(*(five()[0] - five()[1])))
    bright = number % 12 > 6
    for x, y in five()[:2]:
        image = spot(image, x + number % 12, y, 0.3 * apart, 250.0) if bright else image
    return image


def covers(*over: int) -> Drawn:
    """A hand, as large as half a face, goes up and down before these of the five points."""

    def drawn(image: ColorImage, number: int) -> ColorImage:
        apart = float(np.hypot(*(five()[0] - five()[1])))
        x, y = five()[list(over)].mean(axis=0)
        up = abs(number % 16 - 8) / 8 * 2.5 * apart
        return spot(image, x, y + up, 0.8 * apart, 150.0)

    return drawn


def weaves(image: ColorImage, number: int) -> ColorImage:
    """Every other line is of the image after it, as in video in fields."""
    woven = image.copy()
    woven[1::2] = rests(number + 3)[-1][1::2]
    return woven


DISTURBED: dict[str, Drawn] = {
    "glasses that glare": glares,
    "a hand before the mouth": covers(3, 4),
    "a hand before the eyes": covers(0, 1),
    "fields": weaves,
    "mirrored": lambda image, _: np.ascontiguousarray(image[:, ::-1]),
}


@pytest.mark.parametrize("name", DISTURBED)
def test_nobody_who_is_at_rest_passes_for_what_is_drawn_over_them(name: str) -> None:
    """Asked for anything, at every door, of somebody who does nothing."""
    seen = observed([DISTURBED[name](image, n) for n, image in enumerate(rests(100))])
    assert sum(bool(one.faces) for one in seen) > 20
    for door in DOORS.values():
        said = steps(door(), seen)
        results = [step.result for step in said if step.result is not None]
        assert "passed" not in {result.verdict for result in results}
        assert {reason for step in said for reason in step.reasons}


def masked(image: ColorImage) -> ColorImage:
    """With a surgical mask drawn over nose and mouth."""
    (seen,) = observed([image] * 3)[-1].faces
    assert seen.mesh is not None
    return surgical_mask(image, seen.mesh, np.random.default_rng(5))[0]


@pytest.mark.parametrize("door", ["secure_access_smile", "smile", "mouth_opening"])
def test_behind_a_mask_it_cannot_be_told_who_smiles(door: str) -> None:
    seen = masked_smile()
    assert sum(bool(one.faces) for one in seen) > 40
    said = steps(DOORS[door](), seen)
    (result,) = [step.result for step in said if step.result is not None]
    assert result.verdict == "undecided"
    assert "mouth_covered" in result.reasons


@cache
def masked_smile() -> list[Observation]:
    """He is at rest, and smiles, and then stands there for as long as he is given."""
    shown = [masked(image) for image in smiles()]
    return observed([*shown, *shown[::-1], *shown[:20]])


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_who_smiles_in_a_picture_that_is_turned_is_told_that_it_is(degrees: int) -> None:
    seen = observed([turned(image, degrees) for image in [smiles()[0], *smiles()]])
    for door in DOORS.values():
        said = steps(door(), seen)
        assert "passed" not in {step.result.verdict for step in said if step.result is not None}
        assert "picture_turned" in {reason for step in said for reason in step.reasons}


def test_a_second_photograph_that_comes_line_by_line_is_no_smile() -> None:
    """Between the two every other line is of each, as where fields are woven."""
    rest, done = smiles()[6], smiles()[20]
    woven = rest.copy()
    woven[1::2] = done[1::2]
    chance = np.random.default_rng(3)
    shown = [rest] * 18 + [woven] * 4 + [done] * 30
    noisy = [np.clip(one + chance.normal(0, 2.0, one.shape), 0, 255) for one in shown]
    said = steps(smile_door(), observed([one.astype(np.uint8) for one in noisy]))
    assert "passed" not in {step.result.verdict for step in said if step.result is not None}
    assert {"still_picture", "sudden", "blended"} & {r for step in said for r in step.reasons}
