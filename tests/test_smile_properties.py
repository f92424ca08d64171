"""What no order of observations may ever bring about in the modes that ask for a smile.

The oracle reads the observations alone and knows nothing of the modes' states: it walks back from
a success and looks for the neutral face and the smile that must be there, on one unbroken track.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kioskd.event import Result
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_mode import SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from models.observation import Face, HeadPose, Observation
from tests.support.bystanders import near
from tests.support.easing import Easing
from tests.support.moments import Moment, disturbed, in_order, observations
from tests.support.stage import person, step_of

ATTEMPT = AttemptSettings(attempt_deadline_s=3.0, cool_down_s=0.3, attempts_per_track=2)
SMILE = SmileSettings(
    pre_smile_delay_s=0.2, smile_duration_s=0.3, joined_with="none", attempt=ATTEMPT
)
RGB = RgbSettings(evaluate_liveness_over_n_frames=3, evaluate_fake_over_n_frames=3)
NEED = 2  # live frames of a window of 3
SETTLED_S = 0.25  # a quarter of a second, docs/understand/gate.md
HAIR = 1e-6
UNFIT = [
    replace(person(), box=(600.0, 270.0, 680.0, 370.0)),
    replace(person(), missed=True),
    replace(person(), quality=None),
    replace(person(), pose=HeadPose(40.0, 0.0, 0.0)),
]


def shown(base: Face, track: int, smile: float | None, live: float | None) -> Face:
    face = person(0.0 if smile is None else smile, live, track=track)
    shapes = None if smile is None else face.blendshapes
    return replace(base, track_id=track, blendshapes=shapes, liveness=face.liveness)


faces = st.builds(
    shown,
    st.sampled_from([person()] * 10 + UNFIT),
    st.sampled_from([1] * 8 + [2]),
    st.sampled_from([0.0, 0.1, 0.29, 0.3, 0.45, 0.6, 0.9, 0.9, 0.9, None, math.nan]),
    st.sampled_from([0.9] * 8 + [0.1, 0.5, None, math.nan]),
)
scenes = st.one_of(
    *[faces.map(lambda face: (face,))] * 6,
    st.just(()),
    st.tuples(faces, faces).filter(lambda pair: pair[0].track_id != pair[1].track_id),
)
anything = st.builds(
    Moment,
    st.sampled_from([0.1] * 6 + [1 / 30, 0.4, 0.6, 0.0, -0.2]),
    st.sampled_from([False] * 15 + [True]),
    scenes,
)


def moments(smile: float, live: float = 0.9, count: int = 4) -> list[Moment]:
    return [Moment(0.1, False, (person(smile, live),))] * count


acts = st.builds(
    moments,
    st.sampled_from([0.0, 0.0, 0.29, 0.3, 0.45, 0.6, 0.9, 0.9]),
    st.sampled_from([0.9] * 6 + [0.1, 0.5]),
    st.integers(1, 6),
)
GOOD = [*moments(0.0), *moments(0.9, count=5)]
scripts = st.builds(
    disturbed,
    st.lists(acts, max_size=3).map(lambda some: [*some, moments(0.0), moments(0.9, count=7)])
    | st.lists(acts, min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 60), st.booleans(), anything), max_size=4),
)


def attempt_of(result: Result, seen: Sequence[Observation]) -> list[Observation]:
    """The observations from the attempt's first counted frame to its last."""
    return [one for one in in_order(seen) if result.started_at <= one.at <= result.decided_at]


def fit(face: Face) -> bool:
    return (
        face not in UNFIT
        and not face.missed
        and face.quality is not None
        and (face.pose == HeadPose(0.0, 0.0, 0.0) and face.box == person().box)
    )


def moved(now: Observation, attempt: Sequence[Observation]) -> bool:
    """Whether the face stood elsewhere a moment before; such a frame is no evidence."""
    lately = [one for one in attempt if 0.0 <= now.at - one.at <= SETTLED_S]
    return len({one.faces[0].box for one in lately}) > 1


def score(face: Face) -> float:
    return (face.blendshapes or {}).get("mouthSmileLeft", math.nan)


def neutral_then_smile(frames: Sequence[tuple[float, float]]) -> bool:
    """Whether (time, score) pairs end in a smile long enough, after a neutral face long enough."""
    at, last = frames[-1]
    if last < SMILE.smile_threshold:
        return False
    for begin in range(len(frames)):
        smile = frames[begin:]
        held = at - smile[0][0] >= SMILE.smile_duration_s - HAIR
        kept = smile[0][1] >= SMILE.smile_threshold and all(
            value >= SMILE.neutral_threshold for _, value in smile
        )
        if (
            held
            and kept
            and gapless(smile)
            and any(neutral(frames[i:j]) for j in range(1, begin + 1) for i in range(j))
        ):
            return True
    return False


def neutral(frames: Sequence[tuple[float, float]]) -> bool:
    long = frames[-1][0] - frames[0][0] >= SMILE.pre_smile_delay_s - HAIR
    return long and gapless(frames) and all(v < SMILE.neutral_threshold for _, v in frames)


def gapless(frames: Sequence[tuple[float, float]]) -> bool:
    return all(b[0] - a[0] <= ATTEMPT.maximum_gap_s + HAIR for a, b in pairwise(frames))


def mode(name: str) -> Mode:
    if name == "smile":
        return SmileMode(SMILE, GateSettings(), lambda _: 0)
    return SmileRgbMode(SmileRgbSettings(SMILE, RGB), GateSettings())


def eased(script: Sequence[Moment]) -> list[Observation]:
    """As a face moves: no expression is there from one frame to the next."""
    easing = Easing()
    return [
        replace(one, faces=tuple(easing.face(face, one.at) for face in one.faces))
        for one in observations(script)
    ]


def played(name: str, seen: Sequence[Observation]) -> list[Result]:
    door = mode(name)
    return [r for one in seen if (r := step_of(door, one).result) is not None]


MODES = pytest.mark.parametrize("name", ["smile", "smile_rgb"])


@MODES
@given(scripts)
@example(GOOD)
@example([*moments(0.9), *moments(0.0), *moments(0.9, count=5)])
@example([*moments(0.0), *moments(0.9, live=0.1, count=5)])
@example([*moments(0.0), *moments(0.9, count=2), *moments(0.1, count=1), *moments(0.9, count=2)])
@example([*moments(0.0, count=2), *moments(0.4, count=1), *moments(0.0, count=1), *GOOD[4:]])
def test_no_success_without_both_faces_on_one_unbroken_track(
    name: str, script: list[Moment]
) -> None:
    seen = eased(script)
    for result in played(name, seen):
        if result.verdict != "passed":
            continue
        attempt = attempt_of(result, seen)
        assert {tuple(f.track_id for f in near(one.faces)) for one in attempt} == {
            (result.track_id,)
        }
        assert len({one.session for one in attempt}) == 1
        assert gapless([(one.at, 0.0) for one in attempt])
        still = [one for one in attempt if not moved(one, attempt)]
        good = [one for one in still if fit(one.faces[0]) and math.isfinite(score(one.faces[0]))]
        if name == "smile_rgb":
            good = [one for one in good if usable(one.faces[0])]
            window = [live(one.faces[0]) for one in good[-RGB.evaluate_liveness_over_n_frames :]]
            assert sum(value >= 0.6 for value in window) >= NEED
            ends = range(1, len(good) + 1)
            pairs = [(one.at, score(one.faces[0])) for one in good]
            assert any(neutral_then_smile(pairs[:end]) for end in ends)
        else:
            assert neutral_then_smile([(one.at, score(one.faces[0])) for one in good])


def usable(face: Face) -> bool:
    return face.liveness is not None and 0.0 <= live(face) <= 1.0


def live(face: Face) -> float:
    said = face.liveness.score if face.liveness else None
    return math.nan if said is None else said


@MODES
@given(scripts)
def test_a_track_gets_one_success_at_most_and_attempts_are_numbered(
    name: str, script: list[Moment]
) -> None:
    results = played(name, eased(script))
    for track in {result.track_id for result in results}:
        own = [result for result in results if result.track_id == track]
        assert [result.attempt for result in own] == list(range(1, len(own) + 1))
        assert "passed" not in [result.verdict for result in own[:-1]]


@MODES
@given(scripts)
def test_only_what_passed_says_true_and_what_is_undecided_is_not_told(
    name: str, script: list[Moment]
) -> None:
    for result in played(name, eased(script)):
        said = result.attributes.get("smile", result.attributes.get("livenessConfirmed"))
        assert said == {"passed": "true", "failed": "false"}.get(result.verdict)
        assert result.emits == (result.verdict != "undecided")
        assert (result.state == "LIVENESS_CONFIRMED") == (
            name == "smile_rgb" and result.verdict == "passed"
        )
        if result.emits and name == "smile_rgb":
            assert 0.0 <= float(result.attributes["liveness"]) <= 1.0


@MODES
def test_the_script_that_should_pass_does(name: str) -> None:
    assert [r.verdict for r in played(name, eased(GOOD))] == ["passed"]


@MODES
@given(scripts)
def test_the_same_observations_always_give_the_same_results(
    name: str, script: list[Moment]
) -> None:
    seen = eased(script)
    assert played(name, seen) == played(name, seen)
