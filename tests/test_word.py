"""The mesh's word on a face: how long it holds, and what makes the gate ask again."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from kioskd.modes.gate import WORD_HOLDS_S, Gate, points_shape, turned_by
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import SURE, Face, HeadPose, ImageQuality, Measure, Observation
from models.perceive import Perceiver
from tests.support.eyes import RGB_DOOR, frame, live_clip, networks, shown_to
from tests.support.stage import refusal, wanted_or_refusal

POINTS = np.array(((600, 290), (680, 290), (640, 340), (610, 385), (670, 385)), np.float32)
FIT = Face(
    1,
    (540.0, 200.0, 740.0, 440.0),
    0.95,
    True,
    landmarks=POINTS,
    quality=ImageQuality(0.8, 0.5, 0.5),
    change=1.0,
    pose=HeadPose(0.0, 0.0, 0.0),
    centre_pose_quality=1.0,
)
BARE = replace(FIT, pose=None, centre_pose_quality=None)
NAN = float("nan")


def seen(face: Face, at: float) -> Observation:
    return Observation("front", round(at * 30), 0, at, 1e9 + at, 1280, 720, (face,))


def asked(first: Face, then: Face, after_s: float = 0.1, *, exact: bool = False) -> bool:
    """Whether the gate asks for the pose of a face, having measured that of one before."""
    gate = Gate(GateSettings(maximum_drift=10.0), margins=False, exact=exact)
    refusal(gate, seen(first, 5.0), first)
    said = wanted_or_refusal(gate, seen(then, 5.0 + after_s), then)
    assert said in ((), Measure.POSE)
    return said is Measure.POSE


def posed(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Face:
    return replace(FIT, pose=HeadPose(yaw, pitch, roll))


def moved(points: NDArray[np.floating]) -> Face:
    return replace(BARE, landmarks=points.astype(np.float32))


def nose(pixels: float) -> NDArray[np.float32]:
    """The points with the nose farther to the right: of 80 pixels between the eyes."""
    points = POINTS.copy()
    points[2, 0] += pixels
    return points


def test_a_face_that_stands_still_is_not_asked_about_again() -> None:
    assert not asked(FIT, BARE)


def test_where_the_face_is_and_how_large_makes_no_difference() -> None:
    assert not asked(FIT, moved(POINTS * 1.1 + 30))


@pytest.mark.parametrize(
    "then",
    [
        replace(BARE, track_id=2),
        replace(BARE, detected=False),
        replace(BARE, score=SURE - 0.001),
        replace(BARE, score=NAN),
        replace(BARE, landmarks=None),
        moved(nose(15)),
        moved(nose(-15)),
        moved(POINTS * (1.0, 0.8)),
        moved(np.full((5, 2), NAN)),
        moved(np.full((5, 2), np.inf)),
        moved(np.zeros((5, 2))),
    ],
    ids=[
        "another track",
        "carried, not detected",
        "the detector is not sure",
        "no score",
        "no points",
        "turned to a side",
        "turned to the other",
        "squeezed",
        "points that are no numbers",
        "points out of the world",
        "all points in one",
    ],
)
def test_what_cannot_be_compared_or_has_moved_is_for_the_mesh_to_say(then: Face) -> None:
    assert asked(FIT, then)


def test_a_word_holds_for_a_second() -> None:
    assert not asked(FIT, BARE, WORD_HOLDS_S)
    assert asked(FIT, BARE, WORD_HOLDS_S + 0.01)
    assert asked(FIT, BARE, -0.1)


@pytest.mark.parametrize(
    "near", [posed(yaw=-16.0), posed(pitch=16.0), posed(roll=16.0), posed(yaw=13.0, pitch=13.0)]
)
def test_near_a_limit_the_mesh_says_it_of_every_frame(near: Face) -> None:
    assert asked(near, BARE)
    assert not asked(posed(yaw=5.0, pitch=-5.0, roll=5.0), BARE)


def test_the_word_is_the_mesh_s_and_grows_no_older_by_being_used() -> None:
    """Or a head could creep away from it, a little in each frame."""
    gate = Gate(GateSettings(maximum_drift=10.0), margins=False, exact=False)
    assert refusal(gate, seen(FIT, 5.0), FIT) == ()
    for at in (5.3, 5.6, 5.9):
        assert wanted_or_refusal(gate, seen(BARE, at), BARE) == ()
    assert wanted_or_refusal(gate, seen(BARE, 6.1), BARE) is Measure.POSE


def test_an_unfit_face_takes_the_word_back() -> None:
    gate = Gate(GateSettings(maximum_drift=10.0), margins=False, exact=False)
    refusal(gate, seen(FIT, 5.0), FIT)
    away = replace(moved(nose(15)), pose=HeadPose(30.0, 0.0, 0.0), centre_pose_quality=0.44)
    assert Reason.HEAD_TURNED in refusal(gate, seen(away, 5.1), away)
    assert wanted_or_refusal(gate, seen(BARE, 5.2), BARE) is Measure.POSE


def test_a_face_in_which_the_mesh_finds_none_takes_the_word_back() -> None:
    gate = Gate(GateSettings(maximum_drift=10.0), margins=False, exact=False)
    refusal(gate, seen(FIT, 5.0), FIT)
    covered = moved(nose(15))
    assert refusal(gate, seen(covered, 5.1), covered) == (Reason.NOT_MEASURED,)
    assert wanted_or_refusal(gate, seen(BARE, 5.2), BARE) is Measure.POSE


def test_where_a_mode_needs_the_mesh_it_is_asked_for_in_every_frame() -> None:
    assert asked(FIT, BARE, exact=True)


def test_nothing_has_turned_where_nothing_moved() -> None:
    by = turned_by(points_shape(POINTS), points_shape(POINTS * 2 + 7))
    assert (by.yaw, by.pitch, by.roll) == pytest.approx((0.0, 0.0, 0.0), abs=1e-3)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_nose_that_goes_to_the_right_is_a_turn_to_the_subject_s_left(sign: int) -> None:
    by = turned_by(points_shape(POINTS), points_shape(nose(sign * 8)))
    assert 3.0 < sign * by.yaw < 25.0
    assert abs(by.yaw) > 2 * abs(by.pitch)


def test_at_a_door_the_mesh_is_asked_once_a_second_of_a_person_who_stands_still() -> None:
    eyes = networks(*RGB_DOOR)
    eye, mode = Perceiver(eyes), RgbMode(RgbSettings(), GateSettings(hybrid_margin_below=0.2))
    told, asked_at = [], []
    for number, image in enumerate(live_clip(30)):
        before = eyes.uses()["face_landmarks"].calls
        result = shown_to(mode, eye, frame(image, number)).result
        if eyes.uses()["face_landmarks"].calls > before:
            asked_at.append(number)
        told += [] if result is None else [result.verdict]
    assert told == ["passed"]
    assert 1 <= len(asked_at) <= 3, asked_at
