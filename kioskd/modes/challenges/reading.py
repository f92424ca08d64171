"""What one frame says of one person's actions, as numbers."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from statistics import median

from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.reasons import Reason
from models.mesh.expression import expression, smile
from models.observation import Face, Measure, Mesh, Observation, Passage


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one frame says of a face, as far as actions are told by it.

    yaw, pitch, roll  degrees, as in HeadPose
    mouth, eyebrows   as in models.expression; eyes are (right, left)
    mesh              of the face
    smile             0..1; None where nobody asked for it
    side              the root of the face box's area, pixels
    ratio             the face box's width in heights
    zoom              how the face grew since the frame before, by optical flow; None as above,
                      or where the flow could not be told
    passage           how the picture came about
    """

    at: float
    yaw: float
    pitch: float
    roll: float
    mouth: float
    eyes: tuple[float, float]
    eyebrows: tuple[float, float]
    mesh: Mesh
    side: float
    ratio: float
    smile: float | None = None
    zoom: float | None = None
    passage: Passage | None = None


def measures(kinds: Collection[Challenge]) -> tuple[Measure, ...]:
    """What these actions are read from, beyond the pose, which the gate asks for by itself."""
    scores = (Measure.BLENDSHAPES,) if Challenge.SMILE in kinds else ()
    return (*scores, Measure.MOTION) if Challenge.FLOW in kinds else scores


def read(seen: Observation, face: Face, kinds: Collection[Challenge]) -> Reading | Reason:
    """The reading; or why there is none: NOT_MEASURED, or INTERNAL for what is no number."""
    if face.mesh is None or face.pose is None:
        return Reason.NOT_MEASURED
    shown = expression(face.mesh)
    smiling = smile(face.blendshapes) if face.blendshapes else None
    if Challenge.SMILE in kinds and smiling is None:
        return Reason.NOT_MEASURED
    if shown is None:
        return Reason.INTERNAL
    x1, y1, x2, y2 = face.box
    reading = Reading(
        seen.at,
        face.pose.yaw,
        face.pose.pitch,
        face.pose.roll,
        shown.mouth_opening,
        shown.eyes,
        shown.eyebrows,
        face.mesh,
        side=math.sqrt(max(0.0, (x2 - x1) * (y2 - y1))),
        ratio=(x2 - x1) / (y2 - y1) if y2 > y1 else math.inf,
        smile=smiling,
        zoom=None if face.motion is None else face.motion.zoom,
        passage=face.passage,
    )
    return reading if _sound(reading) else Reason.INTERNAL


def _sound(reading: Reading) -> bool:
    """Numbers, all of them, and lengths that a face can have."""
    angles = (reading.yaw, reading.pitch, reading.roll, reading.ratio)
    lengths = (reading.mouth, *reading.eyes, *reading.eyebrows, reading.side)
    optional = [value for value in (reading.smile, reading.zoom) if value is not None]
    if not all(map(math.isfinite, (*angles, *lengths, *optional))):
        return False
    scores = reading.smile is None or 0.0 <= reading.smile <= 1.0
    return scores and min(lengths) >= 0.0 and reading.side > 0.0 and min(reading.eyebrows) > 0.0


def resting(readings: Sequence[Reading]) -> Reading:
    """The reference of an attempt: the median of the frames in which the person was at rest."""

    def middle(of: Callable[[Reading], float]) -> float:
        return median(map(of, readings))

    return Reading(
        readings[-1].at,
        middle(lambda r: r.yaw),
        middle(lambda r: r.pitch),
        middle(lambda r: r.roll),
        middle(lambda r: r.mouth),
        (middle(lambda r: r.eyes[0]), middle(lambda r: r.eyes[1])),
        (middle(lambda r: r.eyebrows[0]), middle(lambda r: r.eyebrows[1])),
        readings[-1].mesh,
        middle(lambda r: r.side),
        middle(lambda r: r.ratio),
    )
