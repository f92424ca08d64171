"""Challenges and sequences as they stand in config.yaml: every key arrives, mistakes are told."""

from pathlib import Path

import pytest

from kioskd.config.load import check, load
from kioskd.modes import catalogue
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.challenges.challenge_settings import (
    ChallengeSettings,
    Engine,
    Extents,
    SequenceSettings,
    Unified,
)
from kioskd.modes.challenges.kinds import Challenge as Kind
from models.observation import Measure

HEAD = """\
site: hq
device: k
mqtt: {broker: localhost}
feeds: {f: {kind: usb, device: 0}}
doors:
  d:
    feed: f
"""


def config(tmp_path: Path, door: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(HEAD + "".join(f"    {line}\n" for line in door.splitlines()))
    return path


def mode(tmp_path: Path, door: str) -> catalogue.ModeSettings:
    return load(config(tmp_path, door), {}).doors[0].mode


def test_nothing_said_is_all_defaults(tmp_path: Path) -> None:
    assert mode(tmp_path, "mode: challenge") == ChallengeSettings()
    assert mode(tmp_path, "mode: challenge_sequence") == SequenceSettings()


def test_every_key_arrives_where_it_belongs(tmp_path: Path) -> None:
    door = """\
mode: challenge
challenge:
  action: left_turn
  nod_deg: 10
  head_raise_deg: 11
  turn_deg: 20
  mouth_opening: 0.6
  eyes_closed: 0.4
  eyebrow_raise: 0.12
  smile: 0.7
  approach: 1.3
  maximum_runtime_s: 7
  success_length_s: 0.3
  start_length_s: 0.4
  allowed_track_loss_s: 0.25
  horizontal_padding: 0.1
  vertical_padding: 0.2
  joined_with: turn
  maximum_gap_s: 0.4
  cool_down_s: 3
  attempts_per_track: 2
  unified:
    watch: true
    consider_angles: false
    consider_mouth: false
    consider_eyebrows: false
    consider_eyes: true
    consider_smile: false
    rigidity: 0.8
    fraud_length_s: 0.2
"""
    assert mode(tmp_path, door) == ChallengeSettings(
        Kind.LEFT_TURN,
        Extents(10.0, 11.0, 20.0, 0.6, 0.4, 0.12, 0.7, 1.3),
        Engine(7.0, 0.3, 0.4, 0.25, 0.1, 0.2),
        "turn",
        Unified(True, False, False, False, True, False, 0.8, 0.2),
        AttemptSettings(maximum_gap_s=0.4, cool_down_s=3.0, attempts_per_track=2),
    )


def test_a_sequence_arrives_in_its_order(tmp_path: Path) -> None:
    drawn = "mode: challenge_sequence\nsequence: {actions: 'nod, blink,smile', length: 3}"
    found = mode(tmp_path, drawn)
    assert isinstance(found, SequenceSettings)
    assert (found.actions, found.order, found.length) == (
        (Kind.NOD, Kind.BLINK, Kind.SMILE),
        "drawn",
        3,
    )
    assert mode(tmp_path, drawn.replace("'nod, blink,smile'", "[nod, blink, smile]")) == found
    below = "\n  length: 3\n  actions:\n  - nod\n  - blink\n  - smile"
    assert mode(tmp_path, f"mode: challenge_sequence\nsequence:{below}") == found
    fixed = mode(tmp_path, drawn.replace("length: 3", "order: fixed"))
    assert isinstance(fixed, SequenceSettings)
    assert (fixed.order, fixed.length) == ("fixed", 3)


@pytest.mark.parametrize(
    ("door", "said"),
    [
        (
            "mode: challenge\nchallenge: {action: smirk}",
            "9:25: doors.d.challenge.action: must be nod, head_raise, left_turn, right_turn,"
            " mouth_opening, blink, eyebrow_raise, smile or flow (found smirk)",
        ),
        (
            "mode: challenge\nchallenge: {action: blink, unified: {watch: true}}",
            "9:42: doors.d.challenge.unified.watch: blink has no unified form; choose another"
            " action or leave this out",
        ),
        (
            "mode: challenge_sequence\nsequence: {actions: 'nod, smirk'}",
            "9:25: doors.d.sequence.actions: must be a list such as smile, left_turn, nod"
            " (found 'nod, smirk'); 'smirk' is none of nod, head_raise, left_turn, right_turn,"
            " mouth_opening, blink, eyebrow_raise, smile and flow, did you mean 'smile'?",
        ),
        (
            "mode: challenge_sequence\nsequence: {actions: [nod, smirk]}",
            "9:25: doors.d.sequence.actions: must be a list such as smile, left_turn, nod"
            " (found nod, smirk); 'smirk' is none of nod, head_raise, left_turn, right_turn,",
        ),
        (
            "mode: challenge_sequence\nsequence: {actions: []}",
            "9:25: doors.d.sequence.actions: must be a list such as smile, left_turn, nod"
            " (found an empty list)",
        ),
        (
            "mode: challenge_sequence\nsequence: {actions: [nod, 7]}",
            "9:25: doors.d.sequence.actions: must be a list such as smile, left_turn, nod"
            " (found nod, 7)",
        ),
        (
            "mode: challenge_sequence\nsequence: {actions: [nod, smile, nod]}",
            "9:25: doors.d.sequence.actions: must not name an action twice (found nod again)",
        ),
        (
            "mode: challenge_sequence\nsequence: {actions: 'nod, smile, nod'}",
            "9:25: doors.d.sequence.actions: must not name an action twice (found nod again)",
        ),
        (
            "mode: challenge_sequence\nsequence: {actions: 'nod, smile', length: 3}",
            "9:47: doors.d.sequence.length: length, 3, must not be above the number of actions, 2",
        ),
        (
            "mode: challenge_sequence\nsequence: {actions: nod}",
            "9:25: doors.d.sequence.actions: length, 2, must not be above the number of actions, 1",
        ),
        (
            "mode: challenge\nchallenge: {turn_deg: 2}",
            "9:27: doors.d.challenge.turn_deg: must be a number from 6 to 60 (found 2)",
        ),
        (
            "mode: challenge\nsequence: {}",
            "9:5: doors.d.sequence: is not a known key",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, door: str, said: str) -> None:
    path = config(tmp_path, door)
    problems = [str(problem).removeprefix(f"{path}:") for problem in check(path, {})]
    assert len(problems) == 1
    assert problems[0].startswith(said)


def test_only_what_may_be_asked_or_watched_is_loaded() -> None:
    plain = ChallengeSettings(Kind.NOD)
    watched = ChallengeSettings(Kind.NOD, unified=Unified(watch=True))
    flow = SequenceSettings((Kind.NOD, Kind.FLOW), unified=Unified(watch=False))
    gated = {Measure.QUALITY, Measure.POSE, Measure.IDENTITY, Measure.PASSAGE}
    assert catalogue.needs(plain).measures == gated
    assert catalogue.needs(watched).measures == gated | {Measure.BLENDSHAPES}
    assert catalogue.needs(flow).measures == gated | {Measure.MOTION}
