"""A toy: whoever stands before the camera in good light for a while is let in."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from kioskd.event import Result, Step, Verdict
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.attempt_course import Course
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import DONE, HOLD_STILL, TRY_AGAIN, Always, Prompts
from kioskd.modes.reasons import Reason
from kioskd.modes.setting import Flat, Number
from kioskd.modes.spec import GATED, ModeSpec, Needs, Order, Place
from models.observation import Face, Observation


@dataclass(frozen=True, slots=True)
class ToySettings:
    """How long, and in what light."""

    lit_frames: Annotated[
        int, Number(1, 50, "frames", "So many frames must be well lit.", "less")
    ] = 5
    dimmest: Annotated[float, Number(0.0, 1.0, "", "Brightness, at least.", "less")] = 0.2
    brightest: Annotated[float, Number(0.0, 1.0, "", "Brightness, at most.", "more")] = 0.9
    attempt: Annotated[AttemptSettings, Flat()] = field(default_factory=AttemptSettings)


class Phase(StrEnum):
    IDLE = "IDLE"
    QUALITY = "QUALITY"
    LIT = "LIT"
    UNKNOWN = "UNKNOWN"


class Cause(StrEnum):
    LIT_LONG_ENOUGH = "enough frames were well lit"


TABLE: dict[tuple[StrEnum, StrEnum], StrEnum] = {
    (Phase.IDLE, Always.SUBJECT_CAME): Phase.QUALITY,
    (Phase.QUALITY, Cause.LIT_LONG_ENOUGH): Phase.LIT,
    (Phase.QUALITY, Always.BROKEN_OFF): Phase.IDLE,
    (Phase.QUALITY, Always.TIME_OVER): Phase.UNKNOWN,
    (Phase.LIT, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.UNKNOWN, Always.SUBJECT_LEFT): Phase.IDLE,
    (Phase.UNKNOWN, Always.REARMED): Phase.QUALITY,
}
PROMPTS: Prompts = {Phase.QUALITY: HOLD_STILL, Phase.LIT: DONE, Phase.UNKNOWN: TRY_AGAIN}


class ToyMode(Course):
    prompts = PROMPTS

    def __init__(self, settings: ToySettings, gate: GateSettings) -> None:
        super().__init__(TABLE, settings.attempt, gate)
        self._settings = settings
        self.fresh()

    def fresh(self) -> None:
        self._lit = 0

    def fit(self, seen: Observation, face: Face) -> Step:
        self.attempts.count(seen)
        self._lit += score(self._settings, face) is not None
        if self._lit < self._settings.lit_frames:
            return self.say()
        self.move(Cause.LIT_LONG_ENOUGH)
        return self.conclude(seen, self._result(seen, "passed"))

    def time_over(self, seen: Observation) -> Result:
        return self._result(seen, "undecided", Reason.TIME_OVER)

    def broken_off(self, seen: Observation, reason: Reason) -> Result:
        return self._result(seen, "undecided", reason)

    def _result(self, seen: Observation, verdict: Verdict, *ended_by: Reason) -> Result:
        passed = verdict == "passed"
        return self.result(seen, "toyLight", "toy_light", verdict, ended_by, None, emits=passed)


def score(settings: ToySettings, face: Face) -> float | None:
    """The brightness, where it is within the limits."""
    light = None if face.quality is None else face.quality.brightness
    if light is None or not settings.dimmest <= light <= settings.brightest:
        return None
    return light


SPEC = ModeSpec(
    name="toy_light",
    sentence="A toy: a person who stands in good light.",
    settings=ToySettings(),
    sections={"light": Place("", "What good light is.")},
    make=lambda settings, gate, _: ToyMode(settings, gate),
    needs=lambda _: Needs(GATED),
    actions=("toyLight",),
    attributes=(frozenset(),),
    table=TABLE,
    prompts=PROMPTS,
    orders=(Order("light", "dimmest", "brightest"),),
    score=score,
)
