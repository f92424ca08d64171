"""The settings of the profile pose mode."""

import math
from dataclasses import dataclass, field
from typing import Annotated

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.pose.turning import Direction, TurnRule
from kioskd.modes.setting import Choice, Flat, Number

ATTEMPT = AttemptSettings(attempt_deadline_s=8.0, cool_down_s=0.5)
# People walk and turn, and begin far away: no stillness, no limit on yaw, smaller faces. These
# limits leave the frame to the turn itself.
GATE = GateSettings(
    minimum_face_size_px=60.0,
    minimum_border_px=0.0,
    maximum_drift=math.inf,
    minimum_sharpness=0.15,
    minimum_centre_pose_quality=0.0,
    maximum_yaw_deg=math.inf,
    maximum_pitch_deg=30.0,
    maximum_roll_deg=30.0,
)


@dataclass(frozen=True, slots=True)
class PoseSettings:
    """The turn that is asked for. Qualities run from 0 (profile) to 1 (facing the lens)."""

    direction: Annotated[
        Direction,
        Choice("The side to which people turn: their own left or right.", "neither"),
    ] = "either"
    centre_pose_quality: Annotated[
        float, Number(0.3, 1.0, "", "Who looks at the camera has this or more.", "less")
    ] = 0.59
    centre_frames: Annotated[
        int, Number(1, 30, "frames", "So many frames in a row must look at the camera.", "less")
    ] = 3
    profile_pose_quality: Annotated[
        float,
        Number(
            0.05, 0.55, "", "Who is in profile has this or less; below centre_pose_quality.", "more"
        ),
    ] = 0.3
    minimum_transit_s: Annotated[
        float, Number(0.05, 5.0, "s", "A turn takes so long; quicker ones are cuts.")
    ] = 0.2
    minimum_growth: Annotated[
        float,
        Number(
            0.1,
            10.0,
            "",
            "Height of the face in profile over that at the first look: 1.5 where people walk"
            " up to the door, 0.5 asks for nothing.",
        ),
    ] = 0.5  # face height in profile over that at the first look
    minimum_parallax: Annotated[
        float,
        Number(
            0.08,
            1.0,
            "face sizes",
            "A head shows so much depth when it turns; less is a flat picture.",
        ),
    ] = 0.11  # face sizes; photographs that are moved stay at 0.07
    attempt: Annotated[
        AttemptSettings,
        Flat(
            sentences={
                "attempt_deadline_s": "For the first look at the camera to come, then anew for the"
                " turn."
            }
        ),
    ] = field(default_factory=lambda: ATTEMPT)

    def __post_init__(self) -> None:
        """Refuse what would take any face for a turned one, whoever built these settings."""
        if not 0.0 <= self.profile_pose_quality < self.centre_pose_quality <= 1.0:
            raise ValueError("qualities must keep 0 <= profile < centre <= 1")
        if self.centre_frames < 1 or not self.minimum_transit_s > 0.0:
            raise ValueError("a turn needs a frame before it, and some time")
        if not self.minimum_growth > 0.0:
            raise ValueError("minimum_growth is a ratio above 0")
        if not self.minimum_parallax >= 0.08:
            raise ValueError("minimum_parallax must be above what flat pictures of a turn give")

    @property
    def rule(self) -> TurnRule:
        return TurnRule(
            direction=self.direction,
            centre_pose_quality=self.centre_pose_quality,
            centre_frames=self.centre_frames,
            profile_pose_quality=self.profile_pose_quality,
            minimum_transit_s=self.minimum_transit_s,
            minimum_growth=self.minimum_growth,
            maximum_gap_s=self.attempt.maximum_gap_s,
        )
