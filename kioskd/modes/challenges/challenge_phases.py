"""A challenge as a table: the machine runs on it, and docs/understand/challenges.md draws it."""

from enum import StrEnum

from kioskd.modes.joined import Cause as Join
from kioskd.modes.mode import AGAIN, DONE, RELAX, TRY_AGAIN, Always, Prompts


class Phase(StrEnum):
    IDLE = "IDLE"
    START = "START"
    ASKED = "ASKED"
    NEXT = "NEXT"
    CHALLENGE_PASSED = "CHALLENGE_PASSED"
    CHALLENGE_FAILED = "CHALLENGE_FAILED"
    CHALLENGE_UNDECIDED = "CHALLENGE_UNDECIDED"


class Cause(StrEnum):
    """What moves a challenge, beside what moves every mode."""

    START_HELD = "the start condition held"
    MORE_TO_COME = "the action was done, another is to follow"
    ALL_DONE = "the last action was done"
    FRAUD = "another action was done"
    HIDDEN = "the deadline has passed, and what it is read from was hidden"


TRANSITIONS: dict[tuple[StrEnum, StrEnum], StrEnum] = {
    (Phase.IDLE, Always.SUBJECT_CAME): Phase.START,
    (Phase.START, Cause.START_HELD): Phase.ASKED,
    (Phase.START, Always.BROKEN_OFF): Phase.IDLE,
    (Phase.START, Always.TIME_OVER): Phase.CHALLENGE_UNDECIDED,
    (Phase.ASKED, Cause.ALL_DONE): Phase.CHALLENGE_PASSED,
    (Phase.ASKED, Cause.MORE_TO_COME): Phase.NEXT,
    (Phase.ASKED, Cause.FRAUD): Phase.CHALLENGE_FAILED,
    (Phase.ASKED, Always.TIME_OVER): Phase.CHALLENGE_FAILED,
    (Phase.ASKED, Cause.HIDDEN): Phase.CHALLENGE_UNDECIDED,
    (Phase.ASKED, Always.BROKEN_OFF): Phase.CHALLENGE_UNDECIDED,
    (Phase.NEXT, Cause.START_HELD): Phase.ASKED,
    (Phase.NEXT, Cause.FRAUD): Phase.CHALLENGE_FAILED,
    (Phase.NEXT, Always.TIME_OVER): Phase.CHALLENGE_FAILED,
    (Phase.NEXT, Always.BROKEN_OFF): Phase.CHALLENGE_UNDECIDED,
    (Phase.ASKED, Join.ATTACK): Phase.CHALLENGE_FAILED,
    (Phase.NEXT, Join.ATTACK): Phase.CHALLENGE_FAILED,
    (Phase.CHALLENGE_PASSED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.CHALLENGE_FAILED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.CHALLENGE_FAILED, Always.REARMED): Phase.START,
    (Phase.CHALLENGE_UNDECIDED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.CHALLENGE_UNDECIDED, Always.REARMED): Phase.START,
}

PROMPTS: Prompts = {  # ASKED waits for the action
    Phase.START: RELAX,
    Phase.NEXT: AGAIN,
    Phase.CHALLENGE_PASSED: DONE,
    Phase.CHALLENGE_FAILED: TRY_AGAIN,
    Phase.CHALLENGE_UNDECIDED: TRY_AGAIN,
}
