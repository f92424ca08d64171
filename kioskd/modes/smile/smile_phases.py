"""The smile mode as a table: the machine runs on it, and docs/understand/modes.md draws it."""

from enum import StrEnum

from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.joined import Cause as Join
from kioskd.modes.mode import DONE, LOOK, RELAX, TRY_AGAIN, Always, Prompts


class Phase(StrEnum):
    """What the person is asked for, then how it ended."""

    IDLE = "IDLE"
    QUALITY = "QUALITY"
    NEUTRAL = "NEUTRAL"
    PROMPT = "PROMPT"
    SMILE = "SMILE"
    SMILE_CONFIRMED = "SMILE_CONFIRMED"
    NO_SMILE = "NO_SMILE"
    UNKNOWN = "UNKNOWN"


class Cause(StrEnum):
    FIRST_FIT_FRAME = "a frame passes the gate and has a smile score"
    NEUTRAL_HELD = "neutral for the pre-smile delay"
    SMILE_BEGAN = "a smile begins"
    SMILE_ENDED = "the smile ended too soon, or was there at once"
    SMILE_HELD = "smiled for the smile duration"
    HIDDEN = "the deadline has passed, and the mouth was hidden"


ASKED = (Phase.NEUTRAL, Phase.PROMPT, Phase.SMILE)

TRANSITIONS: dict[tuple[StrEnum, StrEnum], StrEnum] = {
    (Phase.IDLE, Always.SUBJECT_CAME): Phase.QUALITY,
    (Phase.QUALITY, Cause.FIRST_FIT_FRAME): Phase.NEUTRAL,
    (Phase.QUALITY, Always.BROKEN_OFF): Phase.IDLE,
    (Phase.QUALITY, Always.TIME_OVER): Phase.UNKNOWN,
    (Phase.NEUTRAL, Cause.NEUTRAL_HELD): Phase.PROMPT,
    (Phase.NEUTRAL, Always.BROKEN_OFF): Phase.UNKNOWN,
    (Phase.NEUTRAL, Always.TIME_OVER): Phase.NO_SMILE,
    (Phase.PROMPT, Cause.SMILE_BEGAN): Phase.SMILE,
    (Phase.PROMPT, Always.BROKEN_OFF): Phase.UNKNOWN,
    (Phase.PROMPT, Always.TIME_OVER): Phase.NO_SMILE,
    (Phase.PROMPT, Cause.HIDDEN): Phase.UNKNOWN,
    (Phase.SMILE, Cause.SMILE_HELD): Phase.SMILE_CONFIRMED,
    (Phase.SMILE, Cause.SMILE_ENDED): Phase.PROMPT,
    (Phase.SMILE, Always.BROKEN_OFF): Phase.UNKNOWN,
    (Phase.SMILE, Always.TIME_OVER): Phase.NO_SMILE,
    **{(phase, Join.ATTACK): Phase.NO_SMILE for phase in ASKED},
    (Phase.SMILE_CONFIRMED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.NO_SMILE, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.NO_SMILE, Always.REARMED): Phase.QUALITY,
    (Phase.UNKNOWN, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.UNKNOWN, Always.REARMED): Phase.QUALITY,
}

PROMPTS: Prompts = {
    Phase.QUALITY: LOOK,
    Phase.NEUTRAL: RELAX,
    Phase.PROMPT: Challenge.SMILE.value,
    Phase.SMILE: Challenge.SMILE.value,
    Phase.SMILE_CONFIRMED: DONE,
    Phase.NO_SMILE: TRY_AGAIN,
    Phase.UNKNOWN: TRY_AGAIN,
}
