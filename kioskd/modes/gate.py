"""The face gate: is this frame's face fit to be evidence?

docs/understand/gate.md explains every check.
Cheapest first: the box alone, then the crop's quality, then the head's pose, which the mesh may
have said of a frame before (word.py). A stage is measured only when the one before it passed.
What is not measured never passes, and every comparison is written so that NaN fails it.
"""

import math
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from kioskd.modes import picture, word
from kioskd.modes.drive import Conversation, ask
from kioskd.modes.reasons import Reason
from kioskd.modes.setting import Choice, Number
from kioskd.modes.stillness import Trail
from models.mesh.facing import centre_pose_quality
from models.observation import Face, HeadPose, Measure, Observation
from models.schemes import FUSED, SCHEMES

FacePolicy = Literal["one", "largest"]
Refusal = tuple[Reason, ...]  # empty: nothing is refused
Check = tuple[bool, Reason]  # whether it passed, and what to say if not
LAID_DEG = 60.0  # no standing person tilts the head so far: it is the picture that is turned


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


FACE_PX, FUSED_FACE_PX = 150.0, 100.0  # SAFR's number, and docs/measure/gate.md's


def suited(limits: GateSettings, scheme: str) -> GateSettings:
    """The limits for a scheme, with how large a face must be where nobody wrote it."""
    if limits.minimum_face_size_px is not None:
        return limits
    own = scheme == FUSED and limits.numbers == "own"
    return replace(limits, minimum_face_size_px=FUSED_FACE_PX if own else FACE_PX)


def asks_room(limits: GateSettings, scheme: str) -> bool:
    """Whether room around the face is asked for: for the hybrid model, as SAFR does.

    The fused scheme's networks judge as well without (docs/measure/gate.md).
    """
    own = scheme == FUSED and limits.numbers == "own"
    return "hybrid" in SCHEMES[scheme].models and not own


def gate_for(limits: GateSettings, scheme: str | None, *, exact: bool) -> "Gate":
    """The gate of a mode that judges colours by a detection scheme, or (None) judges none."""
    if scheme is None:
        return Gate(limits, margins=False, exact=exact)
    room = asks_room(limits, scheme)
    return Gate(suited(limits, scheme), margins=room, exact=exact, colours=True)


class Gate:
    """The gate of one feed. It remembers where the face was lately.

    margins  whether the hybrid model's room around the face is asked for
    exact    whether the pose of every frame is measured, or the mesh's word is kept for a while
    colours  whether the picture must be one that the liveness networks can judge
    """

    def __init__(
        self, settings: GateSettings, margins: bool, *, exact: bool = True, colours: bool = False
    ) -> None:
        self._limits = settings
        least = settings.minimum_face_size_px
        self._least_px = FACE_PX if least is None else least
        self._margins = margins
        self._exact = exact
        self._colours = colours
        self._word: word.Word | None = None
        self._trail = Trail()
        self._fit = False  # whether the frame that was examined last passed

    def examine(self, seen: Observation, face: Face) -> Conversation[tuple[Face, Refusal]]:
        """The face with what was measured on it, and which checks failed: none when it is fit.

        They are those of the first stage that fails.
        """
        face, failed = yield from self._stages(seen, face)
        self._fit = not failed
        return face, failed

    def _stages(self, seen: Observation, face: Face) -> Conversation[tuple[Face, Refusal]]:
        if failed := self._geometry(seen, face):
            return face, failed
        face = yield from ask(face, Measure.QUALITY)
        if self._colours and face.quality is not None:
            face = yield from ask(face, Measure.PICTURE)
        if failed := (self._quality(face) + self._picture(face)) or self._change(face):
            return face, failed
        if self._vouched(seen, face):
            return face, ()
        face = yield from ask(face, Measure.POSE)
        failed = self._pose(face.pose, face.centre_pose_quality)
        self._word = None if failed else word.given(seen, face)
        return face, failed

    def follow(self, seen: Observation, face: Face) -> None:
        """Remember where the face is. Call it once per frame, after all else."""
        self._trail = self._trail.followed(face, seen.at, self._fit)
        self._fit = False

    def _geometry(self, seen: Observation, face: Face) -> Refusal:
        """The checks of the box alone."""
        if face.missed:  # an old box: what stands in it now is not known to be a face
            return (Reason.FACE_MISSED,)
        limits, (x1, y1, x2, y2) = self._limits, face.box
        width, height = x2 - x1, y2 - y1
        border = min(x1, y1, seen.width - x2, seen.height - y2)
        share = width * height / (seen.width * seen.height)
        room = self._room(seen, face) if self._margins else ()
        return _failed(
            (min(width, height) >= self._least_px, Reason.FACE_TOO_SMALL),
            (share <= limits.maximum_face_share, Reason.FACE_TOO_LARGE),
            (border >= limits.minimum_border_px, Reason.FACE_NEAR_BORDER),
            *room,
            (self._trail.drift(face, seen.at) <= limits.maximum_drift, Reason.MOVING),
        )

    def _room(self, seen: Observation, face: Face) -> tuple[Check, ...]:
        """The hybrid model's margins, in the box's own width and height."""
        limits, (x1, y1, x2, y2) = self._limits, face.box
        width, height = x2 - x1, y2 - y1
        return (
            (x1 >= limits.hybrid_margin_left * width, Reason.MARGIN_LEFT),
            (seen.width - x2 >= limits.hybrid_margin_right * width, Reason.MARGIN_RIGHT),
            (y1 >= limits.hybrid_margin_above * height, Reason.MARGIN_ABOVE),
            (seen.height - y2 >= limits.hybrid_margin_below * height, Reason.MARGIN_BELOW),
        )

    def _quality(self, face: Face) -> Refusal:
        limits, quality = self._limits, face.quality
        if quality is None or not _finite(quality.sharpness, quality.contrast, quality.brightness):
            return (Reason.NOT_MEASURED,)
        return _failed(
            (quality.sharpness >= limits.minimum_sharpness, Reason.BLURRY),
            (quality.contrast >= limits.minimum_contrast, Reason.LOW_CONTRAST),
            (quality.brightness >= limits.minimum_brightness, Reason.TOO_DARK),
            (quality.brightness <= limits.maximum_brightness, Reason.TOO_BRIGHT),
        )

    def _picture(self, face: Face) -> Refusal:
        """What the liveness networks cannot judge is unknown: neither live nor an attack."""
        if not self._colours or face.quality is None:
            return ()
        said = Reason.NOT_MEASURED if face.picture is None else picture.fault(face.picture)
        return () if said is None else (said,)

    def _change(self, face: Face) -> Refusal:
        """A picture that stands still is no living face, however sharp it is."""
        least = self._limits.minimum_change
        if least <= 0.0:
            return ()
        if face.change is None:  # of the first frames of a track nobody can know it
            return (Reason.JUST_SEEN,)
        return _failed((face.change >= least, Reason.STILL_PICTURE))

    def _vouched(self, seen: Observation, face: Face) -> bool:
        """Whether the mesh's word on a frame before is good enough for this one too."""
        if self._exact or self._word is None:
            return False
        worst = self._word.now(seen, face)
        return worst is not None and not self._pose(worst, centre_pose_quality(worst))

    def _pose(self, pose: HeadPose | None, centre: float | None) -> Refusal:
        limits = self._limits
        if pose is None or centre is None:  # the mesh found no face it could turn: a hand, say
            return (Reason.NOT_MEASURED,)
        if not _finite(pose.yaw, pose.pitch, pose.roll, centre):
            return (Reason.NOT_MEASURED,)
        return _failed(
            (abs(pose.yaw) <= limits.maximum_yaw_deg, Reason.HEAD_TURNED),
            (abs(pose.pitch) <= limits.maximum_pitch_deg, Reason.HEAD_PITCHED),
            (abs(pose.roll) <= limits.maximum_roll_deg, _tilted(pose.roll)),
            (centre >= limits.minimum_centre_pose_quality, Reason.CENTRE_POSE_LOW),
        )


def _tilted(roll: float) -> Reason:
    return Reason.HEAD_TILTED if abs(roll) < LAID_DEG else Reason.PICTURE_TURNED


def _finite(*values: float) -> bool:
    return all(map(math.isfinite, values))


def _failed(*checks: Check) -> Refusal:
    return tuple(reason for passed, reason in checks if not passed)
