"""The settings of the modes that look with a depth camera."""

from dataclasses import dataclass, field
from typing import Annotated

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.confirm import CautionSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.setting import Flat, Number
from kioskd.modes.windows import Windows


@dataclass(frozen=True, slots=True)
class ReliefSettings(Windows):
    """When a frame's depth is evidence, and what it must say."""

    minimum_distance_m: Annotated[
        float, Number(0.2, 4.5, "m", "The face's distance, at least.")
    ] = 0.5
    maximum_distance_m: Annotated[
        float,
        Number(
            0.3,
            4.5,
            "m",
            "The face's distance, at most; beyond 2 m depth gets coarse"
            " (docs/install/realsense.md).",
        ),
    ] = 4.5
    minimum_valid_ratio: Annotated[
        float, Number(0.3, 1.0, "", "Share of the face that has depth, at least.")
    ] = 0.6  # share of the face that has depth
    maximum_depth_gap_s: Annotated[
        float,
        Number(
            0.001,
            0.2,
            "s",
            "Between the colour image and its depth, at most; one frame at 30 a second.",
        ),
    ] = 0.034  # between colour and depth: one frame at 30 a second


@dataclass(frozen=True, slots=True)
class InfraredSettings(Windows):
    """When a frame's infrared image is evidence, and what it must say."""

    maximum_infrared_gap_s: Annotated[
        float,
        Number(
            0.001,
            0.2,
            "s",
            "Between the colour and the infrared image, at most; one frame at 30 a second.",
        ),
    ] = 0.034  # between colour and infrared
    caution: Annotated[CautionSettings, Flat()] = field(default_factory=CautionSettings)
    attempt: Annotated[AttemptSettings, Flat()] = field(default_factory=AttemptSettings)


@dataclass(frozen=True, slots=True)
class DepthSettings:
    """3D liveness."""

    relief: Annotated[ReliefSettings, Flat()] = field(default_factory=ReliefSettings)
    caution: Annotated[CautionSettings, Flat()] = field(default_factory=CautionSettings)
    attempt: Annotated[AttemptSettings, Flat()] = field(default_factory=AttemptSettings)


@dataclass(frozen=True, slots=True)
class DepthLivenessSettings(DepthSettings):
    """Depth liveness: the same evidence as 3D liveness, by LivenessEngine's name."""


@dataclass(frozen=True, slots=True)
class Rgb3dSettings:
    """RGB liveness and 3D liveness, of one face in one attempt; the attempt's are `rgb`'s."""

    rgb: RgbSettings = field(default_factory=RgbSettings)
    relief: ReliefSettings = field(default_factory=ReliefSettings)
