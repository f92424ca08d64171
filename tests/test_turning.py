"""A turn of the head from the camera into profile, told frame by frame."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from kioskd.modes.pose.pose_settings import PoseSettings
from kioskd.modes.pose.turning import Centre, Look, Turn, Turned, Turning, TurnRule, after
from kioskd.modes.reasons import Reason
from models.observation import HeadPose
from tests.support.stage import RATES

RULE = PoseSettings().rule
FAR = 55.0  # degrees: well in profile


def look(at: float, yaw: float, height: float = 200.0) -> Look:
    return Look(at, HeadPose(yaw, 0.0, 0.0).centre_pose_quality, yaw, height)


def turned(looks: Iterable[Look], rule: TurnRule = RULE) -> tuple[Turn, list[Reason]]:
    """The last state, and why turns were given up on the way."""
    state: Turn = Centre()
    fell = []
    for one in looks:
        state = after(state, one, rule)
        if isinstance(state, Centre) and state.fell is not None:
            fell.append(state.fell)
    return state, fell


def turn(
    fps: float, seconds: float = 0.6, to: float = FAR, start: float = 0.0, lose: int = 0
) -> list[Look]:
    """A second to the camera, then a steady turn; each `lose`-th frame is lost."""
    count = round((1.0 + seconds) * fps) + 2
    angles = [max(0.0, min(1.0, (n / fps - 1.0) / seconds)) for n in range(count)]
    looks = [look(start + n / fps, to * share) for n, share in enumerate(angles)]
    return [one for n, one in enumerate(looks) if not (lose and n % lose == 1)]


@pytest.mark.parametrize("lose", [0, 2, 3])
@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("to", [FAR, -FAR])
def test_a_steady_turn_is_seen(to: float, fps: float, lose: int) -> None:
    assert turned(turn(fps, to=to, lose=lose)) == (Turned(), [])


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize(("direction", "to"), [("left", FAR), ("right", -FAR)])
def test_a_turn_the_configured_way_counts_and_the_other_does_not(
    direction: str, to: float, fps: float
) -> None:
    rule = replace(RULE, direction=direction)  # type: ignore[arg-type]
    assert turned(turn(fps, to=to), rule)[0] == Turned()
    state, fell = turned(turn(fps, to=-to), rule)
    assert state != Turned()
    assert fell == [Reason.WRONG_DIRECTION]


@pytest.mark.parametrize("fps", RATES)
def test_a_jump_into_profile_is_a_cut(fps: float) -> None:
    cut = [look(n / fps, 0.0 if n / fps < 1.0 else FAR) for n in range(round(2 * fps))]
    state, fell = turned(cut)
    assert state == Centre()
    assert fell == [Reason.TURNED_TOO_FAST]


def test_a_cut_over_a_picture_between_is_too_fast_as_well() -> None:
    yaws = [0.0, 0.0, 0.0, 30.0, FAR, FAR, FAR]
    for fps in RATES:
        assert turned(look(n / fps, yaw) for n, yaw in enumerate(yaws))[1] == [
            Reason.TURNED_TOO_FAST
        ]


def test_a_profile_without_a_frame_on_the_way_is_no_turn() -> None:
    """Slow enough by the clock, but nothing was seen between."""
    looks = [look(0.1 * n, 19.0) for n in range(4)] + [look(0.55, FAR)]
    assert turned(looks)[1] == [Reason.TURNED_TOO_FAST]


def test_a_turn_may_waver_but_not_go_back() -> None:
    there = [0.0] * 3 + [10.0, 20.0, 30.0]
    wavering = [*there, 24.0, 34.0, 45.0, 50.0]
    assert turned(look(0.1 * n, yaw) for n, yaw in enumerate(wavering))[0] == Turned()
    back = [*there, 38.0, 22.0, 38.0, 45.0]
    state, fell = turned(look(0.1 * n, yaw) for n, yaw in enumerate(back))
    assert (state, fell) == (Centre(), [Reason.TURNED_BACK])


def test_who_looks_at_the_camera_again_begins_the_turn_anew() -> None:
    yaws = [0.0] * 3 + [15.0, 30.0, 15.0, 0.0, -15.0, -25.0, -35.0, -45.0]
    assert turned(look(0.1 * n, yaw) for n, yaw in enumerate(yaws)) == (Turned(), [])


def test_profiles_on_two_sides_without_the_camera_between_are_a_jump() -> None:
    yaws = [0.0] * 3 + [15.0, 25.0, -25.0, -35.0, -45.0]
    assert turned(look(0.1 * n, yaw) for n, yaw in enumerate(yaws))[0] != Turned()


def test_who_was_never_seen_from_the_front_did_not_turn() -> None:
    yaws = [30.0, 35.0, 40.0, 45.0, 50.0, 55.0] * 3
    assert turned(look(0.1 * n, yaw) for n, yaw in enumerate(yaws)) == (Centre(), [])


def test_the_frames_that_look_at_the_camera_must_follow_each_other() -> None:
    yaws = [0.0, 0.0, 30.0, 0.0, 0.0]
    assert isinstance(turned(look(0.1 * n, yaw) for n, yaw in enumerate(yaws))[0], Centre)
    gap = [look(at, 0.0) for at in (0.0, 0.1, 0.7, 0.8)]
    assert isinstance(turned(gap)[0], Centre)
    assert isinstance(turned([*gap, look(0.9, 0.0)])[0], Turning)


def test_an_unseen_part_of_the_turn_is_no_turn() -> None:
    looks = [look(0.1 * n, 0.0) for n in range(3)] + [look(0.3, 25.0), look(0.9, 35.0)]
    assert turned(looks)[1] == [Reason.FRAMES_MISSING]


@pytest.mark.parametrize(("nearer", "passes"), [(1.0, False), (1.4, False), (1.6, True)])
def test_where_people_walk_up_the_face_must_have_grown(nearer: float, passes: bool) -> None:
    rule = replace(RULE, minimum_growth=1.5)
    looks = turn(15.0)
    grown = [replace(one, height=200.0 * (1 + (nearer - 1) * one.at / 1.5)) for one in looks]
    state, fell = turned(grown, rule)
    assert (state == Turned()) == passes
    assert passes or fell == [Reason.NOT_NEARER]


@pytest.mark.parametrize(
    "wrong",
    [
        {"profile_pose_quality": 0.59},
        {"centre_pose_quality": 1.1},
        {"profile_pose_quality": float("nan")},
        {"centre_frames": 0},
        {"minimum_transit_s": 0.0},
        {"minimum_growth": 0.0},
    ],
)
def test_settings_that_would_take_any_face_for_a_turned_one_are_refused(
    wrong: dict[str, float],
) -> None:
    with pytest.raises(ValueError, match=r"profile|turn|ratio"):
        replace(PoseSettings(), **wrong)  # type: ignore[arg-type]
