"""The keys of a challenge and of a sequence. docs/challenges.md explains what they do."""

from typing import Literal

from kioskd.config.attempts import Tries
from kioskd.config.section import Field, Section, number
from kioskd.modes.challenges.kinds import Challenge as Kind
from kioskd.modes.challenges.settings import ChallengeSettings, Engine, Extents, SequenceSettings

Action = Literal[  # the values of kioskd.modes.challenges.kinds.Challenge
    "nod",
    "head_raise",
    "left_turn",
    "right_turn",
    "mouth_opening",
    "blink",
    "eyebrow_raise",
    "smile",
    "flow",
]
CHALLENGE, SEQUENCE = ChallengeSettings(), SequenceSettings()
EXTENTS, ENGINE, UNIFIED = Extents(), Engine(), SEQUENCE.unified
ANY = "|".join(Kind)
BETWEEN = ", "  # stands between the actions of a sequence


class ExtentKeys(Section):
    """How far each action must go."""

    nod_deg: float = number(EXTENTS.nod_deg, 6.0, 60.0, "degrees", "A nod goes down so far.")
    head_raise_deg: float = number(
        EXTENTS.head_raise_deg, 6.0, 60.0, "degrees", "A raise of the head goes up so far."
    )
    turn_deg: float = number(
        EXTENTS.turn_deg, 6.0, 60.0, "degrees", "A turn goes left or right so far."
    )
    mouth_opening: float = number(
        EXTENTS.mouth_opening, 0.3, 1.0, "mouth widths", "An open mouth has this gap or more."
    )
    eyes_closed: float = number(
        EXTENTS.eyes_closed, 0.05, 0.7, "", "Closed eyes are at most this share as open as before."
    )
    eyebrow_raise: float = number(
        EXTENTS.eyebrow_raise, 0.06, 0.5, "", "Raised brows are by this share higher than before."
    )
    smile: float = number(EXTENTS.smile, 0.4, 1.0, "", "A smile scores this or more.")
    approach: float = number(
        EXTENTS.approach, 1.1, 3.0, "", "Who comes closer becomes so many times as large."
    )


class EngineKeys(Section):
    """The limits that all challenges share."""

    maximum_runtime_s: float = number(
        ENGINE.maximum_runtime_s, 1.0, 60.0, "s", "For each action, from when it is asked for."
    )
    success_length_s: float = number(
        ENGINE.success_length_s, 0.05, 5.0, "s", "An action must last so long."
    )
    start_length_s: float = number(
        ENGINE.start_length_s, 0.05, 5.0, "s", "The start condition must hold so long first."
    )
    allowed_track_loss_s: float = number(
        ENGINE.allowed_track_loss_s,
        0.1,
        5.0,
        "s",
        "Longest time without a usable sight of the face.",
    )
    horizontal_padding: float = number(
        ENGINE.horizontal_padding,
        0.0,
        0.4,
        "",
        "Share of the frame's width, at each side, that is outside the area of the start.",
    )
    vertical_padding: float = number(
        ENGINE.vertical_padding, 0.0, 0.4, "", "Share of its height, above and below."
    )


class UnifiedKeys(Section):
    """Fraud watching: another action than the one asked for fails the attempt."""

    watch: bool = Field(
        default=CHALLENGE.unified.watch, description="Watch for other actions; not for blink, flow."
    )
    consider_angles: bool = Field(
        default=UNIFIED.consider_angles, description="Nods, raises and turns are watched for."
    )
    consider_mouth: bool = Field(
        default=UNIFIED.consider_mouth, description="An opening mouth is watched for."
    )
    consider_eyebrows: bool = Field(
        default=UNIFIED.consider_eyebrows, description="Rising brows are watched for."
    )
    consider_eyes: bool = Field(
        default=UNIFIED.consider_eyes,
        description="Blinks are watched for; people blink by themselves.",
    )
    consider_smile: bool = Field(
        default=UNIFIED.consider_smile, description="A smile is watched for."
    )
    rigidity: float = number(
        UNIFIED.rigidity, 0.5, 2.0, "", "Share of an action's extent from which it is fraud."
    )
    fraud_length_s: float = number(
        UNIFIED.fraud_length_s, 0.0, 5.0, "s", "An action must last so long to be fraud."
    )


class WatchedKeys(UnifiedKeys):
    """The same for sequences, which watch unless told otherwise."""

    watch: bool = Field(
        default=UNIFIED.watch,
        description="Watch for other actions; not while a blink or flow is asked for.",
    )


class Challenge(Tries, EngineKeys, ExtentKeys):
    """Which action is asked for, and what counts as done."""

    action: Action = Field(default="smile", description="What a person is asked to do.")
    unified: UnifiedKeys = Field(
        default=UnifiedKeys(), description="Whether another action is an attempt at fraud."
    )


class Sequence(Tries, EngineKeys, ExtentKeys):
    """Which actions are asked for, in which order, and what counts as done."""

    actions: str = Field(
        default=BETWEEN.join(SEQUENCE.actions),
        pattern=rf"^({ANY})(, ?({ANY}))*$",
        description="The actions to draw from, with commas between.",
        json_schema_extra={"x-form": "a list such as smile, left_turn, nod"},
    )
    order: Literal["drawn", "fixed"] = Field(
        default=SEQUENCE.order,
        description="drawn: for each attempt anew, by chance; fixed: all of them as they stand.",
    )
    length: int = number(
        SEQUENCE.length, 1, 9, "actions", "How many are drawn, none of them twice."
    )
    unified: WatchedKeys = Field(
        default=WatchedKeys(), description="Whether another action is an attempt at fraud."
    )


def listed(actions: str) -> tuple[str, ...]:
    """The actions of a sequence, as they stand in the file."""
    return tuple(action.strip() for action in actions.split(","))
