"""The keys of a challenge and of a sequence, which docs/understand/challenges.md explains."""

from typing import Annotated, Literal

from kioskd.config.attempts import Tries
from kioskd.config.section import (
    Field,
    Section,
    StringConstraints,
    WithJsonSchema,
    joined,
    number,
)
from kioskd.modes.challenges.challenge_settings import (
    ChallengeSettings,
    Engine,
    Extents,
    SequenceSettings,
)
from kioskd.modes.challenges.kinds import Challenge as Kind

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
WORDS = rf"^({ANY})(, ?({ANY}))*$"
Actions = Annotated[
    str,
    StringConstraints(pattern=WORDS),
    joined(BETWEEN),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": WORDS},
                {"type": "array", "minItems": 1, "items": {"enum": list(Kind)}},
            ]
        }
    ),
]


class ExtentKeys(Section):
    """How far each action must go."""

    nod_deg: float = number(
        EXTENTS.nod_deg, 6.0, 60.0, "degrees", "A nod goes down so far.", looser="less"
    )
    head_raise_deg: float = number(
        EXTENTS.head_raise_deg,
        6.0,
        60.0,
        "degrees",
        "A raise of the head goes up so far.",
        looser="less",
    )
    turn_deg: float = number(
        EXTENTS.turn_deg, 6.0, 60.0, "degrees", "A turn goes left or right so far.", looser="less"
    )
    mouth_opening: float = number(
        EXTENTS.mouth_opening,
        0.3,
        1.0,
        "mouth widths",
        "An open mouth has this gap or more.",
        looser="less",
    )
    eyes_closed: float = number(
        EXTENTS.eyes_closed,
        0.05,
        0.7,
        "",
        "Closed eyes are at most this share as open as before.",
        looser="more",
    )
    eyebrow_raise: float = number(
        EXTENTS.eyebrow_raise,
        0.06,
        0.5,
        "",
        "Raised brows are by this share higher than before.",
        looser="less",
    )
    smile: float = number(
        EXTENTS.smile, 0.4, 1.0, "", "A smile scores this or more.", looser="less"
    )
    approach: float = number(
        EXTENTS.approach,
        1.1,
        3.0,
        "",
        "Who comes closer becomes so many times as large.",
        looser="less",
    )


class EngineKeys(Section):
    """The limits that all challenges share."""

    maximum_runtime_s: float = number(
        ENGINE.maximum_runtime_s,
        1.0,
        60.0,
        "s",
        "For each action, from when it is asked for.",
        looser="more",
    )
    success_length_s: float = number(
        ENGINE.success_length_s, 0.05, 5.0, "s", "An action must last so long.", looser="less"
    )
    start_length_s: float = number(
        ENGINE.start_length_s,
        0.05,
        5.0,
        "s",
        "The start condition must hold so long first.",
        looser="less",
    )
    allowed_track_loss_s: float = number(
        ENGINE.allowed_track_loss_s,
        0.1,
        5.0,
        "s",
        "Longest time without a usable sight of the face.",
        looser="more",
    )
    horizontal_padding: float = number(
        ENGINE.horizontal_padding,
        0.0,
        0.4,
        "",
        "Share of the frame's width, at each side, that is outside the area of the start.",
        looser="less",
    )
    vertical_padding: float = number(
        ENGINE.vertical_padding,
        0.0,
        0.4,
        "",
        "Share of its height, above and below.",
        looser="less",
    )


class UnifiedKeys(Section):
    """Fraud watching: another action than the one asked for fails the attempt."""

    watch: bool = Field(
        default=CHALLENGE.unified.watch,
        description="Watch for other actions; not for blink, flow.",
        json_schema_extra={"x-looser": "false"},
    )
    consider_angles: bool = Field(
        default=UNIFIED.consider_angles,
        description="Nods, raises and turns are watched for.",
        json_schema_extra={"x-looser": "false"},
    )
    consider_mouth: bool = Field(
        default=UNIFIED.consider_mouth,
        description="An opening mouth is watched for.",
        json_schema_extra={"x-looser": "false"},
    )
    consider_eyebrows: bool = Field(
        default=UNIFIED.consider_eyebrows,
        description="Rising brows are watched for.",
        json_schema_extra={"x-looser": "false"},
    )
    consider_eyes: bool = Field(
        default=UNIFIED.consider_eyes,
        description="Blinks are watched for; people blink by themselves.",
        json_schema_extra={"x-looser": "false"},
    )
    consider_smile: bool = Field(
        default=UNIFIED.consider_smile,
        description="A smile is watched for.",
        json_schema_extra={"x-looser": "false"},
    )
    rigidity: float = number(
        UNIFIED.rigidity,
        0.5,
        2.0,
        "",
        "Share of an action's extent from which it is fraud.",
        looser="more",
    )
    fraud_length_s: float = number(
        UNIFIED.fraud_length_s,
        0.0,
        5.0,
        "s",
        "An action must last so long to be fraud.",
        looser="more",
    )


class WatchedKeys(UnifiedKeys):
    """The same for sequences, which watch unless told otherwise."""

    watch: bool = Field(
        default=UNIFIED.watch,
        description="Watch for other actions; not while a blink or flow is asked for.",
        json_schema_extra={"x-looser": "false"},
    )


class Challenge(Tries, EngineKeys, ExtentKeys):
    """Which action is asked for, and what counts as done."""

    action: Action = Field(
        default="smile",
        description="What a person is asked to do.",
        json_schema_extra={"x-looser": "neither"},
    )
    unified: UnifiedKeys = Field(
        default=UnifiedKeys(), description="Whether another action is an attempt at fraud."
    )


class Sequence(Tries, EngineKeys, ExtentKeys):
    """Which actions are asked for, in which order, and what counts as done."""

    actions: Actions = Field(
        default=BETWEEN.join(SEQUENCE.actions),
        description="The actions to draw from: a list, or text with commas between.",
        json_schema_extra={
            "x-form": "a list such as smile, left_turn, nod",
            "x-words": list(Kind),
            "x-looser": "neither",
        },
    )
    order: Literal["drawn", "fixed"] = Field(
        default=SEQUENCE.order,
        description="drawn: for each attempt anew, by chance; fixed: all of them as they stand.",
        json_schema_extra={"x-looser": "fixed"},
    )
    length: int = number(
        SEQUENCE.length, 1, 9, "actions", "How many are drawn, none of them twice.", looser="less"
    )
    unified: WatchedKeys = Field(
        default=WatchedKeys(), description="Whether another action is an attempt at fraud."
    )


def listed(actions: str) -> tuple[str, ...]:
    """The actions of a sequence, as they stand in the file."""
    return tuple(action.strip() for action in actions.split(","))
