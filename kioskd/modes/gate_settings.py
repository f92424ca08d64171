"""What a frame must be to be evidence: the gate's limits, and for which scheme they are asked.

Origins of the numbers: docs/understand/gate.md.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from kioskd.modes.setting import Choice, Number, settings_in
from models.schemes import FUSED, SCHEMES

FacePolicy = Literal["one", "largest"]


@dataclass(frozen=True, slots=True)
class GateSettings:
    """Limits of a fit frame. Origins of the numbers: docs/understand/gate.md."""

    face_policy: Annotated[
        FacePolicy,
        Choice(
            "one: a second face in view stops the attempt; largest: the largest counts.", "largest"
        ),
    ] = "one"
    numbers: Annotated[
        Literal["own", "safr"],
        Choice(
            "own: the fused scheme asks for what its networks were measured to need, a face of"
            " 100 px and no room around it; safr: it asks for SAFR's numbers, as the others do.",
            "neither",
        ),
    ] = "own"
    bystander_share: Annotated[
        float,
        Number(
            0.0,
            1.0,
            "",
            "A face smaller than this share of the largest one's sides is a bystander far behind,"
            " and no second person; 0: nobody is.",
            "more",
        ),
    ] = 0.5
    minimum_face_size_px: Annotated[
        float | None,
        Number(
            40.0,
            2000.0,
            "px",
            "Shorter side of the face box, at least; none: 150, and with the fused scheme's own"
            " numbers 100.",
        ),
    ] = None
    maximum_face_share: Annotated[
        float, Number(0.05, 1.0, "", "Share of the frame's area the face box covers.")
    ] = 0.5  # of the frame's area
    minimum_border_px: Annotated[
        float, Number(0.0, 500.0, "px", "Room between the face box and every edge.")
    ] = 10.0  # between the box and every edge of the frame
    maximum_drift: Annotated[
        float,
        Number(
            0.01,
            1.0,
            "face widths",
            "Movement of the face over the frames that count within a second.",
        ),
    ] = 0.10  # of the box's centre
    hybrid_margin_left: Annotated[
        float, Number(0.0, 2.0, "face widths", "Room left of the face.", "neither")
    ] = 0.35  # room in box widths; asked only for the hybrid model
    hybrid_margin_right: Annotated[
        float, Number(0.0, 2.0, "face widths", "Room right of the face.", "neither")
    ] = 0.35
    hybrid_margin_above: Annotated[
        float, Number(0.0, 2.0, "face heights", "Room above the face.", "neither")
    ] = 0.20  # room in box heights
    hybrid_margin_below: Annotated[
        float, Number(0.0, 2.0, "face heights", "Room below the face.", "neither")
    ] = 0.50
    minimum_sharpness: Annotated[
        float, Number(0.0, 1.0, "", "Sharpness of the face, at least.")
    ] = 0.25
    minimum_contrast: Annotated[float, Number(0.0, 1.0, "", "Contrast of the face, at least.")] = (
        0.12
    )
    minimum_brightness: Annotated[
        float, Number(0.0, 1.0, "", "Brightness of the face, at least.")
    ] = 0.15
    maximum_brightness: Annotated[
        float, Number(0.0, 1.0, "", "Brightness of the face, at most.")
    ] = 0.9
    minimum_change: Annotated[
        float,
        Number(
            0.0,
            20.0,
            "grey levels",
            "Change of the face from frame to frame, at least: a hanging camera sends none. 0:"
            " do not ask.",
        ),
    ] = 0.15  # grey levels from frame to frame; 0: do not ask
    minimum_centre_pose_quality: Annotated[
        float, Number(0.0, 1.0, "", "1: facing the lens, 0: profile.")
    ] = 0.59
    maximum_yaw_deg: Annotated[
        float, Number(1.0, 90.0, "degrees", "Head turned left or right, at most.")
    ] = 20.0
    maximum_pitch_deg: Annotated[
        float, Number(1.0, 90.0, "degrees", "Head raised or lowered, at most.")
    ] = 20.0
    maximum_roll_deg: Annotated[
        float, Number(1.0, 90.0, "degrees", "Head tilted to a shoulder, at most.")
    ] = 20.0


UNITS = {
    each.name: each.note.unit
    for each in settings_in(GateSettings())
    if isinstance(each.note, Number)
}
FACE_PX, FUSED_FACE_PX = 150.0, 100.0  # SAFR's number, and docs/measure/gate.md's


def goes_by_own(numbers: str | None, scheme: str) -> bool:
    """Whether a scheme's gate goes by what its networks were measured to need, not by SAFR's."""
    return scheme == FUSED and numbers == "own"


def suited(limits: GateSettings, scheme: str) -> GateSettings:
    """The limits for a scheme, with how large a face must be where nobody wrote it."""
    if limits.minimum_face_size_px is not None:
        return limits
    own = goes_by_own(limits.numbers, scheme)
    return replace(limits, minimum_face_size_px=FUSED_FACE_PX if own else FACE_PX)


def asks_room(limits: GateSettings, scheme: str) -> bool:
    """Whether room around the face is asked for: for the hybrid model, as SAFR does.

    The fused scheme's networks judge as well without (docs/measure/gate.md).
    """
    return "hybrid" in SCHEMES[scheme].models and not goes_by_own(limits.numbers, scheme)
