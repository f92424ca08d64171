"""What a door remembers beyond an attempt: attacks, a wary while, all that was seen of a track."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.event import Result
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.confirm import MOST, Caution, CautionSettings, Rest
from kioskd.modes.depth.depth_mode import depth_mode
from kioskd.modes.depth.depth_settings import DepthSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_mode import SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from models.observation import Face, Relief
from tests.support.stage import Stage, always, person

GATE = GateSettings()
PATIENT = AttemptSettings(attempts_per_track=100, cool_down_s=0.0)


def seen(live: float, track: int = 1) -> Face:
    """Somebody who looks so live to every sense, and smiles when he is live."""
    smile = 0.9 if live > 0.5 else 0.0
    relief = Relief(live, 1.0, 0.9, 0.01, None)
    return replace(person(smile=smile, live=live, track=track), relief=relief)


def rgb(**caution: object) -> Mode:
    settings = CautionSettings(**caution)  # type: ignore[arg-type]
    return RgbMode(RgbSettings(caution=settings, attempt=PATIENT), GATE)


def depth(**caution: object) -> Mode:
    settings = CautionSettings(**caution)  # type: ignore[arg-type]
    return depth_mode(DepthSettings(caution=settings, attempt=PATIENT), GATE)


def smile(**caution: object) -> Mode:
    own = RgbSettings(caution=CautionSettings(**caution))  # type: ignore[arg-type]
    return SmileRgbMode(SmileRgbSettings(SmileSettings(attempt=PATIENT), own), GATE)


def verdicts(results: list[Result]) -> list[tuple[int, str]]:
    return [(result.track_id, result.verdict) for result in results]


@pytest.mark.parametrize("make", [rgb, depth, smile])
def test_who_was_called_an_attack_has_no_other_chance_in_view(make: Callable[..., Mode]) -> None:
    stage = Stage(make())
    stage.show(always(seen(0.05)), 4.0)
    stage.show(always(seen(0.97)), 20.0)
    assert verdicts(stage.results) == [(1, "failed")]
    assert stage.steps[-1].reasons == ("called_an_attack",)
    assert stage.steps[-1].prompt == "leave_view"


@pytest.mark.parametrize("make", [rgb, depth])
def test_who_leaves_and_comes_again_is_judged_again(make: Callable[..., Mode]) -> None:
    stage = Stage(make())
    stage.show(always(seen(0.05)), 2.0)
    stage.show(always(), 4.0)
    stage.show(always(seen(0.97, track=2)), 4.0)
    assert verdicts(stage.results) == [(1, "failed"), (2, "passed")]


@pytest.mark.parametrize("make", [rgb, depth])
def test_of_two_who_change_places_the_attacker_alone_has_no_other_chance(
    make: Callable[..., Mode],
) -> None:
    """The one in front counts, and whoever stands far behind is a bystander."""

    def behind(track: int) -> Face:
        return replace(person(height=40.0, track=track), box=(200.0, 200.0, 230.0, 240.0))

    stage = Stage(make())
    stage.show(always(seen(0.05, track=1), behind(2)), 2.0)
    stage.show(always(seen(0.97, track=2), behind(1)), 8.0)
    assert (2, "passed") in verdicts(stage.results)
    stage.show(always(seen(0.97, track=1), behind(2)), 8.0)
    assert (1, "passed") not in verdicts(stage.results)
    assert "called_an_attack" in stage.steps[-1].reasons


def waited(stage: Stage, track: int) -> float:
    """Seconds from now until somebody live is confirmed, who then leaves."""
    begin = stage.number / stage.fps
    results: list[Result] = []
    while not results and stage.number / stage.fps < begin + 30.0:
        results = stage.show(always(seen(0.97, track)), 0.2)
    assert verdicts(results) == [(track, "passed")]
    stage.show(always(), 0.4)
    return results[0].decided_at - 100.0 - begin


@pytest.mark.parametrize("make", [rgb, depth])
def test_after_an_attack_the_door_rests_and_longer_after_each_further_one(
    make: Callable[..., Mode],
) -> None:
    stage = Stage(make(rest_s=4.0, rest_most_s=10.0))
    assert waited(stage, track=1) < 1.0
    for track, least in ((2, 4.0), (4, 8.0), (6, 10.0)):
        stage.show(always(), 1.0)
        (result,) = stage.show(always(seen(0.05, track=track)), 1.0)
        assert result.verdict == "failed"
        since = stage.number / stage.fps - (result.decided_at - 100.0)
        assert least - since <= waited(stage, track + 1) <= least - since + 1.0


def test_after_a_long_calm_the_first_rest_holds_again() -> None:
    rest = Rest(CautionSettings(rest_s=4.0, rest_most_s=10.0))
    assert rest.after_attack(100.0) == 104.0
    assert rest.after_attack(110.0) == 118.0
    assert rest.after_attack(150.0) == 154.0


def test_who_waits_for_a_resting_door_is_told_why() -> None:
    stage = Stage(rgb(rest_s=5.0))
    stage.show(always(seen(0.05)), 1.0)
    stage.show(always(), 0.5)
    stage.show(always(seen(0.97, track=2)), 1.0)
    assert stage.steps[-1].reasons == ("door_rests",)


def flickering(t: float) -> tuple[Face, ...]:
    """Live in eight frames of twenty: against life on the whole."""
    return (seen(0.9 if round(t * 15) % 20 < 8 else 0.1),)


@pytest.mark.parametrize("make", [rgb, depth])
def test_while_what_was_seen_speaks_against_life_no_window_confirms(
    make: Callable[..., Mode],
) -> None:
    forgets = Stage(make(attack_ends_tries=False, evidence_adds_up=False, rest_s=0.0))
    remembers = Stage(make(attack_ends_tries=False, rest_s=0.0))
    for stage in (forgets, remembers):
        stage.show(always(seen(0.1)), 2.0)
        stage.show(flickering, 60.0)
    assert "passed" in {result.verdict for result in forgets.results}
    assert "passed" not in {result.verdict for result in remembers.results}
    assert "evidence_against" in remembers.reasons


def test_ten_sure_frames_outweigh_whatever_was_before() -> None:
    stage = Stage(rgb(attack_ends_tries=False, rest_s=0.0))
    stage.show(always(seen(0.02)), 10.0)
    results = stage.show(always(seen(0.98)), 4.0)
    assert results[-1].verdict == "passed"


@given(st.lists(st.floats(0.0, 1.0), max_size=80))
def test_more_evidence_for_life_never_makes_a_door_doubt(scores: list[float]) -> None:
    rule = RgbSettings().rule
    lower, higher = Caution(CautionSettings(), rule), Caution(CautionSettings(), rule)
    for number, score in enumerate(scores):
        lower.saw(1, number / 15, score)
        higher.saw(1, number / 15, min(1.0, score + 0.1))
    assert higher.doubts(1) <= lower.doubts(1)


def test_a_track_that_is_long_gone_is_forgotten() -> None:
    caution = Caution(CautionSettings(), RgbSettings().rule)
    for number in range(int(MOST)):
        caution.saw(1, number / 15, 0.0)
    assert caution.doubts(1)
    caution.saw(2, 100.0, 0.9)
    assert not caution.doubts(1)
    assert not caution.doubts(2)
