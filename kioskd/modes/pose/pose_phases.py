"""The profile pose mode as the table it runs on, which docs/understand/modes.md draws."""

from enum import StrEnum

from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.mode import DONE, LOOK, TRY_AGAIN, TURN_ASIDE, Always, Prompts
from kioskd.modes.pose.turning import Direction


class Phase(StrEnum):
    """What the person is waited for to do, then how it ended."""

    IDLE = "IDLE"
    QUALITY = "QUALITY"
    WAIT_CENTRE = "WAIT_CENTRE"
    WAIT_PROFILE = "WAIT_PROFILE"
    POSE_CONFIRMED = "POSE_CONFIRMED"
    POSE_REFUSED = "POSE_REFUSED"
    UNKNOWN = "UNKNOWN"


class Cause(StrEnum):
    FIRST_LOOK = "a fit frame looks at the camera"
    CENTRE_HELD = "looked at the camera in enough frames"
    FELL = "a jump, back, the wrong way, not nearer, unseen"
    PROFILE = "in profile, and moved like a head"
    PLANAR = "in profile, but moved like a flat picture"


TRANSITIONS: dict[tuple[StrEnum, StrEnum], StrEnum] = {
    (Phase.IDLE, Always.SUBJECT_CAME): Phase.QUALITY,
    (Phase.QUALITY, Cause.FIRST_LOOK): Phase.WAIT_CENTRE,
    (Phase.QUALITY, Always.BROKEN_OFF): Phase.IDLE,
    (Phase.QUALITY, Always.TIME_OVER): Phase.UNKNOWN,
    (Phase.WAIT_CENTRE, Cause.CENTRE_HELD): Phase.WAIT_PROFILE,
    (Phase.WAIT_CENTRE, Always.BROKEN_OFF): Phase.UNKNOWN,
    (Phase.WAIT_CENTRE, Always.TIME_OVER): Phase.UNKNOWN,
    (Phase.WAIT_PROFILE, Cause.PROFILE): Phase.POSE_CONFIRMED,
    (Phase.WAIT_PROFILE, Cause.PLANAR): Phase.POSE_REFUSED,
    (Phase.WAIT_PROFILE, Cause.FELL): Phase.WAIT_CENTRE,
    (Phase.WAIT_PROFILE, Always.BROKEN_OFF): Phase.UNKNOWN,
    (Phase.WAIT_PROFILE, Always.TIME_OVER): Phase.UNKNOWN,
    (Phase.POSE_CONFIRMED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.POSE_REFUSED, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.POSE_REFUSED, Always.REARMED): Phase.QUALITY,
    (Phase.UNKNOWN, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.UNKNOWN, Always.REARMED): Phase.QUALITY,
}

PROMPTS: Prompts = {
    Phase.QUALITY: LOOK,
    Phase.WAIT_CENTRE: LOOK,
    Phase.POSE_CONFIRMED: DONE,
    Phase.POSE_REFUSED: TRY_AGAIN,
    Phase.UNKNOWN: TRY_AGAIN,
}
TURNS: dict[Direction, str] = {  # what WAIT_PROFILE waits for
    "left": Challenge.LEFT_TURN.value,
    "right": Challenge.RIGHT_TURN.value,
    "either": TURN_ASIDE,
}
