"""Unified challenges: while one action is asked for, any other is an attempt at fraud."""

from dataclasses import replace

import pytest

from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings, Unified
from kioskd.modes.challenges.kinds import UNWATCHED, Challenge
from kioskd.modes.gate_settings import GateSettings
from tests.support.acting import REST, Look, Scene, Stage, moving, still
from tests.test_challenge import DONE, TURNS, acted

ALL = Unified(watch=True, consider_eyes=True)
ASKED = sorted(set(Challenge) - UNWATCHED)
CODES = dict.fromkeys(TURNS, "fraud_angles") | {
    Challenge.MOUTH_OPENING: "fraud_mouth",
    Challenge.EYEBROW_RAISE: "fraud_eyebrows",
    Challenge.BLINK: "fraud_eyes",
    Challenge.SMILE: "fraud_smile",
}
SWITCHES = {
    "fraud_angles": "consider_angles",
    "fraud_mouth": "consider_mouth",
    "fraud_eyebrows": "consider_eyebrows",
    "fraud_eyes": "consider_eyes",
    "fraud_smile": "consider_smile",
}


def stage(kind: Challenge, unified: Unified = ALL, fps: float = 15.0) -> Stage:
    settings = ChallengeSettings(kind, unified=unified, joined_with="none")
    return Stage(ChallengeMode(settings, GateSettings(), lambda _: 0), fps)


def lasting(kind: Challenge) -> list[Scene]:
    """The action, for longer than a blink lasts."""
    look = DONE[kind]
    return [moving(0.5, REST, look), still(0.5, look), moving(0.5, look, REST), still(0.4)]


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_who_does_only_what_was_asked_passes(kind: Challenge, fps: float) -> None:
    results = stage(kind, fps=fps).play(still(0.7), *acted(kind))
    assert [result.verdict for result in results] == ["passed"]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("done", sorted(CODES))
@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_any_other_action_is_fraud_and_fails_the_attempt(
    asked: Challenge, done: Challenge, fps: float
) -> None:
    if asked is done:
        return
    results = stage(asked, fps=fps).play(still(0.7), *lasting(done), *acted(asked))
    assert (results[0].verdict, results[0].reasons[0]) == ("failed", CODES[done])
    assert not results[0].emits


@pytest.mark.parametrize(("code", "switch"), SWITCHES.items())
def test_each_kind_of_fraud_can_be_switched_off(code: str, switch: str) -> None:
    blind = replace(ALL, **{switch: False})
    for done in (kind for kind, known in CODES.items() if known == code):
        asked = Challenge.SMILE if done in TURNS else Challenge.LEFT_TURN
        results = stage(asked, blind).play(still(0.7), *lasting(done), *acted(asked))
        assert [result.verdict for result in results] == ["passed"]


def test_both_at_once_is_fraud_too() -> None:
    both = Look(yaw=24.0, mouth=0.7)
    results = stage(Challenge.LEFT_TURN).play(still(0.7), moving(0.6, REST, both), still(1, both))
    assert (results[0].verdict, results[0].reasons) == ("failed", ("fraud_mouth",))


def test_less_rigidity_lets_more_of_an_unasked_action_pass() -> None:
    look = Look(mouth=0.55)
    scenes = [still(0.7), moving(0.4, REST, look), still(0.5, look), still(0.3)]
    scenes += acted(Challenge.LEFT_TURN)
    loose = replace(ALL, rigidity=1.5)
    assert stage(Challenge.LEFT_TURN).play(*scenes)[0].verdict == "failed"
    assert stage(Challenge.LEFT_TURN, loose).play(*scenes)[0].verdict == "passed"


def test_nothing_is_asked_of_who_does_a_watched_action_already() -> None:
    smiling = Look(smile=0.9)
    watching = stage(Challenge.NOD)
    assert watching.play(still(3.0, smiling)) == []
    assert {step.reasons for step in watching.steps} == {("precondition_failed", "not_neutral")}


def test_a_smile_that_nobody_measured_cannot_be_passed_over() -> None:
    """Where a smile is watched for, a frame without its score is no evidence of the nod either."""
    watching = stage(Challenge.NOD)
    watching.play(still(0.7), *acted(Challenge.NOD))
    assert {m.value for wanted in watching.asked for m in wanted.measures} == {
        "quality",
        "pose",
        "identity",
        "passage",
        "blendshapes",
    }


@pytest.mark.parametrize("kind", sorted(UNWATCHED))
def test_blink_and_flow_have_no_unified_form(kind: Challenge) -> None:
    with pytest.raises(ValueError, match="no unified form"):
        ChallengeSettings(kind, unified=ALL)
