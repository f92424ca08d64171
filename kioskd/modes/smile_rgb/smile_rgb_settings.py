"""The settings of the smile with RGB liveness."""

from dataclasses import dataclass, field

from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile.smile_settings import SmileSettings


@dataclass(frozen=True, slots=True)
class SmileRgbSettings:
    """A smile, and RGB liveness meanwhile. One attempt: its bounds stand in `smile.attempt`."""

    smile: SmileSettings = field(default_factory=SmileSettings)
    rgb: RgbSettings = field(default_factory=RgbSettings)
