"""The face gate: is this frame's face fit to be evidence?

docs/understand/gate.md explains every check.
Cheapest first: the box alone, then the crop's quality, then the head's pose, which the mesh may
have said of a frame before (mesh_word.py). A stage is measured only when the one before it passed.
What is not measured never passes, and every comparison is written so that NaN fails it.
"""

import math
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from kioskd.modes import judgeable_picture, mesh_word
from kioskd.modes.drive import Conversation, ask
from kioskd.modes.finding import Finding, failed
from kioskd.modes.reasons import Reason
from kioskd.modes.setting import Choice, Number, settings_in
from kioskd.modes.stillness import Trail
from models.observation import Box, Face, HeadPose, ImageQuality, Measure, Observation
from models.schemes import FUSED, SCHEMES

FacePolicy = Literal["one", "largest"]
Refusal = tuple[Reason, ...]  # empty: nothing is refused
Findings = tuple[Finding, ...]
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
        self._word: mesh_word.Word | None = None
        self._trail = Trail()
        self._fit = False  # whether the frame that was examined last passed
        self.findings: Findings = ()  # of that frame: what each check found that was made

    def examine(self, seen: Observation, face: Face) -> Conversation[tuple[Face, Refusal]]:
        """The face with what was measured on it, and which checks failed: none when it is fit.

        They are those of the first stage that fails. `findings` then has what each check found.
        """
        self.findings = ()
        face, failed = yield from self._stages(seen, face)
        self._fit = not failed
        return face, failed

    def survey(self, seen: Observation, face: Face) -> Findings:
        """What every check finds that can be made of what was measured, for who looks on.

        It asks for nothing and changes nothing. Of a frame that was examined, `findings` has what
        decided; this tells of the checks that were not reached as well.
        """
        found = self._geometry(seen, face)
        if face.quality is not None:
            found += self._quality_findings(face.quality)
        if self._colours and face.picture is not None and judgeable_picture.is_told(face.picture):
            found += judgeable_picture.findings(face.picture)
        if face.change is not None and self._limits.minimum_change > 0.0:
            found += (self._change_finding(face.change),)
        if face.pose is not None and face.centre_pose_quality is not None:
            found += self._facing(face.pose, face.centre_pose_quality)
        return tuple(one for one in found if math.isfinite(one.limit))

    def room(self, face: Face) -> Box:
        """The part of the picture that must be in view around a face, as a box in pixels."""
        limits, (x1, y1, x2, y2) = self._limits, face.box
        border, wide, high = limits.minimum_border_px, x2 - x1, y2 - y1
        shares = (
            (
                limits.hybrid_margin_left * wide,
                limits.hybrid_margin_above * high,
                limits.hybrid_margin_right * wide,
                limits.hybrid_margin_below * high,
            )
            if self._margins
            else (0.0, 0.0, 0.0, 0.0)
        )
        left, above, right, below = (max(border, share) for share in shares)
        return x1 - left, y1 - above, x2 + right, y2 + below

    def _stages(self, seen: Observation, face: Face) -> Conversation[tuple[Face, Refusal]]:
        if face.missed:  # an old box: what stands in it now is not known to be a face
            return face, (Reason.FACE_MISSED,)
        if refused := self._found(self._geometry(seen, face)):
            return face, refused
        face = yield from ask(face, Measure.QUALITY)
        if self._colours and face.quality is not None:
            face = yield from ask(face, Measure.PICTURE)
        if refused := (self._quality(face) + self._picture(face)) or self._change(face):
            return face, refused
        if self._vouched(seen, face):
            return face, ()
        face = yield from ask(face, Measure.POSE)
        refused = self._pose(face.pose, face.centre_pose_quality)
        self._word = None if refused else mesh_word.given(seen, face)
        return face, refused

    def follow(self, seen: Observation, face: Face) -> None:
        """Remember where the face is. Call it once per frame, after all else."""
        self._trail = self._trail.followed(face, seen.at, self._fit)
        self._fit = False

    def _found(self, findings: Findings) -> Refusal:
        """Which of these refuse the frame; all are kept, but for those whose limit nobody set."""
        self.findings += tuple(one for one in findings if math.isfinite(one.limit))
        return failed(findings)

    def _geometry(self, seen: Observation, face: Face) -> Findings:
        """The checks of the box alone."""
        limits, (x1, y1, x2, y2) = self._limits, face.box
        width, height = x2 - x1, y2 - y1
        border = min(x1, y1, seen.width - x2, seen.height - y2)
        share = width * height / (seen.width * seen.height)
        drift = self._trail.drift(face, seen.at)
        return (
            _least(
                "minimum_face_size_px", Reason.FACE_TOO_SMALL, min(width, height), self._least_px
            ),
            _most("maximum_face_share", Reason.FACE_TOO_LARGE, share, limits.maximum_face_share),
            _least("minimum_border_px", Reason.FACE_NEAR_BORDER, border, limits.minimum_border_px),
            *(self._room(seen, face) if self._margins else ()),
            _most("maximum_drift", Reason.MOVING, drift, limits.maximum_drift),
        )

    def _room(self, seen: Observation, face: Face) -> Findings:
        """The hybrid model's margins, in the box's own width and height."""
        limits, (x1, y1, x2, y2) = self._limits, face.box
        right, below = seen.width - x2, seen.height - y2
        width, height = x2 - x1, y2 - y1
        return (
            _margin("left", Reason.MARGIN_LEFT, x1, width, limits.hybrid_margin_left),
            _margin("right", Reason.MARGIN_RIGHT, right, width, limits.hybrid_margin_right),
            _margin("above", Reason.MARGIN_ABOVE, y1, height, limits.hybrid_margin_above),
            _margin("below", Reason.MARGIN_BELOW, below, height, limits.hybrid_margin_below),
        )

    def _quality(self, face: Face) -> Refusal:
        quality = face.quality
        if quality is None or not _finite(quality.sharpness, quality.contrast, quality.brightness):
            return (Reason.NOT_MEASURED,)
        return self._found(self._quality_findings(quality))

    def _quality_findings(self, quality: ImageQuality) -> Findings:
        limits = self._limits
        sharp, contrast, bright = quality.sharpness, quality.contrast, quality.brightness
        return (
            _least("minimum_sharpness", Reason.BLURRY, sharp, limits.minimum_sharpness),
            _least("minimum_contrast", Reason.LOW_CONTRAST, contrast, limits.minimum_contrast),
            _least("minimum_brightness", Reason.TOO_DARK, bright, limits.minimum_brightness),
            _most("maximum_brightness", Reason.TOO_BRIGHT, bright, limits.maximum_brightness),
        )

    def _picture(self, face: Face) -> Refusal:
        """What the liveness networks cannot judge is unknown: neither live nor an attack."""
        if not self._colours or face.quality is None:
            return ()
        if face.picture is None or not judgeable_picture.is_told(face.picture):
            return (Reason.NOT_MEASURED,)
        return self._found(judgeable_picture.findings(face.picture))[:1]

    def _change(self, face: Face) -> Refusal:
        """A picture that stands still is no living face, however sharp it is."""
        if self._limits.minimum_change <= 0.0:
            return ()
        if face.change is None:  # of the first frames of a track nobody can know it
            return (Reason.JUST_SEEN,)
        return self._found((self._change_finding(face.change),))

    def _change_finding(self, change: float) -> Finding:
        least = self._limits.minimum_change
        return _least("minimum_change", Reason.STILL_PICTURE, change, least)

    def _vouched(self, seen: Observation, face: Face) -> bool:
        """Whether the mesh's word on a frame before is good enough for this one too."""
        if self._exact or self._word is None:
            return False
        worst = self._word.now(seen, face)
        return worst is not None and not failed(self._facing(worst, worst.centre_pose_quality))

    def _pose(self, pose: HeadPose | None, centre: float | None) -> Refusal:
        if pose is None or centre is None:  # the mesh found no face it could turn: a hand, say
            return (Reason.NOT_MEASURED,)
        if not _finite(pose.yaw, pose.pitch, pose.roll, centre):
            return (Reason.NOT_MEASURED,)
        return self._found(self._facing(pose, centre))

    def _facing(self, pose: HeadPose, centre: float) -> Findings:
        limits = self._limits
        return (
            *facing(limits, pose),
            _least(
                "minimum_centre_pose_quality",
                Reason.CENTRE_POSE_LOW,
                centre,
                limits.minimum_centre_pose_quality,
            ),
        )


def facing(limits: GateSettings, pose: HeadPose) -> Findings:
    """Whether the head faces the camera, axis by axis."""
    yaw, pitch, roll = abs(pose.yaw), abs(pose.pitch), abs(pose.roll)
    return (
        _most("maximum_yaw_deg", Reason.HEAD_TURNED, yaw, limits.maximum_yaw_deg),
        _most("maximum_pitch_deg", Reason.HEAD_PITCHED, pitch, limits.maximum_pitch_deg),
        _most("maximum_roll_deg", _tilted(pose.roll), roll, limits.maximum_roll_deg),
    )


def _tilted(roll: float) -> Reason:
    return Reason.HEAD_TILTED if abs(roll) < LAID_DEG else Reason.PICTURE_TURNED


def _finite(*values: float) -> bool:
    return all(map(math.isfinite, values))


def _least(key: str, reason: Reason, value: float, limit: float) -> Finding:
    return Finding(key, reason, value, limit, "least", UNITS[key])


def _most(key: str, reason: Reason, value: float, limit: float) -> Finding:
    return Finding(key, reason, value, limit, "most", UNITS[key])


def _margin(side: str, reason: Reason, room: float, face: float, limit: float) -> Finding:
    """Of the room at a side, in the box's own width or height; a box of none has no room."""
    return _least(f"hybrid_margin_{side}", reason, room / face if face > 0.0 else -math.inf, limit)
