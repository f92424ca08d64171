"""An action of the face alone is joined with evidence that a picture with holes does not have.

People and pictures are SYNTHETIC: what the networks would say of them is the story's.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kioskd.config.load import check, load
from kioskd.event import Result
from kioskd.modes import catalogue
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings, SequenceSettings
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.joined_with import How
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from models.mesh.bones import INDICES
from models.observation import Face, Measure, Relief
from models.schemes import Liveness
from tests.support.acting import REST, Look, face, moving, showing, still
from tests.support.acting import Stage as Acting
from tests.support.stage import PICTURE, Play, Stage, person

DONE = {
    Challenge.MOUTH_OPENING: Look(mouth=0.8),
    Challenge.SMILE: Look(smile=0.9),
    Challenge.EYEBROW_RAISE: Look(eyebrows=0.44),
}
LIVE, FAKE, UNSURE = 0.9, 0.1, 0.5
HEAD = Relief(0.9, 0.7, 0.95, 0.01, None)
SHEET = replace(HEAD, score=0.05)
Made = Callable[[Face], Face]


def shows(score: float) -> Made:
    return lambda face: replace(face, liveness=Liveness(score, {"hybrid": score}))


def has(relief: Relief | None) -> Made:
    return lambda face: replace(face, relief=relief)


def challenge(how: How, kind: Challenge = Challenge.MOUTH_OPENING, side: int = 0) -> Acting:
    settings = ChallengeSettings(kind, joined_with=how)
    return Acting(ChallengeMode(settings, GateSettings(), lambda _: side))


def acts(door: Acting, kind: Challenge, made: Made, after_s: float = 2.0) -> list[Result]:
    """At rest, then the action, held for long; with the same evidence in all frames."""
    looks = [REST] * 11 + [REST.towards(DONE[kind], n / 4) for n in range(1, 4)]
    looks += [DONE[kind]] * round(after_s * 15)
    return door.play(*(showing(1 / 15, made(face(look))) for look in looks))


def verdicts(results: list[Result]) -> list[str]:
    return [result.verdict for result in results]


@pytest.mark.parametrize("kind", DONE)
def test_by_default_the_face_alone_is_not_enough(kind: Challenge) -> None:
    assert verdicts(acts(challenge("rgb", kind), kind, shows(LIVE))) == ["passed"]
    assert ChallengeSettings(kind).joined_with == "rgb"
    for score in (FAKE, UNSURE):
        assert "passed" not in verdicts(acts(challenge("rgb", kind), kind, shows(score)))


def test_an_attack_ends_the_attempt_and_its_tries() -> None:
    door = challenge("rgb")
    (result,) = acts(door, Challenge.MOUTH_OPENING, shows(FAKE), after_s=12.0)
    assert (result.verdict, result.reasons[0], result.emits) == ("failed", "not_live", False)
    assert "called_an_attack" in door.steps[-1].reasons


def test_nothing_that_is_held_up_after_a_live_start_rides_on_it() -> None:
    """The window under way when the action was seen must find life."""
    door = challenge("rgb")
    live = [showing(1 / 15, shows(LIVE)(face())) for _ in range(30)]
    opened = [showing(1 / 15, shows(UNSURE)(face(DONE[Challenge.MOUTH_OPENING])))] * 30
    assert "passed" not in verdicts(door.play(*live, *opened))


def test_frames_whose_colours_cannot_be_judged_prove_nothing_and_say_why() -> None:
    def grey(face: Face) -> Face:
        return replace(face, picture=replace(PICTURE, colour=0.0))

    door = challenge("rgb")
    assert "passed" not in verdicts(acts(door, Challenge.MOUTH_OPENING, grey))
    assert any({"life_not_shown", "no_colour"} <= set(step.reasons) for step in door.steps)


def test_with_depth_a_sheet_does_not_pass_and_a_head_does() -> None:
    for relief, passed in ((HEAD, True), (SHEET, False), (None, False)):
        door = challenge("depth")
        found = verdicts(acts(door, Challenge.MOUTH_OPENING, has(relief)))
        assert ("passed" in found) is passed
        assert all(Measure.LIVENESS not in wanted.measures for wanted in door.asked)


TURN = Look(mouth=0.02, yaw=24.0)


@pytest.mark.parametrize(("side", "yaw"), [(0, 24.0), (1, -24.0)])
def test_with_a_turn_the_head_turns_to_the_side_that_was_drawn(side: int, yaw: float) -> None:
    door = challenge("turn", side=side)
    assert acts(door, Challenge.MOUTH_OPENING, lambda face: face, after_s=0.8) == []
    assert door.prompts[-1] == ("left_turn", "right_turn")[side]
    away = Look(yaw=yaw)
    results = door.play(still(0.3), moving(0.6, REST, away), still(0.5, away))
    assert verdicts(results) == ["passed"]


def test_what_is_missing_is_prompted_for_until_the_attempt_ends() -> None:
    waits = challenge("rgb")
    acts(waits, Challenge.MOUTH_OPENING, shows(UNSURE), after_s=5.5)
    assert waits.prompts[1:] == ["mouth_opening", "hold_still", "try_again"]
    turns = challenge("turn")
    acts(turns, Challenge.MOUTH_OPENING, lambda face: face, after_s=6.0)
    assert turns.prompts[1:] == ["mouth_opening", "left_turn", "try_again"]


def test_a_turn_to_the_other_side_is_none() -> None:
    door = challenge("turn", side=1)
    acts(door, Challenge.MOUTH_OPENING, lambda face: face, after_s=0.8)
    assert door.play(still(0.3), moving(0.6, REST, TURN), still(0.5, TURN)) == []
    assert "turn_not_shown" in door.steps[-1].reasons


def test_a_flat_picture_that_turns_shows_no_parallax() -> None:
    """Even where its pose is read as that of a turned head."""

    def flat(yaw: float) -> Face:
        turned = face(Look(yaw=yaw))
        assert turned.mesh is not None
        front = face().mesh
        assert front is not None
        mesh = turned.mesh.copy()
        mesh[INDICES] = front[INDICES] * np.array((np.cos(np.radians(yaw)), 1.0, 0.0), np.float32)
        return replace(turned, mesh=mesh)

    door = challenge("turn")
    acts(door, Challenge.MOUTH_OPENING, lambda face: face, after_s=0.8)
    way = [
        showing(1 / 15, flat(yaw)) for yaw in [0.0] * 4 + [4.0 * n for n in range(7)] + [24.0] * 8
    ]
    assert door.play(*way) == []


def test_a_smile_is_joined_too() -> None:
    def smiling(score: float) -> Play:
        return lambda t: (person(0.85 if t >= 0.8 else 0.02, live=score),)

    def door() -> Stage:
        return Stage(SmileMode(SmileSettings(), GateSettings(), lambda _: 0))

    assert verdicts(door().show(smiling(LIVE), 3.0)) == ["passed"]
    assert verdicts(door().show(smiling(FAKE), 4.9)) == ["failed"]
    assert "passed" not in verdicts(door().show(smiling(UNSURE), 6.0))


def test_a_movement_of_the_head_needs_nothing_beside_it() -> None:
    door = challenge("rgb", Challenge.LEFT_TURN)
    assert verdicts(door.play(still(0.7), moving(0.5, REST, TURN), still(0.5, TURN))) == ["passed"]
    assert all(Measure.LIVENESS not in wanted.measures for wanted in door.asked)


def test_a_sequence_without_one_is_joined_and_with_one_is_not() -> None:
    smile, nod, flow = Challenge.SMILE, Challenge.NOD, Challenge.FLOW
    for actions, joins in (((smile, flow), True), ((smile, nod), False)):
        mode = ChallengeMode(SequenceSettings(actions, "fixed"), GateSettings(), lambda _: 0)
        assert (mode.joined is not None) is joins


def config(folder: Path, mode: str, feed: str = "kind: usb, device: 0") -> Path:
    path = folder / "config.yaml"
    path.write_text(
        "site: hq\ndevice: k\nmqtt: {broker: localhost}\n"
        f"feeds: {{front: {{{feed}}}}}\ndoors:\n  main:\n    feed: front\n    mode: {mode}\n"
    )
    return path


CAMERA = "kind: realsense, serial: '821212060000'"


@pytest.mark.parametrize(
    ("mode", "section"),
    [
        ("challenge", "challenge"),
        ("challenge_sequence", "sequence"),
        ("secure_access_smile", "smile"),
    ],
)
def test_depth_is_refused_without_a_depth_camera(tmp_path: Path, mode: str, section: str) -> None:
    text = f"{mode}\n    {section}: {{joined_with: depth}}"
    (said,) = [str(each) for each in check(config(tmp_path, text), {}) if each.weight == "error"]
    assert f"doors.main.{section}.joined_with: depth needs a feed of kind realsense" in said
    assert load(config(tmp_path, text, CAMERA), {})


def test_a_word_that_is_none_is_refused_and_nothing_is_noted_as_looser(tmp_path: Path) -> None:
    wrong = check(config(tmp_path, "challenge\n    challenge: {joined_with: rgbd}"), {})
    assert any("must be" in each.text and "rgb" in each.text for each in wrong)
    loose = check(config(tmp_path, "challenge\n    challenge: {joined_with: none}"), {})
    assert any("none lets more pass than rgb" in each.text for each in loose)


@pytest.mark.parametrize(
    ("how", "more"),
    [
        ("rgb", {Measure.LIVENESS, Measure.PICTURE, Measure.PASSIVE}),
        ("depth", {Measure.RELIEF}),
        ("turn", set()),
    ],
)
def test_only_what_it_is_joined_with_is_loaded(how: How, more: set[Measure]) -> None:
    joined = catalogue.needs(ChallengeSettings(Challenge.BLINK, joined_with=how))
    alone = catalogue.needs(ChallengeSettings(Challenge.BLINK, joined_with="none"))
    assert joined.measures == alone.measures | more
    assert bool(joined.schemes) is (how == "rgb")
    assert catalogue.needs(ChallengeSettings(Challenge.NOD, joined_with=how)) == catalogue.needs(
        ChallengeSettings(Challenge.NOD, joined_with="none")
    )


REPLAYED = {
    "secure_access_profile_pose": True,
    "secure_access_smile": False,
    "secure_access_smile\n    smile: {joined_with: none}": True,
    "secure_access_smile\n    smile: {joined_with: turn}": True,
    "secure_access_smile_rgb_liveness": False,
    "secure_access_rgb_liveness": False,
    "challenge": False,
    "challenge\n    challenge: {action: nod}": True,
    "challenge\n    challenge: {joined_with: none}": True,
    "challenge_sequence": False,
    "challenge_sequence\n    sequence: {order: fixed}": True,
}


@pytest.mark.parametrize("mode", REPLAYED)
def test_a_door_that_a_replayed_video_passes_is_noted(tmp_path: Path, mode: str) -> None:
    said = [each for each in check(config(tmp_path, mode), {}) if "replayed video" in each.text]
    assert [each.weight for each in said] == ["note"] * REPLAYED[mode]
