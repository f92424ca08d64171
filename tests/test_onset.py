"""What is there at once is no action, whichever was asked for: SYNTHETIC attacks, real networks.

The photographs are frames of the recordings in tests/data/asked, of people who do what is asked;
that one takes another's place is drawn (tests/support/two_photographs.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from feeds.frame import ColorImage, Frame
from kioskd.judge import judged
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings
from kioskd.modes.challenges.kinds import ANGLES, MOST_PER_S, Challenge
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.onset import MOST_AT_ONCE, Onset
from kioskd.modes.reasons import Reason
from models.observation import Blend, Passage
from models.perceive import Perceiver
from tests.support.acting import REST, Stage, moving, still
from tests.support.clips import DATA, images_of
from tests.support.easing import smiling
from tests.support.eyes import networks
from tests.support.stage import PASSAGE
from tests.support.two_photographs import Exchange, Hand, Pair, exchanged, started
from tests.test_challenge import DONE

OPEN = GateSettings(minimum_face_size_px=60.0, minimum_sharpness=0.05, minimum_change=0.0)


@dataclass(frozen=True)
class Moment:
    """Two frames of a recording: at rest, and doing what is asked."""

    clip: Path
    rest: int
    done: int


ASKED = DATA / "asked"
MOMENTS = {
    Challenge.NOD: Moment(ASKED / "head.mp4", 65, 102),
    Challenge.HEAD_RAISE: Moment(ASKED / "head.mp4", 121, 136),
    Challenge.LEFT_TURN: Moment(ASKED / "head.mp4", 35, 52),
    Challenge.RIGHT_TURN: Moment(ASKED / "head.mp4", 60, 80),
    Challenge.MOUTH_OPENING: Moment(ASKED / "mouth_then_left.mp4", 5, 19),
    Challenge.EYEBROW_RAISE: Moment(ASKED / "brows.mp4", 10, 21),
    Challenge.SMILE: Moment(DATA / "smiling.mp4", 2, 31),
}


@cache
def recorded(clip: Path) -> tuple[ColorImage, ...]:
    return images_of(clip)


def pair(kind: Challenge) -> Pair:
    moment = MOMENTS[kind]
    images = recorded(moment.clip)
    return Pair(images[moment.rest], images[moment.done])


def alone(kind: Challenge) -> ChallengeMode:
    return ChallengeMode(ChallengeSettings(kind, joined_with="none"), OPEN, lambda _: 0)


def told(kind: Challenge, shown: Iterable[ColorImage], fps: float) -> tuple[list[str], set[str]]:
    """The verdicts, and every reason that was given."""
    mode, eye = alone(kind), Perceiver(networks("face", "mesh", "blendshapes", "identity"))
    verdicts: list[str] = []
    reasons: set[str] = set()
    for number, image in enumerate(shown):
        at = 100.0 + number / fps
        _, step = judged(mode, eye, Frame("door", number, 0, at, at, image))
        reasons |= set(step.reasons)
        if step.result is not None:
            verdicts.append(step.result.verdict)
    return verdicts, reasons


@pytest.mark.parametrize("kind", sorted(MOMENTS))
def test_the_one_who_does_it_passes(kind: Challenge) -> None:
    """So it is the exchange that is refused below."""
    moment = MOMENTS[kind]
    acts = recorded(moment.clip)[moment.rest : moment.done + 8]
    stands = [recorded(moment.clip)[moment.rest]] * 10
    verdicts, reasons = told(kind, [*stands, *acts], 25.0)
    assert verdicts == ["passed"]
    assert "sudden" not in reasons


@pytest.mark.parametrize(
    ("how", "lasts_s", "fps"),
    [("cut", 0.0, 10.0), ("cut", 0.0, 30.0), ("blank", 0.12, 15.0), ("blank", 0.4, 30.0)],
)
@pytest.mark.parametrize("kind", sorted(MOMENTS))
def test_two_photographs_of_one_person_are_no_action(
    kind: Challenge, how: Exchange, lasts_s: float, fps: float
) -> None:
    shown = exchanged(pair(kind), how, lasts_s, fps, Hand(5, 3, 1.5, 1.03))
    verdicts, _ = told(kind, shown, fps)
    assert "passed" not in verdicts


# A push of two faces that hardly differ is hidden by a hand that sways: docs/measure/challenges.md.
LAID_OVER: list[tuple[Challenge, Exchange, float, float]] = [
    *((kind, "fade", 0.5, 15.0) for kind in sorted(MOMENTS)),
    *((kind, "push", 0.8, 15.0) for kind in sorted(ANGLES)),
    (Challenge.MOUTH_OPENING, "fade", 0.3, 30.0),
    (Challenge.SMILE, "fade", 1.0, 10.0),
]


@pytest.mark.parametrize(("kind", "how", "lasts_s", "fps"), LAID_OVER)
def test_two_photographs_in_a_hand_that_are_laid_over_each_other_are_no_action(
    kind: Challenge, how: Exchange, lasts_s: float, fps: float
) -> None:
    """The hand sways: it is not that they stand still by which they are told."""
    verdicts, reasons = told(kind, exchanged(pair(kind), how, lasts_s, fps, sways=0.7), fps)
    assert "passed" not in verdicts
    assert "not_ready" in reasons  # it was asked for


@pytest.mark.parametrize("kind", sorted(MOMENTS))
def test_of_a_photograph_on_a_stand_nothing_is_even_asked(kind: Challenge) -> None:
    verdicts, reasons = told(kind, list(exchanged(pair(kind), "fade", 0.5, 15.0))[:18], 15.0)
    assert verdicts == []
    assert "still_picture" in reasons


@pytest.mark.parametrize("kind", sorted(MOMENTS))
def test_a_recording_that_stands_until_it_is_started_is_no_action(kind: Challenge) -> None:
    moment = MOMENTS[kind]
    acts = recorded(moment.clip)[moment.rest : moment.done + 3]
    verdicts, reasons = told(kind, started([*acts, *[acts[-1]] * 25], 1.5, 25.0), 25.0)
    assert "passed" not in verdicts
    assert "still_picture" in reasons


def test_a_cut_to_a_weak_smile_is_told_by_the_wall_that_jumps_with_it() -> None:
    """In a mesh that quivers one frame makes just under 85 % of the way: 1 of 200 drawn passed."""
    images = recorded(ASKED / "smile.mp4")
    shown = exchanged(
        Pair(images[5], images[20]), "cut", 0.0, 10.0, Hand(1.694, -2.849, 1.176, 0.9643), 2.12
    )
    verdicts, reasons = told(Challenge.SMILE, shown, 10.0)
    assert "passed" not in verdicts
    assert "sudden" in reasons


@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_photographs_of_open_and_of_closed_eyes_in_a_hand_do_not_blink(fps: float) -> None:
    """Each is held a little elsewhere; on a screen, where it is not, it is not told."""
    images = recorded(ASKED / "blink.mp4")
    eyes = Pair(images[15], images[23])
    shown = exchanged(eyes, "blink", 0.0, fps, Hand(5, 3, 1.5, 1.03), 1.5)
    verdicts, reasons = told(Challenge.BLINK, shown, fps)
    assert "passed" not in verdicts
    assert "sudden" in reasons


def test_photographs_of_open_and_of_closed_eyes_on_a_stand_do_not_blink() -> None:
    images = recorded(ASKED / "blink.mp4")
    eyes = Pair(images[15], images[23])
    verdicts, reasons = told(Challenge.BLINK, exchanged(eyes, "blink", 0.0, 30.0), 30.0)
    assert "passed" not in verdicts
    assert "still_picture" in reasons


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
@pytest.mark.parametrize("kind", sorted(MOST_PER_S))
def test_who_was_too_sudden_goes_back_to_rest_and_does_it_again(
    kind: Challenge, fps: float
) -> None:
    there = DONE[kind]
    stage = Stage(alone(kind), fps)
    assert stage.play(still(0.7), still(0.8, there)) == []
    again = (still(0.6), moving(0.5, REST, there), still(0.5, there))
    assert [result.verdict for result in stage.play(*again)] == ["passed"]


@pytest.mark.parametrize(("jump", "doubt"), [(None, None), (1.0, None), (2.0, Reason.SUDDEN)])
def test_a_frame_that_makes_much_must_not_have_the_room_jump_with_it(
    jump: float | None, doubt: Reason | None
) -> None:
    onset = Onset()
    for number in range(5):
        onset.rests(number / 10, smiling(0.0))
    for number, much in enumerate((0.1, 0.8, 1.0, 1.0, 1.0), start=5):
        with_it = replace(PASSAGE, jump=jump if much == 0.8 else 1.0)
        onset.goes(number / 10, smiling(much), with_it)
    assert onset.doubt() is doubt


def test_a_room_that_jumps_in_a_frame_that_makes_little_is_no_doubt() -> None:
    """Somebody walks by while a head turns."""
    onset = Onset()
    for number in range(5):
        onset.rests(number / 10, smiling(0.0))
    for number, much in enumerate((0.3, 0.6, 0.9, 1.0, 1.0), start=5):
        onset.goes(number / 10, smiling(much), replace(PASSAGE, jump=3.0))
    assert onset.doubt() is None


class TestOnset:
    """In a drawn mesh of which only the cheeks move."""

    def gone(self, *much: float, fps: float = 30.0) -> Onset:
        onset = Onset()
        for number in range(5):
            onset.rests(number / fps, smiling(0.0))
        for number, each in enumerate(much, start=5):
            onset.goes(number / fps, smiling(each), PASSAGE)
        return onset

    @pytest.mark.parametrize("fps", [10.0, 15.0, 30.0, 60.0])
    def test_what_is_there_at_once_is_sudden_at_every_rate(self, fps: float) -> None:
        assert self.gone(*[1.0] * 4, fps=fps).doubt(1000.0) is Reason.SUDDEN

    @pytest.mark.parametrize("fps", [10.0, 15.0, 30.0, 60.0])
    def test_what_takes_a_quarter_of_a_second_is_not(self, fps: float) -> None:
        frames = round(0.25 * fps)
        way = [(n + 1) / frames for n in range(frames)]
        assert self.gone(*way, *[1.0] * frames, fps=fps).doubt() is None

    def test_the_way_may_be_no_faster_than_is_said(self) -> None:
        halves = self.gone(0.5, *[1.0] * 6)  # 15 ways a second
        assert halves.doubt(14.0) is Reason.SUDDEN
        assert halves.doubt(16.0) is None

    def test_a_way_that_cannot_be_told_is_sudden(self) -> None:
        assert Onset().doubt() is Reason.SUDDEN
        assert self.gone().doubt() is Reason.SUDDEN
        assert self.gone(0.0, 0.0).doubt() is Reason.SUDDEN

    @pytest.mark.parametrize(
        ("blends", "doubt"),
        [
            ((Blend(3.0, 5, 0.4, 0.3),), None),
            ((Blend(3.0, 5, 0.05, 0.3),), Reason.BLENDED),  # a cross-fade
            ((Blend(3.0, 5, 0.4, 0.05),), Reason.BLENDED),  # a push
            ((Blend(3.0, 0, 1.0, 1.0),), Reason.SUDDEN),  # nothing half way
            ((Blend(3.0, 5, 0.4, 0.3, 0.2),), Reason.PLANAR_MOTION),  # one that was moved
            ((), Reason.SUDDEN),  # nothing known
            ((Blend(0.1, 5, 0.05, 0.3), Blend(3.0, 5, 0.4, 0.3)), None),  # since the rest
            ((Blend(0.1, 5, 0.4, 0.3), Blend(3.0, 5, 0.05, 0.3)), Reason.BLENDED),
        ],
    )
    def test_one_picture_laid_over_another_is_no_action(
        self, blends: tuple[Blend, ...], doubt: Reason | None
    ) -> None:
        onset = self.gone(0.3, 0.6, 0.9, 1.0)
        onset.goes(0.3, smiling(1.0), Passage(10.0, 1.0, blends))
        assert onset.doubt() is doubt

    @pytest.mark.parametrize(
        ("blends", "doubt"),
        [
            ((Blend(0.3, 2, 0.03, 0.3),), Reason.BLENDED),
            ((Blend(0.3, 2, 0.3, 0.05),), Reason.BLENDED),
            ((Blend(0.3, 2, 0.3, 0.3),), None),
            ((Blend(0.3, 0, 1.0, 1.0),), None),  # it has only begun: nothing half way is no news
            ((Blend(0.3, 2, 0.3, 0.3, 0.2),), None),  # nor that a head began to sway
            ((), None),
        ],
    )
    def test_what_has_only_begun_is_refused_for_what_was_seen_alone(
        self, blends: tuple[Blend, ...], doubt: Reason | None
    ) -> None:
        onset = self.gone(0.3, 0.6)
        onset.goes(0.25, smiling(0.9), Passage(10.0, 1.0, blends))
        assert onset.blended() is doubt

    def test_a_picture_that_was_not_measured_is_in_doubt(self) -> None:
        onset = self.gone(0.3, 0.6, 0.9, 1.0)
        onset.goes(0.3, smiling(1.0), None)
        assert onset.doubt() is Reason.NOT_MEASURED

    def test_afresh_nothing_has_rested(self) -> None:
        onset = self.gone(0.3, 0.6, 0.9, 1.0, 1.0)
        assert onset.doubt() is None
        onset.fresh()
        onset.goes(1.0, smiling(1.0), PASSAGE)
        assert onset.doubt() is Reason.SUDDEN

    def test_a_lost_frame_makes_nothing_sudden(self) -> None:
        whole, lost = self.gone(0.3, 0.6, 0.9, 1.0, 1.0), self.gone(0.3, 0.9, 1.0, 1.0)
        assert whole.doubt() is None
        assert lost.doubt(20.0) is None
        assert MOST_AT_ONCE > 0.6
