"""The keys of the modes that look with a depth camera."""

from kioskd.config.attempts import Attempts
from kioskd.config.section import Section, number
from kioskd.modes.depth.depth_settings import InfraredSettings, ReliefSettings

RELIEF = ReliefSettings()
INFRARED = InfraredSettings()


class Windows(Section):
    """The two windows of frames; the words are those of SAFR's settings for RGB liveness."""

    evaluate_liveness_over_n_frames: int = number(
        RELIEF.evaluate_liveness_over_n_frames,
        1,
        100,
        "frames",
        "Frames in which to look for life.",
        looser="less",
    )
    evaluate_fake_over_n_frames: int = number(
        RELIEF.evaluate_fake_over_n_frames,
        1,
        100,
        "frames",
        "Frames in which to look for an attack, after life was not found.",
        looser="neither",
    )
    minimum_confirmations_required: float = number(
        RELIEF.minimum_confirmations_required,
        0.1,
        1.0,
        "",
        "Ratio of the N frames that must agree.",
    )
    liveness_detection_threshold: float = number(
        RELIEF.liveness_detection_threshold,
        0.1,
        1.0,
        "",
        "A frame that scores this or more speaks for life.",
        looser="less",
    )
    fake_detection_threshold: float = number(
        RELIEF.fake_detection_threshold,
        0.0,
        1.0,
        "",
        "A frame that scores less than this speaks for an attack; not above"
        " liveness_detection_threshold.",
        looser="less",
    )


class Relief(Windows):
    """When depth is evidence, and how a head is told from a sheet."""

    minimum_distance_m: float = number(
        RELIEF.minimum_distance_m, 0.2, 4.5, "m", "The face's distance, at least."
    )
    maximum_distance_m: float = number(
        RELIEF.maximum_distance_m,
        0.3,
        4.5,
        "m",
        "The face's distance, at most; beyond 2 m depth gets coarse (docs/install/realsense.md).",
    )
    minimum_valid_ratio: float = number(
        RELIEF.minimum_valid_ratio, 0.3, 1.0, "", "Share of the face that has depth, at least."
    )
    maximum_depth_gap_s: float = number(
        RELIEF.maximum_depth_gap_s,
        0.001,
        0.2,
        "s",
        "Between the colour image and its depth, at most; one frame at 30 a second.",
    )


class Liveness3d(Attempts, Relief):
    """When depth is evidence, how a head is told from a sheet, and how long it may take."""


class Infrared(Attempts, Windows):
    """When infrared is evidence, and how long it may take."""

    maximum_infrared_gap_s: float = number(
        INFRARED.maximum_infrared_gap_s,
        0.001,
        0.2,
        "s",
        "Between the colour and the infrared image, at most; one frame at 30 a second.",
    )
