"""Real people before a real camera, through the real networks: who does what, and who does not."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from feeds.feed_settings import FeedSettings, FileSource
from feeds.frame import Frame
from feeds.imaging import open_file
from feeds.mount import upright
from feeds.opened_source import Shot
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings, SequenceSettings, Unified
from kioskd.modes.challenges.kinds import UNWATCHED, Challenge
from kioskd.modes.gate_settings import GateSettings
from models.observation import Measure, Observation, Wanted
from models.perceive import Perceiver, needs
from models.session import Networks
from tests.support.daemon import ATTACK, LIVE
from tests.support.stage import step_of

ASKED = Path(__file__).parent / "data" / "asked"
MEASURES = frozenset(
    {
        Measure.QUALITY,
        Measure.POSE,
        Measure.BLENDSHAPES,
        Measure.MOTION,
        Measure.IDENTITY,
        Measure.PASSAGE,
        Measure.COVER,
    }
)
NETWORKS = Networks.load(needs(MEASURES), "cpu", 1)
# A webcam of 400x300, compressed so hard that some frames repeat the one before.
SMALL = GateSettings(minimum_face_size_px=60.0, minimum_sharpness=0.1, minimum_change=0.0)
EVERY_S = 0.4  # somebody new is asked so often

DOES = {  # what the person in each clip does, as one sees when one looks at it
    ASKED / "brows.mp4": {Challenge.EYEBROW_RAISE},
    ASKED / "closer.mp4": {Challenge.FLOW, Challenge.EYEBROW_RAISE},
    ASKED / "head.mp4": {
        Challenge.RIGHT_TURN,
        Challenge.LEFT_TURN,
        Challenge.NOD,
        Challenge.HEAD_RAISE,
    },
    ASKED / "mouth_then_left.mp4": {Challenge.MOUTH_OPENING, Challenge.LEFT_TURN},
    ASKED / "right.mp4": {Challenge.RIGHT_TURN, Challenge.LEFT_TURN},
    ASKED / "smile.mp4": {Challenge.SMILE},
    ASKED / "blink.mp4": {Challenge.BLINK, Challenge.MOUTH_OPENING},
    LIVE: {Challenge.RIGHT_TURN, Challenge.LEFT_TURN},  # he looks about, by 14 degrees
    ATTACK: set(),  # synthetic: a picture on a drawn tablet
}


@cache
def observed(clip: Path, mirrors: bool = False, mirror: bool = False) -> tuple[Observation, ...]:
    """Every frame, with everything measured on its largest face.

    mirrors  the camera does, as many webcams
    mirror   and its feed's key says so
    """
    perceiver = Perceiver(NETWORKS)
    settings = FeedSettings("clip", FileSource(str(clip)), mirror=mirror)
    found = []
    for frame in frames(clip):
        color = np.ascontiguousarray(frame.color[:, ::-1]) if mirrors else frame.color
        shot = Shot(color, frame.captured_at, frame.captured_at, None)
        frame = replace(frame, color=upright(shot, settings).image)
        seen = perceiver.look(frame)
        if seen.faces:
            seen = perceiver.measure(frame, seen, Wanted(seen.faces[0].track_id, MEASURES))
        found.append(seen)
    return tuple(found)


def frames(clip: Path) -> Iterator[Frame]:
    capture = open_file(str(clip))
    assert capture is not None
    rate, number = capture.fps or 25.0, 0
    while (image := capture.read()) is not None:
        yield Frame("clip", number, 0, number / rate, number / rate, image)
        number += 1


def passes(
    clip: Path,
    settings: ChallengeSettings | SequenceSettings,
    mirrors: bool = False,
    mirror: bool = False,
) -> bool:
    """Whether somebody passes who is first asked at one of the moments tried."""
    seen = observed(clip, mirrors, mirror)
    begin = 0.0
    while begin < seen[-1].at:
        mode = ChallengeMode(settings, SMALL, lambda _: 0)
        results = (step_of(mode, one).result for one in seen if one.at >= begin)
        if any(result is not None and result.verdict == "passed" for result in results):
            return True
        begin += EVERY_S
    return False


@pytest.mark.parametrize("clip", DOES, ids=lambda clip: str(clip.stem))
def test_who_does_an_action_passes_and_who_does_not_does_not(clip: Path) -> None:
    found = {
        kind for kind in Challenge if passes(clip, ChallengeSettings(kind, joined_with="none"))
    }
    assert found == DOES[clip]


@pytest.mark.parametrize("clip", DOES, ids=lambda clip: str(clip.stem))
def test_with_fraud_watching_nobody_passes_who_did_not_do_it(clip: Path) -> None:
    watched = Unified(watch=True)
    for kind in set(Challenge) - UNWATCHED - DOES[clip]:
        assert not passes(clip, ChallengeSettings(kind, unified=watched, joined_with="none"))


def test_left_is_the_persons_own_left_before_a_camera_that_mirrors_once_its_feed_says_so() -> None:
    left = ChallengeSettings(Challenge.LEFT_TURN, joined_with="none")
    right = ChallengeSettings(Challenge.RIGHT_TURN, joined_with="none")
    clip = ASKED / "mouth_then_left.mp4"
    assert (passes(clip, left), passes(clip, right)) == (True, False)
    unsaid = passes(clip, left, mirrors=True), passes(clip, right, mirrors=True)
    assert unsaid == (False, True)
    said = (passes(clip, each, mirrors=True, mirror=True) for each in (left, right))
    assert tuple(said) == (True, False)


@pytest.mark.parametrize("name", ["brows", "mouth_then_left", "smile"])
def test_one_action_alone_passes_under_fraud_watching(name: str) -> None:
    clip = ASKED / f"{name}.mp4"
    watched = Unified(watch=True)
    first = sorted(DOES[clip], key=lambda kind: kind is Challenge.LEFT_TURN)[0]
    assert passes(clip, ChallengeSettings(first, unified=watched, joined_with="none"))


def test_a_sequence_passes_in_its_order_only() -> None:
    clip = ASKED / "mouth_then_left.mp4"
    order = (Challenge.MOUTH_OPENING, Challenge.LEFT_TURN)
    assert passes(clip, SequenceSettings(order, "fixed", 2, joined_with="none"))
    assert not passes(clip, SequenceSettings(order[::-1], "fixed", 2, joined_with="none"))
    loose = Unified(watch=False)
    assert not passes(
        clip, SequenceSettings(order[::-1], "fixed", 2, unified=loose, joined_with="none")
    )
