"""What an action that photographs with holes can do is joined with: evidence that they do not have.

Somebody's own mouth or eyes behind the holes of a picture open, close and smile; so an action of
the face alone says only that something behind is alive. What it is joined with is looked at in the
same attempt: RGB liveness or depth, window after window, of which the one under way when the action
was seen must find life; or a small turn of the head, asked for after it, that shows a head's
parallax. docs/understand/challenges.md tells it. Pure.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from kioskd.modes import confirm
from kioskd.modes.challenges.challenge_settings import Engine, Extents
from kioskd.modes.challenges.draw import Below
from kioskd.modes.challenges.extent import extent, went
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.challenges.reading import Reading, read
from kioskd.modes.challenges.trial import Asked, Done, Trial, Way, after
from kioskd.modes.confirm import FORGETFUL, Caution, CautionSettings
from kioskd.modes.depth.depth_settings import ReliefSettings
from kioskd.modes.depth.evidence import Evidence, relief_evidence, rgb_evidence
from kioskd.modes.gate import Finding, Gate, Refusal, gate_for
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.joined_with import How
from kioskd.modes.mode import HOLD_STILL
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.mesh.parallax import parallax
from models.mesh.stretch import stretch
from models.observation import Conversation, Face, Measure, Observation, ask
from models.schemes import LivenessPlan

TURNS = (Challenge.LEFT_TURN, Challenge.RIGHT_TURN)
LEAST_PARALLAX = 0.09  # face sizes, of a turn of 15 degrees: heads 0.11 and more, flat ones 0.07


class Cause(StrEnum):
    """What moves a mode whose action is joined with something."""

    ATTACK = "what the action is joined with is an attack"


class Joined(Protocol):
    """What an action is joined with, followed through one attempt after another.

    caution  what a door remembers of attacks, in a mode that is joined with this
    measures what it asks to have measured, beyond the gate
    attack   whether it has found an attack
    found    what the frame looked at last showed, beside its limits
    plan     how the liveness networks judge colours for it; None: they do not
    prompt   what the person has to do for it once the action was seen; None: nothing
    gate     the gate while they do it; None: as before
    """

    caution: CautionSettings
    measures: frozenset[Measure]
    attack: bool
    found: tuple[Finding, ...]
    plan: LivenessPlan | None

    @property
    def prompt(self) -> str | None: ...

    @property
    def gate(self) -> Gate | None: ...

    def fresh(self) -> None:
        """Forget the attempt before."""
        ...

    def look(self, seen: Observation, face: Face) -> Conversation[Face]:
        """One more fit frame of an attempt that has counted one."""
        ...

    def lacks(self) -> tuple[Reason, ...]:
        """The action was seen: what a pass still lacks in this frame, and why; empty: nothing."""
        ...


def joined(
    how: How, rgb: RgbSettings, relief: ReliefSettings, gate: GateSettings, below: Below
) -> Joined | None:
    """What an action is joined with at a door with this gate."""
    still = replace(gate, maximum_drift=math.inf)  # who does something need not hold still
    match how:
        case "rgb":
            fit = gate_for(still, rgb.detection_scheme, exact=True)
            return JoinedEvidence(rgb_evidence(rgb), fit, rgb.caution, rgb.plan)
        case "depth":
            fit = gate_for(still, None, exact=True)
            return JoinedEvidence(relief_evidence(relief), fit, CautionSettings())
        case "turn":
            return JoinedTurn(gate, below)
        case "none":
            return None


class JoinedEvidence:
    """RGB liveness or depth, in each frame that is fit for it. It stands for `Joined`."""

    gate = None

    def __init__(
        self,
        evidence: Evidence,
        fit: Gate,
        caution: CautionSettings,
        plan: LivenessPlan | None = None,
    ) -> None:
        self._evidence, self._fit, self.plan = evidence, fit, plan
        self.caution, self._doubts = caution, Caution(caution, evidence.rule)
        self.measures = frozenset({evidence.measure})
        self.fresh()

    def fresh(self) -> None:
        self._window: confirm.Confirmation = confirm.LiveWindow()
        self._wanted = self._live = self.attack = False
        self.found: tuple[Finding, ...] = ()
        self._refused: Refusal = ()  # why the last frame was no evidence

    @property
    def prompt(self) -> str | None:
        return HOLD_STILL if self._wanted and not self._live else None

    def look(self, seen: Observation, face: Face) -> Conversation[Face]:
        self.found = ()
        face, self._refused = yield from self._fit.examine(seen, face)
        if self._refused:
            return face
        face = yield from ask(face, self._evidence.measure, self.plan)
        said, self.found = self._evidence.say(face), self._evidence.find(face)
        if isinstance(said, float):
            self._doubts.saw(face.track_id, seen.at, said)
            self._window = confirm.after(self._window, said, self._evidence.rule)
            self._conclude(face.track_id)
        else:
            self._refused = said
        return face

    def lacks(self) -> tuple[Reason, ...]:
        self._wanted = True
        return () if self._live else (Reason.LIFE_NOT_SHOWN, *self._refused)

    def _conclude(self, track_id: int) -> None:
        """What a window came to; the next begins: who shows life must show it to the end."""
        if not isinstance(self._window, confirm.Decided):
            return
        self.attack = self._window.state == "NOTLIVE_CONFIRMED"
        found = confirm.is_live(self._window) and not self._doubts.doubts(track_id)
        self._live = self._wanted and found
        self._window = confirm.LiveWindow()


@dataclass(frozen=True, slots=True)
class _Turning:
    """A turn that was asked for: from where, and how far it has come."""

    rest: Reading
    trial: Trial


class JoinedTurn:
    """A small turn of the head to a side that is drawn, once the action was seen.

    parallax  of the turn that was completed last, face sizes, for whoever measures
    """

    measures: frozenset[Measure] = frozenset()
    caution = FORGETFUL
    attack = False
    plan: LivenessPlan | None = None

    def __init__(self, gate: GateSettings, below: Below) -> None:
        self._below = below
        self._gate = Gate(
            replace(
                gate, maximum_drift=math.inf, minimum_centre_pose_quality=0.0, maximum_yaw_deg=60.0
            ),
            margins=False,
        )
        self.fresh()

    def fresh(self) -> None:
        self._side = TURNS[self._below(len(TURNS))]
        self._wanted = self._shown = False
        self.found: tuple[Finding, ...] = ()
        self.parallax: float | None = None
        self._turning: _Turning | None = None

    @property
    def prompt(self) -> str | None:
        return self._side.value if self._wanted and not self._shown else None

    @property
    def gate(self) -> Gate | None:
        return self._gate if self._wanted else None

    def look(self, seen: Observation, face: Face) -> Conversation[Face]:
        self.found = ()
        if self._wanted and not self._shown:
            now = read(seen, face, frozenset({self._side}))
            if isinstance(now, Reading):
                self._follow(now)
        return face
        yield  # never: the gate measures all it needs

    def lacks(self) -> tuple[Reason, ...]:
        self._wanted = True
        return () if self._shown else (Reason.TURN_NOT_SHOWN,)

    def _follow(self, now: Reading) -> None:
        if self._turning is None:
            self._turning = _Turning(now, Asked(now.at))
        rest, trial = self._turning.rest, self._turning.trial
        way = Way(
            now.at,
            extent(self._side, now, rest, Extents()),
            stretch=stretch(rest.mesh, now.mesh) or math.inf,
        )
        self.found = (went(self._side, way.extent),)
        trial = after(trial, self._side, way, Engine().success_length_s)
        self._turning = _Turning(rest, trial)
        if isinstance(trial, Done):
            self.parallax = parallax(rest.mesh, now.mesh)
            shown = Finding("parallax", None, self.parallax, LEAST_PARALLAX, unit="face sizes")
            self.found, self._shown = (*self.found, shown), shown.passed
            self._turning = _Turning(rest, trial if self._shown else Asked(None))
