"""The doors' keys: one kind of door for each mode. docs/understand/modes.md explains what they do.

Defaults are those of the modes' own settings in kioskd/modes.
"""

from typing import Annotated, Literal

from kioskd.config.attempts import Attempts
from kioskd.config.challenges import Challenge, Sequence
from kioskd.config.depth import Infrared, Liveness3d, Relief
from kioskd.config.pose import ProfilePose, WalkGate
from kioskd.config.section import Field, Name, Section, name, number
from kioskd.modes.gate import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile.smile_settings import SmileSettings

GATE = GateSettings()
RGB = RgbSettings()
SMILE = SmileSettings()

Scheme = Literal[  # the keys of models.schemes.SCHEMES
    "texture_unimodal",
    "context_unimodal",
    "hybrid_unimodal",
    "context_multimodal",
    "strict_multimodal",
    "normal_multimodal",
    "tolerant_multimodal",
    "fused_multimodal",
]


class Gate(Section):
    """When a frame's face is fit to be evidence (docs/understand/gate.md defines each scale)."""

    face_policy: Literal["one", "largest"] = Field(
        default=GATE.face_policy,
        description="one: a second face in view stops the attempt; largest: the largest counts.",
        json_schema_extra={"x-looser": "largest"},
    )
    minimum_face_size_px: float = number(
        GATE.minimum_face_size_px, 40.0, 2000.0, "px", "Shorter side of the face box, at least."
    )
    maximum_face_share: float = number(
        GATE.maximum_face_share, 0.05, 1.0, "", "Share of the frame's area the face box covers."
    )
    minimum_border_px: float = number(
        GATE.minimum_border_px, 0.0, 500.0, "px", "Room between the face box and every edge."
    )
    maximum_drift: float = number(
        GATE.maximum_drift, 0.01, 1.0, "face widths", "Movement of the face over one second."
    )
    hybrid_margin_left: float = number(
        GATE.hybrid_margin_left, 0.0, 2.0, "face widths", "Room left of the face.", looser="neither"
    )
    hybrid_margin_right: float = number(
        GATE.hybrid_margin_right,
        0.0,
        2.0,
        "face widths",
        "Room right of the face.",
        looser="neither",
    )
    hybrid_margin_above: float = number(
        GATE.hybrid_margin_above, 0.0, 2.0, "face heights", "Room above the face.", looser="neither"
    )
    hybrid_margin_below: float = number(
        GATE.hybrid_margin_below, 0.0, 2.0, "face heights", "Room below the face.", looser="neither"
    )
    minimum_sharpness: float = number(
        GATE.minimum_sharpness, 0.0, 1.0, "", "Sharpness of the face, at least."
    )
    minimum_contrast: float = number(
        GATE.minimum_contrast, 0.0, 1.0, "", "Contrast of the face, at least."
    )
    minimum_brightness: float = number(
        GATE.minimum_brightness, 0.0, 1.0, "", "Brightness of the face, at least."
    )
    maximum_brightness: float = number(
        GATE.maximum_brightness, 0.0, 1.0, "", "Brightness of the face, at most."
    )
    minimum_change: float = number(
        GATE.minimum_change,
        0.0,
        20.0,
        "grey levels",
        "Change of the face from frame to frame, at least: a hanging camera sends none. 0: do"
        " not ask.",
    )
    minimum_centre_pose_quality: float = number(
        GATE.minimum_centre_pose_quality, 0.0, 1.0, "", "1: facing the lens, 0: profile."
    )
    maximum_yaw_deg: float = number(
        GATE.maximum_yaw_deg, 1.0, 90.0, "degrees", "Head turned left or right, at most."
    )
    maximum_pitch_deg: float = number(
        GATE.maximum_pitch_deg, 1.0, 90.0, "degrees", "Head raised or lowered, at most."
    )
    maximum_roll_deg: float = number(
        GATE.maximum_roll_deg, 1.0, 90.0, "degrees", "Head tilted to a shoulder, at most."
    )


class RgbModels(Section):
    """How live is told from fake; the words are those of SAFR's settings. The defaults come from a
    run of `kioskd calibrate` (docs/measure/accuracy.md, "Where the defaults come from")."""

    detection_scheme: Scheme = Field(
        default="fused_multimodal",
        description="Which of the models texture, context and hybrid look, and how their scores"
        " become one (docs/understand/modes.md).",
        json_schema_extra={"x-looser": "neither"},
    )
    evaluate_liveness_over_n_frames: int = number(
        RGB.evaluate_liveness_over_n_frames,
        1,
        100,
        "frames",
        "Frames in which to look for life.",
        looser="less",
    )
    evaluate_fake_over_n_frames: int = number(
        RGB.evaluate_fake_over_n_frames,
        1,
        100,
        "frames",
        "Frames in which to look for an attack, after life was not found.",
        looser="neither",
    )
    minimum_confirmations_required: float = number(
        RGB.minimum_confirmations_required, 0.1, 1.0, "", "Ratio of the N frames that must agree."
    )
    liveness_detection_threshold: float = number(
        RGB.liveness_detection_threshold,
        0.1,
        1.0,
        "",
        "A frame that scores this or more speaks for life.",
        looser="less",
    )
    fake_detection_threshold: float = number(
        RGB.fake_detection_threshold,
        0.0,
        1.0,
        "",
        "A frame that scores less than this speaks for an attack; not above"
        " liveness_detection_threshold.",
        looser="less",
    )
    minimum_preliminary_liveness_threshold: float = number(
        RGB.minimum_preliminary_liveness_threshold,
        0.0,
        1.0,
        "",
        "Strict, normal and tolerant schemes: when the texture model scores less, the context"
        " model is not asked; not above liveness_detection_threshold.",
    )
    reuse_frames_for_fake: bool = Field(
        default=RGB.reuse_frames_for_fake,
        description="Look for an attack in the frames already seen, instead of in new ones:"
        " quicker, less thorough.",
        json_schema_extra={"x-looser": "true"},
    )
    calibration_slope: float = number(
        RGB.calibration_slope,
        0.01,
        10.0,
        "",
        "Slope of the line, on the logit, that makes the scheme's score a probability; `kioskd"
        " calibrate` fits it to the scheme.",
        looser="neither",
    )
    calibration_intercept: float = number(
        RGB.calibration_intercept, -20.0, 20.0, "", "Intercept of that line.", looser="neither"
    )


class RgbLiveness(Attempts, RgbModels):
    """How live is told from fake, and how long it may take."""


class Door(Section):
    """What doors of all modes share."""

    feed: Name = name("Name of the feed that watches this door; one feed, one door.")


class RgbDoor(Door):
    """Secure access with RGB liveness: a person who looks at the camera is live, or is not."""

    mode: Literal["secure_access_rgb_liveness"] = Field(description="What is asked of a person.")
    gate: Gate = Field(default=Gate(), description="When a frame is fit to be evidence.")
    rgb_liveness: RgbLiveness = Field(
        default=RgbLiveness(), description="How live is told from fake."
    )


class SmileKeys(Section):
    """What counts as a smile."""

    pre_smile_delay_s: float = number(
        SMILE.pre_smile_delay_s,
        0.1,
        10.0,
        "s",
        "The face must be neutral for so long first.",
        looser="less",
    )
    smile_duration_s: float = number(
        SMILE.smile_duration_s, 0.1, 10.0, "s", "The smile must last so long.", looser="less"
    )
    smile_threshold: float = number(
        SMILE.smile_threshold,
        0.1,
        1.0,
        "",
        "A smile begins with this score or more.",
        looser="less",
    )
    neutral_threshold: float = number(
        SMILE.neutral_threshold,
        0.05,
        1.0,
        "",
        "A face that scores less is neutral, and a smile ends; not above smile_threshold.",
        looser="more",
    )


class Smile(Attempts, SmileKeys):
    """What counts as a smile, and how long it may take."""


class PoseDoor(Door):
    """Secure access with profile pose: a person who looks at the camera, then turns away."""

    mode: Literal["secure_access_profile_pose"] = Field(description="What is asked of a person.")
    gate: WalkGate = Field(default=WalkGate(), description="When a frame is fit to be evidence.")
    profile_pose: ProfilePose = Field(default=ProfilePose(), description="Which turn is asked for.")


class SmileDoor(Door):
    """Secure access with smile: a person who looks neutral, then smiles when asked."""

    mode: Literal["secure_access_smile"] = Field(description="What is asked of a person.")
    gate: Gate = Field(default=Gate(), description="When a frame is fit to be evidence.")
    smile: Smile = Field(default=Smile(), description="What counts as a smile.")


class SmileRgbDoor(Door):
    """Secure access with smile and RGB liveness: both, by the same face, in one attempt."""

    mode: Literal["secure_access_smile_rgb_liveness"] = Field(
        description="What is asked of a person."
    )
    gate: Gate = Field(default=Gate(), description="When a frame is fit to be evidence.")
    smile: Smile = Field(
        default=Smile(), description="What counts as a smile, and how long both may take."
    )
    rgb_liveness: RgbModels = Field(default=RgbModels(), description="How live is told from fake.")


class ChallengeDoor(Door):
    """A challenge: a person does what is asked of everybody."""

    mode: Literal["challenge"] = Field(description="What is asked of a person.")
    gate: Gate = Field(default=Gate(), description="When a frame is fit to be evidence.")
    challenge: Challenge = Field(
        default=Challenge(), description="Which action is asked for, and what counts as done."
    )


class SequenceDoor(Door):
    """A sequence of challenges: a person does several actions, in an order drawn by chance."""

    mode: Literal["challenge_sequence"] = Field(description="What is asked of a person.")
    gate: Gate = Field(default=Gate(), description="When a frame is fit to be evidence.")
    sequence: Sequence = Field(
        default=Sequence(), description="Which actions are asked for, and what counts as done."
    )


class Depth3dDoor(Door):
    """Secure access with 3D liveness: a person before a depth camera is a head, or a sheet."""

    mode: Literal["secure_access_3d_liveness"] = Field(description="What is asked of a person.")
    gate: Gate = Field(default=Gate(), description="When a frame is fit to be evidence.")
    liveness_3d: Liveness3d = Field(
        default=Liveness3d(), description="When depth is evidence, and how long it may take."
    )


class DepthDoor(Door):
    """Depth liveness: the same evidence as 3D liveness, by LivenessEngine's name."""

    mode: Literal["depth_liveness"] = Field(description="What is asked of a person.")
    gate: Gate = Field(default=Gate(), description="When a frame is fit to be evidence.")
    liveness_3d: Liveness3d = Field(
        default=Liveness3d(), description="When depth is evidence, and how long it may take."
    )


class InfraredDoor(Door):
    """Infrared liveness: a face that looks like skin to the infrared eye of a depth camera."""

    mode: Literal["infrared_liveness"] = Field(description="What is asked of a person.")
    gate: Gate = Field(default=Gate(), description="When a frame is fit to be evidence.")
    infrared: Infrared = Field(
        default=Infrared(), description="When infrared is evidence, and how long it may take."
    )


class Rgb3dDoor(Door):
    """Secure access with RGB and 3D liveness: both, by the same face, in one attempt."""

    mode: Literal["secure_access_rgb_3d_liveness"] = Field(description="What is asked of a person.")
    gate: Gate = Field(default=Gate(), description="When a frame is fit to be evidence.")
    rgb_liveness: RgbLiveness = Field(
        default=RgbLiveness(), description="How live is told from fake, and how long it may take."
    )
    liveness_3d: Relief = Field(default=Relief(), description="When depth is evidence.")


AnyDoor = Annotated[
    RgbDoor
    | PoseDoor
    | SmileDoor
    | SmileRgbDoor
    | ChallengeDoor
    | SequenceDoor
    | Depth3dDoor
    | DepthDoor
    | InfraredDoor
    | Rgb3dDoor,
    Field(discriminator="mode"),
]
