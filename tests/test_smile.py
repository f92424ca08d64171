"""Secure Access with Smile, told as stories."""

import math
from dataclasses import replace

import pytest

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from models.observation import Measure
from tests.support.stage import LOSSES, RATES, Play, Stage, always, person

SETTINGS = SmileSettings(joined_with="none")
NEUTRAL, SMILE = always(person(0.02)), always(person(0.85))


def stage(fps: float = 15.0, lose: int = 0, settings: SmileSettings = SETTINGS) -> Stage:
    return Stage(SmileMode(settings, GateSettings(), lambda _: 0), fps, lose)


def smiles_at(start_s: float, end_s: float, high: float = 0.85) -> Play:
    return lambda t: (person(high if start_s <= t < end_s else 0.02),)


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("fps", RATES)
def test_a_neutral_face_that_smiles_is_confirmed(fps: float, lose: int) -> None:
    door = stage(fps, lose)
    (result,) = door.show(smiles_at(0.8, 3.0), 3.0)
    assert (result.action, dict(result.attributes)) == ("smileToActivate", {"smile": "true"})
    assert (result.verdict, result.emits, result.state) == ("passed", True, None)
    lasted = result.decided_at - 100.0
    assert 0.8 + 0.7 - 1e-6 <= lasted <= 0.8 + 0.7 + 3 / fps
    assert (
        door.phases
        == ["QUALITY", "NEUTRAL", "PROMPT", "SMILE", "SMILE_CONFIRMED"][
            1 if door.phases[0] == "NEUTRAL" else 0 :
        ]
    )


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("fps", RATES)
def test_who_does_not_smile_is_told_so_at_the_deadline(fps: float, lose: int) -> None:
    door = stage(fps, lose)
    (result,) = door.show(NEUTRAL, 5.5)
    assert (result.verdict, result.emits) == ("failed", True)
    assert dict(result.attributes) == {"smile": "false"}
    assert result.reasons[:2] == ("time_over", "no_smile")
    assert result.decided_at - 100.0 > 5.0


@pytest.mark.parametrize("fps", RATES)
def test_who_arrives_smiling_must_go_neutral_first(fps: float) -> None:
    door = stage(fps)
    assert door.show(SMILE, 2.0) == []
    (result,) = door.show(smiles_at(0.6, 9.0), 2.0)
    assert result.attributes["smile"] == "true"


def test_who_smiles_all_the_time_is_not_confirmed() -> None:
    (result,) = stage().show(SMILE, 5.5)
    assert result.attributes["smile"] == "false"
    assert result.reasons[:2] == ("time_over", "not_neutral")


def test_a_neutral_face_that_was_too_short_does_not_count() -> None:
    door = stage(30.0)
    assert door.show(smiles_at(0.4, 9.0), 4.0) == []
    assert "PROMPT" not in door.phases


def test_a_smile_that_was_too_short_does_not_count_and_the_next_begins_anew() -> None:
    door = stage(30.0)
    assert door.show(smiles_at(0.6, 1.2), 1.5) == []
    assert door.phases[-2:] == ["SMILE", "PROMPT"]
    assert door.show(smiles_at(0.0, 0.6), 0.7) == []
    (result,) = door.show(smiles_at(0.1, 1.0), 1.0)
    assert result.attributes["smile"] == "true"


def test_a_smile_may_waver_between_the_thresholds() -> None:
    wavering: Play = lambda t: (person(0.02 if t < 0.6 else 0.65 if round(t * 30) % 3 else 0.35),)  # noqa: E731
    assert [r.verdict for r in stage(30.0).show(wavering, 2.0)] == ["passed"]


def test_half_a_smile_is_neither_neutral_nor_a_smile() -> None:
    door = stage()
    door.show(NEUTRAL, 0.7)
    (result,) = door.show(always(person(0.5)), 6.0)
    assert result.attributes["smile"] == "false"
    assert "SMILE" not in door.phases
    never = stage()
    never.show(always(person(0.5)), 3.0)
    assert "PROMPT" not in never.phases


@pytest.mark.parametrize(
    "shapes",
    [
        None,
        {},
        {"mouthSmileLeft": 0.9},
        {"mouthSmileLeft": math.nan, "mouthSmileRight": 0.9},
        {"mouthSmileLeft": 9.0, "mouthSmileRight": 0.9},
    ],
)
def test_a_smile_that_was_not_measured_is_no_evidence(shapes: dict[str, float] | None) -> None:
    door = stage()
    door.show(NEUTRAL, 0.7)
    results = door.show(always(replace(person(0.9), blendshapes=shapes)), 5.0)
    assert [r.verdict for r in results] == ["failed"]
    assert "not_measured" in door.reasons


def test_frames_that_the_gate_refuses_are_no_evidence_and_cost_no_network() -> None:
    far = always(replace(person(0.9), box=(600.0, 270.0, 680.0, 370.0)))
    door = stage()
    door.show(NEUTRAL, 0.7)
    door.asked.clear()
    assert door.show(far, 3.0) == []
    assert not door.asked
    assert door.phases[-1] == "PROMPT"


def test_what_nobody_saw_was_not_held() -> None:
    """Frames come, but none is fit, for longer than a gap: a smile does not last through it."""
    blurred = always(replace(person(0.9), quality=replace(person().quality, sharpness=0.0)))  # type: ignore[type-var]
    door = stage(30.0)
    door.show(smiles_at(0.6, 9.0), 0.8)
    assert door.phases[-1] == "SMILE"
    assert door.show(blurred, 0.7) == []
    assert door.show(SMILE, 0.5) == []
    assert [r.verdict for r in door.show(SMILE, 0.5)] == ["passed"]


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        ((person(0.9), person(0.9, track=2)), "several_faces"),
        ((person(0.9, track=2),), "subject_changed"),
        ((), "track_lost"),
    ],
)
def test_another_face_or_none_breaks_the_attempt_and_the_door_is_not_told(
    scene: tuple[object, ...], reason: str
) -> None:
    door = stage()
    door.show(smiles_at(0.6, 9.0), 1.0)
    (result,) = door.show(always(*scene), 0.1)  # type: ignore[arg-type]
    assert (result.verdict, result.emits, result.reasons[0]) == ("undecided", False, reason)
    assert all(r.verdict != "passed" for r in door.show(SMILE, 4.0))


def test_a_gap_and_a_reopened_camera_break_the_attempt() -> None:
    for interrupt in (lambda d: d.wait(0.8), lambda d: setattr(d, "session", 1)):
        door = stage()
        door.show(smiles_at(0.6, 9.0), 1.0)
        interrupt(door)
        (result,) = door.show(SMILE, 1.0)
        assert result.verdict == "undecided"


def test_a_confirmed_person_stays_silent_until_they_leave() -> None:
    door = stage()
    door.show(smiles_at(0.6, 9.0), 2.0)
    assert door.show(smiles_at(0.6, 9.0), 6.0) == []
    assert door.steps[-1].reasons == ("already_decided",)
    door.show(always(), 1.0)
    again = door.show(lambda t: (person(0.9 if t > 0.7 else 0.0, track=2),), 2.0)
    assert [r.verdict for r in again] == ["passed"]


def test_who_failed_may_try_again_after_the_cool_down_so_many_times() -> None:
    attempt = AttemptSettings(attempt_deadline_s=1.5, cool_down_s=1.0, attempts_per_track=2)
    door = stage(settings=replace(SETTINGS, attempt=attempt))
    assert [r.attempt for r in door.show(NEUTRAL, 10.0)] == [1, 2]
    assert door.steps[-1].reasons == ("attempts_used_up",)


def test_who_is_never_fit_is_audited_once_and_the_door_is_not_told() -> None:
    door = stage()
    turned = always(person(0.9, yaw=40.0))
    (result,) = door.show(turned, 12.0)
    assert (result.verdict, result.emits, result.frames) == ("undecided", False, 0)
    assert result.reasons[:2] == ("time_over", "head_turned")


def test_the_dear_measure_is_asked_for_last_and_liveness_never() -> None:
    door = stage()
    door.show(NEUTRAL, 0.1)
    order = [next(iter(wanted.measures)) for wanted in door.asked[:3]]
    assert order == [Measure.QUALITY, Measure.POSE, Measure.BLENDSHAPES]


@pytest.mark.parametrize(
    "wrong",
    [
        {"smile_threshold": 0.2},
        {"neutral_threshold": 0.0},
        {"pre_smile_delay_s": 0.0},
        {"smile_duration_s": 0.0},
        {"smile_threshold": math.nan},
    ],
)
def test_settings_that_would_take_any_face_for_a_smile_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"neutral|last"):
        replace(SETTINGS, **wrong)  # type: ignore[arg-type]
