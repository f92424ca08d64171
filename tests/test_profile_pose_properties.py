"""What no order of observations may ever bring about by profile pose.

The oracle reads the observations alone: it walks back from a success to the last frame that
looked at the camera, and asks for a turn between that a head could make, on one unbroken track.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from kioskd.event import Result
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.pose.pose_mode import PoseMode
from kioskd.modes.pose.pose_settings import GATE, PoseSettings
from models.mesh.parallax import parallax
from models.observation import Face, Observation
from tests.support.heads import head, picture
from tests.support.moments import Moment, disturbed, in_order, observations
from tests.support.stage import step_of

SETTINGS = PoseSettings(
    minimum_growth=0.9,
    attempt=AttemptSettings(attempt_deadline_s=3.0, cool_down_s=0.2, attempts_per_track=3),
)
CENTRE, PROFILE = SETTINGS.centre_pose_quality, SETTINGS.profile_pose_quality
GAP_S = SETTINGS.attempt.maximum_gap_s
HAIR = 1e-6
WOBBLE = 10.0  # degrees that a turn may go back by


@cache
def real(yaw: float, track: int = 1, height: float = 240.0) -> Face:
    return head(yaw, track, height)


@cache
def flat(yaw: float) -> Face:
    return picture(yaw)


def broken(what: str) -> Face:
    face = real(30.0)
    match what:
        case "pose":
            return replace(face, pose=None)
        case "mesh":
            return replace(face, mesh=None)
        case "quality":
            return replace(face, quality=None)
    return replace(face, missed=True)


YAWS = [0.0, 10.0, 19.0, 25.0, 30.0, 38.0, 45.0, 55.0]
yaws = st.sampled_from([*YAWS, *(-yaw for yaw in YAWS)])
faces = (
    st.builds(real, yaws, st.sampled_from([1, 1, 1, 2]), st.sampled_from([240.0, 240.0, 180.0]))
    | yaws.map(flat)
    | st.sampled_from(["pose", "mesh", "quality", "missed"]).map(broken)
)
scenes = st.one_of(
    *[faces.map(lambda face: (face,))] * 6,
    st.just(()),
    st.tuples(faces, faces).filter(lambda pair: pair[0].track_id != pair[1].track_id),
)
anything = st.builds(
    Moment,
    st.sampled_from([0.1] * 6 + [1 / 30, 0.2, 0.4, 0.6, 0.0, -0.2]),
    st.sampled_from([False] * 15 + [True]),
    scenes,
)


def looking(count: int) -> list[Moment]:
    return [Moment(0.1, False, (real(0.0),))] * count


def turning(to: float, frames: int, every_s: float = 0.1, shown: int = 0) -> list[Moment]:
    """From 0 in so many equal steps; `shown`: 0 a head, 1 a picture of it."""
    face = (real, flat)[shown]
    steps = [round(to * (n + 1) / frames) for n in range(frames)]
    return [Moment(every_s, False, (face(float(yaw)),)) for yaw in steps]


acts = st.builds(looking, st.integers(1, 5)) | st.builds(
    turning,
    st.sampled_from([55.0, -55.0, 30.0]),
    st.integers(1, 6),
    st.sampled_from([0.1, 0.1, 1 / 30, 0.2]),
    st.sampled_from([0, 0, 0, 1]),
)
GOOD = [*looking(4), *turning(55.0, 4)]


scripts = st.builds(
    disturbed,
    st.lists(acts, max_size=3).map(lambda some: [*some, GOOD])
    | st.lists(acts, min_size=2, max_size=8),
    st.lists(st.tuples(st.integers(0, 60), st.booleans(), anything), max_size=4),
)


def played(seen: Sequence[Observation]) -> list[Result]:
    door = PoseMode(SETTINGS, GATE)
    return [result for one in seen if (result := step_of(door, one).result) is not None]


def usable(face: Face) -> bool:
    """Whether a frame of this face can be evidence at all."""
    return not (face.missed or face.quality is None or face.pose is None or face.mesh is None)


def quality(face: Face) -> float:
    assert face.centre_pose_quality is not None
    return face.centre_pose_quality


def yaw(face: Face) -> float:
    assert face.pose is not None
    return face.pose.yaw


def check_turn(frames: Sequence[tuple[float, Face]]) -> None:
    """The last frame looked at the camera is followed by a turn that a head could make."""
    looked = [n for n, (_, face) in enumerate(frames) if quality(face) >= CENTRE]
    last = looked[-1]
    needed = SETTINGS.centre_frames  # once, in a row; a glance back begins the turn anew
    assert any({n, *range(n - needed + 1, n)} <= set(looked) for n in looked)
    turn = frames[last:]
    (began, front), (ended, side) = turn[0], turn[-1]
    assert quality(side) <= PROFILE
    assert len(turn) >= 3
    assert ended - began >= SETTINGS.minimum_transit_s - HAIR
    clear = [yaw(face) for _, face in turn[1:] if abs(yaw(face)) > WOBBLE / 2]
    assert len({one > 0 for one in clear}) == 1
    for (at, one), (later, next_one) in pairwise(turn):
        assert later - at <= GAP_S + HAIR
        assert abs(yaw(next_one) - yaw(one)) <= 300 * (later - at) + HAIR
    assert front.mesh is not None
    assert side.mesh is not None
    shown = parallax(front.mesh, side.mesh)
    assert shown is not None
    assert shown >= SETTINGS.minimum_parallax


def is_turn(frames: Sequence[tuple[float, Face]]) -> bool:
    try:
        check_turn(frames)
    except AssertionError:
        return False
    return True


@given(scripts)
@example(GOOD)
@example([*looking(2), *turning(55.0, 3), *GOOD])
@example([*looking(4), *turning(55.0, 4, shown=1)])
@example([*looking(4), *turning(55.0, 4, every_s=1 / 30)])
@example([*looking(4), *turning(55.0, 4)[2:]])
@example([*looking(2), *turning(55.0, 4)])
@example([*looking(4), *turning(38.0, 1), *turning(45.0, 1)])
@example([*looking(4), *turning(30.0, 5), *turning(-55.0, 2, every_s=0.2)])
def test_no_success_without_a_turn_that_a_head_could_make(script: list[Moment]) -> None:
    seen = observations(script)
    for result in played(seen):
        if result.verdict != "passed":
            continue
        attempt = [
            one for one in in_order(seen) if result.started_at <= one.at <= result.decided_at
        ]
        assert {tuple(f.track_id for f in one.faces) for one in attempt} == {(result.track_id,)}
        assert len({one.session for one in attempt}) == 1
        assert all(later.at - one.at <= GAP_S + HAIR for one, later in pairwise(attempt))
        frames = [(one.at, one.faces[0]) for one in attempt if usable(one.faces[0])]
        # too far round to be compared it is decided when the person looks back
        ends = [n for n, (_, face) in enumerate(frames) if quality(face) <= PROFILE]
        assert any(is_turn(frames[: n + 1]) for n in ends)


@given(scripts)
def test_a_track_gets_one_success_at_most_and_only_success_is_told(script: list[Moment]) -> None:
    results = played(observations(script))
    for result in results:
        assert result.emits == (result.verdict == "passed")
        assert (dict(result.attributes), result.state) == ({}, None)
    for track in {result.track_id for result in results}:
        own = [result for result in results if result.track_id == track]
        assert [result.attempt for result in own] == list(range(1, len(own) + 1))
        assert "passed" not in [result.verdict for result in own[:-1]]


@given(scripts)
def test_the_same_observations_always_give_the_same_results(script: list[Moment]) -> None:
    seen = observations(script)
    assert played(seen) == played(seen)


def test_the_script_that_should_pass_does() -> None:
    assert [result.verdict for result in played(observations(GOOD))] == ["passed"]
