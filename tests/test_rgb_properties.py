"""What no order of observations may ever bring about.

The oracle reads the observations alone and knows nothing of the mode's states: it walks back
from a confirmation and counts what must be there.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from kioskd.event import Result
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.replay import NOTHING
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Face, HeadPose, ImageQuality, Observation
from models.schemes import Liveness
from tests.support.bystanders import near
from tests.support.moments import Moment, observations
from tests.support.stage import PICTURE, revealed, step_of

SETTINGS = RgbSettings(
    evaluate_liveness_over_n_frames=3,  # so 2 frames are needed
    evaluate_fake_over_n_frames=3,
    attempt=AttemptSettings(attempt_deadline_s=2.0, cool_down_s=0.3, attempts_per_track=2),
)
NEED = 2
DEADLINE_S, GAP_S = SETTINGS.attempt.attempt_deadline_s, SETTINGS.attempt.maximum_gap_s

FIT = Face(
    1,
    (540.0, 200.0, 740.0, 440.0),
    0.9,
    True,
    quality=ImageQuality(0.8, 0.5, 0.5),
    picture=PICTURE,
    change=1.0,
    pose=HeadPose(0.0, 0.0, 0.0),
    centre_pose_quality=0.9,
)
UNFIT = [
    replace(FIT, box=(600.0, 270.0, 680.0, 370.0)),
    replace(FIT, missed=True),
    replace(FIT, quality=None),
    replace(FIT, quality=ImageQuality(0.0, 0.5, 0.5)),
    replace(FIT, picture=None),
    replace(FIT, picture=replace(PICTURE, colour=0.0)),
    replace(FIT, pose=HeadPose(40.0, 0.0, 0.0)),
    replace(FIT, pose=None),
    replace(FIT, centre_pose_quality=0.1),
]
SCORES = [0.1, 0.39, 0.4, 0.5, 0.6, 0.9, 0.9, 0.9, None, math.nan, -0.1, 1.1]


def scored(face: Face, track: int, score: float | None) -> Face:
    return replace(face, track_id=track, liveness=Liveness(score, {}))


faces = st.builds(
    scored,
    st.sampled_from([FIT] * 10 + UNFIT),
    st.sampled_from([1, 1, 1, 2]),
    st.sampled_from(SCORES),
)
scenes = st.one_of(
    faces.map(lambda face: (face,)),
    faces.map(lambda face: (face,)),
    faces.map(lambda face: (face,)),
    st.just(()),
    st.tuples(faces, faces).filter(lambda pair: pair[0].track_id != pair[1].track_id),
)
moments = st.builds(
    Moment,
    st.sampled_from([1 / 30, 1 / 15, 0.1, 0.1, 0.4, 0.6, 3.0, 0.0, -0.2]),
    st.sampled_from([False] * 15 + [True]),
    scenes,
)
scripts = st.lists(moments, min_size=1, max_size=60)
LIVE = Moment(0.1, False, (scored(FIT, 1, 0.9),))
FAKE = Moment(0.1, False, (scored(FIT, 1, 0.1),))


def results(seen: Sequence[Observation]) -> list[tuple[int, Result]]:
    mode = RgbMode(SETTINGS, GateSettings())
    steps = [step_of(mode, one) for one in seen]
    return [(i, step.result) for i, step in enumerate(steps) if step.result is not None]


def in_order(seen: Sequence[Observation]) -> list[int]:
    """Indices of the observations that are newer than all before them."""
    kept: list[int] = []
    for index, one in enumerate(seen):
        if not kept or one.at > seen[kept[-1]].at:
            kept.append(index)
    return kept


def supporting(seen: Sequence[Observation], decided: int, track: int) -> int:
    """How many frames speak for life on the unbroken presence that ends in `decided`."""
    run: list[Observation] = []
    for index in reversed([i for i in in_order(seen) if i <= decided]):
        one = seen[index]
        alone = [face.track_id for face in near(one.faces)] == [track]
        joined = not run or (run[-1].session == one.session and run[-1].at - one.at <= GAP_S)
        if not (alone and joined and seen[decided].at - one.at <= DEADLINE_S):
            break
        run.append(one)
    return sum(speaks_for_life(near(one.faces)[0]) for one in run)


def looks(face: Face) -> tuple[object, ...]:
    """All that the gate looks at."""
    where = (face.box, face.missed)
    return (*where, face.quality, face.picture, face.pose, face.centre_pose_quality)


def speaks_for_life(face: Face) -> bool:
    fit = replace(face, track_id=FIT.track_id, liveness=None)
    score = face.liveness.score if face.liveness else None
    return looks(fit) == looks(FIT) and score is not None and 0.6 <= score <= 1.0


@given(scripts)
@example([LIVE] * 5)
def test_confirmation_rests_on_enough_frames_of_one_person_on_one_unbroken_track(
    script: list[Moment],
) -> None:
    seen = observations(script)
    for index, result in results(seen):
        if result.state == "LIVENESS_CONFIRMED":
            assert supporting(seen, index, result.track_id) >= NEED


@given(scripts)
@example([FAKE] * 60)
def test_each_attempt_has_one_result_and_only_decisions_are_told(script: list[Moment]) -> None:
    found = [result for _, result in results(observations(script))]
    attempts = [(result.track_id, result.attempt) for result in found]
    assert len(attempts) == len(set(attempts))
    for result in found:
        assert result.emits == (result.state != "LIVENESS_UNKNOWN")
        said = {"LIVENESS_CONFIRMED": "true", "NOTLIVE_CONFIRMED": "false"}
        assert result.attributes.get("livenessConfirmed") == said.get(result.state or "")


@given(scripts)
@example([LIVE] * 4 + [FAKE] * 56)
def test_a_confirmed_track_says_nothing_more(script: list[Moment]) -> None:
    confirmed: set[int] = set()
    for _, result in results(observations(script)):
        assert result.track_id not in confirmed
        if result.state == "LIVENESS_CONFIRMED":
            confirmed.add(result.track_id)


@given(scripts)
@example([FAKE] * 60)
def test_no_track_gets_more_attempts_than_allowed(script: list[Moment]) -> None:
    found = [result for _, result in results(observations(script)) if result.frames]
    for track in (1, 2):
        assert sum(result.track_id == track for result in found) <= 2


@given(scripts, st.sampled_from(SCORES))
def test_the_score_of_a_gated_frame_is_never_looked_at(
    script: list[Moment], score: float | None
) -> None:
    """Whatever the networks say of unfit faces, and of faces that are not alone."""
    seen = observations(script)
    mode = RgbMode(SETTINGS, GateSettings())
    steps = [step_of(mode, one) for one in seen]
    changed = [
        one
        if not step.reasons or set(step.reasons) & {"score_invalid", "evidence_against"}
        else replace(one, faces=tuple(scored(f, f.track_id, score) for f in one.faces))
        for one, step in zip(seen, steps, strict=True)
    ]
    again = RgbMode(SETTINGS, GateSettings())
    assert [step_of(again, one) for one in changed] == steps


@given(st.lists(faces, max_size=12), st.lists(faces, max_size=12), st.randoms())
def test_frames_of_others_never_help_in_any_order(
    own: list[Face], others: list[Face], order: Random
) -> None:
    """One live frame of track 1 is one short, however other people's frames stand around it."""
    script = [replace(LIVE, faces=(replace(face, track_id=2),)) for face in others]
    script += [replace(LIVE, faces=(replace(face, track_id=3),)) for face in own]
    script.insert(order.randint(0, len(script)), LIVE)
    order.shuffle(script)
    found = [result for _, result in results(observations(script))]
    assert not any(r.track_id == 1 and r.state == "LIVENESS_CONFIRMED" for r in found)


@given(scripts)
def test_asking_ends_and_what_cannot_be_measured_is_asked_for_once(script: list[Moment]) -> None:
    mode = RgbMode(SETTINGS, GateSettings())
    for one in observations(script):
        unmeasured = tuple(replace(face, **NOTHING) for face in one.faces)
        asked, _ = revealed(mode, replace(one, faces=unmeasured))
        assert len(asked) == len(set(asked)) < 10
