"""3D liveness, depth liveness, and RGB with 3D, told as stories."""

from collections.abc import Callable
from dataclasses import replace
from math import inf, nan

import pytest

from kioskd.event import Result
from kioskd.modes.depth.depth_mode import depth_mode, infrared_mode, rgb_3d_mode
from kioskd.modes.depth.depth_phases import TRANSITIONS
from kioskd.modes.depth.depth_settings import (
    DepthLivenessSettings,
    DepthSettings,
    InfraredSettings,
    ReliefSettings,
    Rgb3dSettings,
)
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_phases import Phase
from models.observation import Face, Infrared, Measure, Relief
from tests.support.stage import LOSSES, RATES, Stage, always, person

HEAD = Relief(0.97, 0.7, 0.95, 0.0, None)
DEFAULT = DepthSettings()
SHEET = replace(HEAD, score=0.02)


def stage(fps: float = 15.0, lose: int = 0, settings: DepthSettings = DEFAULT) -> Stage:
    return Stage(depth_mode(settings, GateSettings()), fps, lose)


def both() -> Stage:
    return Stage(rgb_3d_mode(Rgb3dSettings(), GateSettings()), 15.0)


def before(relief: Relief | None, live: float | None = 0.9, track: int = 1) -> Face:
    return replace(person(live=live, track=track), relief=relief)


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("fps", RATES)
def test_a_head_is_confirmed(fps: float, lose: int) -> None:
    (result,) = stage(fps, lose).show(always(before(HEAD)), 4.0)
    assert result.action == "3dLiveness"
    assert dict(result.attributes) == {"liveness": 0.97, "livenessConfirmed": "true"}
    assert (result.verdict, result.emits, result.state) == ("passed", True, None)
    assert result.frames == 6
    assert result.scores == {"relief": 0.97}


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("fps", RATES)
def test_a_sheet_is_an_attack(fps: float, lose: int) -> None:
    result = stage(fps, lose).show(always(before(SHEET)), 4.0)[0]
    assert dict(result.attributes) == {"liveness": 0.02, "livenessConfirmed": "false"}
    assert (result.verdict, result.emits) == ("failed", True)


def test_depth_liveness_is_the_same_evidence_by_another_name() -> None:
    (result,) = stage(settings=DepthLivenessSettings()).show(always(before(HEAD)), 4.0)
    assert (result.action, result.mode) == ("depthLiveness", "depth_liveness")
    assert result.attributes["livenessConfirmed"] == "true"


UNFIT: dict[str, tuple[Relief | None, str]] = {
    "nothing measured": (None, "not_measured"),
    "no depth camera": (Relief(None, None, 0.0, None, "no_camera"), "no_depth_camera"),
    "no depth": (Relief(None, None, 0.0, None, "absent"), "depth_missing"),
    "all zeros": (Relief(None, None, 0.0, 0.0, "empty"), "depth_missing"),
    "another size": (Relief(None, None, 0.0, 0.0, "other_size"), "depth_missing"),
    "a sensor that stands still": (Relief(0.97, 0.7, 0.9, 0.0, "repeated"), "depth_frozen"),
    "depth that lags": (replace(HEAD, depth_gap_s=0.05), "depth_late"),
    "depth of another clock": (replace(HEAD, depth_gap_s=inf), "two_clocks"),
    "depth of unknown age": (replace(HEAD, depth_gap_s=None), "depth_late"),
    "an age that is no number": (replace(HEAD, depth_gap_s=nan), "depth_late"),
    "too many holes": (replace(HEAD, valid_ratio=0.59), "depth_sparse"),
    "holes that are no number": (replace(HEAD, valid_ratio=nan), "depth_sparse"),
    "nowhere": (replace(HEAD, distance_m=None), "depth_sparse"),
    "too near": (replace(HEAD, distance_m=0.49), "too_near"),
    "too far": (replace(HEAD, distance_m=4.51), "too_far"),
    "a distance that is no number": (replace(HEAD, distance_m=nan), "too_near"),
    "no score": (replace(HEAD, score=None), "score_invalid"),
    "a score that is no number": (replace(HEAD, score=nan), "score_invalid"),
    "a score above one": (replace(HEAD, score=1.5), "score_invalid"),
}


@pytest.mark.parametrize(("relief", "reason"), UNFIT.values(), ids=UNFIT)
@pytest.mark.parametrize("make", [stage, both], ids=["3d", "rgb and 3d"])
def test_what_is_no_evidence_never_passes_and_says_why(
    make: Callable[[], Stage], relief: Relief | None, reason: str
) -> None:
    door = make()
    (result,) = door.show(always(before(relief)), 12.0)
    assert (result.verdict, result.emits, result.frames) == ("undecided", False, 0)
    assert result.attributes == {}
    assert result.reasons[:2] == ("time_over", reason)


def test_a_camera_that_loses_its_depth_does_not_go_on_with_colours() -> None:
    door = both()
    door.show(always(before(HEAD)), 0.3)
    result = door.show(always(before(Relief(None, None, 0.0, None, "absent"))), 8.0)[0]
    assert (result.verdict, result.emits) == ("undecided", False)
    assert result.reasons == ("time_over", "depth_missing")


def test_both_must_find_life() -> None:
    (result,) = both().show(always(before(HEAD, live=0.9)), 4.0)
    assert (result.action, result.verdict) == ("rgb3dLiveness", "passed")
    assert dict(result.attributes) == {"liveness": 0.9, "livenessConfirmed": "true"}
    assert result.scores == {"relief": 0.97, "rgb": 0.9}


@pytest.mark.parametrize(
    ("relief", "live"), [(HEAD, 0.1), (SHEET, 0.9), (SHEET, 0.1)], ids=["mask", "sheet", "both"]
)
def test_one_that_finds_an_attack_is_enough(relief: Relief, live: float) -> None:
    results = both().show(always(before(relief, live)), 4.0)
    assert results[0].verdict == "failed"
    assert results[0].attributes["livenessConfirmed"] == "false"
    assert "passed" not in {result.verdict for result in results}


@pytest.mark.parametrize(
    ("relief", "live"), [(HEAD, 0.5), (replace(HEAD, score=0.5), 0.9)], ids=["rgb", "relief"]
)
def test_one_that_cannot_say_leaves_it_unknown(relief: Relief, live: float) -> None:
    results = both().show(always(before(relief, live)), 6.0)
    assert {result.verdict for result in results} == {"undecided"}
    assert results[0].reasons[0] == "undecided"


def test_a_sheet_that_takes_a_heads_place_rides_on_nothing() -> None:
    door = stage()
    door.show(always(before(HEAD)), 0.3)
    results = door.show(always(before(SHEET, track=2)), 4.0)
    assert [result.verdict for result in results if result.track_id == 1] == ["undecided"]
    assert "passed" not in {result.verdict for result in results}


def test_depth_is_not_measured_on_a_face_that_the_gate_refuses() -> None:
    door = stage()
    door.show(always(replace(before(HEAD), box=(600.0, 300.0, 680.0, 400.0))), 1.0)
    assert {measure for wanted in door.asked for measure in wanted.measures} == set()


def test_depth_is_measured_before_the_colours_are() -> None:
    door = both()
    door.show(always(before(HEAD)), 0.1)
    of_the_face = (wanted for wanted in door.asked if wanted.track_id is not None)
    asked = [measure for wanted in of_the_face for measure in wanted.measures]
    assert asked[:5] == [
        Measure.QUALITY,
        Measure.PICTURE,
        Measure.POSE,
        Measure.RELIEF,
        Measure.LIVENESS,
    ]


SKIN = Infrared(0.9, 0.0, None)
UNSEEN: dict[str, tuple[Infrared, str]] = {
    "no depth camera": (Infrared(None, None, "no_camera"), "no_depth_camera"),
    "no infrared": (Infrared(None, 0.0, "absent"), "infrared_missing"),
    "no depth": (Infrared(None, 0.0, "no_depth"), "depth_missing"),
    "no face there": (Infrared(None, 0.0, "no_face"), "infrared_faceless"),
    "infrared of another clock": (replace(SKIN, infrared_gap_s=inf), "two_clocks"),
    "infrared that lags": (replace(SKIN, infrared_gap_s=0.05), "infrared_late"),
    "an age that is no number": (replace(SKIN, infrared_gap_s=nan), "infrared_late"),
    "a score that is no number": (replace(SKIN, score=nan), "score_invalid"),
}


def in_infrared(look: Infrared) -> list[Result]:
    door = Stage(infrared_mode(InfraredSettings(), GateSettings()))
    return door.show(always(replace(person(), infrared=look)), 12.0)


def test_skin_in_infrared_is_live_and_a_print_is_not() -> None:
    (live,) = in_infrared(SKIN)
    assert (live.action, live.attributes["livenessConfirmed"]) == ("infraredLiveness", "true")
    fake = in_infrared(replace(SKIN, score=0.0))[0]
    assert (fake.verdict, fake.attributes["livenessConfirmed"]) == ("failed", "false")


@pytest.mark.parametrize(("look", "reason"), UNSEEN.values(), ids=UNSEEN)
def test_what_infrared_does_not_show_never_passes(look: Infrared, reason: str) -> None:
    (result,) = in_infrared(look)
    assert (result.verdict, result.emits) == ("undecided", False)
    assert result.reasons[:2] == ("time_over", reason)


def test_settings_that_could_confirm_without_evidence_are_refused() -> None:
    for wrong in (
        {"minimum_confirmations_required": 0.0},
        {"evaluate_liveness_over_n_frames": 0},
        {"liveness_detection_threshold": 0.0, "fake_detection_threshold": 0.0},
        {"liveness_detection_threshold": 0.3, "fake_detection_threshold": 0.4},
    ):
        with pytest.raises(ValueError, match=r"must|needs"):
            ReliefSettings(**wrong)


def test_only_the_windows_reach_a_decision() -> None:
    assert set(TRANSITIONS.values()) == set(Phase) == {phase for phase, _ in TRANSITIONS}
    confirming = [s for (s, _), t in TRANSITIONS.items() if t is Phase.LIVENESS_CONFIRMED]
    assert confirming == [Phase.LIVE_WINDOW]
