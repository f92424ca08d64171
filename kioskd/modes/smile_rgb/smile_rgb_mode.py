"""Secure Access with Smile and RGB Liveness: both, by the same face, in one attempt.

RGB liveness is judged in every fit frame, window after window, for as long as the smile takes.
The window that sees the smile's end must find life, so it is the smiling face that is live.
docs/understand/modes.md draws it. Pure: no clock, no thread, no camera.
"""

from collections.abc import Collection
from enum import StrEnum

from kioskd.event import LivenessState, Progress, Result, Step, Verdict
from kioskd.modes import confirm
from kioskd.modes.attempt_course import Course
from kioskd.modes.confirm import LIVENESS_CONFIRMED, Caution, Tally
from kioskd.modes.gate import Finding
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.smile.smile_mode import SmileWatch, smile_score, without_smile
from kioskd.modes.smile.smile_phases import Cause as Smile
from kioskd.modes.smile_rgb.smile_rgb_phases import PROMPTS, TRANSITIONS, Cause, Phase
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from models.observation import Face, Measure, Observation
from models.schemes import Liveness

MODE = "secure_access_smile_rgb_liveness"


class SmileRgbMode(Course):
    """The Secure Access with Smile and RGB Liveness mode of one feed."""

    measures = (Measure.BLENDSHAPES, Measure.LIVENESS)
    prompts = PROMPTS
    asks = True

    def __init__(self, settings: SmileRgbSettings, gate: GateSettings) -> None:
        attempt, plan, caution = settings.smile.attempt, settings.rgb.plan, settings.rgb.caution
        super().__init__(TRANSITIONS, attempt, gate, plan=plan, caution=caution)
        self._rule = settings.rgb.rule
        self._caution = Caution(caution, self._rule)
        self._watch = SmileWatch(settings.smile)
        self.fresh()

    def fresh(self) -> None:
        self._watch.fresh()
        self._window: confirm.Confirmation = confirm.LiveWindow()
        self._tally = Tally()

    def weighed(self, face: Face) -> tuple[Finding, ...]:
        return (*super().weighed(face), *self._watch.find(face))

    @property
    def instead(self) -> str | None:
        return self._watch.asks_for

    def also(self, seen: Observation, face: Face) -> Collection[Measure]:
        return self._watch.also(seen.at)

    @property
    def overdue(self) -> StrEnum:
        return self._watch.overdue

    def fit(self, seen: Observation, face: Face) -> Step:
        smile, liveness = smile_score(face), face.liveness
        if smile is None or liveness is None:
            return self.refuse(Reason.NOT_MEASURED)
        score = liveness.score
        if not confirm.usable(score):
            return self.refuse(Reason.SCORE_INVALID)
        if self.phase is Phase.QUALITY:
            self.move(Smile.FIRST_FIT_FRAME)
        self.count(seen)
        return self._both(seen, smile, face, liveness, score)

    @property
    def progress(self) -> Progress:
        return confirm.progress(self._window, self._rule)

    def _both(
        self, seen: Observation, smile: float, face: Face, liveness: Liveness, score: float
    ) -> Step:
        for cause in self._watch.look(seen.at, smile, face):
            self.move(cause)
        self.same.closely = self._watch.smiles
        self._tally.add(liveness)
        self._caution.saw(self.attempt().track_id, seen.at, score)
        self._window = confirm.after(self._window, score, self._rule)
        if isinstance(self._window, confirm.Decided):
            return self._round(seen, self._window)
        waits = self._watch.waits_for
        return self.say() if waits is None else self.refuse(waits)

    def _round(self, seen: Observation, verdict: confirm.Decided) -> Step:
        """A window's verdict: it ends the attempt, unless it is live before the smile is done."""
        if verdict.state != "LIVENESS_CONFIRMED":
            self.move(Cause.NOT_LIVE)
            ended_by = () if verdict.state == "NOTLIVE_CONFIRMED" else (Reason.UNDECIDED,)
            result = self._result(seen, "failed", verdict.state, ended_by, verdict.scores)
            return self.conclude(seen, result, attack=verdict.state == "NOTLIVE_CONFIRMED")
        if not self._watch.smiled:
            self._window = confirm.LiveWindow()
            return self.say()
        if self._caution.doubts(self.attempt().track_id):
            self._window = confirm.LiveWindow()
            return self.refuse(Reason.EVIDENCE_AGAINST)
        if doubts := self.doubts():
            self._window = confirm.LiveWindow()
            return self.refuse(*doubts)
        self.move(Cause.LIVE)
        return self.conclude(seen, self._result(seen, "passed", verdict.state, (), verdict.scores))

    def time_over(self, seen: Observation) -> Result:
        verdict = without_smile(self.attempt(), self._watch)
        return self._result(seen, verdict, "LIVENESS_UNKNOWN", (Reason.TIME_OVER,))

    def broken_off(self, seen: Observation, reason: Reason) -> Result:
        return self._result(seen, "undecided", "LIVENESS_UNKNOWN", (reason,))

    def _result(
        self,
        seen: Observation,
        verdict: Verdict,
        state: LivenessState,
        ended_by: tuple[Reason, ...],
        decisive: confirm.Scores | None = None,
    ) -> Result:
        return self.result(
            seen,
            "smileToActivate",
            MODE,
            verdict,
            ended_by,
            LIVENESS_CONFIRMED,
            liveness=decisive or self._tally.scores,
            state=state,
            scores={**self._tally.means, **self._watch.scores},
        )
