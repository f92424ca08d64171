"""The settings of a challenge and of a sequence; docs/understand/challenges.md explains them."""

from dataclasses import dataclass, field
from typing import Literal

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.challenges.kinds import UNWATCHED, Challenge

Order = Literal["drawn", "fixed"]
POOL = (  # what everybody can do, and no glance or blink does by itself
    Challenge.LEFT_TURN,
    Challenge.RIGHT_TURN,
    Challenge.HEAD_RAISE,
    Challenge.NOD,
    Challenge.MOUTH_OPENING,
    Challenge.SMILE,
)


@dataclass(frozen=True, slots=True)
class Extents:
    """How far each action must go."""

    nod_deg: float = 12.0  # down from where the head was when the action was asked for
    head_raise_deg: float = 12.0  # up from there
    turn_deg: float = 15.0  # left or right from there
    mouth_opening: float = 0.5  # gap between the lips in widths of the mouth
    eyes_closed: float = 0.45  # of how wide the same eyes were open before
    eyebrow_raise: float = 0.1  # share by which the brows rise over their own resting height
    smile: float = 0.5  # score 0..1
    approach: float = 1.25  # how much larger the face must become; 1.25 is a quarter


@dataclass(frozen=True, slots=True)
class Engine:
    """The limits that all challenges share: the seed's, in seconds instead of frames."""

    maximum_runtime_s: float = 5.0  # for one action, from when it is asked for (140 frames)
    success_length_s: float = 0.15  # the action must last so long (5 frames)
    start_length_s: float = 0.2  # the start condition must hold so long before anything is asked
    allowed_track_loss_s: float = 0.5  # without a usable sight of the face (20 frames)
    horizontal_padding: float = 0.01  # of the frame at each side, where no attempt may start
    vertical_padding: float = 0.01


@dataclass(frozen=True, slots=True)
class Unified:
    """Fraud watching: which actions, done unasked, fail the attempt."""

    watch: bool = False
    consider_angles: bool = True
    consider_mouth: bool = True
    consider_eyebrows: bool = True
    consider_eyes: bool = False  # people blink by themselves
    consider_smile: bool = True
    rigidity: float = 1.0  # share of an action's own extent from which it is fraud
    fraud_length_s: float = 0.1  # and how long it must last


@dataclass(frozen=True, slots=True)
class ChallengeSettings:
    """One action, the same for everybody."""

    action: Challenge = Challenge.SMILE
    extents: Extents = field(default_factory=Extents)
    engine: Engine = field(default_factory=Engine)
    unified: Unified = field(default_factory=Unified)
    attempt: AttemptSettings = field(default_factory=AttemptSettings)

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
    """

    actions: tuple[Challenge, ...] = POOL
    order: Order = "drawn"
    length: int = 2
    extents: Extents = field(default_factory=Extents)
    engine: Engine = field(default_factory=Engine)
    unified: Unified = field(default_factory=lambda: Unified(watch=True))
    attempt: AttemptSettings = field(default_factory=AttemptSettings)

    def __post_init__(self) -> None:
        if len(set(self.actions)) != len(self.actions):
            raise ValueError("an action must not stand in a sequence twice")
        if not 1 <= self.length <= len(self.actions):
            raise ValueError("a sequence's length must be from 1 to the number of its actions")
        if self.order == "fixed" and self.length != len(self.actions):
            raise ValueError("a fixed sequence asks for all of its actions")
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
