"""RGB liveness: one person, N frames, live or an attack or not known. docs/modes.md draws it.

Pure: no clock, no thread, no camera. Time arrives in the observation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import assert_never

from kioskd.event import LivenessState, Result, Step
from kioskd.modes import confirm
from kioskd.modes.asking import Asking
from kioskd.modes.attempt import (
    Absent,
    Attempts,
    AttemptSettings,
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
from models.observation import (
    Face,
    LivenessModel,
    LivenessPlan,
    Measure,
    Observation,
    Wanted,
)
from models.schemes import SCHEMES

MODE = "secure_access_rgb_liveness"


@dataclass(frozen=True, slots=True)
class RgbSettings:
    """The seed's settings in the seed's words. Scores and thresholds run from 0 to 1."""

    detection_scheme: str = "hybrid_unimodal"
    evaluate_liveness_over_n_frames: int = 10
    evaluate_fake_over_n_frames: int = 10
    minimum_confirmations_required: float = 0.6  # a ratio of a window's frames, not a count
    liveness_detection_threshold: float = 0.6
    fake_detection_threshold: float = 0.4
    minimum_preliminary_liveness_threshold: float = 0.3
    reuse_frames_for_fake: bool = False
    attempt: AttemptSettings = field(default_factory=AttemptSettings)

    def __post_init__(self) -> None:
        """Refuse what could confirm without evidence, whoever built these settings."""
        live, fake = self.liveness_detection_threshold, self.fake_detection_threshold
        if not 0.0 < self.minimum_confirmations_required <= 1.0:
            raise ValueError("minimum_confirmations_required must be above 0 and at most 1")
        if min(self.evaluate_liveness_over_n_frames, self.evaluate_fake_over_n_frames) < 1:
            raise ValueError("a window needs at least one frame")
        if not 0.0 <= fake <= live <= 1.0 or live == 0.0:
            raise ValueError("thresholds must keep 0 <= fake <= live <= 1, and live above 0")
        if not 0.0 <= self.minimum_preliminary_liveness_threshold <= live:
            raise ValueError("the preliminary threshold must not exceed the liveness threshold")

    @property
    def rule(self) -> confirm.Rule:
        return confirm.Rule(
            live_frames=self.evaluate_liveness_over_n_frames,
            fake_frames=self.evaluate_fake_over_n_frames,
            minimum_confirmations=self.minimum_confirmations_required,
            live_threshold=self.liveness_detection_threshold,
            fake_threshold=self.fake_detection_threshold,
            reuse_frames=self.reuse_frames_for_fake,
        )

    @property
    def plan(self) -> LivenessPlan:
        return LivenessPlan(
            scheme=self.detection_scheme,
            live=self.liveness_detection_threshold,
            preliminary=self.minimum_preliminary_liveness_threshold,
        )


@dataclass(slots=True)
class _Counted:
    """The scores of the frames an attempt counted."""

    all: list[float] = field(default_factory=list)
    by_model: dict[LivenessModel, list[float]] = field(default_factory=dict)

    def add(self, score: float, by_model: Mapping[LivenessModel, float]) -> None:
        self.all.append(score)
        for model, value in by_model.items():
            self.by_model.setdefault(model, []).append(value)

    def means(self) -> dict[str, float]:
        return {model: round(fmean(values), 4) for model, values in self.by_model.items()}


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
        self._counted = _Counted()

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
        score = _score(face)
        reasons = self._gate.reasons(seen, face)
        if not reasons and isinstance(score, Reason):
            reasons = (score,)
        if reasons or isinstance(score, Reason):
            self._attempts.refuse(reasons)
            return self._say(*reasons)
        return self._count(seen, face, score)

    def _begin(self, seen: Observation, face: Face) -> None:
        if face.track_id == self._subject and self._phase is not Phase.IDLE:
            self._move(Cause.REARMED)
        else:
            self._leave()
            self._move(Cause.SUBJECT_CAME)
        self._subject = face.track_id
        self._confirmation, self._counted = confirm.LiveWindow(), _Counted()
        self._attempts.begin(seen, face)

    def _count(self, seen: Observation, face: Face, score: float) -> Step:
        if self._phase is Phase.QUALITY:
            self._move(Cause.FIRST_FIT_FRAME)
        self._attempts.count(seen)
        self._counted.add(score, face.liveness.by_model if face.liveness else {})
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
        result = self._result(seen, state, ended_by, scores)
        self._attempts.end(seen, finished=state == "LIVENESS_CONFIRMED")
        failed = () if scores is not None else ended_by  # a frame that decided was evidence
        return Step(self._phase, tuple(reason.value for reason in failed), result)

    def _result(
        self,
        seen: Observation,
        state: LivenessState,
        ended_by: tuple[Reason, ...],
        scores: confirm.Scores | None,
    ) -> Result:
        attempt = self._attempts.under_way
        assert attempt is not None  # every caller is in the middle of one
        return Result(
            action="rgbLiveness",
            feed=seen.feed,
            mode=self._name,
            track_id=attempt.track_id,
            attempt=attempt.number,
            state=state,
            emits=state != "LIVENESS_UNKNOWN",
            attributes=_attributes(state, scores or tuple(self._counted.all)),
            started_at=attempt.started_at,
            decided_at=seen.at,
            captured_at=seen.wall_time,
            frames=attempt.frames,
            reasons=attempt.reasons(*ended_by),
            scores=self._counted.means(),
        )

    def _enter_fake_window(self) -> None:
        if self._phase is Phase.LIVE_WINDOW:
            self._move(Cause.LIVE_OUT_OF_REACH)

    def _leave(self) -> None:
        if self._phase is not Phase.IDLE:
            self._move(Cause.SUBJECT_LEFT)
        self._subject = None

    def _move(self, cause: Cause) -> None:
        self._phase = TRANSITIONS[self._phase, cause]

    def _say(self, *reasons: Reason) -> Step:
        return Step(self._phase, tuple(reason.value for reason in reasons))


def _score(face: Face) -> float | Reason:
    """The frame's liveness, or why it has none. NaN is no score."""
    if face.liveness is None:
        return Reason.NOT_MEASURED
    score = face.liveness.score
    if score is None or not 0.0 <= score <= 1.0:
        return Reason.SCORE_INVALID
    return score


def _attributes(state: LivenessState, scores: confirm.Scores) -> dict[str, str | float]:
    """As on the wire. `liveness` is the counted frames' mean, left out when none counted."""
    confirmed = "true" if state == "LIVENESS_CONFIRMED" else "false"
    liveness = {"liveness": round(fmean(scores), 4)} if scores else {}
    return {**liveness, "livenessConfirmed": confirmed}
