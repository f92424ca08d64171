"""The actions a person can be asked for, and what each is called on the wire."""

from enum import StrEnum

from kioskd.event import ActionId
from kioskd.modes import onset


class Challenge(StrEnum):
    """An action, as it stands in config.yaml, in prompts and in records."""

    NOD = "nod"
    HEAD_RAISE = "head_raise"
    LEFT_TURN = "left_turn"
    RIGHT_TURN = "right_turn"
    MOUTH_OPENING = "mouth_opening"
    BLINK = "blink"
    EYEBROW_RAISE = "eyebrow_raise"
    SMILE = "smile"
    FLOW = "flow"


ANGLES = frozenset({Challenge.NOD, Challenge.HEAD_RAISE, Challenge.LEFT_TURN, Challenge.RIGHT_TURN})
SMOOTH = ANGLES | {Challenge.FLOW}  # a jump is a cut or a swapped picture, and no movement
UNWATCHED = frozenset(
    {Challenge.BLINK, Challenge.FLOW}
)  # no unified form: the seed leaves them out
ON_THE_WAY = ANGLES | {Challenge.SMILE}  # that take long enough to be looked at as they begin
# How many of its ways an action may make a second (kioskd.modes.onset). Of the others the mesh's
# shape cannot tell how they came about: lids close within a frame, and who comes closer keeps it.
MOST_PER_S: dict[Challenge, float] = {
    **dict.fromkeys(ANGLES, onset.MOST_PER_S),
    Challenge.SMILE: onset.MOST_PER_S,
    Challenge.MOUTH_OPENING: onset.MOST_PER_S_NEAR,
    Challenge.EYEBROW_RAISE: onset.MOST_PER_S_NEAR,
}

ACTIONS: dict[Challenge, ActionId] = {
    Challenge.NOD: "nodChallenge",
    Challenge.HEAD_RAISE: "headRaiseChallenge",
    Challenge.LEFT_TURN: "leftTurnChallenge",
    Challenge.RIGHT_TURN: "rightTurnChallenge",
    Challenge.MOUTH_OPENING: "mouthOpeningChallenge",
    Challenge.BLINK: "blinkChallenge",
    Challenge.EYEBROW_RAISE: "eyebrowRaiseChallenge",
    Challenge.SMILE: "smileChallenge",
    Challenge.FLOW: "flowChallenge",
}
