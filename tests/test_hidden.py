"""What an action is read from is hidden: nothing can be told, so nothing passes, and that is said.

Drawn people first; then what is looked at, on a real face, through the real networks.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from feeds.frame import ColorImage, Frame
from kioskd.event import Result
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_mode import SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from models.observation import Cover, Face, Measure, Wanted
from models.perceive import Perceiver, needs
from tests.support.acting import Look, Scene, Stage, face, showing, still
from tests.support.clips import DATA, images_of
from tests.support.eyes import networks
from tests.support.stage import BARE
from tests.test_challenge import DONE

GATE = GateSettings()
SMILE, OPEN_MOUTH = Look(smile=0.9), DONE[Challenge.MOUTH_OPENING]


def covered(**areas: float) -> Cover:
    return replace(BARE, covered={**BARE.covered, **areas})


MASK = covered(nose=0.97, mouth=0.99)
BEARD = covered(mouth=0.85)  # as a full beard is taken for, now and then
SUNGLASSES = covered(right_eye=0.95, left_eye=0.9)
LAMPS = replace(BARE, glare=(0.3, 0.4))
ONE_LAMP = replace(BARE, glare=(0.0, 0.4))


def asked(kind: Challenge) -> Mode:
    return ChallengeMode(ChallengeSettings(kind, joined_with="none"), GATE, lambda _: 0)


DOORS: dict[str, Callable[[], Mode]] = {
    "smile": lambda: SmileMode(SmileSettings(joined_with="none"), GATE, lambda _: 0),
    "smile and rgb": lambda: SmileRgbMode(SmileRgbSettings(), GATE),
    "challenge smile": lambda: asked(Challenge.SMILE),
}


def behind(
    cover: Cover | None, seconds: float, start: Look, end: Look | None = None
) -> list[Scene]:
    """Somebody of whom so much is hidden, frame by frame at 15 a second."""
    frames = round(seconds * 15)
    looks = [start.towards(end or start, (n + 1) / frames) for n in range(frames)]
    return [showing(1 / 15, _behind(cover, face(look))) for look in looks]


def _behind(cover: Cover | None, one: Face) -> Face:
    return replace(one, cover=cover)


def smiles(cover: Cover | None) -> list[Scene]:
    """At rest, then a smile that stays until any attempt is over."""
    return [
        *behind(cover, 1.0, Look()),
        *behind(cover, 0.3, Look(), SMILE),
        *behind(cover, 5.0, SMILE),
    ]


def played(door: Mode, scenes: list[Scene]) -> tuple[list[Result], set[str]]:
    stage = Stage(door)
    results = stage.play(*scenes)
    return results, {reason for step in stage.steps for reason in step.reasons}


@pytest.mark.parametrize("door", DOORS)
def test_a_smile_behind_a_mask_is_none_and_nobody_knows_that_none_came(door: str) -> None:
    (result,), _ = played(DOORS[door](), smiles(MASK))
    assert result.verdict == "undecided"
    assert not result.emits
    assert {"time_over", "mouth_covered"} <= set(result.reasons)


@pytest.mark.parametrize("door", DOORS)
def test_a_smile_that_is_seen_in_a_beard_is_one(door: str) -> None:
    (result,), _ = played(DOORS[door](), smiles(BEARD))
    assert result.verdict == "passed"


@pytest.mark.parametrize("door", DOORS)
def test_whoever_does_not_smile_in_a_beard_may_have_smiled(door: str) -> None:
    (result,), reasons = played(DOORS[door](), behind(BEARD, 6.0, Look()))
    assert result.verdict == "undecided"
    assert "mouth_covered" in reasons
    assert "no_smile" not in reasons


@pytest.mark.parametrize("door", DOORS)
def test_whoever_takes_the_mask_off_and_does_not_smile_has_failed(door: str) -> None:
    scenes = [*behind(MASK, 3.0, Look()), *behind(BARE, 3.0, Look())]
    (result,), _ = played(DOORS[door](), scenes)
    assert result.verdict == "failed"


@pytest.mark.parametrize("door", DOORS)
def test_whoever_takes_the_mask_off_and_smiles_passes(door: str) -> None:
    scenes = [*behind(MASK, 1.5, Look()), *behind(BARE, 0.5, Look())]
    smile = [*behind(BARE, 0.3, Look(), SMILE), *behind(BARE, 2.0, SMILE)]
    (result,), reasons = played(DOORS[door](), [*scenes, *smile])
    assert result.verdict == "passed"
    assert "mouth_covered" in reasons


@pytest.mark.parametrize("door", DOORS)
def test_a_mask_that_comes_up_over_the_smile_ends_it(door: str) -> None:
    up = [*behind(BARE, 1.0, Look()), *behind(BARE, 0.3, Look(), SMILE), *behind(MASK, 5.0, SMILE)]
    (result,), _ = played(DOORS[door](), up)
    assert result.verdict == "undecided"


@pytest.mark.parametrize("door", DOORS)
def test_a_mouth_that_nobody_could_look_at_has_not_smiled(door: str) -> None:
    (result,), reasons = played(DOORS[door](), smiles(None))
    assert result.verdict != "passed"
    assert "not_measured" in reasons


@pytest.mark.parametrize(("cover", "verdict"), [(MASK, "undecided"), (BARE, "passed")])
def test_a_mouth_behind_a_mask_does_not_open(cover: Cover, verdict: str) -> None:
    scenes = [
        *behind(cover, 1.0, Look()),
        *behind(cover, 0.2, Look(), OPEN_MOUTH),
        *behind(cover, 5.0, OPEN_MOUTH),
    ]
    (result,), reasons = played(asked(Challenge.MOUTH_OPENING), scenes)
    assert result.verdict == verdict
    assert ("mouth_covered" in reasons) == (cover is MASK)


def test_where_each_action_has_a_time_of_its_own_a_hidden_one_is_undecided_too() -> None:
    """Joined with something, an attempt lasts on; what is asked for is over before it."""
    door = ChallengeMode(ChallengeSettings(Challenge.SMILE), GATE, lambda _: 0)
    (result,), _ = played(door, behind(MASK, 6.0, Look()))
    assert result.verdict == "undecided"
    assert result.reasons[0] == "time_over"
    assert "precondition_failed" not in result.reasons
    assert "mouth_covered" in result.reasons


def blinks(cover: Cover | None) -> list[Scene]:
    """Eyes that are shut for a fifth of a second, behind what comes with them, and goes again."""
    shut = behind(cover, 0.2, DONE[Challenge.BLINK])
    return [still(1.0), *shut, still(1.0), *shut, still(3.4)]


@pytest.mark.parametrize("lamps", [LAMPS, ONE_LAMP])
def test_lamps_that_hide_the_eyes_are_no_blink(lamps: Cover) -> None:
    (result,), _ = played(asked(Challenge.BLINK), blinks(lamps))
    assert result.verdict == "failed"
    assert {"time_over", "eyes_covered"} <= set(result.reasons)


def test_lids_that_are_seen_to_shut_are_one() -> None:
    (result,), _ = played(asked(Challenge.BLINK), blinks(BARE))
    assert result.verdict == "passed"


def test_lids_that_nobody_could_look_at_have_not_shut() -> None:
    (result,), reasons = played(asked(Challenge.BLINK), blinks(None))
    assert result.verdict != "passed"
    assert "not_measured" in reasons


@pytest.mark.parametrize("cover", [LAMPS, SUNGLASSES])
def test_of_eyes_that_stay_hidden_no_blink_is_known(cover: Cover) -> None:
    (result,), _ = played(asked(Challenge.BLINK), behind(cover, 6.0, Look()))
    assert result.verdict == "undecided"
    assert {"time_over", "eyes_covered"} <= set(result.reasons)


SHEET_WITH_EYES = covered(right_cheek=0.7, left_cheek=0.6, nose=0.9, mouth=0.95)
SHEET_WITH_A_MOUTH = covered(
    forehead=0.7, right_eyebrow=0.6, left_eyebrow=0.7, right_eye=0.8, left_eye=0.9
)


@pytest.mark.parametrize(
    ("kind", "cover"),
    [
        (Challenge.BLINK, SHEET_WITH_EYES),
        (Challenge.EYEBROW_RAISE, SHEET_WITH_EYES),
        (Challenge.SMILE, SHEET_WITH_A_MOUTH),
        (Challenge.MOUTH_OPENING, SHEET_WITH_A_MOUTH),
    ],
)
def test_what_is_done_behind_the_holes_of_a_sheet_is_not_known(
    kind: Challenge, cover: Cover
) -> None:
    """To what looks for things that lie over a face, it is a thing that lies over all the rest."""
    acts = [
        *behind(cover, 1.0, Look()),
        *behind(cover, 0.2, Look(), DONE[kind]),
        *behind(cover, 0.4, DONE[kind]),
        *behind(cover, 5.0, Look()),
    ]
    (result,), _ = played(asked(kind), acts)
    assert result.verdict == "undecided"
    assert {"time_over", "face_covered"} <= set(result.reasons)


@pytest.mark.parametrize(
    ("kind", "cover"), [(Challenge.BLINK, SHEET_WITH_A_MOUTH), (Challenge.SMILE, SUNGLASSES)]
)
def test_what_covers_a_part_that_is_read_or_a_little_besides_is_no_sheet(
    kind: Challenge, cover: Cover
) -> None:
    (_, *_), reasons = played(asked(kind), behind(cover, 6.0, Look()))
    assert "face_covered" not in reasons


def test_a_hand_that_goes_over_the_face_for_a_moment_is_no_sheet() -> None:
    smile = [*behind(BARE, 0.3, Look(), SMILE), *behind(BARE, 2.0, SMILE)]
    hand = [*behind(BARE, 1.0, Look()), *behind(SHEET_WITH_A_MOUTH, 0.4, Look())]
    (result,), _ = played(asked(Challenge.SMILE), [*hand, *behind(BARE, 0.5, Look()), *smile])
    assert result.verdict == "passed"


@pytest.mark.parametrize("kind", Challenge)
def test_what_hides_the_face_is_looked_at_now_and_then_and_only_where_it_says_something(
    kind: Challenge,
) -> None:
    stage = Stage(asked(kind), 30.0)
    stage.play(still(4.0))
    looks = sum(Measure.COVER in wanted.measures for wanted in stage.asked)
    told_of = kind in (
        Challenge.SMILE,
        Challenge.MOUTH_OPENING,
        Challenge.BLINK,
        Challenge.EYEBROW_RAISE,
    )
    assert (10 <= looks <= 16) if told_of else looks == 0


# --- through the real networks ---------------------------------------------------------------


def looked_at(images: list[ColorImage]) -> Cover:
    """What is said of the last of them."""
    measures = frozenset({Measure.POSE, Measure.COVER})
    eye = Perceiver(networks(*sorted(needs(measures))))
    for number, image in enumerate(images):
        at = number / 25
        frame = Frame("door", number, 0, at, at, image)
        seen = eye.look(frame)
        (one,) = seen.faces or (None,)
        if one is not None:
            seen = eye.measure(frame, seen, Wanted(one.track_id, measures))
    found = seen.faces[0].cover
    assert found is not None
    return found


@pytest.mark.parametrize("number", range(4, 40, 5))
def test_neither_open_eyes_nor_lids_are_taken_for_lamps(number: int) -> None:
    """The clip shows somebody who blinks."""
    images = images_of(DATA / "asked" / "blink.mp4")
    assert looked_at([images[min(number, len(images) - 1)]] * 4).glare == (0.0, 0.0)


def test_a_lamp_before_an_eye_is_seen_on_its_own_side() -> None:
    image = images_of(DATA / "asked" / "blink.mp4")[0]
    seen = Perceiver(networks("face"))
    for number in range(4):
        found = seen.look(Frame("door", number, 0, number / 25, number / 25, image)).faces
    points = found[0].landmarks
    assert points is not None
    (x, y), other = points[0], points[1]
    down, across = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
    lit = np.hypot(across - x, down - y) < 0.2 * float(np.hypot(*(points[0] - other)))
    right, left = looked_at([np.where(lit[..., None], 250, image).astype(np.uint8)] * 4).glare
    assert right > 0.2
    assert left == 0.0
