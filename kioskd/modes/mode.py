"""What a mode is: it asks what measures, goes through a table of phases, and tells the person.

One frame is a conversation. A mode says one by one, cheapest first, what it wants to have measured,
and is given what could be; so a frame that the gate refuses costs no network. The judge, the
evaluation and the tests all drive the modes by `drive`: there is no other driver.

A table says from which phase, moved by what, to which. It runs, and the docs draw it. A phase waits
for something (the mode's table of prompts); while it waits for a person to stand right, whatever
stands in the way is said in its place. Prompts are codes; kioskd/prompts has the words.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Protocol, TypeVar

from kioskd.event import Step
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.reasons import Reason
from models.observation import Conversation, Measuring, Observation, answered


class Mode(Protocol):
    """A pure state machine over observations of one feed: no clock, no thread, no I/O."""

    def step(self, seen: Observation) -> Conversation[Step]:
        """What one frame comes to. Nothing happens until it is driven, and that to its end."""
        ...


def drive(mode: Mode, seen: Observation, measure: Measuring) -> tuple[Observation, Step]:
    """Leads the mode through one frame; what was seen of it in the end, and what the mode says."""
    return answered(mode.step(seen), seen, measure)


Table = Mapping[tuple[StrEnum, StrEnum], StrEnum]
A = TypeVar("A", bound=StrEnum)
C = TypeVar("C", bound=StrEnum)


class Always(StrEnum):
    """What moves every mode that watches one person."""

    SUBJECT_CAME = "one person is in view"
    SUBJECT_LEFT = "no longer this one person in view"
    BROKEN_OFF = "track, feed or single person lost"
    TIME_OVER = "the deadline has passed"
    REARMED = "cool-down over and attempts left"


class SlipError(Exception):
    """A machine was moved by what its table does not know in that phase: a mistake of ours."""


def next_phase(table: Table, phase: StrEnum, cause: StrEnum, machine: str) -> StrEnum:
    """The phase that follows. Raises SlipError where the table has no such line."""
    try:
        return table[phase, cause]
    except KeyError:
        text = f"{machine} is not moved from phase {phase} by {cause.name} ({cause.value})"
        raise SlipError(text) from None


def diagram(table: Mapping[tuple[A, C], A]) -> str:
    """A Mermaid state diagram. The machine begins where the table's first line begins."""
    (first, _), *_ = table
    arrows = (f"    {a} --> {b}: {cause.value}" for (a, cause), b in table.items())
    return "\n".join(("stateDiagram-v2", f"    [*] --> {first}", *arrows))


LOOK = "look_at_camera"
RELAX = "look_straight"  # and with nothing in the face
AGAIN = "good_look_straight"  # the same, once something was done and more is to come
HOLD_STILL = "hold_still"
COME_CLOSER = "come_closer"
STEP_BACK = "step_back"
TO_THE_MIDDLE = "to_the_middle"
ONE_AT_A_TIME = "one_at_a_time"
TURN_ASIDE = "turn_aside"
DONE = "done"
TRY_AGAIN = "try_again"
LEAVE = "leave_view"
NOT_FOR_YOU = "not_for_you"  # live, and not whom the door opens to; the judge says it, for DONE

Prompts = Mapping[StrEnum, str]  # what a phase waits for; one that waits for none is left out

MENDS: dict[Reason, str] = {
    Reason.SEVERAL_FACES: ONE_AT_A_TIME,
    Reason.FACE_TOO_SMALL: COME_CLOSER,
    Reason.TOO_FAR: COME_CLOSER,
    Reason.FACE_TOO_LARGE: STEP_BACK,
    Reason.TOO_NEAR: STEP_BACK,
    Reason.MARGIN_ABOVE: STEP_BACK,
    Reason.MARGIN_BELOW: STEP_BACK,
    Reason.FACE_NEAR_BORDER: TO_THE_MIDDLE,
    Reason.MARGIN_LEFT: TO_THE_MIDDLE,
    Reason.MARGIN_RIGHT: TO_THE_MIDDLE,
    Reason.OUTSIDE_AREA: TO_THE_MIDDLE,
    Reason.MOVING: HOLD_STILL,
    Reason.BLURRY: HOLD_STILL,
    Reason.HEAD_TURNED: LOOK,
    Reason.HEAD_PITCHED: LOOK,
    Reason.HEAD_TILTED: LOOK,
    Reason.CENTRE_POSE_LOW: LOOK,
    Reason.FACE_TOO_WIDE: LOOK,
    Reason.DEPTH_SPARSE: LOOK,
    Reason.NOT_NEUTRAL: RELAX,
    Reason.MOUTH_OPEN: RELAX,
    Reason.EYES_CLOSED: RELAX,
    Reason.EYEBROWS_RAISED: RELAX,
}
STANDING = frozenset({LOOK, RELAX, HOLD_STILL})  # what a phase waits for that a mend may replace
# What is read off single frames, and may be over with the next.
MAY_FLICKER = frozenset(MENDS.values()) - {ONE_AT_A_TIME}
ACTIONS = tuple(kind.value for kind in Challenge)
ENDS = (DONE, TRY_AGAIN, LEAVE, NOT_FOR_YOU)
PROMPT_CODES = tuple(
    dict.fromkeys((LOOK, RELAX, AGAIN, *MENDS.values(), TURN_ASIDE, *ACTIONS, *ENDS))
)


def prompt(waits_for: str | None, reasons: Collection[Reason]) -> str | None:
    """The code, for a phase that waits for something and what stands in its way.

    None where there is nobody to be told anything.
    """
    if Reason.ATTEMPTS_USED_UP in reasons:
        return None
    if Reason.CALLED_AN_ATTACK in reasons:
        return LEAVE
    if Reason.SEVERAL_FACES in reasons:
        return ONE_AT_A_TIME
    if waits_for not in STANDING:
        return waits_for
    mends = (MENDS[reason] for reason in reasons if reason in MENDS)
    return next(mends, waits_for)
