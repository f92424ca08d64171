"""The smile with RGB liveness as the table it runs on, which docs/understand/modes.md draws."""

from enum import StrEnum

from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.mode import DONE, HOLD_STILL, LOOK, RELAX, TRY_AGAIN, Always, Prompts
from kioskd.modes.smile.smile_phases import Cause as Smile


class Phase(StrEnum):
    """What the person is asked for, then how it ended. RGB liveness is judged in all of them."""

    IDLE = "IDLE"
    QUALITY = "QUALITY"
    NEUTRAL = "NEUTRAL"
    PROMPT = "PROMPT"
    SMILE = "SMILE"
    LIVENESS = "LIVENESS"
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


class Cause(StrEnum):
    LIVE = "the window that saw the smile's end is live"
    NOT_LIVE = "a window is an attack, or is undecided"


ASKED = (Phase.NEUTRAL, Phase.PROMPT, Phase.SMILE, Phase.LIVENESS)

TRANSITIONS: dict[tuple[StrEnum, StrEnum], StrEnum] = {
    (Phase.IDLE, Always.SUBJECT_CAME): Phase.QUALITY,
    (Phase.QUALITY, Smile.FIRST_FIT_FRAME): Phase.NEUTRAL,
    (Phase.QUALITY, Always.BROKEN_OFF): Phase.IDLE,
    (Phase.QUALITY, Always.TIME_OVER): Phase.UNKNOWN,
    (Phase.NEUTRAL, Smile.NEUTRAL_HELD): Phase.PROMPT,
    (Phase.PROMPT, Smile.SMILE_BEGAN): Phase.SMILE,
    (Phase.SMILE, Smile.SMILE_ENDED): Phase.PROMPT,
    (Phase.SMILE, Smile.SMILE_HELD): Phase.LIVENESS,
    (Phase.LIVENESS, Cause.LIVE): Phase.CONFIRMED,
    **{(phase, Cause.NOT_LIVE): Phase.REFUSED for phase in ASKED},
    **{(phase, Always.TIME_OVER): Phase.REFUSED for phase in ASKED},
    (Phase.PROMPT, Smile.HIDDEN): Phase.UNKNOWN,
    **{(phase, Always.BROKEN_OFF): Phase.UNKNOWN for phase in ASKED},
    (Phase.CONFIRMED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.REFUSED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.REFUSED, Always.REARMED): Phase.QUALITY,
    (Phase.UNKNOWN, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.UNKNOWN, Always.REARMED): Phase.QUALITY,
}

PROMPTS: Prompts = {
    Phase.QUALITY: LOOK,
    Phase.NEUTRAL: RELAX,
    Phase.PROMPT: Challenge.SMILE.value,
    Phase.SMILE: Challenge.SMILE.value,
    Phase.LIVENESS: HOLD_STILL,
    Phase.CONFIRMED: DONE,
    Phase.REFUSED: TRY_AGAIN,
    Phase.UNKNOWN: TRY_AGAIN,
}
