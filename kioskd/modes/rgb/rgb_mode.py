"""RGB liveness: one person, N frames, live or an attack or not known.

docs/understand/modes.md draws it.
Pure: no clock, no thread, no camera. Time arrives in the observation.
"""

from typing import assert_never

from kioskd.event import LivenessState, Progress, Result, Step
from kioskd.modes import confirm
from kioskd.modes.attempt_course import Course
from kioskd.modes.confirm import LIVENESS_CONFIRMED, VERDICTS, Caution, Tally
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_phases import PROMPTS, TRANSITIONS, Cause, Phase
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Face, Measure, Observation
from models.schemes import Liveness

MODE = "secure_access_rgb_liveness"


class RgbMode(Course):
    """The Secure Access with RGB Liveness mode of one feed."""

    measures = (Measure.LIVENESS,)
    prompts = PROMPTS
    exact = False  # it only asks whether the head faces the camera

    def __init__(self, settings: RgbSettings, gate: GateSettings) -> None:
        plan, caution = settings.plan, settings.caution
        super().__init__(TRANSITIONS, settings.attempt, gate, plan=plan, caution=caution)
        self._rule = settings.rule
        self._caution = Caution(caution, settings.rule)
        self.fresh()

    def fresh(self) -> None:
        self._confirmation: confirm.Confirmation = confirm.LiveWindow()
        self._tally = Tally()

    def fit(self, seen: Observation, face: Face) -> Step:
        if face.liveness is None:
            return self.refuse(Reason.NOT_MEASURED)
        score = face.liveness.score
        if not confirm.usable(score):
            return self.refuse(Reason.SCORE_INVALID)
        return self._count(seen, face.liveness, score)

    def time_over(self, seen: Observation) -> Result:
        return self._result(seen, "LIVENESS_UNKNOWN", Reason.TIME_OVER)

    def broken_off(self, seen: Observation, reason: Reason) -> Result:
        return self._result(seen, "LIVENESS_UNKNOWN", reason)

    @property
    def progress(self) -> Progress:
        return confirm.progress(self._confirmation, self._rule)

    def _count(self, seen: Observation, liveness: Liveness, score: float) -> Step:
        if self.phase is Phase.QUALITY:
            self.move(Cause.FIRST_FIT_FRAME)
        self.count(seen)
        self._tally.add(liveness)
        track = self.attempt().track_id
        self._caution.saw(track, seen.at, score)
        self._confirmation = confirm.after(self._confirmation, score, self._rule)
        if confirm.is_live(self._confirmation) and self._caution.doubts(track):
            self._confirmation = confirm.LiveWindow()
            return self.refuse(Reason.EVIDENCE_AGAINST)
        match self._confirmation:
            case confirm.LiveWindow():
                return self.say()
            case confirm.FakeWindow():
                self._enter_fake_window()
                return self.say()
            case confirm.Decided(state, scores):
                return self._decide(seen, state, scores)
            case _:
                assert_never(self._confirmation)

    def _decide(self, seen: Observation, state: LivenessState, scores: confirm.Scores) -> Step:
        if state == "LIVENESS_CONFIRMED":
            self.move(Cause.ENOUGH_LIVE)
            return self.conclude(seen, self._result(seen, state, scores=scores))
        self._enter_fake_window()
        if state == "NOTLIVE_CONFIRMED":
            self.move(Cause.ENOUGH_FAKE)
            return self.conclude(seen, self._result(seen, state, scores=scores), attack=True)
        self.move(Cause.FAKE_OUT_OF_REACH)
        return self.conclude(seen, self._result(seen, state, Reason.UNDECIDED, scores=scores))

    def _result(
        self,
        seen: Observation,
        state: LivenessState,
        *ended_by: Reason,
        scores: confirm.Scores | None = None,
    ) -> Result:
        """What the attempt comes to. `scores` decided; None: no window did."""
        verdict = VERDICTS[state]
        return self.result(
            seen,
            "rgbLiveness",
            MODE,
            verdict,
            ended_by,
            LIVENESS_CONFIRMED,
            liveness=scores or self._tally.scores,
            state=state,
            scores=self._tally.means,
        )

    def _enter_fake_window(self) -> None:
        if self.phase is Phase.LIVE_WINDOW:
            self.move(Cause.LIVE_OUT_OF_REACH)
