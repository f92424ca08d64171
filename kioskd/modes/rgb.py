"""RGB liveness: one person, N frames, live or an attack or not known. docs/modes.md draws it.

Pure: no clock, no thread, no camera. Time arrives in the observation.
"""

from typing import assert_never

from kioskd.event import LivenessState, Result, Step
from kioskd.modes import confirm
from kioskd.modes.asking import Asking
from kioskd.modes.attempt import (
    Absent,
    Attempts,
    Broken,
    Candidate,
    Ignored,
    Overdue,
    Silent,
    View,
)
from kioskd.modes.gate import Gate, GateSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb_phases import TRANSITIONS, Cause, Phase
from kioskd.modes.rgb_result import Tally
from kioskd.modes.rgb_settings import RgbSettings
from models.observation import Face, Liveness, Measure, Observation, Wanted
from models.schemes import SCHEMES

MODE = "secure_access_rgb_liveness"


class RgbMode:
    """The Secure Access with RGB Liveness mode of one feed. It stands for `Mode`."""

    def __init__(self, settings: RgbSettings, gate: GateSettings, name: str = MODE) -> None:
        margins = "hybrid" in SCHEMES[settings.detection_scheme].models
        self._name, self._plan, self._rule = name, settings.plan, settings.rule
        self._gate = Gate(gate, margins)
        self._attempts = Attempts(settings.attempt, gate.face_policy)
        self._asking = Asking()
        self._phase = Phase.IDLE
        self._subject: int | None = None  # the track that the phase is about
        self._confirmation: confirm.Confirmation = confirm.LiveWindow()
        self._tally = Tally()

    def wants(self, seen: Observation) -> Wanted | None:
        """The next cheapest measure without which this frame cannot count."""
        view = self._attempts.view(seen)
        if not isinstance(view, Candidate):
            return None
        face = view.face
        measure = self._missing(seen, face)
        if measure is None or not self._asking.once(seen, face.track_id, measure):
            return None
        plan = self._plan if measure is Measure.LIVENESS else None
        return Wanted(face.track_id, frozenset({measure}), plan)

    def step(self, seen: Observation) -> Step:
        view = self._attempts.view(seen)
        step = self._act(seen, view)
        if isinstance(view, Candidate | Silent):
            self._gate.follow(seen, view.face)
        if not isinstance(view, Ignored):
            self._attempts.remember(seen)
        return step

    def _missing(self, seen: Observation, face: Face) -> Measure | None:
        if measure := self._gate.wants(seen, face):
            return measure
        if self._gate.reasons(seen, face) or face.liveness is not None:
            return None
        return Measure.LIVENESS

    def _act(self, seen: Observation, view: View) -> Step:
        match view:
            case Ignored(reason):
                return self._say(reason)
            case Absent(reason):
                self._leave()
                return self._say(reason)
            case Silent(face, reason):
                if face.track_id != self._subject:
                    self._leave()
                return self._say(reason)
            case Broken(reason):
                return self._break_off(seen, reason)
            case Overdue():
                self._move(Cause.TIME_OVER)
                return self._conclude(seen, "LIVENESS_UNKNOWN", Reason.TIME_OVER)
            case Candidate(face):
                return self._judge(seen, face)
            case _:
                assert_never(view)

    def _judge(self, seen: Observation, face: Face) -> Step:
        if self._attempts.under_way is None:
            self._begin(seen, face)
        if reasons := self._gate.reasons(seen, face):
            return self._refuse(*reasons)
        if face.liveness is None:
            return self._refuse(Reason.NOT_MEASURED)
        score = face.liveness.score
        if score is None or not 0.0 <= score <= 1.0:  # NaN is no score either
            return self._refuse(Reason.SCORE_INVALID)
        return self._count(seen, face.liveness, score)

    def _refuse(self, *reasons: Reason) -> Step:
        self._attempts.refuse(reasons)
        return self._say(*reasons)

    def _begin(self, seen: Observation, face: Face) -> None:
        if face.track_id == self._subject and self._phase is not Phase.IDLE:
            self._move(Cause.REARMED)
        else:
            self._leave()
            self._move(Cause.SUBJECT_CAME)
        self._subject = face.track_id
        self._confirmation, self._tally = confirm.LiveWindow(), Tally()
        self._attempts.begin(seen, face)

    def _count(self, seen: Observation, liveness: Liveness, score: float) -> Step:
        if self._phase is Phase.QUALITY:
            self._move(Cause.FIRST_FIT_FRAME)
        self._attempts.count(seen)
        self._tally.add(liveness)
        self._confirmation = confirm.after(self._confirmation, score, self._rule)
        match self._confirmation:
            case confirm.LiveWindow():
                return self._say()
            case confirm.FakeWindow():
                self._enter_fake_window()
                return self._say()
            case confirm.Verdict(state, scores):
                return self._decide(seen, state, scores)
            case _:
                assert_never(self._confirmation)

    def _decide(self, seen: Observation, state: LivenessState, scores: confirm.Scores) -> Step:
        if state == "LIVENESS_CONFIRMED":
            self._move(Cause.ENOUGH_LIVE)
            return self._conclude(seen, state, scores=scores)
        self._enter_fake_window()
        if state == "NOTLIVE_CONFIRMED":
            self._move(Cause.ENOUGH_FAKE)
            return self._conclude(seen, state, scores=scores)
        self._move(Cause.FAKE_OUT_OF_REACH)
        return self._conclude(seen, state, Reason.UNDECIDED, scores=scores)

    def _break_off(self, seen: Observation, reason: Reason) -> Step:
        attempt = self._attempts.under_way
        self._move(Cause.BROKEN_OFF)
        if attempt is not None and attempt.frames:
            return self._conclude(seen, "LIVENESS_UNKNOWN", reason)
        self._attempts.drop()
        self._subject = None
        return self._say(reason)

    def _conclude(
        self,
        seen: Observation,
        state: LivenessState,
        *ended_by: Reason,
        scores: confirm.Scores | None = None,
    ) -> Step:
        """End the attempt with its one result. `scores` decided; None: no window did."""
        attempt = self._attempts.under_way
        assert attempt is not None  # every caller is in the middle of one
        result = self._tally.result(seen, attempt, state, ended_by, scores, self._name)
        self._attempts.end(seen, finished=state == "LIVENESS_CONFIRMED")
        failed = () if scores is not None else ended_by  # a frame that decided was evidence
        return self._say(*failed, result=result)

    def _enter_fake_window(self) -> None:
        if self._phase is Phase.LIVE_WINDOW:
            self._move(Cause.LIVE_OUT_OF_REACH)

    def _leave(self) -> None:
        if self._phase is not Phase.IDLE:
            self._move(Cause.SUBJECT_LEFT)
        self._subject = None

    def _move(self, cause: Cause) -> None:
        self._phase = TRANSITIONS[self._phase, cause]

    def _say(self, *reasons: Reason, result: Result | None = None) -> Step:
        return Step(self._phase.value, tuple(reason.value for reason in reasons), result)
