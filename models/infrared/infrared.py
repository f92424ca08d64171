"""Does the infrared eye see this face where the colour eye does, and does it look like skin?

A rule, not a network: there was next to no real infrared to train one with.
docs/install/realsense.md says what it rests on and where it ends.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from feeds.frame import Frame, InfraredImage, Intrinsics, Rig
from feeds.imaging import resize
from models.face.faces import Detection, Detector, small_copy
from models.network_file import NetworkError
from models.observation import Box, Infrared, Mesh, overlap
from models.relief.patch import lay_out
from models.session import Network

ROOM = 2.2  # sides of the face box that are searched
SIDE = 192  # pixels of the copy that the detector looks at
CERTAIN = 0.6  # of the detector
FACE = 64  # pixels of the face that texture is measured on
EYE = 0.14  # half a side of the square about an eye, in face widths
# Where each measure begins to speak for life, and from where on it does so fully.
OFFSET = (0.25, 0.12)  # face widths between where depth says the face is and where it is found
BRIGHTNESS = (0.08, 0.2)  # mean of the face, 0..1: a screen is dark
CONTRAST = (0.06, 0.14)  # spread of the face's grey in its mean: a print is flat
GLINT = (0.02, 0.08)  # how far the brightest spot of an eye stands out, 0..1


@dataclass(frozen=True, slots=True)
class Look:
    """What the infrared image shows of a face that was found there."""

    offset: float
    brightness: float
    contrast: float
    glint: float

    @property
    def score(self) -> float:
        """As sure as the weakest of its measures."""
        return min(
            _ramp(self.offset, OFFSET),
            _ramp(self.brightness, BRIGHTNESS),
            _ramp(self.contrast, CONTRAST),
            _ramp(self.glint, GLINT),
        )


def read_infrared(network: Network, frame: Frame, mesh: Mesh, landmarks: Mesh) -> Infrared:
    """The infrared look of the face with this mesh; `network` is the face detector's."""
    rig, image = frame.rig, frame.infrared
    if rig is None:
        return Infrared(None, None, "no_camera")
    if image is None or rig.infrared is None:
        return Infrared(None, None, "absent")
    distance_mm = None if frame.depth is None else lay_out(frame.depth, mesh, rig.color).distance_mm
    if distance_mm is None:
        return Infrared(None, frame.infrared_gap_s, "no_depth")
    expected = carried(landmarks, distance_mm, rig)
    box = _box(carried(mesh, distance_mm, rig))
    try:
        found = _found(network, image, box)
    except NetworkError:
        return Infrared(None, frame.infrared_gap_s, None)
    if found is None:
        return Infrared(None, frame.infrared_gap_s, "no_face")
    look = looked(image, found, expected)
    return Infrared(look.score, frame.infrared_gap_s, None, _named(look))


def carried(points: NDArray[np.floating], distance_mm: float, rig: Rig) -> NDArray[np.float64]:
    """(N, 2) pixels of the infrared image, of (N, 2+) pixels of the colours at a distance."""
    color, eye = rig.color, rig.infrared
    assert eye is not None
    x = (points[:, 0] - color.cx) / color.fx * distance_mm
    y = (points[:, 1] - color.cy) / color.fy * distance_mm
    seen = np.column_stack((x, y, np.full_like(x, distance_mm))) - rig.translation
    return _pixels(seen @ np.reshape(rig.rotation, (3, 3)), eye)


def looked(image: InfraredImage, found: Detection, expected: NDArray[np.floating]) -> Look:
    """`expected`: (5, 2) where depth says that the landmarks are."""
    width = found.box[2] - found.box[0]
    off = (found.landmarks - expected).mean(axis=0)
    face = _cut(image, found.box)
    grey = resize(face, (FACE, FACE), "area").astype(np.float64)
    core = grey[FACE // 4 : -FACE // 6, FACE // 6 : -FACE // 6]
    eyes = [_glint(image, eye, EYE * width) for eye in found.landmarks[:2]]
    return Look(
        offset=hypot(float(off[0]), float(off[1])) / width,
        brightness=float(core.mean()) / 255.0,
        contrast=float(core.std() / max(core.mean(), 1.0)),
        glint=max(eyes),
    )


def _found(network: Network, image: InfraredImage, box: Box) -> Detection | None:
    """The face that lies over the expected box, in pixels of the infrared image."""
    x1, y1, x2, y2 = box
    reach = max(x2 - x1, y2 - y1) * ROOM / 2
    height, width = image.shape
    left, top = max(0, int((x1 + x2) / 2 - reach)), max(0, int((y1 + y2) / 2 - reach))
    right = min(width, int((x1 + x2) / 2 + reach) + 1)
    bottom = min(height, int((y1 + y2) / 2 + reach) + 1)
    if right - left < 16 or bottom - top < 16:
        return None
    crop = np.repeat(image[top:bottom, left:right, None], 3, axis=2)  # one channel to three
    small = small_copy(crop, SIDE)
    scale = crop.shape[1] / small.shape[1]
    for face in Detector(network, CERTAIN).detect(small, scale):
        moved = Detection(
            (face.box[0] + left, face.box[1] + top, face.box[2] + left, face.box[3] + top),
            face.score,
            face.landmarks + np.array((left, top), np.float32),
        )
        if overlap(box, moved.box) >= 0.3:
            return moved
    return None


def _pixels(points: NDArray[np.floating], eye: Intrinsics) -> NDArray[np.float64]:
    flat = points[:, :2] / points[:, 2:] * (eye.fx, eye.fy) + (eye.cx, eye.cy)
    return np.asarray(flat, np.float64)


def _box(points: NDArray[np.floating]) -> Box:
    (x1, y1), (x2, y2) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return x1, y1, x2, y2


def _cut(image: InfraredImage, box: Box) -> InfraredImage:
    height, width = image.shape
    x1, y1, x2, y2 = (round(side) for side in box)
    x1, y1 = min(max(x1, 0), width - 2), min(max(y1, 0), height - 2)
    return image[y1 : max(y1 + 2, y2), x1 : max(x1 + 2, x2)]


def _glint(image: InfraredImage, eye: NDArray[np.floating], reach: float) -> float:
    """How far the brightest spot about an eye stands above the middle grey there, 0..1."""
    x, y = float(eye[0]), float(eye[1])
    around = _cut(image, (x - reach, y - reach, x + reach, y + reach)).astype(np.float64)
    return float(np.quantile(around, 0.99) - np.median(around)) / 255.0


def _ramp(value: float, between: tuple[float, float]) -> float:
    """0 at the first, 1 at the second, straight between."""
    none, full = between
    return float(np.clip((value - none) / (full - none), 0.0, 1.0))


def _named(look: Look) -> dict[str, float]:
    return {
        "offset": look.offset,
        "brightness": look.brightness,
        "contrast": look.contrast,
        "glint": look.glint,
    }
