"""Enrols who stands before a door's camera, by the very frames that showed that they live.

The door's own mode decides, as it does at work; who passes it is enrolled by the mean look of the
frames that counted. No picture is kept.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from feeds.feed import Feed
from feeds.frame import Frame
from feeds.state import FeedState
from kioskd.config.config import Door
from kioskd.event import Step
from kioskd.identity.enrolment import RANKS, NotEnrolledError, hold_quality
from kioskd.identity.reference_picture import MEASURES, Quality, faults, quality_of
from kioskd.judge import judged
from kioskd.modes import catalogue
from kioskd.modes.reasons import sentence
from models.embedding import Embedding
from models.observation import Observation, Wanted
from models.perceive import Perceiver

WAIT_S = 0.25
WORST = ("not_measured",)


@dataclass(frozen=True, slots=True)
class Saying:
    """Where a capture tells what happens: prompts by their code, the feed's states."""

    prompt: Callable[[str], None]
    state: Callable[[FeedState], None]


def captured(
    door: Door, perceiver: Perceiver, seconds: float, say: Saying, least: Quality = "medium"
) -> Embedding:
    """The look of whoever passes the door's mode first. Raises NotEnrolledError.

    It must be called in the thread that goes on: the feed's process ends with it.
    """
    mode = catalogue.make(door.mode, door.gate, secrets.randbelow, binds=True)
    feed = Feed(door.feed, say.state)
    until, said = time.monotonic() + seconds, ""
    best: tuple[str, ...] = WORST
    feed.start()
    try:
        while time.monotonic() < until:
            frame = feed.newest(WAIT_S)
            if frame is None:
                continue
            seen, step = judged(mode, perceiver, frame)
            if step.counted is not None:
                best = min(best, _faults(frame, seen, step, perceiver), key=_badness)
            if step.prompt is not None and step.prompt != said:
                said = step.prompt
                say.prompt(said)
            if step.result is not None:
                return _passed(step, best, least)
    finally:
        feed.stop()
    raise NotEnrolledError("nobody", f"nobody passed the door's mode within {seconds:g} s")


def _passed(step: Step, best: tuple[str, ...], least: Quality) -> Embedding:
    result = step.result
    assert result is not None
    if result.verdict != "passed" or result.look is None:
        why = "; ".join(map(sentence, result.reasons)) or "it was called an attack"
        raise NotEnrolledError("not_live", f"the attempt did not pass: {why}")
    hold_quality(best, quality_of(best), least)
    return result.look


def _badness(reasons: tuple[str, ...]) -> tuple[int, int]:
    return -RANKS.index(quality_of(reasons)), len(reasons)


def _faults(frame: Frame, seen: Observation, step: Step, perceiver: Perceiver) -> tuple[str, ...]:
    """What is against the frame as a picture to enrol by."""
    track = step.counted
    seen = perceiver.measure(frame, seen, Wanted(track, MEASURES))
    face = next((face for face in seen.faces if face.track_id == track), None)
    return WORST if face is None else tuple(faults(frame.color, face))
