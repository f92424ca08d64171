"""The settings of RGB liveness, in the seed's words."""

from dataclasses import dataclass, field
from typing import Annotated

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.confirm import CautionSettings, Rule
from kioskd.modes.setting import Choice, Flat, Number
from kioskd.modes.windows import Windows
from models.schemes import SCHEMES, Calibration, LivenessPlan


@dataclass(frozen=True, slots=True)
class RgbSettings(Windows):
    """The seed's settings in the seed's words. Scores and thresholds run from 0 to 1."""

    detection_scheme: Annotated[
        str,
        Choice(
            "Which networks look, and how their scores become one (docs/understand/modes.md).",
            "neither",
            tuple(SCHEMES),
        ),
    ] = "fused_multimodal"  # docs/measure/accuracy.md says why
    minimum_preliminary_liveness_threshold: Annotated[
        float,
        Number(
            0.0,
            1.0,
            "",
            "Strict, normal and tolerant schemes: when the texture model scores less, the"
            " context model is not asked; not above liveness_detection_threshold.",
        ),
    ] = 0.3
    reuse_frames_for_fake: Annotated[
        bool,
        Choice(
            "Look for an attack in the frames already seen, instead of in new ones: quicker, less"
            " thorough.",
            "true",
        ),
    ] = False
    calibration_slope: Annotated[
        float,
        Number(
            0.01,
            10.0,
            "",
            "Slope of the line, on the logit, that makes the scheme's score a probability;"
            " `kioskd calibrate` fits it to the scheme.",
            "neither",
        ),
    ] = 1.0  # of the line that makes the scheme's score a probability
    calibration_intercept: Annotated[
        float, Number(-20.0, 20.0, "", "Intercept of that line.", "neither")
    ] = 0.0
    passive_evidence: Annotated[
        bool,
        Choice(
            "Let what stands about the face, and how it moves, weigh against life, in the fused"
            " scheme (docs/understand/passive.md).",
            "false",
        ),
    ] = True
    caution: Annotated[CautionSettings, Flat()] = field(default_factory=CautionSettings)
    attempt: Annotated[AttemptSettings, Flat()] = field(default_factory=AttemptSettings)

    def __post_init__(self) -> None:
        """Refuse what could confirm without evidence, whoever built these settings."""
        Windows.__post_init__(self)
        if (
            not 0.0
            <= self.minimum_preliminary_liveness_threshold
            <= self.liveness_detection_threshold
        ):
            raise ValueError("the preliminary threshold must not exceed the liveness threshold")
        Calibration(self.calibration_slope, self.calibration_intercept)  # refuses one that falls

    @property
    def rule(self) -> Rule:
        return self._rule(reuse_frames=self.reuse_frames_for_fake)

    @property
    def plan(self) -> LivenessPlan:
        return LivenessPlan(
            scheme=self.detection_scheme,
            live=self.liveness_detection_threshold,
            preliminary=self.minimum_preliminary_liveness_threshold,
            calibration=Calibration(self.calibration_slope, self.calibration_intercept),
            passive=self.passive_evidence,
        )
