"""What the person is to be told, as codes; kioskd/prompts has the words."""

from collections.abc import Collection

from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.challenges.phases import Phase
from kioskd.modes.reasons import Reason

LOOK_STRAIGHT = "look_straight"
DONE = "done"
TRY_AGAIN = "try_again"
PROMPTS = (LOOK_STRAIGHT, *(kind.value for kind in Challenge), DONE, TRY_AGAIN)


def prompt(phase: str, asked: Challenge | None, reasons: Collection[Reason]) -> str | None:
    """The code; None where there is nobody to be told anything."""
    if Reason.ATTEMPTS_USED_UP in reasons:
        return None
    match phase:
        case Phase.START | Phase.NEXT:
            return LOOK_STRAIGHT
        case Phase.ASKED:
            return None if asked is None else asked.value
        case Phase.CHALLENGE_PASSED:
            return DONE
        case Phase.CHALLENGE_FAILED | Phase.CHALLENGE_UNDECIDED:
            return TRY_AGAIN
    return None
