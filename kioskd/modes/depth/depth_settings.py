"""The settings of the modes that look with a depth camera."""

from dataclasses import dataclass, field
from typing import Literal

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.confirm import Rule
from kioskd.modes.rgb.rgb_settings import RgbSettings

DepthMode = Literal["secure_access_3d_liveness", "depth_liveness"]


@dataclass(frozen=True, slots=True)
class Windows:
    """The two windows of frames, as in RGB liveness. Scores and thresholds run from 0 to 1."""

    evaluate_liveness_over_n_frames: int = 10
    evaluate_fake_over_n_frames: int = 10
    minimum_confirmations_required: float = 0.6  # a ratio of a window's frames, not a count
    liveness_detection_threshold: float = 0.6
    fake_detection_threshold: float = 0.4

    def __post_init__(self) -> None:
        """Refuse what could confirm without evidence, whoever built these settings."""
        live, fake = self.liveness_detection_threshold, self.fake_detection_threshold
        if not 0.0 < self.minimum_confirmations_required <= 1.0:
            raise ValueError("minimum_confirmations_required must be above 0 and at most 1")
        if min(self.evaluate_liveness_over_n_frames, self.evaluate_fake_over_n_frames) < 1:
            raise ValueError("a window needs at least one frame")
        if not 0.0 <= fake <= live <= 1.0 or live == 0.0:
            raise ValueError("thresholds must keep 0 <= fake <= live <= 1, and live above 0")

    @property
    def rule(self) -> Rule:
        return Rule(
            live_frames=self.evaluate_liveness_over_n_frames,
            fake_frames=self.evaluate_fake_over_n_frames,
            minimum_confirmations=self.minimum_confirmations_required,
            live_threshold=self.liveness_detection_threshold,
            fake_threshold=self.fake_detection_threshold,
        )


@dataclass(frozen=True, slots=True)
class ReliefSettings(Windows):
    """When a frame's depth is evidence, and what it must say."""

    minimum_distance_m: float = 0.5
    maximum_distance_m: float = 4.5
    minimum_valid_ratio: float = 0.6  # share of the face that has depth
    maximum_depth_gap_s: float = 0.034  # between colour and depth: one frame at 30 a second


@dataclass(frozen=True, slots=True)
class InfraredSettings(Windows):
    """When a frame's infrared image is evidence, and what it must say."""

    maximum_infrared_gap_s: float = 0.034  # between colour and infrared
    attempt: AttemptSettings = field(default_factory=AttemptSettings)


@dataclass(frozen=True, slots=True)
class DepthSettings:
    """3D liveness, and depth liveness, which is the same evidence by another name."""

    mode: DepthMode = "secure_access_3d_liveness"
    relief: ReliefSettings = field(default_factory=ReliefSettings)
    attempt: AttemptSettings = field(default_factory=AttemptSettings)


@dataclass(frozen=True, slots=True)
class Rgb3dSettings:
    """RGB liveness and 3D liveness, of one face in one attempt; the attempt's are `rgb`'s."""

    rgb: RgbSettings = field(default_factory=RgbSettings)
    relief: ReliefSettings = field(default_factory=ReliefSettings)
