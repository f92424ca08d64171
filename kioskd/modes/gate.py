"""The face gate: is this frame's face fit to be evidence?

docs/understand/gate.md explains every check. Cheapest first: the box alone, then the crop's quality
and the picture, then the head's pose, which the mesh may have said of a frame before. A stage is
measured only when the one before it passed. What is not measured never passes, and every comparison
is written so that NaN fails it.

What a check found is a `Finding`: the value, its limit, and how far the one is from the other. The
gate refuses a frame by these and by nothing else, so the log, diagnostics, the record and whoever
looks on say the very numbers that decided. Evidence that refuses no frame, such as a liveness
score, is told in the same form.

Stillness: a face that has walked up and stands need not have stood for a second before its first
frame counts: of frames that were refused only the last SETTLED_S are looked at. The frames that
count must lie close to each other, though, over WINDOW_S, so that a slow drift ends them too.

The picture: its limits are no settings, for they say where the liveness networks stop being right
and not what a site likes. Beyond them a living person is called an attack, or an attack live; both
must be unknown. docs/measure/gate.md, "The picture", has each limit's figures.

The mesh's word: the mesh is two thirds of what a frame costs, and a head that faced the camera a
moment ago still does if the detector's five points have hardly moved. So its word on a fit face is
kept for a second, and counts for as long as they say that the head has turned by a few degrees at
most and stands well within the limits. What is near them, or has moved, is for the mesh to say.

The five points' shape is their place about their middle, in units of their spread: where the face
is and how large does not matter. That tells little of how a head stands, since no two faces are
alike and YuNet's points lean less than the head does; but of one face it tells well how little has
changed.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from math import dist, isfinite, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kioskd.modes.gate_settings import FACE_PX, UNITS, GateSettings, asks_room, suited
from kioskd.modes.reasons import Reason
from models.observation import (
    SURE,
    Box,
    Conversation,
    Face,
    HeadPose,
    ImageQuality,
    Measure,
    Observation,
    Picture,
    ask,
)

Bound = Literal["least", "most"]
Refusal = tuple[Reason, ...]  # empty: nothing is refused
LAID_DEG = 60.0  # no standing person tilts the head so far: it is the picture that is turned

WINDOW_S = 1.0  # the seed: "fairly still for at least 1 second"
SETTLED_S = 0.25  # long enough to tell standing from a slow step at 10 frames a second

MINIMUM_COLOUR = 0.15  # at half of it the networks call one living person in four an attack
MINIMUM_REDNESS = -0.06  # no skin, of whatever shade, is greener or bluer than this
MAXIMUM_DISCORD = 0.05
MAXIMUM_CLUMPING = 1.45
MAXIMUM_FLATNESS = 0.6
MAXIMUM_BLOCKS = 1.75

# What each measure's limit is, and what is said beyond it; a cause before what it brings with it:
# without colour there is no hue to be false, and compression takes tones away as well.
PICTURE_LIMITS: tuple[tuple[str, Reason, float, Bound], ...] = (
    ("colour", Reason.NO_COLOUR, MINIMUM_COLOUR, "least"),
    ("blocks", Reason.COMPRESSED, MAXIMUM_BLOCKS, "most"),
    ("clumping", Reason.FEW_TONES, MAXIMUM_CLUMPING, "most"),
    ("flatness", Reason.COMPRESSED, MAXIMUM_FLATNESS, "most"),
    ("redness", Reason.FALSE_COLOURS, MINIMUM_REDNESS, "least"),
    ("discord", Reason.FALSE_COLOURS, MAXIMUM_DISCORD, "most"),
)

WORD_HOLDS_S = 1.0  # seconds of observation time
MOST_TURN_DEG = 4.0  # that the points may have turned the head by since, about any axis
MOST_CHANGE = 0.06  # of the points' shape, also such as no turn of a head makes
MARGIN_DEG = 5.0  # that must be left to every limit

PointsShape = tuple[float, ...]  # x and y of each of the five points in turn

# Degrees of yaw, pitch and roll per unit of change, by rows as a PointsShape: a ridge regression
# over pairs of frames of one clip up to a second apart, and pictures turned by known angles
# (scripts/measure_glance --fit).
DEGREES = (
    (-7.5, 12.4, 68.5),
    (-17.5, 22.3, 129.2),
    (-48.0, -0.4, 81.9),
    (-3.8, 4.2, -116.7),
    (85.5, -6.8, -14.2),
    (16.8, -31.0, 5.6),
    (-32.3, -3.3, -51.1),
    (-10.3, 5.6, -50.6),
    (2.3, -1.9, -85.1),
    (14.8, -1.1, 32.5),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Of one frame.

    key     the limit's name: as in config.yaml, or a measure's whose limit is no setting
            (docs/understand/gate.md)
    reason  what is said where it fails; None of evidence, which refuses nothing by itself
    value   as it was measured, in the limit's unit; None where it was not
    bound   whether the limit is the least that passes, or the most
    """

    key: str
    reason: Reason | None
    value: float | None
    limit: float
    bound: Bound = "least"
    unit: str = ""

    @property
    def passed(self) -> bool:
        """What was not measured passes nothing, and neither does what is no number."""
        if self.value is None:
            return False
        least, most = (
            (self.limit, self.value) if self.bound == "least" else (self.value, self.limit)
        )
        return least <= most

    @property
    def margin(self) -> float | None:
        """How much better than the limit it is; less than 0: how much is missing."""
        if self.value is None or not math.isfinite(self.value):
            return None
        return self.value - self.limit if self.bound == "least" else self.limit - self.value


def failed(findings: Iterable[Finding]) -> tuple[Reason, ...]:
    """Why these refuse the frame; empty: they do not."""
    return tuple(one.reason for one in findings if one.reason is not None and not one.passed)


Findings = tuple[Finding, ...]


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
        self._word: MeshWord | None = None
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
        if self._colours and face.picture is not None and picture_is_told(face.picture):
            found += picture_findings(face.picture)
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
        self._word = None if refused else mesh_word(seen, face)
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
        if face.picture is None or not picture_is_told(face.picture):
            return (Reason.NOT_MEASURED,)
        return self._found(picture_findings(face.picture))[:1]

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


@dataclass(frozen=True, slots=True)
class Point:
    """Where the box's centre was, in pixels, and whether that frame passed the whole gate."""

    at: float
    x: float
    y: float
    fit: bool


@dataclass(frozen=True, slots=True)
class Trail:
    """Where one track's box centre was lately, oldest first."""

    track_id: int | None = None
    points: tuple[Point, ...] = ()

    def followed(self, face: Face, at: float, fit: bool) -> "Trail":
        """The trail with this frame added; another track begins a trail of its own."""
        return Trail(face.track_id, (*self._recent(face, at), Point(at, *_centre(face.box), fit)))

    def drift(self, face: Face, at: float) -> float:
        """The farthest the centre now is from where it was, in face widths.

        0 for a face just seen: there is as much history as there is.
        """
        x, y = _centre(face.box)
        width = face.box[2] - face.box[0]
        if width <= 0:
            return math.inf
        recent = self._recent(face, at)
        return max((math.hypot(x - one.x, y - one.y) for one in recent), default=0.0) / width

    def _recent(self, face: Face, at: float) -> tuple[Point, ...]:
        if face.track_id != self.track_id:
            return ()
        return tuple(
            one for one in self.points if at - one.at <= (WINDOW_S if one.fit else SETTLED_S)
        )


def _centre(box: Box) -> tuple[float, float]:
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2, (y1 + y2) / 2


def picture_is_told(picture: Picture) -> bool:
    """Whether all of it is numbers."""
    return all(isfinite(getattr(picture, measure)) for measure, *_ in PICTURE_LIMITS)


def picture_findings(picture: Picture) -> tuple[Finding, ...]:
    """What each check found. The first that fails is what is wrong with the picture."""
    return tuple(
        Finding(measure, reason, getattr(picture, measure), limit, bound)
        for measure, reason, limit, bound in PICTURE_LIMITS
    )


def picture_fault(picture: Picture) -> Reason | None:
    """What is wrong with the picture; None: nothing that the networks could not judge."""
    if not picture_is_told(picture):
        return Reason.NOT_MEASURED
    return next(iter(failed(picture_findings(picture))), None)


@dataclass(frozen=True, slots=True)
class MeshWord:
    """What the mesh said of a fit face, and the five points it was said of."""

    track_id: int
    at: float
    pose: HeadPose
    shape: PointsShape

    def now(self, seen: Observation, face: Face) -> HeadPose | None:
        """The farthest that the head may be turned now; None where the mesh must be asked.

        Each angle is made worse by the margin. Only a face that the detector saw in this very
        frame, and of which it is sure, can be compared.
        """
        if face.track_id != self.track_id or face.landmarks is None or not face.detected:
            return None
        if not (face.score >= SURE and 0.0 <= seen.at - self.at <= WORD_HOLDS_S):
            return None
        points = points_shape(face.landmarks)
        by = turned_by(self.shape, points)
        if not shapes_apart(self.shape, points) <= MOST_CHANGE:
            return None
        if not max(abs(by.yaw), abs(by.pitch), abs(by.roll)) <= MOST_TURN_DEG:
            return None
        pose = self.pose
        return HeadPose(
            abs(pose.yaw + by.yaw) + MARGIN_DEG,
            abs(pose.pitch + by.pitch) + MARGIN_DEG,
            abs(pose.roll + by.roll) + MARGIN_DEG,
        )


def mesh_word(seen: Observation, face: Face) -> MeshWord | None:
    """The word that a face's measured pose is; None where there is nothing to compare it with."""
    if face.pose is None or face.landmarks is None:
        return None
    return MeshWord(face.track_id, seen.at, face.pose, points_shape(face.landmarks))


def points_shape(landmarks: NDArray[np.float32]) -> PointsShape:
    """The shape of (5, 2) landmarks; all nought where they lie in one point."""
    points: list[list[float]] = landmarks.tolist()
    x, y = (sum(side) / len(points) for side in zip(*points, strict=True))
    about = [place for point in points for place in (point[0] - x, point[1] - y)]
    spread = sqrt(sum(place * place for place in about))
    return tuple(place / spread for place in about) if spread > 0.0 else (0.0,) * len(about)


def shapes_apart(before: PointsShape, now: PointsShape) -> float:
    """How unlike two shapes are: 0 = alike, 1.4 = nothing in common."""
    return dist(before, now)


def turned_by(before: PointsShape, now: PointsShape) -> HeadPose:
    """By how much a head seems to have turned from one shape to the other, degrees."""
    yaw = pitch = roll = 0.0
    for one, other, (to_yaw, to_pitch, to_roll) in zip(before, now, DEGREES, strict=True):
        change = other - one
        yaw, pitch, roll = yaw + to_yaw * change, pitch + to_pitch * change, roll + to_roll * change
    return HeadPose(yaw, pitch, roll)
