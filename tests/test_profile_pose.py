"""Secure Access with Profile Pose, told as stories."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.pose.pose_mode import PoseMode
from kioskd.modes.pose.pose_settings import GATE, PoseSettings
from models.observation import Face, Measure
from tests.support.heads import head, picture, portrait, turned
from tests.support.stage import LOSSES, RATES, Play, Stage, always, person

SETTINGS = PoseSettings()
LOOKS = always(head(0.0))


def stage(fps: float = 15.0, lose: int = 0, settings: PoseSettings = SETTINGS) -> Stage:
    return Stage(PoseMode(settings, GATE), fps, lose)


def turns(
    to: float = 50.0,
    start_s: float = 1.0,
    seconds: float = 0.6,
    shown: Callable[[float], Face] = head,
) -> Play:
    return lambda t: (shown(to * max(0.0, min(1.0, (t - start_s) / seconds))),)


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("to", [50.0, -50.0])
def test_a_head_that_turns_into_profile_is_confirmed(to: float, fps: float, lose: int) -> None:
    door = stage(fps, lose)
    (result,) = door.show(turns(to), 3.0)
    assert (result.action, dict(result.attributes)) == ("poseLiveness", {})
    assert (result.verdict, result.emits, result.state) == ("passed", True, None)
    assert door.phases[-3:] == ["WAIT_CENTRE", "WAIT_PROFILE", "POSE_CONFIRMED"]


@pytest.mark.parametrize("fps", RATES)
def test_a_picture_that_is_turned_is_refused_even_if_its_pose_were_read_as_turned(
    fps: float,
) -> None:
    door = stage(fps)
    result = door.show(turns(shown=picture), 3.0)[0]
    assert (result.verdict, result.emits, result.reasons[0]) == ("failed", False, "planar_motion")
    assert "passed" not in {r.verdict for r in door.results}


def test_points_that_cannot_tell_do_not_pass() -> None:
    def shrunk(yaw: float) -> Face:
        return replace(head(yaw), mesh=turned(portrait(), yaw) * 0.0)

    door = stage()
    door.show(turns(shown=shrunk), 3.0)
    assert "no_depth_evidence" in door.reasons
    assert door.results == []


@pytest.mark.parametrize("fps", RATES)
def test_a_swapped_photograph_or_a_cut_is_no_turn(fps: float) -> None:
    door = stage(fps)
    door.show(lambda t: (head(0.0 if t < 1.0 else 50.0),), 3.0)
    assert "turned_too_fast" in door.reasons
    assert door.results == []
    assert door.phases[-1] == "WAIT_CENTRE"


def test_after_a_jump_the_person_must_look_at_the_camera_again_and_may() -> None:
    door = stage()
    door.show(lambda t: (head(0.0 if t < 0.5 else 50.0),), 1.0)
    assert [r.verdict for r in door.show(turns(), 3.0)] == ["passed"]


@pytest.mark.parametrize(("direction", "to"), [("left", 50.0), ("right", -50.0)])
def test_only_the_configured_side_counts(direction: str, to: float) -> None:
    settings = replace(SETTINGS, direction=direction)  # type: ignore[arg-type]
    assert [r.verdict for r in stage(settings=settings).show(turns(to), 3.0)] == ["passed"]
    other = stage(settings=settings)
    assert other.show(turns(-to), 3.0) == []
    assert "wrong_direction" in other.reasons


def test_where_people_walk_up_a_face_that_does_not_come_nearer_is_no_evidence() -> None:
    settings = replace(SETTINGS, minimum_growth=1.5)
    standing = stage(settings=settings)
    assert standing.show(turns(), 3.0) == []
    assert "not_nearer" in standing.reasons
    walking = stage(settings=settings)

    def walks(t: float) -> tuple[Face, ...]:
        return (head(50.0 * max(0.0, min(1.0, t - 1.0)), height=180.0 + 70.0 * t),)

    assert [r.verdict for r in walking.show(walks, 3.0)] == ["passed"]


def test_who_comes_in_profile_and_stays_so_is_audited_once_and_nothing_is_told() -> None:
    door = stage()
    (result,) = door.show(always(head(50.0)), 12.0)
    assert (result.verdict, result.emits, result.frames) == ("undecided", False, 0)
    assert result.reasons[:2] == ("time_over", "centre_pose_low")


def test_who_only_looks_at_the_camera_is_undecided_at_the_deadline() -> None:
    (result,) = stage().show(LOOKS, 8.3)
    assert (result.verdict, result.emits, result.reasons[0]) == ("undecided", False, "time_over")


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        ((head(30.0), head(0.0, track=2)), "several_faces"),
        ((head(30.0, track=2),), "subject_changed"),
        ((), "track_lost"),
    ],
)
def test_one_unbroken_track_of_one_person_or_nothing(scene: tuple[Face, ...], reason: str) -> None:
    door = stage()
    door.show(turns(), 1.3)
    (result,) = door.show(always(*scene), 0.1)
    assert (result.verdict, result.emits, result.reasons[0]) == ("undecided", False, reason)
    assert "passed" not in {r.verdict for r in door.show(always(head(50.0)), 3.0)}


def test_a_gap_and_a_reopened_camera_break_the_attempt() -> None:
    def gap(door: Stage) -> None:
        door.wait(0.8)

    def reopened(door: Stage) -> None:
        door.session = 1

    for interrupt in (gap, reopened):
        door = stage()
        door.show(turns(), 1.3)
        interrupt(door)
        results = door.show(turns(start_s=-0.3), 1.0)
        assert [r.verdict for r in results] == ["undecided"]


def test_frames_that_nobody_could_judge_leave_a_hole_that_breaks_the_turn() -> None:
    door = stage(30.0)
    door.show(turns(), 1.3)
    blurred = replace(head(30.0), quality=None)
    door.show(always(blurred), 0.7)
    assert door.show(always(head(50.0)), 1.0) == []
    assert "frames_missing" in door.reasons


@pytest.mark.parametrize("broken", [{"pose": None}, {"mesh": None}, {"centre_pose_quality": None}])
def test_a_pose_that_was_not_measured_is_no_evidence(broken: dict[str, None]) -> None:
    door = stage()
    door.easing = None
    door.show(LOOKS, 1.0)
    assert door.show(always(replace(head(50.0), **broken)), 3.0) == []  # type: ignore[arg-type]
    assert "not_measured" in door.reasons


def test_a_head_that_nods_down_is_not_in_profile() -> None:
    door = stage()
    nods: Play = lambda t: (replace(person(pitch=-50.0 * min(1.0, t)), mesh=head(0.0).mesh),)  # noqa: E731
    door.show(LOOKS, 1.0)
    assert door.show(nods, 3.0) == []
    assert "head_pitched" in door.reasons


def test_a_confirmed_person_stays_silent_and_a_refused_one_may_try_again() -> None:
    attempt = AttemptSettings(attempt_deadline_s=8.0, cool_down_s=0.5, attempts_per_track=2)
    door = stage(settings=replace(SETTINGS, attempt=attempt))
    for _ in range(3):
        door.show(turns(shown=picture), 3.0)
    assert [r.attempt for r in door.results] == [1, 2]
    again = stage()
    again.show(turns(), 3.0)
    assert again.show(turns(), 4.0) == []
    assert again.steps[-1].reasons == ("already_decided",)


def test_pose_and_identity_are_asked_for_and_nothing_dearer() -> None:
    door = stage()
    door.show(turns(), 3.0)
    asked = {measure for wanted in door.asked for measure in wanted.measures}
    assert asked == {Measure.QUALITY, Measure.POSE, Measure.IDENTITY, Measure.PASSAGE}
