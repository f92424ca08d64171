"""The keys of the profile pose mode: its gate leaves out what a walking, turning head breaks."""

from typing import Literal

from kioskd.config.attempts import Attempts
from kioskd.config.section import Field, Section, number
from kioskd.modes.pose.pose_settings import GATE, PoseSettings

POSE = PoseSettings()


class WalkGate(Section):
    """When a frame of a walking, turning person is fit to be evidence (docs/understand/gate.md)."""

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
    maximum_pitch_deg: float = number(
        GATE.maximum_pitch_deg, 1.0, 60.0, "degrees", "Head raised or lowered, at most."
    )
    maximum_roll_deg: float = number(
        GATE.maximum_roll_deg, 1.0, 60.0, "degrees", "Head tilted to a shoulder, at most."
    )


class PoseKeys(Section):
    """Which turn is asked for."""

    direction: Literal["left", "right", "either"] = Field(
        default=POSE.direction,
        description="The side to which people turn: their own left or right.",
        json_schema_extra={"x-looser": "neither"},
    )
    centre_pose_quality: float = number(
        POSE.centre_pose_quality,
        0.3,
        1.0,
        "",
        "Who looks at the camera has this or more.",
        looser="less",
    )
    centre_frames: int = number(
        POSE.centre_frames,
        1,
        30,
        "frames",
        "So many frames in a row must look at the camera.",
        looser="less",
    )
    profile_pose_quality: float = number(
        POSE.profile_pose_quality,
        0.05,
        0.55,
        "",
        "Who is in profile has this or less; below centre_pose_quality.",
        looser="more",
    )
    minimum_transit_s: float = number(
        POSE.minimum_transit_s, 0.05, 5.0, "s", "A turn takes so long; quicker ones are cuts."
    )
    minimum_growth: float = number(
        POSE.minimum_growth,
        0.1,
        10.0,
        "",
        "Height of the face in profile over that at the first look: 1.5 where people walk up"
        " to the door, 0.5 asks for nothing.",
    )
    minimum_parallax: float = number(
        POSE.minimum_parallax,
        0.08,
        1.0,
        "face sizes",
        "A head shows so much depth when it turns; less is a flat picture.",
    )


class ProfilePose(Attempts, PoseKeys):
    """Which turn is asked for, and how long it may take."""

    attempt_deadline_s: float = number(
        POSE.attempt.attempt_deadline_s,
        1.0,
        60.0,
        "s",
        "For the first look at the camera to come, then anew for the turn.",
        looser="neither",
    )
    cool_down_s: float = number(
        POSE.attempt.cool_down_s,
        0.0,
        300.0,
        "s",
        "Wait after an attempt that did not confirm.",
        looser="less",
    )
