"""Secure Access with Smile: one person looks neutral, then smiles.

docs/understand/modes.md draws it.
Pure: no clock, no thread, no camera. Time arrives in the observation.
"""

from collections.abc import Collection
from enum import StrEnum

from kioskd.event import Result, Step, Verdict
from kioskd.modes.attempt import Attempt
from kioskd.modes.attempt_course import Course
from kioskd.modes.challenges.draw import Below
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.confirm import FORGETFUL, usable
from kioskd.modes.gate import Finding
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.hidden import Hidden
from kioskd.modes.joined import joined
from kioskd.modes.mode import RELAX, Always
from kioskd.modes.onset import Onset
from kioskd.modes.reasons import Reason
from kioskd.modes.smile import smiling
from kioskd.modes.smile.smile_phases import PROMPTS, TRANSITIONS, Cause, Phase
from kioskd.modes.smile.smile_settings import SmileSettings
from models.mesh.expression import smile
from models.observation import Face, Measure, Observation

MODE = "secure_access_smile"


class SmileMode(Course):
    """The Secure Access with Smile mode of one feed."""

    measures = (Measure.BLENDSHAPES,)
    prompts = PROMPTS
    asks = True

    def __init__(self, settings: SmileSettings, gate: GateSettings, below: Below) -> None:
        with_ = joined(settings.joined_with, settings.rgb, settings.relief, gate, below)
        caution = FORGETFUL if with_ is None else with_.caution
        super().__init__(TRANSITIONS, settings.attempt, gate, caution=caution)
        self.joined, self._standing = with_, self._gate
        self._watch = SmileWatch(settings)

    def fresh(self) -> None:
        self._watch.fresh()
        self._gate = self._standing
        if self.joined is not None:
            self.joined.fresh()

    def weighed(self, face: Face) -> tuple[Finding, ...]:
        return self._watch.find(face)

    @property
    def instead(self) -> str | None:
        return self._watch.asks_for

    def also(self, seen: Observation, face: Face) -> Collection[Measure]:
        return self._watch.also(seen.at)

    @property
    def overdue(self) -> StrEnum:
        return self._watch.overdue

    def fit(self, seen: Observation, face: Face) -> Step:
        score = smile_score(face)
        if score is None:
            return self.refuse(Reason.NOT_MEASURED)
        if self.phase is Phase.QUALITY:
            self.move(Cause.FIRST_FIT_FRAME)
        self.count(seen)
        for cause in self._watch.look(seen.at, score, face):
            if cause is not Cause.SMILE_HELD:
                self.move(cause)
        self.same.closely = self._watch.smiles
        if self._watch.smiled:
            if lacking := self.lacks():
                return self.refuse(*lacking)
            self.move(Cause.SMILE_HELD)
            return self.conclude(seen, self._result(seen, "passed"))
        waits = self._watch.waits_for
        return self.say() if waits is None else self.refuse(waits)

    def time_over(self, seen: Observation) -> Result:
        verdict = without_smile(self.attempt(), self._watch)
        return self._result(seen, verdict, Reason.TIME_OVER)

    def not_live(self, seen: Observation) -> Result:
        return self._result(seen, "failed", Reason.NOT_LIVE)

    def broken_off(self, seen: Observation, reason: Reason) -> Result:
        return self._result(seen, "undecided", reason)

    def _result(self, seen: Observation, verdict: Verdict, *ended_by: Reason) -> Result:
        return self.result(
            seen,
            "smileToActivate",
            MODE,
            verdict,
            ended_by,
            "smile",
            scores=self._watch.scores,
        )


def without_smile(attempt: Attempt, watch: "SmileWatch") -> Verdict:
    """What an attempt comes to whose time is over.

    Who never had a fit frame was asked nothing, and of whose mouth is hidden nothing is known.
    """
    return "failed" if attempt.frames and not watch.hidden else "undecided"


class SmileWatch:
    """The smile of one attempt, as causes that move a mode's table along."""

    def __init__(self, settings: SmileSettings) -> None:
        self._rule = settings.rule
        self._gap_s = settings.attempt.maximum_gap_s
        self._onset, self._hides = Onset(), Hidden()
        self.fresh()

    def fresh(self) -> None:
        self._state: smiling.Smiling = smiling.Neutral()
        self._last_at: float | None = None
        self._most = 0.0
        self._onset.fresh()
        self._hides.fresh()
        self._doubt: Reason | None = None

    @property
    def smiled(self) -> bool:
        return isinstance(self._state, smiling.Smiled)

    @property
    def smiles(self) -> bool:
        """Whether a smile is under way, or was seen."""
        return isinstance(self._state, smiling.Smile | smiling.Smiled)

    @property
    def waits_for(self) -> Reason | None:
        """What the person has yet to do: the reason, should the attempt come to nothing."""
        match self._state:
            case smiling.Neutral(None):
                return Reason.NOT_NEUTRAL
            case smiling.Prompt():
                return self._doubt or self.hidden or Reason.NO_SMILE
            case _:
                return None

    @property
    def hidden(self) -> Reason | None:
        """Why it is not known whether somebody who was asked for a smile smiles."""
        asked = isinstance(self._state, smiling.Prompt)
        return self._hides.instead(Challenge.SMILE) if asked else None

    @property
    def overdue(self) -> StrEnum:
        """What the end of the attempt's time means for the phase."""
        return Cause.HIDDEN if self.hidden else Always.TIME_OVER

    def also(self, at: float) -> Collection[Measure]:
        """What else this frame is to be measured on."""
        return (Measure.COVER,) if not self.smiled and self._hides.due(at) else ()

    @property
    def asks_for(self) -> str | None:
        """The prompt's code where it is not the phase's: who was doubted must be at rest first."""
        return RELAX if self._doubt is not None and not self.smiled else None

    @property
    def scores(self) -> dict[str, float]:
        return {"smile": round(self._most, 4)}

    def find(self, face: Face) -> tuple[Finding, ...]:
        """How much of a smile a face shows, beside how much is one."""
        score = smile_score(face)
        limit = self._rule.smile_threshold
        return () if score is None else (Finding("smile_threshold", None, score, limit),)

    def look(self, at: float, score: float, face: Face) -> list[Cause]:
        """One more fit frame; what it changed, in order."""
        self._follow(at, score, face)
        self._hides.look(at, face.cover)
        causes = []
        if self._last_at is not None and at - self._last_at > self._gap_s:
            causes += self._become(smiling.unseen(self._state))
        self._last_at, self._most = at, max(self._most, score)
        state = smiling.after(self._state, at, score, self._rule)
        self._doubt = self._doubt or self._doubts(state)
        if self._doubt and isinstance(state, smiling.Smile | smiling.Smiled):
            state = smiling.Prompt()  # until the face has been at rest again
        return causes + self._become(state)

    def _doubts(self, state: smiling.Smiling) -> Reason | None:
        """Why the smile that begins with this frame, or was held by now, is none."""
        smiles = smiling.Smile in (type(self._state), type(state))
        if smiles and (hidden := self._hides.forbids(Challenge.SMILE)):
            return hidden
        match self._state, state:
            case smiling.Prompt(), smiling.Smile():
                return self._onset.blended()  # later a hand that sways has gone further
            case smiling.Smile(), smiling.Smiled():
                return self._onset.doubt()
            case _:
                return None

    def _follow(self, at: float, score: float, face: Face) -> None:
        if face.mesh is None:
            return
        if score >= self._rule.neutral_threshold:
            self._onset.goes(at, face.mesh, face.passage)
        else:
            self._onset.rests(at, face.mesh)
            self._doubt = None

    def _become(self, state: smiling.Smiling) -> list[Cause]:
        before, self._state = self._state, state
        return [] if type(before) is type(state) else [CAUSES[type(before), type(state)]]


CAUSES = {
    (smiling.Neutral, smiling.Prompt): Cause.NEUTRAL_HELD,
    (smiling.Prompt, smiling.Smile): Cause.SMILE_BEGAN,
    (smiling.Smile, smiling.Prompt): Cause.SMILE_ENDED,
    (smiling.Smile, smiling.Smiled): Cause.SMILE_HELD,
}


def smile_score(face: Face) -> float | None:
    """How much both corners of the mouth smile, 0..1; None when that is not known."""
    score = smile(face.blendshapes or {})
    return score if usable(score) else None
