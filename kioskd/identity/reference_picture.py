"""A picture of who must stand there: whether it is fit to be compared with, and its look.

The seed's rules of composition, each as a check with a limit.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from feeds.frame import ColorImage
from models.embedding import Embedding
from models.observation import Box, Face, Measure, room
from models.perceive import needs
from models.schemes import LivenessPlan
from models.session import Networks
from models.still_look import look_at
from models.stills.areas import COVERED, covered
from models.stills.light import BANDS, Light, light

Look = Embedding  # for those who keep one until it is compared
Quality = Literal["low", "medium", "high"]
Fault = Literal["no_face", "several_faces", "face_too_small", "not_comparable"]

MEASURES = frozenset({Measure.POSE, Measure.BLENDSHAPES, Measure.IDENTITY})
ROLES = needs(MEASURES)
LEAST_PIXELS = 60.0  # of the face's shorter side: below, the network has less than half its input
WANTED_PIXELS, POOR_PIXELS = 200.0, 100.0  # of its shorter side; the first is the seed's
BYSTANDER = 0.25  # of the largest face, in width: a smaller one is somebody far behind
TURNED_DEG, FAR_TURNED_DEG = 15.0, 30.0  # of yaw, pitch or roll
OPEN_MOUTH, CLOSED_EYES = 0.3, 0.5  # blendshapes jawOpen and eyeBlink, 0..1
ROOM = 0.1  # of the face's size that must lie around it in the picture
SENTENCES = {
    "face_small": "the face is smaller than 200 x 200 pixels",
    "face_very_small": "the face is smaller than 100 x 100 pixels",
    "blurred": "the face is not sharp",
    "very_blurred": "the face is blurred",
    "turned": "the head is turned, raised or tilted by more than 15 degrees",
    "far_turned": "the head is turned, raised or tilted by more than 30 degrees",
    "eyes_closed": "the eyes are not both open",
    "mouth_open": "the mouth is open",
    "dark": "the face is dark",
    "bright": "the face is overexposed",
    "uneven_light": "one half of the face lies in the shadow",
    "cropped": "the picture ends too near to the face",
    "partly_covered": "something lies over an eye or a cheek, such as glasses that mirror, or hair",
    "covered": "the nose or the mouth is covered",
    "not_measured": "a part of the picture could not be measured",
}
GRAVE = frozenset({"face_very_small", "very_blurred", "far_turned", "covered", "not_measured"})
WORST, OTHERS = ("nose", "mouth"), ("right_eye", "left_eye", "right_cheek", "left_cheek")


class NoReferenceError(Exception):
    """Why nobody can be compared with the picture."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault: Fault = fault


@dataclass(frozen=True, slots=True)
class Reference:
    """Who was found in a picture.

    rectangle  left, top, width and height of the face, pixels
    quality    for recognition: high with nothing against it, low with something grave
    reasons    codes of SENTENCES: what is against it
    """

    rectangle: tuple[int, int, int, int]
    quality: Quality
    reasons: tuple[str, ...]
    look: Embedding


def read_reference(image: ColorImage, networks: Networks) -> Reference:
    """The one person in the picture. Raises NoReferenceError, or NetworkError."""
    return reference_of(image, person_in(image, networks))


def reference_of(image: ColorImage, face: Face) -> Reference:
    """What a measured face comes to. Raises NoReferenceError."""
    if face.identity is None:
        told = "the face in the picture cannot be compared; take another picture"
        raise NoReferenceError("not_comparable", told)
    reasons = tuple(faults(image, face))
    left, top, right, bottom = map(round, face.box)
    box = left, top, right - left, bottom - top
    return Reference(box, quality_of(reasons), reasons, face.identity)


def quality_of(reasons: Collection[str]) -> Quality:
    """What is against a picture, in one word."""
    return "low" if GRAVE & set(reasons) else "medium" if reasons else "high"


def person_in(
    image: ColorImage,
    networks: Networks,
    more: Collection[Measure] = (),
    plan: LivenessPlan | None = None,
) -> Face:
    """The face of the one person in the picture, measured. Raises NoReferenceError.

    more, plan  what is to be measured beside MEASURES, and how liveness is
    """
    seen = look_at(image, networks, MEASURES | frozenset(more), plan)
    if not seen.faces:
        raise NoReferenceError("no_face", "there is no face in the picture")
    first, *others = seen.faces
    if any(_width(each.box) > BYSTANDER * _width(first.box) for each in others):
        told = f"there are {len(seen.faces)} faces in the picture, and only one may be"
        raise NoReferenceError("several_faces", told)
    if _side(first.box) < LEAST_PIXELS:
        told = f"the face is {_side(first.box):.0f} pixels wide, and {LEAST_PIXELS:.0f} are needed"
        raise NoReferenceError("face_too_small", told)
    return first


def faults(image: ColorImage, face: Face) -> Iterator[str]:
    """What is against the picture, as codes of SENTENCES."""
    side = _side(face.box)
    if side < WANTED_PIXELS:
        yield "face_very_small" if side < POOR_PIXELS else "face_small"
    seen = light(image, face.box)
    if seen is None or face.pose is None or face.blendshapes is None:
        yield "not_measured"
        return
    yield from _badly_lit(seen)
    turned = max(abs(face.pose.yaw), abs(face.pose.pitch), abs(face.pose.roll))
    if turned > TURNED_DEG:
        yield "far_turned" if turned > FAR_TURNED_DEG else "turned"
    shapes = face.blendshapes
    if max(shapes.get("eyeBlinkLeft", 1.0), shapes.get("eyeBlinkRight", 1.0)) > CLOSED_EYES:
        yield "eyes_closed"
    if shapes.get("jawOpen", 1.0) > OPEN_MOUTH:
        yield "mouth_open"
    if room(face.box, image.shape[1], image.shape[0]) < ROOM:
        yield "cropped"
    yield from _covered(image, face)


def _badly_lit(seen: Light) -> Iterator[str]:
    """By the limits from which a still is doubted."""
    (very_blurred, blurred), (_, dark) = BANDS["sharpness"], BANDS["brightness"]
    if seen.sharpness < blurred:
        yield "very_blurred" if seen.sharpness < very_blurred else "blurred"
    if seen.brightness < dark:
        yield "dark"
    if seen.overexposed > BANDS["overexposed"][1]:
        yield "bright"
    if seen.shadow > BANDS["shadow"][1]:
        yield "uneven_light"


def _covered(image: ColorImage, face: Face) -> Iterator[str]:
    """An area that is not in the picture is not said to be covered: `cropped` says that."""
    if face.mesh is None:
        yield "not_measured"
        return
    areas = covered(image, face.mesh)
    for code, names in (("covered", WORST), ("partly_covered", OTHERS)):
        if any((areas[name] or 0.0) >= COVERED for name in names):
            yield code


def _width(box: Box) -> float:
    return box[2] - box[0]


def _side(box: Box) -> float:
    return min(_width(box), box[3] - box[1])
