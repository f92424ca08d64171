"""Who does what was asked is who was asked: somebody swapped in on the same track opens nothing.

The tracker is taken to have noticed nothing: one track throughout. People are SYNTHETIC.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kioskd.event import Result
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.pose.pose_mode import PoseMode
from kioskd.modes.pose.pose_settings import GATE, PoseSettings
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_mode import SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from models.observation import Face, Measure
from tests.support.acting import REST, Look, moving, still
from tests.support.acting import Stage as Acting
from tests.support.heads import head
from tests.support.somebody import somebody
from tests.support.stage import Play, Stage, person

ONE, OTHER = 1, 2
LEFT = Look(yaw=22.0)
OPEN = Look(mouth=0.8)
SMILES: dict[str, Callable[[], Stage]] = {
    "smile": lambda: Stage(
        SmileMode(SmileSettings(joined_with="none"), GateSettings(), lambda _: 0)
    ),
    "smile and rgb": lambda: Stage(SmileRgbMode(SmileRgbSettings(), GateSettings())),
}


def challenge(kind: Challenge, fps: float = 15.0) -> Acting:
    return Acting(
        ChallengeMode(ChallengeSettings(kind, joined_with="none"), GateSettings(), lambda _: 0), fps
    )


def opened(results: list[Result]) -> bool:
    return any(result.verdict == "passed" for result in results)


def smiling(swap_s: float, back_s: float = 99.0) -> Play:
    """Smiles from 0.8 s on; between these times somebody else stands there."""

    def play(t: float) -> tuple[Face, ...]:
        return (person(0.85 if t >= 0.8 else 0.02, who=OTHER if swap_s <= t < back_s else ONE),)

    return play


@pytest.mark.parametrize("mode", SMILES)
@pytest.mark.parametrize("swap_s", [0.3, 0.7, 0.8, 0.9, 1.2])
def test_somebody_else_who_smiles_opens_nothing(mode: str, swap_s: float) -> None:
    door = SMILES[mode]()
    results = door.show(smiling(swap_s), 2.5)
    assert [(r.verdict, r.reasons[0]) for r in results] == [("undecided", "other_person")]


@pytest.mark.parametrize("mode", SMILES)
def test_one_person_who_smiles_still_passes(mode: str) -> None:
    assert opened(SMILES[mode]().show(smiling(99.0), 3.5))


@pytest.mark.parametrize("mode", SMILES)
def test_a_smile_that_was_lent_for_a_moment_opens_nothing(mode: str) -> None:
    """The first one is back before the frame that decides."""
    results = SMILES[mode]().show(smiling(0.8, 1.3), 2.5)
    assert not opened(results[:1])
    assert results[0].reasons[0] == "other_person"


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
@pytest.mark.parametrize(
    ("kind", "done"),
    [
        (Challenge.LEFT_TURN, LEFT),
        (Challenge.MOUTH_OPENING, OPEN),
        (Challenge.NOD, Look(pitch=-18.0)),
    ],
)
def test_a_picture_of_one_and_then_another_who_acts_opens_nothing(
    kind: Challenge, done: Look, fps: float
) -> None:
    door = challenge(kind, fps)
    results = door.play(still(0.7), moving(0.5, REST, done, who=OTHER), still(0.6, done, who=OTHER))
    assert not opened(results)
    assert results[0].reasons[0] == "other_person"


@pytest.mark.parametrize(
    ("kind", "done"), [(Challenge.LEFT_TURN, LEFT), (Challenge.MOUTH_OPENING, OPEN)]
)
def test_the_same_story_with_one_person_passes(kind: Challenge, done: Look) -> None:
    assert opened(challenge(kind).play(still(0.7), moving(0.5, REST, done), still(0.6, done)))


def test_an_action_that_was_lent_while_it_was_held_opens_nothing() -> None:
    door = challenge(Challenge.MOUTH_OPENING)
    lent = (still(0.7), moving(0.3, REST, OPEN), still(0.14, OPEN, who=OTHER), still(0.4, OPEN))
    assert door.play(*lent)[0].reasons[0] == "other_person"


def turning(swap_deg: float, fps: float = 15.0) -> Play:
    """Turns from the camera to 58 degrees in a second; beyond `swap_deg` it is somebody else."""

    def play(t: float) -> tuple[Face, ...]:
        yaw = min(58.0, max(0.0, 58.0 * (t - 0.6)))
        return (replace(head(yaw), identity=somebody(OTHER if yaw > swap_deg else ONE)),)

    return play


@pytest.mark.parametrize("swap_deg", [-1.0, 5.0, 20.0, 35.0, 42.0])
def test_another_head_that_turns_into_profile_opens_nothing(swap_deg: float) -> None:
    def first_the_one(t: float) -> tuple[Face, ...]:
        return (head(0.0),) if t < 0.4 else turning(swap_deg)(t)

    door = Stage(PoseMode(PoseSettings(), GATE))
    assert not opened(door.show(first_the_one, 2.0))
    assert "other_person" in door.reasons


def test_one_head_that_turns_into_profile_passes() -> None:
    assert opened(Stage(PoseMode(PoseSettings(), GATE)).show(turning(99.0), 2.0))


def beyond(back_as: int) -> Play:
    """A quick turn: no frame between 36 degrees and 54, where nobody can be compared; then back."""
    yaws = [0.0] * 9 + [9.0, 18.0, 27.0, 36.0, 54.0, 54.0, 54.0, 44.0, 32.0, 20.0, 8.0, 0.0]

    def play(t: float) -> tuple[Face, ...]:
        number = min(round(t * 15.0), len(yaws) - 1)
        who = back_as if number >= 13 else ONE
        return (replace(head(yaws[number]), identity=somebody(who)),)

    return play


def test_in_profile_nothing_is_decided_until_the_face_can_be_compared_again() -> None:
    door = Stage(PoseMode(PoseSettings(), GATE))
    assert door.show(beyond(ONE), 1.04) == []
    assert "not_compared" in door.steps[-1].reasons
    assert opened(door.show(lambda t: beyond(ONE)(t + 1.04), 0.6))


def test_who_comes_back_from_profile_as_somebody_else_opens_nothing() -> None:
    door = Stage(PoseMode(PoseSettings(), GATE))
    assert not opened(door.show(beyond(OTHER), 2.0))
    assert "other_person" in door.reasons


def test_a_blurred_frame_is_forgiven() -> None:
    def play(t: float) -> tuple[Face, ...]:
        (face,) = smiling(99.0)(t)
        return (replace(face, identity=somebody(OTHER)),) if abs(t - 1.2) < 0.03 else (face,)

    assert opened(SMILES["smile"]().show(play, 2.5))


@pytest.mark.parametrize("mode", SMILES)
def test_a_face_that_cannot_be_compared_opens_nothing(mode: str) -> None:
    door = SMILES[mode]()

    def play(t: float) -> tuple[Face, ...]:
        return (replace(smiling(99.0)(t)[0], identity=None),)

    assert not opened(door.show(play, 6.0))
    assert "not_compared" in door.reasons


def test_a_look_is_asked_for_sparsely_while_nothing_is_done() -> None:
    door = SMILES["smile"]()
    door.show(lambda _t: (person(0.02),), 4.0)
    looks = sum(Measure.IDENTITY in wanted.measures for wanted in door.asked)
    assert 10 <= looks <= 20  # of 60 frames


def test_a_new_attempt_remembers_nobody() -> None:
    """Who was there before is no reason to refuse whoever comes."""
    door = SMILES["smile"]()
    door.show(lambda _t: (person(0.02, who=ONE),), 1.0)
    door.show(lambda _t: (), 1.0)
    assert opened(
        door.show(lambda t: (person(0.85 if t > 0.8 else 0.02, track=2, who=OTHER),), 2.5)
    )
