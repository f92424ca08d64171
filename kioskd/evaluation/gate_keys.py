"""The gate's keys as something to be priced: the values to try, and how each stands alone. Pure.

Values come from the setting's own limits (kioskd/modes/gate.py), so a key that is added there is
priced here too. They run from the loosest, at which the key asks for nothing, to the strictest.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from kioskd.evaluation.decide import OPEN_GATE
from kioskd.modes.gate_settings import GateSettings, asks_room, suited
from kioskd.modes.reasons import Reason
from kioskd.modes.setting import Choice, Number, Setting, settings_in, words
from models.schemes import FUSED

Value = float | str

MOST = 14  # values of one key, beside those that are marked: what a chart has room for
STEPS = 10  # of a scale that is even
SERIES = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0))  # of one that is not, finest first
LOW = 0.2  # of the range: a default below it lies where the scale must be finer
BELOW = 5.0  # how far below its default such a scale begins, as a quotient

MARGINS = tuple(each.name for each in fields(GateSettings) if each.name.startswith("hybrid_"))
# What a key needs beside it, or it asks for nothing.
BESIDE = {"bystander_share": {"face_policy": "one"}}
# And what must be as configured while one is tried alone: what it stands for, or counts by.
AS_CONFIGURED = {
    "face_policy": ("bystander_share",),
    "numbers": ("minimum_face_size_px", *MARGINS),
}
MOTION = frozenset({"maximum_drift", "minimum_change"})  # which no still image has

REASONS: dict[str, tuple[Reason, ...]] = {
    "face_policy": (Reason.SEVERAL_FACES,),
    "numbers": (
        *(Reason.FACE_TOO_SMALL, Reason.MARGIN_LEFT, Reason.MARGIN_RIGHT),
        *(Reason.MARGIN_ABOVE, Reason.MARGIN_BELOW),
    ),
    "bystander_share": (Reason.SEVERAL_FACES,),
    "minimum_face_size_px": (Reason.FACE_TOO_SMALL,),
    "maximum_face_share": (Reason.FACE_TOO_LARGE,),
    "minimum_border_px": (Reason.FACE_NEAR_BORDER,),
    "maximum_drift": (Reason.MOVING,),
    "hybrid_margin_left": (Reason.MARGIN_LEFT,),
    "hybrid_margin_right": (Reason.MARGIN_RIGHT,),
    "hybrid_margin_above": (Reason.MARGIN_ABOVE,),
    "hybrid_margin_below": (Reason.MARGIN_BELOW,),
    "minimum_sharpness": (Reason.BLURRY,),
    "minimum_contrast": (Reason.LOW_CONTRAST,),
    "minimum_brightness": (Reason.TOO_DARK,),
    "maximum_brightness": (Reason.TOO_BRIGHT,),
    "minimum_change": (Reason.STILL_PICTURE,),
    "minimum_centre_pose_quality": (Reason.CENTRE_POSE_LOW,),
    "maximum_yaw_deg": (Reason.HEAD_TURNED,),
    "maximum_pitch_deg": (Reason.HEAD_PITCHED,),
    "maximum_roll_deg": (Reason.HEAD_TILTED, Reason.PICTURE_TURNED),
}


OFF, ON = "off", "on"  # the values of several keys together
POSE = (
    *("minimum_centre_pose_quality", "maximum_yaw_deg", "maximum_pitch_deg", "maximum_roll_deg"),
)
GROUPS = {
    "who is in view": ("face_policy", "bystander_share"),
    "where the face is": (
        *("numbers", "minimum_face_size_px", "maximum_face_share", "minimum_border_px"),
        *("maximum_drift", *MARGINS),
    ),
    "what the face looks like": (
        *("minimum_sharpness", "minimum_contrast", "minimum_brightness", "maximum_brightness"),
        "minimum_change",
    ),
    "where the head points": POSE,
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a door's gate under one detection scheme, or several together.

    values      loosest first, none twice; the first is what it is where nothing is asked, which
                may be none that config.yaml takes
    configured  what the door has, and shipped: what a door has that says nothing
    reasons     why it refuses a frame
    members     of several together: which, off or on as configured; empty: it is one key
    """

    name: str
    note: Number | Choice
    values: tuple[Value, ...]
    configured: Value
    shipped: Value
    reasons: tuple[Reason, ...]
    members: tuple[str, ...] = ()

    @property
    def off(self) -> Value:
        return self.values[0]

    @property
    def unit(self) -> str:
        return self.note.unit if isinstance(self.note, Number) else ""

    def written(self, value: Value) -> Value | None:
        """A value as config.yaml takes it; None: no key asks for so little, it is off."""
        if isinstance(self.note, Choice) or isinstance(value, str):
            return value
        return value if self.note.low <= value <= self.note.high else None

    @property
    def of_motion(self) -> bool:
        """Whether it is about how a face moves or changes, which a still image cannot show."""
        return self.name in MOTION

    def together(self, limits: GateSettings, value: Value) -> GateSettings:
        """The gate with the key at this value, and all others as configured."""
        return replace(limits, **self._set(limits, value))

    def alone(self, limits: GateSettings, value: Value) -> GateSettings:
        """The gate with the key at this value, and all others asking for nothing."""
        beside: dict[str, Any] = {"numbers": limits.numbers, **BESIDE.get(self.name, {})}
        beside |= {name: getattr(limits, name) for name in AS_CONFIGURED.get(self.name, ())}
        return replace(OPEN_GATE, **beside | self._set(limits, value))

    def _set(self, limits: GateSettings, value: Value) -> dict[str, Any]:
        if not self.members:
            return {self.name: value}
        return {name: getattr(limits if value == ON else OPEN_GATE, name) for name in self.members}


def names() -> tuple[str, ...]:
    """Every key of the gate, in its order."""
    return tuple(setting.name for setting in settings_in(GateSettings()))


def keys(limits: GateSettings, scheme: str, only: Iterable[str] = ()) -> Iterator[Key]:
    """What the gate asks under the scheme; `only`: of these keys. Those unasked are left out."""
    wanted, shipped = tuple(only), suited(GateSettings(), scheme)
    here = suited(limits, scheme)
    for setting in settings_in(shipped):
        if (wanted and setting.name not in wanted) or unasked(setting.name, limits, scheme):
            continue
        assert isinstance(setting.note, Number | Choice)  # the gate has no other
        marked = (getattr(here, setting.name), setting.value)
        values = tuple(_values(setting, marked))
        yield Key(setting.name, setting.note, values, *marked, REASONS[setting.name])


def groups(limits: GateSettings, scheme: str) -> Iterator[Key]:
    """The whole gate, then what it asks part by part: keys that refuse the same frames hide each
    other's price, and these have it together.
    """
    whole = {"the whole gate": names(), **GROUPS}
    for name, members in whole.items():
        asked = tuple(member for member in members if not unasked(member, limits, scheme))
        reasons = tuple(reason for member in asked for reason in REASONS[member])
        note = Choice(f"Together: {', '.join(asked)}.", OFF, (OFF, ON))
        yield Key(name, note, (OFF, ON), ON, ON, tuple(dict.fromkeys(reasons)), asked)


def unasked(name: str, limits: GateSettings, scheme: str) -> str | None:
    """Why the scheme does not ask for this key, to be said after its name; None where it does."""
    if name == "numbers" and scheme != FUSED:
        return f"of {FUSED} alone; {scheme} asks for SAFR's numbers as it is"
    if name in MARGINS and not asks_room(limits, scheme):
        own = " with numbers: own" if scheme == FUSED else ""
        return f"room for the hybrid model, which {scheme} does not ask for{own}"
    if name == "bystander_share" and limits.face_policy == "largest":
        return "asks for nothing where face_policy is largest"
    return None


def not_asked(limits: GateSettings, scheme: str, only: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each reason why some of these keys are not asked."""
    found: dict[str, list[str]] = {}
    for name in only:
        if why := unasked(name, limits, scheme):
            found.setdefault(why, []).append(name)
    return tuple(f"not asked: {', '.join(those)}: {why}" for why, those in found.items())


def _values(setting: Setting, marked: tuple[Value, ...]) -> list[Value]:
    off = getattr(OPEN_GATE, setting.name)
    if isinstance(setting.note, Choice):
        others = [word for word in words(setting.type) if word != off]
        return [off, *others]
    assert isinstance(setting.note, Number)
    numbers = [float(each) for each in marked]
    found = sorted({*ladder(setting.note, numbers[-1]), *numbers, float(off)})
    return list(found if off < numbers[-1] else reversed(found))


def ladder(limits: Number, shipped: float) -> list[float]:
    """Round values from the lowest that the setting takes to the highest, these two among them.

    In even steps, and half a step about the default; where that lies low in a wide range, in even
    quotients from a little below it, since there the difference is made.
    """
    low, high = limits.low, limits.high
    if shipped - low >= LOW * (high - low):
        step = _rounded((high - low) / STEPS)
        even = [step * n for n in range(math.floor(low / step), math.ceil(high / step) + 1)]
        found = [*even, shipped - step / 2, shipped + step / 2]
    else:
        found = next((f for f in _quotients(shipped / BELOW, high) if len(f) <= MOST), [])
    between = sorted({round(each, 10) for each in found if low < each < high})
    return [low, *between, high]


def _quotients(first: float, last: float) -> Iterator[list[float]]:
    """Round values from the first to the last by each series, the finest first."""
    decades = range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1)
    for series in SERIES:
        every = (digit * 10.0**decade for decade in decades for digit in series)
        yield [each for each in every if first <= each <= last]


def _rounded(step: float) -> float:
    """The round number nearest to a step: 1, 2 or 5 of a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return min((digit * power for digit in (1.0, 2.0, 5.0, 10.0)), key=lambda s: abs(s - step))
