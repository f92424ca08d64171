"""The modes that look with a depth camera as a table: it runs, and docs/modes.md draws it."""

from enum import StrEnum

from kioskd.modes.rgb_phases import Phase
from kioskd.modes.table import Always


class Cause(StrEnum):
    FIRST_FIT_FRAME = "a frame passes the gate and every evidence has a score"
    ENOUGH_LIVE = "every evidence has enough scores at or above its liveness threshold"
    LIVE_OUT_OF_REACH = "one evidence can no longer reach enough"
    ENOUGH_FAKE = "one evidence has enough scores below its fake threshold"
    FAKE_OUT_OF_REACH = "one evidence reached neither outcome"


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
