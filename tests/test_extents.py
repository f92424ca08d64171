"""How far somebody went in what was asked of them stands in the result, beside its limit."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kioskd.event import Result
from kioskd.modes.attempt import Spread
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.joined import LEAST_PARALLAX
from kioskd.modes.joined_with import How
from kioskd.modes.pose.pose_mode import PoseMode
from kioskd.modes.pose.pose_settings import GATE, PoseSettings
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from models.observation import Face, Relief
from models.schemes import Liveness
from tests.support.acting import REST, Look, face, moving, showing, still
from tests.support.acting import Stage as Acting
from tests.support.heads import head, picture
from tests.support.stage import Stage, person


def told(result: Result) -> dict[str, Spread]:
    return {each.finding.key: each for each in result.measured}


@pytest.mark.parametrize("most", [0.35, 0.85])
def test_how_much_of_a_smile_it_was(most: float) -> None:
    settings = SmileSettings(joined_with="none")
    door = Stage(SmileMode(settings, GateSettings(), lambda _: 0))
    (result,) = door.show(lambda t: (person(most if t >= 0.8 else 0.02),), 5.5)
    smile = told(result)["smile_threshold"]
    assert (smile.low, smile.high) == (0.02, most)
    assert smile.finding.limit == settings.smile_threshold
    assert smile.finding.passed == (result.verdict == "passed")


@pytest.mark.parametrize(("shown", "verdict"), [(head, "passed"), (picture, "failed")])
def test_how_far_a_head_turned_and_with_how_much_depth(
    shown: Callable[[float], Face], verdict: str
) -> None:
    door = Stage(PoseMode(PoseSettings(), GATE))
    door.show(lambda t: (shown(50.0 * max(0.0, min(1.0, (t - 1.0) / 0.6))),), 3.0)
    result = door.results[0]
    assert result.verdict == verdict
    turned, depth = (told(result)[key] for key in ("profile_pose_quality", "minimum_parallax"))
    assert turned.finding.passed
    assert depth.finding.passed == (verdict == "passed")
    assert (depth.frames, depth.finding.limit) == (1, PoseSettings().minimum_parallax)


def acts(how: How, share: float, after_s: float = 2.0) -> tuple[Acting, list[Result]]:
    """A mouth that opens to a share of 0.8, wide open, before whatever it is joined with."""
    settings = ChallengeSettings(Challenge.MOUTH_OPENING, joined_with=how)
    door = Acting(ChallengeMode(settings, GateSettings(), lambda _: 0))
    looks = [REST] * 11 + [
        Look(mouth=0.8 * share * min(1.0, n / 4)) for n in range(round(after_s * 15))
    ]
    shown = (
        replace(
            face(look),
            liveness=Liveness(0.9, {"hybrid": 0.9}),
            relief=Relief(0.9, 0.7, 0.95, 0.01, None),
        )
        for look in looks
    )
    return door, door.play(*(showing(1 / 15, each) for each in shown))


@pytest.mark.parametrize(("share", "verdict"), [(0.5, "failed"), (1.0, "passed")])
def test_how_far_an_action_went_of_what_was_asked_for(share: float, verdict: str) -> None:
    (result,) = acts("none", share, after_s=8.0)[1]
    assert result.verdict == verdict
    went = told(result)["mouth_opening"]
    assert went.high is not None
    assert (went.high >= went.finding.limit == 1.0) == (verdict == "passed")


def test_what_it_is_joined_with() -> None:
    assert told(acts("rgb", 1.0)[1][0])["liveness"].low == 0.9
    assert told(acts("depth", 1.0)[1][0])["relief"].low == 0.9


def test_the_turn_that_it_is_joined_with() -> None:
    door, results = acts("turn", 1.0, after_s=0.8)
    away = Look(yaw=24.0)
    results += door.play(still(0.3), moving(0.6, REST, away), still(0.5, away))
    (result,) = results
    assert result.verdict == "passed"
    turn, depth = (told(result)[key] for key in ("left_turn", "parallax"))
    assert turn.high is not None
    assert turn.high >= turn.finding.limit == 1.0
    assert depth.low is not None
    assert depth.low >= depth.finding.limit == LEAST_PARALLAX
