"""RGB liveness as a table: the machine runs on it, and docs/understand/modes.md draws it."""

from enum import StrEnum

from kioskd.modes.mode import DONE, HOLD_STILL, LOOK, TRY_AGAIN, Always, Prompts


class Phase(StrEnum):
    """`rgbLivenessState.currentState`, with the seed's words for the last three."""

    IDLE = "IDLE"
    QUALITY = "QUALITY"
    LIVE_WINDOW = "LIVE_WINDOW"
    FAKE_WINDOW = "FAKE_WINDOW"
    LIVENESS_CONFIRMED = "LIVENESS_CONFIRMED"
    NOTLIVE_CONFIRMED = "NOTLIVE_CONFIRMED"
    LIVENESS_UNKNOWN = "LIVENESS_UNKNOWN"


class Cause(StrEnum):
    """What the scores do."""

    FIRST_FIT_FRAME = "a frame passes the gate and has a score"
    ENOUGH_LIVE = "enough scores at or above the liveness threshold"
    LIVE_OUT_OF_REACH = "enough can no longer be reached"
    ENOUGH_FAKE = "enough scores below the fake threshold"
    FAKE_OUT_OF_REACH = "neither outcome was reached"


TRANSITIONS: dict[tuple[StrEnum, StrEnum], StrEnum] = {
    (Phase.IDLE, Always.SUBJECT_CAME): Phase.QUALITY,
    (Phase.QUALITY, Cause.FIRST_FIT_FRAME): Phase.LIVE_WINDOW,
    (Phase.QUALITY, Always.BROKEN_OFF): Phase.IDLE,
    (Phase.QUALITY, Always.TIME_OVER): Phase.LIVENESS_UNKNOWN,
    (Phase.LIVE_WINDOW, Cause.ENOUGH_LIVE): Phase.LIVENESS_CONFIRMED,
    (Phase.LIVE_WINDOW, Cause.LIVE_OUT_OF_REACH): Phase.FAKE_WINDOW,
    (Phase.LIVE_WINDOW, Always.BROKEN_OFF): Phase.LIVENESS_UNKNOWN,
    (Phase.LIVE_WINDOW, Always.TIME_OVER): Phase.LIVENESS_UNKNOWN,
    (Phase.FAKE_WINDOW, Cause.ENOUGH_FAKE): Phase.NOTLIVE_CONFIRMED,
    (Phase.FAKE_WINDOW, Cause.FAKE_OUT_OF_REACH): Phase.LIVENESS_UNKNOWN,
    (Phase.FAKE_WINDOW, Always.BROKEN_OFF): Phase.LIVENESS_UNKNOWN,
    (Phase.FAKE_WINDOW, Always.TIME_OVER): Phase.LIVENESS_UNKNOWN,
    (Phase.LIVENESS_CONFIRMED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.NOTLIVE_CONFIRMED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.NOTLIVE_CONFIRMED, Always.REARMED): Phase.QUALITY,
    (Phase.LIVENESS_UNKNOWN, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.LIVENESS_UNKNOWN, Always.REARMED): Phase.QUALITY,
}

PROMPTS: Prompts = {
    Phase.QUALITY: LOOK,
    Phase.LIVE_WINDOW: HOLD_STILL,
    Phase.FAKE_WINDOW: HOLD_STILL,
    Phase.LIVENESS_CONFIRMED: DONE,
    Phase.NOTLIVE_CONFIRMED: TRY_AGAIN,
    Phase.LIVENESS_UNKNOWN: TRY_AGAIN,
}
