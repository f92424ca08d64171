"""Modes that look with a depth camera: 3D, depth and infrared liveness, RGB with 3D.

One person, N frames; one evidence, or several that must all find life in the same attempt. Each
has its own two windows, as RGB liveness has. Without depth there is no evidence, and never a way
round it. docs/understand/modes.md draws it. Pure: no clock, no thread, no camera.
"""

from collections.abc import Sequence
from statistics import fmean

from kioskd.event import ActionId, LivenessState, Progress, Result, Step
from kioskd.modes import confirm
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.attempt_course import Course
from kioskd.modes.confirm import LIVENESS_CONFIRMED, VERDICTS, Caution, CautionSettings
from kioskd.modes.depth.depth_phases import TRANSITIONS, Cause
from kioskd.modes.depth.depth_settings import (
    DepthLivenessSettings,
    DepthSettings,
    InfraredSettings,
    Rgb3dSettings,
)
from kioskd.modes.depth.evidence import Evidence, infrared_evidence, relief_evidence, rgb_evidence
from kioskd.modes.gate import Finding
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_phases import PROMPTS, Phase
from models.observation import Face, Observation
from models.schemes import LivenessPlan

INFRARED = "infrared_liveness"
RGB_3D = "secure_access_rgb_3d_liveness"
LIVENESS_3D = "secure_access_3d_liveness"
DEPTH = "depth_liveness"
ACTIONS: dict[str, ActionId] = {LIVENESS_3D: "3dLiveness", DEPTH: "depthLiveness"}


def depth_mode(settings: DepthSettings, gate: GateSettings) -> "EvidenceMode":
    """3D liveness or depth liveness of one feed."""
    name = DEPTH if isinstance(settings, DepthLivenessSettings) else LIVENESS_3D
    evidence = (relief_evidence(settings.relief),)
    return EvidenceMode(
        name, ACTIONS[name], evidence, settings.caution, settings.attempt, gate, None
    )


def infrared_mode(settings: InfraredSettings, gate: GateSettings) -> "EvidenceMode":
    """Infrared liveness of one feed."""
    evidence = (infrared_evidence(settings),)
    return EvidenceMode(
        INFRARED, "infraredLiveness", evidence, settings.caution, settings.attempt, gate, None
    )


def rgb_3d_mode(settings: Rgb3dSettings, gate: GateSettings) -> "EvidenceMode":
    """RGB liveness and 3D liveness of one feed, by the same face in one attempt."""
    evidence = (relief_evidence(settings.relief), rgb_evidence(settings.rgb))
    rgb = settings.rgb
    return EvidenceMode(RGB_3D, "rgb3dLiveness", evidence, rgb.caution, rgb.attempt, gate, rgb.plan)


class EvidenceMode(Course):
    """Live when every evidence says so, an attack when one does. It stands for `Mode`."""

    prompts = PROMPTS

    def __init__(
        self,
        name: str,
        action: ActionId,
        evidence: tuple[Evidence, ...],
        caution: CautionSettings,
        attempt: AttemptSettings,
        gate: GateSettings,
        plan: LivenessPlan | None,
    ) -> None:
        """`plan` is needed where the colour image is among the evidence."""
        super().__init__(TRANSITIONS, attempt, gate, plan=plan, caution=caution)
        self.measures = tuple(each.measure for each in evidence)
        self._name, self._action, self._evidence = name, action, evidence
        self._caution = [Caution(caution, each.rule) for each in evidence]
        self.fresh()

    def fresh(self) -> None:
        self._windows: list[confirm.Confirmation] = [confirm.LiveWindow() for _ in self._evidence]
        self._scores: list[list[float]] = [[] for _ in self._evidence]

    def fit(self, seen: Observation, face: Face) -> Step:
        said = [evidence.say(face) for evidence in self._evidence]
        scores = [each for each in said if isinstance(each, float)]
        if len(scores) < len(said):
            return self.refuse(*(r for each in said if not isinstance(each, float) for r in each))
        if self.phase is Phase.QUALITY:
            self.move(Cause.FIRST_FIT_FRAME)
        self.count(seen)
        doubts = [self._weigh(seen.at, number, score) for number, score in enumerate(scores)]
        return self._decide(seen, doubts)

    @property
    def progress(self) -> Progress:
        """Of the evidence that has farthest to go."""
        pairs = zip(self._windows, self._evidence, strict=True)
        ways = [confirm.progress(window, each.rule) for window, each in pairs]
        return min(ways, key=lambda way: way.done - way.of)

    def weighed(self, face: Face) -> tuple[Finding, ...]:
        return tuple(found for evidence in self._evidence for found in evidence.find(face))

    def _weigh(self, at: float, number: int, score: float) -> bool:
        """One more score of one evidence; whether its window confirmed against all that was seen.

        Then the window begins anew.
        """
        caution, track = self._caution[number], self.attempt().track_id
        self._scores[number].append(score)
        caution.saw(track, at, score)
        window = confirm.after(self._windows[number], score, self._evidence[number].rule)
        doubted = confirm.is_live(window) and caution.doubts(track)
        self._windows[number] = confirm.LiveWindow() if doubted else window
        return doubted

    def time_over(self, seen: Observation) -> Result:
        return self._result(seen, "LIVENESS_UNKNOWN", Reason.TIME_OVER)

    def broken_off(self, seen: Observation, reason: Reason) -> Result:
        return self._result(seen, "LIVENESS_UNKNOWN", reason)

    def _decide(self, seen: Observation, doubts: Sequence[bool]) -> Step:
        """All confirmed is live, one attack is an attack, one that cannot say ends it."""
        ended = [w.state for w in self._windows if isinstance(w, confirm.Decided)]
        if ended == ["LIVENESS_CONFIRMED"] * len(self._windows):
            self.move(Cause.ENOUGH_LIVE)
            return self.conclude(seen, self._result(seen, "LIVENESS_CONFIRMED"))
        doubted = any(_doubts(window) for window in self._windows)
        if doubted and self.phase is Phase.LIVE_WINDOW:
            self.move(Cause.LIVE_OUT_OF_REACH)
        if "NOTLIVE_CONFIRMED" in ended:
            self.move(Cause.ENOUGH_FAKE)
            return self.conclude(seen, self._result(seen, "NOTLIVE_CONFIRMED"), attack=True)
        if "LIVENESS_UNKNOWN" in ended:
            self.move(Cause.FAKE_OUT_OF_REACH)
            result = self._result(seen, "LIVENESS_UNKNOWN", Reason.UNDECIDED)
            return self.conclude(seen, result, Reason.UNDECIDED)
        return self.refuse(Reason.EVIDENCE_AGAINST) if any(doubts) else self.say()

    def _result(self, seen: Observation, state: LivenessState, *ended_by: Reason) -> Result:
        verdict = VERDICTS[state]
        return self.result(
            seen,
            self._action,
            self._name,
            verdict,
            ended_by,
            LIVENESS_CONFIRMED,
            liveness=self._weakest(),
            scores=self._means(),
        )

    def _weakest(self) -> tuple[float, ...]:
        """The scores of the evidence that speaks least for life, of the window that ended it."""
        decisive = [
            window.scores if isinstance(window, confirm.Decided) else tuple(scores)
            for window, scores in zip(self._windows, self._scores, strict=True)
        ]
        return min((scores for scores in decisive if scores), key=fmean, default=())

    def _means(self) -> dict[str, float]:
        pairs = zip(self._evidence, self._scores, strict=True)
        return {each.name: round(fmean(scores), 4) for each, scores in pairs if scores}


def _doubts(window: confirm.Confirmation) -> bool:
    """Whether a window no longer looks for life, and did not find it."""
    if isinstance(window, confirm.Decided):
        return window.state != "LIVENESS_CONFIRMED"
    return isinstance(window, confirm.FakeWindow)
