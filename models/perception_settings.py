"""The settings of a feed's eye. It loads no library: the configuration takes its defaults here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PerceptionSettings:
    """How faces are looked for, and from when and how long one counts.

    detector_long_side  pixels of the small copy the detector looks at, a multiple of 32
    detector_min_score  a detection counts from this confidence on, 0..1
    detect_every        the detector looks at every k-th frame, and tracks are carried between
    confirm             a face counts from so many detections on
    forget_s            seconds without a detection after which a track ends
    """

    detector_long_side: int = 320
    detector_min_score: float = 0.6
    detect_every: int = 1
    confirm: int = 2
    forget_s: float = 0.5


USUAL = PerceptionSettings()
