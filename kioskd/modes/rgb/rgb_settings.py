"""The settings of RGB liveness, in the seed's words."""

from dataclasses import dataclass, field

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.confirm import Rule
from models.calibration import Calibration
from models.observation import LivenessPlan


@dataclass(frozen=True, slots=True)
class RgbSettings:
    """The seed's settings in the seed's words. Scores and thresholds run from 0 to 1."""

    detection_scheme: str = "fused_multimodal"  # docs/measure/accuracy.md says why
    evaluate_liveness_over_n_frames: int = 10
    evaluate_fake_over_n_frames: int = 10
    minimum_confirmations_required: float = 0.6  # a ratio of a window's frames, not a count
    liveness_detection_threshold: float = 0.6
    fake_detection_threshold: float = 0.4
    minimum_preliminary_liveness_threshold: float = 0.3
    reuse_frames_for_fake: bool = False
    calibration_slope: float = 1.0  # of the line that makes the scheme's score a probability
    calibration_intercept: float = 0.0
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
        Calibration(self.calibration_slope, self.calibration_intercept)  # refuses one that falls

    @property
    def rule(self) -> Rule:
        return Rule(
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
            calibration=Calibration(self.calibration_slope, self.calibration_intercept),
        )
