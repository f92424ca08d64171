"""The settings of a challenge and of a sequence; docs/understand/challenges.md explains them."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.challenges.kinds import UNWATCHED, Challenge
from kioskd.modes.depth.depth_settings import ReliefSettings
from kioskd.modes.joined_with import JoinedWith
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.setting import Choice, Flat, Number, Part, Words

Order = Literal["drawn", "fixed"]
POOL = (  # what everybody can do, and no glance or blink does by itself
    Challenge.LEFT_TURN,
    Challenge.RIGHT_TURN,
    Challenge.HEAD_RAISE,
    Challenge.NOD,
    Challenge.MOUTH_OPENING,
    Challenge.SMILE,
)
BOUNDS = Flat(without=frozenset({"attempt_deadline_s"}))  # that comes of maximum_runtime_s
FRAUD = Part("Whether another action is an attempt at fraud.")


@dataclass(frozen=True, slots=True)
class Extents:
    """How far each action must go."""

    nod_deg: Annotated[float, Number(6.0, 60.0, "degrees", "A nod goes down so far.", "less")] = (
        12.0  # down from where the head was when the action was asked for
    )
    head_raise_deg: Annotated[
        float, Number(6.0, 60.0, "degrees", "A raise of the head goes up so far.", "less")
    ] = 12.0  # up from there
    turn_deg: Annotated[
        float, Number(6.0, 60.0, "degrees", "A turn goes left or right so far.", "less")
    ] = 15.0  # left or right from there
    mouth_opening: Annotated[
        float, Number(0.3, 1.0, "mouth widths", "An open mouth has this gap or more.", "less")
    ] = 0.5  # gap between the lips in widths of the mouth
    eyes_closed: Annotated[
        float,
        Number(0.05, 0.7, "", "Closed eyes are at most this share as open as before.", "more"),
    ] = 0.45  # of how wide the same eyes were open before
    eyebrow_raise: Annotated[
        float, Number(0.06, 0.5, "", "Raised brows are by this share higher than before.", "less")
    ] = 0.1  # share by which the brows rise over their own resting height
    smile: Annotated[float, Number(0.4, 1.0, "", "A smile scores this or more.", "less")] = (
        0.5  # score 0..1
    )
    approach: Annotated[
        float, Number(1.1, 3.0, "", "Who comes closer becomes so many times as large.", "less")
    ] = 1.25  # how much larger the face must become; 1.25 is a quarter


@dataclass(frozen=True, slots=True)
class Engine:
    """The limits that all challenges share: the seed's, in seconds instead of frames."""

    maximum_runtime_s: Annotated[
        float, Number(1.0, 60.0, "s", "For each action, from when it is asked for.", "more")
    ] = 5.0  # for one action, from when it is asked for (140 frames)
    success_length_s: Annotated[
        float, Number(0.05, 5.0, "s", "An action must last so long.", "less")
    ] = 0.15  # the action must last so long (5 frames)
    start_length_s: Annotated[
        float, Number(0.05, 5.0, "s", "The start condition must hold so long first.", "less")
    ] = 0.2  # the start condition must hold so long before anything is asked
    allowed_track_loss_s: Annotated[
        float, Number(0.1, 5.0, "s", "Longest time without a usable sight of the face.", "more")
    ] = 0.5  # without a usable sight of the face (20 frames)
    horizontal_padding: Annotated[
        float,
        Number(
            0.0,
            0.4,
            "",
            "Share of the frame's width, at each side, that is outside the area of the start.",
            "less",
        ),
    ] = 0.01  # of the frame at each side, where no attempt may start
    vertical_padding: Annotated[
        float, Number(0.0, 0.4, "", "Share of its height, above and below.", "less")
    ] = 0.01


@dataclass(frozen=True, slots=True)
class Unified:
    """Fraud watching: which actions, done unasked, fail the attempt."""

    watch: Annotated[
        bool, Choice("Watch for other actions; not while a blink or flow is asked for.", "false")
    ] = False
    consider_angles: Annotated[bool, Choice("Nods, raises and turns are watched for.", "false")] = (
        True
    )
    consider_mouth: Annotated[bool, Choice("An opening mouth is watched for.", "false")] = True
    consider_eyebrows: Annotated[bool, Choice("Rising brows are watched for.", "false")] = True
    consider_eyes: Annotated[
        bool, Choice("Blinks are watched for; people blink by themselves.", "false")
    ] = False
    consider_smile: Annotated[bool, Choice("A smile is watched for.", "false")] = True
    rigidity: Annotated[
        float, Number(0.5, 2.0, "", "Share of an action's extent from which it is fraud.", "more")
    ] = 1.0  # share of an action's own extent from which it is fraud
    fraud_length_s: Annotated[
        float, Number(0.0, 5.0, "s", "An action must last so long to be fraud.", "more")
    ] = 0.1  # and how long it must last


@dataclass(frozen=True, slots=True)
class ChallengeSettings:
    """One action, the same for everybody."""

    action: Annotated[Challenge, Choice("What a person is asked to do.", "neither")] = (
        Challenge.SMILE
    )
    extents: Annotated[Extents, Flat()] = field(default_factory=Extents)
    engine: Annotated[Engine, Flat()] = field(default_factory=Engine)
    joined_with: JoinedWith = "rgb"
    unified: Annotated[Unified, FRAUD] = field(default_factory=Unified)
    attempt: Annotated[AttemptSettings, BOUNDS] = field(default_factory=AttemptSettings)
    rgb: RgbSettings = field(default_factory=RgbSettings)
    relief: ReliefSettings = field(default_factory=ReliefSettings)
    always_joined: bool = False

    def __post_init__(self) -> None:
        if self.unified.watch and self.action in UNWATCHED:
            raise ValueError(f"{self.action} has no unified form")
        _check(self.extents, self.engine, self.unified)

    @property
    def actions(self) -> tuple[Challenge, ...]:
        return (self.action,)

    @property
    def length(self) -> int:
        return 1


@dataclass(frozen=True, slots=True)
class SequenceSettings:
    """Several actions, one after the other, in an order that nobody knows beforehand.

    actions  those to draw from, or, with `order` fixed, those asked for in this order
    length   how many are drawn, none of them twice; all of them where the order is fixed
    always_joined  whether a turn of the head, too, is joined with what the others are
    """

    actions: Annotated[
        tuple[Challenge, ...],
        Words(
            "The actions to draw from: a list, or text with commas between.",
            "neither",
            "a list such as smile, left_turn, nod",
        ),
    ] = POOL
    order: Annotated[
        Order,
        Choice(
            "drawn: for each attempt anew, by chance; fixed: all of them as they stand.", "fixed"
        ),
    ] = "drawn"
    length: Annotated[
        int, Number(1, 9, "actions", "How many are drawn, none of them twice.", "less")
    ] = 2
    extents: Annotated[Extents, Flat()] = field(default_factory=Extents)
    engine: Annotated[Engine, Flat()] = field(default_factory=Engine)
    joined_with: JoinedWith = "rgb"
    unified: Annotated[Unified, FRAUD] = field(default_factory=lambda: Unified(watch=True))
    attempt: Annotated[AttemptSettings, BOUNDS] = field(default_factory=AttemptSettings)
    rgb: RgbSettings = field(default_factory=RgbSettings)
    relief: ReliefSettings = field(default_factory=ReliefSettings)
    always_joined: bool = False

    def __post_init__(self) -> None:
        if len(set(self.actions)) != len(self.actions):
            raise ValueError("an action must not stand in a sequence twice")
        if self.order == "fixed":
            object.__setattr__(self, "length", len(self.actions))
        if not 1 <= self.length <= len(self.actions):
            raise ValueError("a sequence's length must be from 1 to the number of its actions")
        _check(self.extents, self.engine, self.unified)


def _check(extents: Extents, engine: Engine, unified: Unified) -> None:
    """Refuse what could pass without an action, whoever built these settings."""
    degrees = (extents.nod_deg, extents.head_raise_deg, extents.turn_deg)
    if not all(6.0 <= extent <= 60.0 for extent in degrees):
        raise ValueError("a turn of the head must be from 6 to 60 degrees")
    if not 0.3 <= extents.mouth_opening <= 1.0 or not 0.4 <= extents.smile <= 1.0:
        raise ValueError("mouth_opening must be from 0.3 to 1, smile from 0.4 to 1")
    if not 0.05 <= extents.eyes_closed <= 0.7 or not 0.06 <= extents.eyebrow_raise <= 0.5:
        raise ValueError("eyes_closed must be from 0.05 to 0.7, eyebrow_raise from 0.06 to 0.5")
    if not 1.1 <= extents.approach <= 3.0:
        raise ValueError("approach must be from 1.1 to 3")
    if min(engine.success_length_s, engine.start_length_s) <= 0.0:
        raise ValueError("the success length and the start length must be above 0")
    if not 0.5 <= unified.rigidity <= 2.0:
        raise ValueError("rigidity must be from 0.5 to 2")
