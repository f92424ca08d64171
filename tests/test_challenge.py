"""Each challenge told as stories: what a person does, and what comes of it."""

from dataclasses import replace

import numpy as np
import pytest

from kioskd.event import Result
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings, Engine, Extents, Unified
from kioskd.modes.challenges.kinds import ACTIONS, SMOOTH, Challenge
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from models.mesh.bones import INDICES
from models.observation import HeadPose, Measure
from tests.support.acting import REST, Look, Scene, Stage, face, moving, showing, still

DONE: dict[Challenge, Look] = {  # each action, as far as people go
    Challenge.NOD: Look(pitch=-18.0),
    Challenge.HEAD_RAISE: Look(pitch=18.0),
    Challenge.LEFT_TURN: Look(yaw=24.0),
    Challenge.RIGHT_TURN: Look(yaw=-24.0),
    Challenge.MOUTH_OPENING: Look(mouth=0.7),
    Challenge.BLINK: Look(eyes=(0.03, 0.03)),
    Challenge.EYEBROW_RAISE: Look(eyebrows=0.42),
    Challenge.SMILE: Look(smile=0.9),
    Challenge.FLOW: Look(size=1.5),
}


def acted(kind: Challenge) -> list[Scene]:
    """Somebody who does the action as people do it: there, a moment, and back."""
    look = DONE[kind]
    slow = 1.5 if kind is Challenge.FLOW else 0.5
    way = 0.1 if kind is Challenge.BLINK else slow
    return [moving(way, REST, look), still(0.4, look), moving(way, look, REST), still(0.7)]


def mode(kind: Challenge, gate: GateSettings | None = None, **more: object) -> ChallengeMode:
    settings = ChallengeSettings(kind, joined_with="none", **more)  # type: ignore[arg-type]
    return ChallengeMode(settings, gate or GateSettings(), lambda _: 0)


def ends(stage: Stage, *scenes: Scene) -> list[tuple[str, tuple[str, ...]]]:
    return [(result.verdict, result.reasons) for result in stage.play(*scenes)]


@pytest.mark.parametrize("kind", Challenge)
@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
@pytest.mark.parametrize("drop", [0, 3])
def test_who_does_as_asked_passes_at_every_frame_rate(
    kind: Challenge, fps: float, drop: int
) -> None:
    stage = Stage(mode(kind), fps, drop)
    results = stage.play(still(0.7), *acted(kind))
    assert [result.verdict for result in results] == ["passed"]
    assert stage.prompts == ["look_straight", kind.value, "done"]


@pytest.mark.parametrize("kind", Challenge)
def test_a_pass_says_what_it_rests_on(kind: Challenge) -> None:
    stage = Stage(mode(kind))
    result = stage.play(still(0.7), *acted(kind))[0]
    assert result == Result(
        action=ACTIONS[kind],
        feed="door",
        mode="challenge",
        track_id=1,
        attempt=1,
        verdict="passed",
        emits=True,
        attributes={"challengeConfirmed": "true"},
        started_at=result.started_at,
        decided_at=result.decided_at,
        captured_at=1e9 + result.decided_at,
        frames=result.frames,
        challenges=(kind.value,),
        measured=result.measured,
    )
    assert [each.finding.key for each in result.measured] == [kind.value]
    assert 100.0 < result.started_at < result.decided_at
    assert result.frames >= 3
    assert [step.reasons for step in stage.steps if step.result] == [("ok",)]


@pytest.mark.parametrize("asked", Challenge)
@pytest.mark.parametrize("done", Challenge)
def test_another_action_than_the_one_asked_for_never_passes(
    asked: Challenge, done: Challenge
) -> None:
    stage = Stage(mode(asked))
    verdicts = [result.verdict for result in stage.play(still(0.7), *acted(done), still(5.0))]
    assert verdicts == (["passed"] if done is asked else ["failed"])


@pytest.mark.parametrize("kind", Challenge)
def test_who_does_nothing_fails_when_the_time_is_over(kind: Challenge) -> None:
    stage = Stage(mode(kind))
    assert ends(stage, still(6.0)) == [("failed", ("time_over",))]
    result = stage.play()[0]
    assert not result.emits
    assert result.attributes == {"challengeConfirmed": "false"}
    assert 5.0 <= result.decided_at - result.started_at <= 5.1
    assert stage.prompts == ["look_straight", kind.value, "try_again"]


@pytest.mark.parametrize("kind", Challenge)
def test_half_the_way_is_no_action(kind: Challenge) -> None:
    half = REST.towards(DONE[kind], 0.4)
    scenes = (moving(0.7, REST, half), still(0.6, half), moving(0.7, half, REST))
    assert ends(Stage(mode(kind)), still(0.7), *scenes, still(3.5)) == [("failed", ("time_over",))]


@pytest.mark.parametrize("kind", sorted(set(Challenge) - {Challenge.BLINK}))
def test_an_action_that_does_not_last_is_not_enough(kind: Challenge) -> None:
    stage = Stage(mode(kind, engine=Engine(success_length_s=0.6)), fps=30.0)
    let_go = REST.towards(DONE[kind], 0.3)
    scenes = (still(0.7), moving(0.6, REST, DONE[kind]), still(4.5, let_go))
    assert ends(stage, *scenes) == [("failed", ("time_over",))]


def tilted(look: Look, squeezed: float) -> Scene:
    """A picture held askew: its face is narrower, and reads as if it did something."""
    picture = face(look)
    assert picture.mesh is not None
    flat = face().mesh
    assert flat is not None
    bones = flat[INDICES]
    picture.mesh[INDICES] = bones * np.array((squeezed, 1.0, 1.0), np.float32)
    picture.mesh[[33, 133, 263, 362]] = face(look).mesh[[33, 133, 263, 362]]  # type: ignore[index]
    return showing(1 / 15, picture)


@pytest.mark.parametrize("kind", sorted(set(Challenge) - {Challenge.FLOW}))
def test_a_picture_that_must_be_tilted_to_do_it_does_not_pass(kind: Challenge) -> None:
    ways = [REST.towards(DONE[kind], n / 8) for n in range(9)]
    askew = [tilted(look, 1.0 - 0.05 * n) for n, look in enumerate(ways)]
    stage = Stage(mode(kind))
    results = stage.play(still(0.7), *askew, *[tilted(DONE[kind], 0.6)] * 6, still(4.5))
    assert results[0].verdict == "failed"
    assert results[0].reasons == ("time_over", "planar_motion")
    assert ("not_ready", "planar_motion") in [step.reasons for step in stage.steps]


@pytest.mark.parametrize("kind", sorted(set(Challenge) - SMOOTH))
def test_a_head_that_tilts_meanwhile_does_not_pass(kind: Challenge) -> None:
    """Somebody who laughs and throws the head aside raises no brow."""
    there = replace(DONE[kind], roll=-22.0)
    stage = Stage(mode(kind))
    scenes = (moving(0.2, REST, there), still(1.0, there), moving(0.2, there, REST), still(5.0))
    results = stage.play(still(0.7), *scenes)
    assert (results[0].verdict, results[0].reasons) == ("failed", ("time_over", "moving"))


TURNS = (Challenge.NOD, Challenge.HEAD_RAISE, Challenge.LEFT_TURN, Challenge.RIGHT_TURN)


@pytest.mark.parametrize("kind", [*TURNS, Challenge.FLOW])
def test_a_jump_is_a_cut_or_a_swapped_picture_and_no_movement(kind: Challenge) -> None:
    stage = Stage(mode(kind))
    assert ends(stage, still(0.7), still(2.0, DONE[kind]), still(3.0)) == [
        ("failed", ("time_over",))
    ]


@pytest.mark.parametrize("kind", TURNS)
def test_after_a_jump_who_goes_back_and_turns_smoothly_passes(kind: Challenge) -> None:
    stage = Stage(mode(kind))
    jump = (still(0.5, DONE[kind]), still(0.5))
    assert ends(stage, still(0.7), *jump, *acted(kind)) == [("passed", ())]


@pytest.mark.parametrize("kind", TURNS)
def test_turns_are_measured_from_where_the_head_was(kind: Challenge) -> None:
    """A camera under the eyes sees every head raised by some degrees."""
    held = Look(pitch=8.0, yaw=-5.0)
    there = replace(held, pitch=held.pitch + DONE[kind].pitch, yaw=held.yaw + DONE[kind].yaw)
    stage = Stage(mode(kind))
    scenes = (still(0.7, held), moving(0.5, held, there), still(0.4, there))
    assert ends(stage, *scenes) == [("passed", ())]


def test_left_is_counter_clockwise_about_the_vertical_axis() -> None:
    """The subject's own left: positive yaw, as models.observation.HeadPose defines it."""
    left = [still(0.7), moving(0.5, REST, Look(yaw=24.0)), still(0.5, Look(yaw=24.0))]
    assert [r.verdict for r in Stage(mode(Challenge.LEFT_TURN)).play(*left)] == ["passed"]
    assert Stage(mode(Challenge.RIGHT_TURN)).play(*left) == []


def test_one_eye_is_no_blink() -> None:
    wink = Look(eyes=(0.03, 0.3))
    stage = Stage(mode(Challenge.BLINK))
    assert ends(stage, still(0.7), still(0.2, wink), still(5.0)) == [("failed", ("time_over",))]


def test_eyes_that_stay_shut_are_no_blink() -> None:
    shut = DONE[Challenge.BLINK]
    stage = Stage(mode(Challenge.BLINK))
    assert ends(stage, still(0.7), still(2.0, shut), still(3.5)) == [("failed", ("time_over",))]


def test_narrow_eyes_blink_as_well_as_wide_ones() -> None:
    for open_ in (0.16, 0.45):
        rest, shut = Look(eyes=(open_, open_)), Look(eyes=(0.03, 0.03))
        stage = Stage(mode(Challenge.BLINK))
        scenes = (still(0.7, rest), still(0.15, shut), still(0.5, rest))
        assert ends(stage, *scenes) == [("passed", ())]


def test_a_box_that_grows_without_its_picture_is_no_approach() -> None:
    sizes = [1.0 + n / 30 for n in range(30)]
    grown = [showing(1 / 15, face(Look(size=size), zoom=1.0)) for size in sizes]
    stage = Stage(mode(Challenge.FLOW))
    there = showing(4.0, face(Look(size=2.0), zoom=1.0))
    assert ends(stage, still(0.7), *grown, there) == [("failed", ("time_over",))]


def test_an_approach_without_measured_flow_is_none() -> None:
    sizes = [1.0 + n / 30 for n in range(30)]
    grown = [showing(1 / 15, face(Look(size=size), zoom=None)) for size in sizes]
    blind = showing(4.0, face(Look(size=2.0), zoom=None))
    stage = Stage(mode(Challenge.FLOW))
    assert ends(stage, still(0.7), *grown, blind) == [("failed", ("time_over",))]


START = [  # the seed's PreconditionFailed, and what it means for each kind
    *((kind, Look(pitch=25.0), "head_pitched") for kind in TURNS),
    *((kind, Look(yaw=25.0), "head_turned") for kind in TURNS),
    *((kind, Look(roll=25.0), "head_tilted") for kind in TURNS),
    (Challenge.EYEBROW_RAISE, Look(roll=-25.0), "head_tilted"),
    (Challenge.MOUTH_OPENING, Look(mouth=0.4), "mouth_open"),
    (Challenge.SMILE, Look(smile=0.5), "not_neutral"),
    (Challenge.BLINK, Look(eyes=(0.3, 0.05)), "eyes_closed"),
    (Challenge.BLINK, Look(eyes=(0.05, 0.3)), "eyes_closed"),
]


@pytest.mark.parametrize(("kind", "look", "why"), START)
def test_nothing_is_asked_before_the_start_condition_holds(
    kind: Challenge, look: Look, why: str
) -> None:
    stage = Stage(mode(kind))
    assert stage.play(still(3.0, look)) == []
    assert {step.phase for step in stage.steps} == {"START"}
    assert {step.reasons for step in stage.steps} == {("precondition_failed", why)}
    assert len(stage.prompts) == 1
    assert stage.prompts[0] in ("look_straight", "look_at_camera")  # by what the person can mend
    results = stage.play(still(0.7), *acted(kind))
    assert [result.verdict for result in results] == ["passed"]


def test_a_smile_that_cannot_be_measured_starts_nothing() -> None:
    stage = Stage(mode(Challenge.SMILE))
    assert stage.play(showing(3.0, replace(face(), blendshapes=None))) == []
    assert {step.reasons for step in stage.steps} == {("precondition_failed", "not_measured")}


def test_a_face_wider_than_high_starts_no_approach() -> None:
    wide = replace(face(), box=(440.0, 270.0, 840.0, 450.0))
    stage = Stage(mode(Challenge.FLOW))
    assert stage.play(showing(3.0, wide)) == []
    assert {step.reasons for step in stage.steps} == {("precondition_failed", "face_too_wide")}


def test_a_face_outside_the_allowed_area_starts_nothing() -> None:
    aside = replace(face(), box=(20.0, 230.0, 220.0, 490.0))
    engine = Engine(horizontal_padding=0.05)
    stage = Stage(mode(Challenge.NOD, engine=engine))
    assert stage.play(showing(3.0, aside)) == []
    assert {step.reasons for step in stage.steps} == {("precondition_failed", "outside_area")}
    stage = Stage(mode(Challenge.NOD))
    stage.play(showing(1.0, aside))
    assert stage.steps[-1].phase == "ASKED"


def test_who_never_meets_the_start_condition_is_reported_once_and_not_to_the_door() -> None:
    stage = Stage(mode(Challenge.NOD))
    results = stage.play(still(20.0, Look(yaw=30.0)))
    assert [(r.verdict, r.emits, r.frames) for r in results] == [("undecided", False, 0)]
    assert results[0].attributes == {}
    assert results[0].reasons == ("time_over", "precondition_failed", "head_turned")


@pytest.mark.parametrize("kind", Challenge)
def test_a_short_loss_of_the_face_is_allowed_and_a_long_one_is_not(kind: Challenge) -> None:
    lost = replace(face(), missed=True)
    short = Stage(mode(kind))
    results = short.play(still(0.7), showing(0.3, lost), *acted(kind))
    assert [result.verdict for result in results] == ["passed"]
    long = Stage(mode(kind))
    assert ends(long, still(0.7), showing(0.7, lost), *acted(kind))[0] == (
        "undecided",
        ("track_lost", "face_missed"),
    )


@pytest.mark.parametrize(
    ("scene", "why"),
    [
        (showing(0.2), "track_lost"),
        (still(0.2, track=2), "subject_changed"),
        (showing(0.2, face(), face(track=2)), "several_faces"),
        (showing(0.2, face(), session=1), "feed_restarted"),
    ],
)
@pytest.mark.parametrize("kind", Challenge)
def test_what_breaks_an_attempt_off_leaves_nothing_behind(
    kind: Challenge, scene: Scene, why: str
) -> None:
    half, look = REST.towards(DONE[kind], 0.5), DONE[kind]
    stage = Stage(mode(kind))
    results = stage.play(still(0.7), moving(0.5, REST, half), scene, still(2.0, look))
    assert (results[0].verdict, results[0].reasons[0], results[0].emits) == (
        "undecided",
        why,
        False,
    )
    assert all(result.verdict != "passed" for result in results)


def test_the_engine_says_where_it_stands() -> None:
    stage = Stage(mode(Challenge.NOD))
    stage.play(showing(0.2), still(0.7), *acted(Challenge.NOD))
    codes = list(dict.fromkeys(step.reasons[0] for step in stage.steps if step.reasons))
    assert codes == [
        "not_initialized",
        "precondition_failed",
        "not_ready",
        "ok",
        "already_decided",
    ]


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_what_is_no_number_is_an_internal_error_and_no_evidence(broken: float) -> None:
    strange = replace(face(), pose=HeadPose(yaw=0.0, pitch=broken, roll=0.0))
    bent = face()
    points = bent.mesh
    assert points is not None
    points[:] = broken
    for one, code in ((bent, "internal"), (strange, "precondition_failed")):
        stage = Stage(mode(Challenge.NOD))
        assert stage.play(showing(2.0, one)) == []
        assert {step.reasons[0] for step in stage.steps} == {code}


def test_a_smile_that_is_no_score_is_an_internal_error() -> None:
    strange = replace(face(), blendshapes={"mouthSmileLeft": 2.5, "mouthSmileRight": 2.5})
    stage = Stage(mode(Challenge.SMILE))
    assert stage.play(still(0.7), showing(2.0, strange), still(3.0))[0].verdict != "passed"
    assert ("internal",) in [step.reasons for step in stage.steps]


def test_attempts_are_limited_and_cooled_down() -> None:
    attempt = AttemptSettings(cool_down_s=1.0, attempts_per_track=2)
    stage = Stage(mode(Challenge.NOD, attempt=attempt))
    results = stage.play(still(20.0), *acted(Challenge.NOD))
    assert [(r.verdict, r.attempt) for r in results] == [("failed", 1), ("failed", 2)]
    assert stage.steps[-1].reasons == ("attempts_used_up",)
    assert stage.prompts[-1] is None


def test_after_a_pass_the_same_person_is_asked_nothing_more() -> None:
    stage = Stage(mode(Challenge.NOD))
    results = stage.play(still(0.7), *acted(Challenge.NOD), *acted(Challenge.NOD), still(6.0))
    assert len(results) == 1
    assert stage.prompts == ["look_straight", "nod", "done"]


def test_nothing_is_measured_that_is_not_needed() -> None:
    measures = {
        kind: {m for wanted in asked(kind) for m in wanted}
        for kind in (Challenge.NOD, Challenge.SMILE, Challenge.FLOW)
    }
    gated = {Measure.QUALITY, Measure.POSE, Measure.IDENTITY, Measure.PASSAGE}
    assert measures == {
        Challenge.NOD: gated,
        Challenge.SMILE: gated | {Measure.BLENDSHAPES, Measure.COVER},
        Challenge.FLOW: gated | {Measure.MOTION},
    }


def asked(kind: Challenge) -> list[frozenset[Measure]]:
    stage = Stage(mode(kind))
    stage.play(still(0.7), *acted(kind))
    return [wanted.measures for wanted in stage.asked]


@pytest.mark.parametrize(
    "wrong",
    [
        {"extents": Extents(nod_deg=0.0)},
        {"extents": Extents(turn_deg=-15.0)},
        {"extents": Extents(mouth_opening=0.1)},
        {"extents": Extents(smile=0.0)},
        {"extents": Extents(eyes_closed=1.0)},
        {"extents": Extents(eyebrow_raise=0.0)},
        {"extents": Extents(approach=1.0)},
        {"engine": Engine(success_length_s=0.0)},
        {"engine": Engine(start_length_s=0.0)},
        {"unified": Unified(rigidity=0.0)},
    ],
)
def test_settings_that_could_pass_nobody_doing_nothing_are_refused(
    wrong: dict[str, object],
) -> None:
    with pytest.raises(ValueError, match="must be"):
        ChallengeSettings(Challenge.NOD, **wrong)  # type: ignore[arg-type]


def test_nothing_is_asked_of_who_has_not_come_to_a_stand() -> None:
    """Measured from a head that moves, the rest of its way would be the action."""
    here, there = Look(yaw=9.0), Look(yaw=-9.0)
    stage = Stage(mode(Challenge.LEFT_TURN), fps=30.0)
    swaying = [moving(0.3, here, there), moving(0.3, there, here)] * 5
    stage.play(*swaying)
    assert Challenge.LEFT_TURN.value not in stage.prompts
    assert ("precondition_failed", "moving") in {step.reasons for step in stage.steps}
    assert "hold_still" in stage.prompts
    results = stage.play(moving(0.3, here, REST), still(0.5), *acted(Challenge.LEFT_TURN))
    assert [result.verdict for result in results] == ["passed"]


def test_every_reason_of_a_challenge_has_a_sentence() -> None:
    for reason in Reason:
        assert reason.sentence.strip()
