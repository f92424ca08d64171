"""The one value that leaves the models: what was seen, with no opinion on it; and how to ask.

Whoever wants something measured says what, one by one, and is answered with the observation that
has it: a conversation.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import acos, cos, degrees, radians
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from feeds.frame import NoDepth
from models.embedding import Embedding
from models.schemes import Liveness, LivenessPlan, Passive

MissingDepth = NoDepth | Literal["no_camera"]  # the feed's camera is no depth camera
Box = tuple[float, float, float, float]  # x1, y1, x2, y2 in pixels of the frame
Mesh = NDArray[np.float32]  # (478, 3): x, y in pixels of the frame, z in the same scale
SURE = 0.905  # a face that the detector scores so much stands upright (models/face/upright.py)


class Measure(StrEnum):
    """What can be measured on a face. Nothing is computed that no mode asked for."""

    QUALITY = "quality"  # sharpness, contrast, brightness of the face crop; no network
    PICTURE = "picture"  # whether it is one for the liveness networks; no network
    POSE = "pose"  # the mesh, head pose and centre pose quality; one network
    BLENDSHAPES = "blendshapes"  # 52 expression scores from the mesh; one small network
    PASSIVE = "passive"  # what stands about the face and how it moves (models/passive); no network
    LIVENESS = "liveness"  # the networks of one detection scheme
    INFRARED = "infrared"  # how the face looks in infrared; the detector's network, over the mesh
    RELIEF = "relief"  # how the face stands out in depth; one tiny network, over the mesh
    IDENTITY = "identity"  # whose look it is, to be compared within one attempt; one network
    PASSAGE = "passage"  # how the picture of the face came about, of late; no network
    MOTION = "motion"  # how the face grew since the frame before, by optical flow; no network
    COVER = "cover"  # what hides parts of the face, over the mesh; one tiny network of numpy's


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Rotation of the head against the camera axis, degrees, 0 = facing the lens.

    yaw    positive when the subject turns to their own left (counter-clockwise from above)
    pitch  positive when the subject looks up
    roll   positive when the subject tilts towards their own left shoulder
    """

    yaw: float
    pitch: float
    roll: float

    @property
    def centre_pose_quality(self) -> float:
        """How frontal a face is: 1 = looks into the lens, 0 = profile or beyond.

        (1 - t / 90)**2, t the degrees between the nose's direction and the line to the camera,
        whichever way it points; tilting the head to a shoulder does not count. 15 degrees give
        0.69, 20.9 give 0.59, 30 give 0.44, 45 give 0.25.
        """
        away = degrees(acos(cos(radians(self.yaw)) * cos(radians(self.pitch))))
        return max(0.0, 1.0 - away / 90.0) ** 2


@dataclass(frozen=True, slots=True)
class ImageQuality:
    """Quality of the face crop, each 0..1 on a scale of our own (docs/understand/scales.md)."""

    sharpness: float
    contrast: float
    brightness: float


@dataclass(frozen=True, slots=True)
class Picture:
    """What was done to the picture as a whole (docs/understand/scales.md, "The picture").

    colour    spread of hues beyond one cast, of logarithms; 0 = grey
    redness   by which red outweighs green and blue in the face, logarithm; below 0 = no skin's
    discord   of the edges that two channels share, the part at which they go opposite ways, 0..1
    clumping  how much denser tones lie than in a smooth histogram; 1 = as smooth
    flatness  share of neighbouring pixels in the face that are alike to the last bit, 0..1
    blocks    steps on the grid of an encoder's blocks in steps elsewhere; 1 = no grid
    """

    colour: float
    redness: float
    discord: float
    clumping: float
    flatness: float
    blocks: float


@dataclass(frozen=True, slots=True)
class Motion:
    """How a face moved since the frame in which it was measured before.

    zoom  the face's size in that of the frame in which it was measured before; above 1 it came
          closer. None in the first, and where too few of its points could be followed
    """

    zoom: float | None


@dataclass(frozen=True, slots=True)
class Blend:
    """What the pictures between an earlier frame and this one are of the two.

    since_s  from how long ago
    frames   that lay half way; with none the others are 1
    mixed    what their means leave of them, shifted or not, in parts of the change: 0 = a
             cross-fade
    pushed   what a part of each leaves: 0 = one picture pushed over the other
    moved    what a shift of the earlier one leaves of the change: 0 = it was but moved
    """

    since_s: float
    frames: int
    mixed: float
    pushed: float
    moved: float = 1.0


@dataclass(frozen=True, slots=True)
class Passage:
    """How the picture of a face came about (models/passage.py).

    stir    how much more it changes over 0.4 s than from frame to frame: 1 = by noise alone. None
            until it was followed for so long
    grain   grey levels by which it changes from frame to frame; None as above
    blends  since several moments, the latest first
    jump    how many times its usual change what stands about the face made in this one frame
            (models/around.py); None where that is not known
    """

    stir: float | None
    grain: float | None
    blends: tuple[Blend, ...] = ()
    jump: float | None = None

    def since(self, seconds: float) -> Blend | None:
        """From so long ago, or else from the longest before in which something lay half way.

        None when nothing is known. A way that took longer than is known is told from its last part.
        """
        nearer = sum(blend.since_s < seconds for blend in self.blends)
        reach = self.blends[: nearer + 1]
        return next((blend for blend in reversed(reach) if blend.frames), next(iter(reach), None))


@dataclass(frozen=True, slots=True)
class Cover:
    """What hides parts of a face (models/cover.py).

    covered  of each area (models/stills/areas.py) how likely something lies over it, 0..1; None
             where it is not in the picture
    glare    of the subject's right and left eye: the share that is brighter than skin can be, 0..1
    """

    covered: Mapping[str, float | None]
    glare: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Relief:
    """What a depth camera says of one face.

    score        0 = a sheet or a wrong relief, 1 = a head; None if it could not be evaluated
    distance_m   of the face along the optical axis; None where nothing of it has depth
    valid_ratio  share of the face, inside its outline, that has depth, 0..1
    depth_gap_s  seconds between the colour image and its depth; None if that is not known
    no_depth     why there is none to look at
    by_measure   what the score rests on (models/relief/measures.py), for diagnostics
    """

    score: float | None
    distance_m: float | None
    valid_ratio: float
    depth_gap_s: float | None
    no_depth: MissingDepth | None
    by_measure: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Infrared:
    """What the infrared eye says of one face.

    score           0 = a screen or a print, 1 = live skin; None if it could not be evaluated
    infrared_gap_s  seconds between the colour and the infrared image; None if that is not known
    missing         why there is nothing to score
    by_measure      what the score rests on (models/infrared/infrared.py), for diagnostics
    """

    score: float | None
    infrared_gap_s: float | None
    missing: Literal["no_camera", "absent", "no_depth", "no_face"] | None
    by_measure: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One tracked face and what was measured on it. None = not measured, which never passes.

    track_id   stays the same while the tracker follows this face; never used twice
    box        the detector's own, not clipped to the frame
    score      the detector's confidence, 0..1
    detected   False where the tracker carried the box from the frame before
    missed     the detector looked for this face in this frame and did not see it: the tracker
               waits for it, and nothing is measured on it
    landmarks  (5, 2) pixels: right eye, left eye, nose tip, right and left mouth corner
               (right and left are the subject's own)
    """

    track_id: int
    box: Box
    score: float
    detected: bool
    missed: bool = False
    landmarks: NDArray[np.float32] | None = None
    quality: ImageQuality | None = None
    # Grey levels from frame to frame (docs/understand/scales.md); measured with quality
    change: float | None = None
    picture: Picture | None = None
    pose: HeadPose | None = None
    centre_pose_quality: float | None = None  # 0 = profile, 1 = facing the lens
    mesh: Mesh | None = None
    blendshapes: Mapping[str, float] | None = None
    passive: Passive | None = None
    liveness: Liveness | None = None
    motion: Motion | None = None
    passage: Passage | None = None
    cover: Cover | None = None
    relief: Relief | None = None
    infrared: Infrared | None = None
    identity: Embedding | None = None

    def has(self, measure: Measure) -> bool:
        """Whether it was measured: a measure has the name of the attribute that it fills."""
        return getattr(self, measure.value) is not None


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What the models saw in one frame. Faces stand largest first."""

    feed: str
    number: int  # the frame's
    session: int  # the frame's
    at: float  # the frame's captured_at: seconds, monotonic
    wall_time: float  # the frame's: unix seconds
    width: int  # pixels of the frame
    height: int
    faces: tuple[Face, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a mode asks to have measured next, on one face of the observation.

    track_id  the face's; None: of the picture as a whole, with or without faces, which nothing is
              said of: with Measure.PASSIVE it is remembered, and the background learned
    """

    track_id: int | None
    measures: frozenset[Measure]
    plan: LivenessPlan | None = None  # required with Measure.LIVENESS


T = TypeVar("T")
Conversation = Generator[Wanted, Observation, T]  # asks, is answered, and comes to a T
Measuring = Callable[[Observation, Wanted], Observation]


def answered(
    conversation: Conversation[T], seen: Observation, measure: Measuring
) -> tuple[Observation, T]:
    """What was seen in the end, and what the conversation came to."""
    try:
        wanted = next(conversation)
        while True:
            seen = measure(seen, wanted)
            wanted = conversation.send(seen)
    except StopIteration as end:
        return seen, end.value


def settled(conversation: Conversation[T], seen: Observation) -> T:
    """What a conversation comes to where nothing more can be measured."""
    return answered(conversation, seen, lambda seen, _: seen)[1]


def ask(face: Face, measure: Measure, plan: LivenessPlan | None = None) -> Conversation[Face]:
    """The face with a measure made of it, which is None where it could not be made.

    It is asked for once: what cannot be measured now cannot be by asking again. `plan` goes with
    Measure.LIVENESS.
    """
    if face.has(measure):
        return face
    seen = yield Wanted(face.track_id, frozenset({measure}), plan)
    return next(each for each in seen.faces if each.track_id == face.track_id)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0..1; 0 where a side is no number."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if not (width > 0.0 and height > 0.0):
        return 0.0
    shared = width * height
    own = (one[2] - one[0]) * (one[3] - one[1])
    union = own + (other[2] - other[0]) * (other[3] - other[1]) - shared
    return shared / union if union > 0.0 else 0.0


def area(box: Box) -> float:
    """Square pixels of a box."""
    x1, y1, x2, y2 = box
    return max(0.0, x2 - x1) * max(0.0, y2 - y1)


def room(box: Box, width: int, height: int) -> float:
    """The least room between a face and the border of its picture, in widths of the face."""
    x1, y1, x2, y2 = box
    return min(x1, y1, width - x2, height - y2) / max(x2 - x1, 1.0)
