"""Secure Access with Smile and RGB Liveness, told as stories."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_mode import SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from models.observation import Measure
from tests.support.stage import LOSSES, RATES, Play, Stage, always, person

SETTINGS = SmileRgbSettings()


def stage(fps: float = 15.0, lose: int = 0, settings: SmileRgbSettings = SETTINGS) -> Stage:
    return Stage(SmileRgbMode(settings, GateSettings()), fps, lose)


def smiles(live: Callable[[float], float | None] = lambda _: 0.9, start_s: float = 0.8) -> Play:
    return lambda t: (person(0.85 if t >= start_s else 0.02, live(t)),)


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("fps", RATES)
def test_a_live_person_who_smiles_is_confirmed(fps: float, lose: int) -> None:
    door = stage(fps, lose)
    (result,) = door.show(smiles(), 5.0)
    assert result.action == "smileToActivate"
    assert dict(result.attributes) == {"liveness": 0.9, "livenessConfirmed": "true"}
    assert (result.verdict, result.emits, result.state) == ("passed", True, "LIVENESS_CONFIRMED")
    assert result.decided_at - 100.0 >= 0.8 + 0.7
    assert door.phases[-1] == "CONFIRMED"


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("fps", RATES)
def test_an_attack_that_smiles_is_refused_before_it_is_done(fps: float, lose: int) -> None:
    door = stage(fps, lose)
    result = door.show(smiles(lambda _: 0.1), 5.0)[0]
    assert dict(result.attributes) == {"liveness": 0.1, "livenessConfirmed": "false"}
    assert (result.verdict, result.emits, result.state) == ("failed", True, "NOTLIVE_CONFIRMED")
    assert "passed" not in {r.verdict for r in door.results}


def test_a_live_person_who_does_not_smile_is_refused_at_the_deadline() -> None:
    (result,) = stage().show(always(person(0.02, 0.9)), 5.5)
    assert dict(result.attributes) == {"liveness": 0.9, "livenessConfirmed": "false"}
    assert (result.emits, result.state) == (True, "LIVENESS_UNKNOWN")
    assert result.reasons[:2] == ("time_over", "no_smile")


def test_scores_that_say_neither_end_the_attempt_undecided_and_refused() -> None:
    result = stage().show(smiles(lambda _: 0.5), 5.0)[0]
    assert result.attributes == {"liveness": 0.5, "livenessConfirmed": "false"}
    assert (result.emits, result.state, result.reasons[0]) == (
        True,
        "LIVENESS_UNKNOWN",
        "undecided",
    )


@pytest.mark.parametrize("swapped_at", [0.8, 1.0, 1.3])
def test_a_live_start_does_not_carry_a_picture_that_smiles(swapped_at: float) -> None:
    """The face is live while it is neutral; what smiles in its place, on the same track, is not."""
    door = stage(30.0)
    door.show(smiles(lambda t: 0.9 if t < swapped_at else 0.1), 6.0)
    assert "passed" not in {result.verdict for result in door.results}
    assert door.results[0].attributes["livenessConfirmed"] == "false"


def test_the_frames_after_the_smile_decide_when_its_end_came_early_in_a_window() -> None:
    door = stage(30.0)
    turns_fake = smiles(lambda t: 0.9 if t < 1.47 else 0.1)  # the smile is done at 1.5 s
    door.show(turns_fake, 6.0)
    assert "passed" not in {result.verdict for result in door.results}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (replace(person(0.85), blendshapes=None), "not_measured"),
        (replace(person(0.85), liveness=None), "not_measured"),
        (person(0.85, None), "score_invalid"),
        (person(0.85, float("nan")), "score_invalid"),
        (person(0.85, 1.5), "score_invalid"),
    ],
)
def test_a_frame_without_both_measures_is_no_evidence(broken: object, reason: str) -> None:
    door = stage()
    door.show(always(person(0.02)), 0.7)
    results = door.show(always(broken), 4.0)  # type: ignore[arg-type]
    assert results == []
    assert reason in door.reasons


def test_another_person_cannot_finish_what_one_began() -> None:
    door = stage()
    door.show(smiles(), 1.2)
    results = door.show(always(person(0.85, 0.9, track=2)), 6.0)
    assert [r.verdict for r in results] == ["undecided", "failed"]
    assert [r.emits for r in results] == [False, True]


def test_only_a_scheme_with_the_hybrid_model_asks_for_room_around_the_face() -> None:
    tight = replace(person(0.02), box=(540.0, 420.0, 740.0, 660.0))  # 60 pixels below it
    for scheme, asked in (("hybrid_unimodal", True), ("context_unimodal", False)):
        door = stage(settings=replace(SETTINGS, rgb=RgbSettings(detection_scheme=scheme)))
        door.show(always(tight), 0.2)
        assert ("margin_below" in door.reasons) == asked


def test_measures_are_asked_for_from_cheap_to_dear() -> None:
    door = stage()
    door.show(always(person()), 0.1)
    of_the_face = [wanted for wanted in door.asked if wanted.track_id is not None]
    order = [next(iter(wanted.measures)) for wanted in of_the_face[:5]]
    assert order == [
        Measure.QUALITY,
        Measure.PICTURE,
        Measure.POSE,
        Measure.BLENDSHAPES,
        Measure.LIVENESS,
    ]
    assert of_the_face[4].plan is not None


def test_one_attempt_is_bounded_by_the_smiles_settings() -> None:
    short = replace(SmileSettings().attempt, attempt_deadline_s=1.0)
    door = stage(settings=SmileRgbSettings(smile=SmileSettings(attempt=short)))
    assert door.show(smiles(), 1.2)[0].reasons[0] == "time_over"
