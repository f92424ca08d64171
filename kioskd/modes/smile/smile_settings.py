"""The settings of the smile."""

from dataclasses import dataclass, field
from typing import Annotated

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.depth.depth_settings import ReliefSettings
from kioskd.modes.joined_with import JoinedWith
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.setting import Flat, Number
from kioskd.modes.smile.smiling import SmileRule


@dataclass(frozen=True, slots=True)
class SmileSettings:
    """What counts as a smile. Scores run from 0 to 1; docs/understand/modes.md has their origin."""

    pre_smile_delay_s: Annotated[
        float, Number(0.1, 10.0, "s", "The face must be neutral for so long first.", "less")
    ] = 0.5
    smile_duration_s: Annotated[
        float, Number(0.1, 10.0, "s", "The smile must last so long.", "less")
    ] = 0.7
    smile_threshold: Annotated[
        float, Number(0.1, 1.0, "", "A smile begins with this score or more.", "less")
    ] = 0.6
    neutral_threshold: Annotated[
        float,
        Number(
            0.05,
            1.0,
            "",
            "A face that scores less is neutral, and a smile ends; not above smile_threshold.",
            "more",
        ),
    ] = 0.3
    joined_with: JoinedWith = "rgb"
    attempt: Annotated[AttemptSettings, Flat()] = field(default_factory=AttemptSettings)
    rgb: RgbSettings = field(default_factory=RgbSettings)
    relief: ReliefSettings = field(default_factory=ReliefSettings)

    def __post_init__(self) -> None:
        """Refuse what would take any face for a smile, whoever built these settings."""
        if not 0.0 < self.neutral_threshold <= self.smile_threshold <= 1.0:
            raise ValueError("thresholds must keep 0 < neutral <= smile <= 1")
        if not (self.pre_smile_delay_s > 0.0 and self.smile_duration_s > 0.0):
            raise ValueError("a neutral face and a smile must both last for some time")

    @property
    def rule(self) -> SmileRule:
        return SmileRule(
            pre_smile_delay_s=self.pre_smile_delay_s,
            smile_duration_s=self.smile_duration_s,
            smile_threshold=self.smile_threshold,
            neutral_threshold=self.neutral_threshold,
        )
