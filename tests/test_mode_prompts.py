"""Every mode tells the person before it what it waits for, and what stands in the way."""

from dataclasses import replace

import pytest

from kioskd.modes.depth.depth_mode import depth_mode
from kioskd.modes.depth.depth_settings import DepthSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import MENDS, Mode
from kioskd.modes.pose.pose_mode import PoseMode
from kioskd.modes.pose.pose_settings import GATE, PoseSettings
from kioskd.modes.pose.turning import Direction
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_mode import SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from models.observation import Face, Relief
from tests.support import acting
from tests.support.stage import Play, Stage, always, person

TURNED = person(yaw=40.0)
AGAIN = ["look_at_camera", "hold_still", "try_again"]


def prompts(mode: Mode, *plays: tuple[Play, float]) -> list[str | None]:
    """What stood on the screen, each once, one after the other."""
    stage = Stage(mode)
    for play, seconds in plays:
        stage.show(play, seconds)
    said = [step.prompt for step in stage.steps]
    return [now for before, now in zip([None, *said], said, strict=False) if now != before]


def rgb() -> Mode:
    return RgbMode(RgbSettings(), GateSettings())


def test_rgb_liveness_asks_to_look_then_to_hold_still() -> None:
    shown = prompts(rgb(), (always(TURNED), 0.5), (always(person()), 1.5), (always(), 0.5))
    assert shown == ["look_at_camera", "hold_still", "done", None]


def test_who_was_not_confirmed_is_asked_to_try_again() -> None:
    assert prompts(rgb(), (always(TURNED), 0.2), (always(person(live=0.1)), 2.5))[:3] == AGAIN


def relief(face: Face, score: float) -> Face:
    return replace(face, relief=Relief(score, 1.0, 0.9, 0.01, None))


def test_a_depth_mode_asks_for_the_same() -> None:
    mode = depth_mode(DepthSettings(), GateSettings())
    turned, there = relief(TURNED, 0.9), relief(person(), 0.9)
    shown = prompts(mode, (always(turned), 0.5), (always(there), 1.5))
    assert shown == ["look_at_camera", "hold_still", "done"]


def smiling(t: float) -> tuple[Face, ...]:
    return (person(smile=0.9 if t > 1.2 else 0.05),)


def test_a_smile_is_asked_for_when_it_may_come() -> None:
    shown = prompts(
        SmileMode(SmileSettings(joined_with="none"), GateSettings(), lambda _: 0), (smiling, 3.0)
    )
    assert shown == ["look_straight", "smile", "done"]


def test_a_smile_with_liveness_says_so_too() -> None:
    shown = prompts(SmileRgbMode(SmileRgbSettings(), GateSettings()), (smiling, 4.0))
    assert shown == ["look_straight", "smile", "hold_still", "done"]


@pytest.mark.parametrize(
    ("direction", "asked"),
    [("left", "left_turn"), ("right", "right_turn"), ("either", "turn_aside")],
)
def test_profile_pose_says_where_to_turn(direction: Direction, asked: str) -> None:
    stage = acting.Stage(PoseMode(PoseSettings(direction=direction), GATE))
    stage.play(acting.still(1.0))
    assert stage.prompts == ["look_at_camera", asked]


@pytest.mark.parametrize(
    ("face", "asked"),
    [
        (person(height=100.0), "come_closer"),
        (person(height=780.0), "step_back"),
        (replace(person(), box=(2.0, 200.0, 202.0, 440.0)), "to_the_middle"),
        (person(yaw=40.0), "look_at_camera"),
        (person(pitch=40.0), "look_at_camera"),
    ],
)
def test_what_stands_in_the_way_is_said_in_words_a_person_can_follow(
    face: Face, asked: str
) -> None:
    assert prompts(rgb(), (always(face), 1.0)) == [asked]


def test_a_second_person_is_told_to_wait() -> None:
    two = (person(), person(track=2))
    assert prompts(rgb(), (always(*two), 0.5)) == ["one_at_a_time"]
    assert "one_at_a_time" in prompts(rgb(), (always(person()), 0.3), (always(*two), 0.3))


def test_nobody_is_told_anything() -> None:
    assert prompts(rgb(), (always(), 1.0)) == []


def test_who_has_used_all_attempts_is_told_nothing_more() -> None:
    settings = RgbSettings()
    once = replace(settings, attempt=replace(settings.attempt, attempts_per_track=1))
    shown = prompts(RgbMode(once, GateSettings()), (always(person(live=0.5)), 6.0))
    assert shown[-2:] == ["try_again", None]


def test_who_was_taken_for_an_attack_is_told_to_leave_the_view() -> None:
    assert prompts(rgb(), (always(person(live=0.1)), 6.0))[-1] == "leave_view"


def test_what_only_an_installer_can_mend_is_no_prompt() -> None:
    for reason in (Reason.TOO_DARK, Reason.NO_COLOUR, Reason.STILL_PICTURE, Reason.COMPRESSED):
        assert reason not in MENDS
