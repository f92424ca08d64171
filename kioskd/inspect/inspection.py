"""The whole judgement of one still: every rule's finding, and the one recommendation of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from feeds.jpeg_quality import jpeg_quality
from feeds.still_image import StillError, read_still
from kioskd.inspect.named_models import MediaError, Model, check_media
from kioskd.inspect.profiles import Profile, Rules
from kioskd.inspect.shown import Shown, shown
from kioskd.inspect.still_eye import Still, StillEye
from kioskd.inspect.still_finding import Band, Finding, worst
from models.embedding import Embedding
from models.observation import Box, Face, room
from models.stills.areas import AREAS
from models.stills.light import BANDS

FacePolicy = Literal["largest", "one"]
LOSSLESS = {b"\x89PNG\r\n\x1a\n": "PNG", b"BM": "BMP"}


@dataclass(frozen=True, slots=True)
class Request:
    """How stills are judged.

    policy     largest: the largest of several faces is meant; one: a second one is rejected
    reference  the look of who must be in the picture; None: nobody is asked for
    pictures   whether a small picture of the face is kept for a report
    """

    profile: Profile
    rules: Rules
    policy: FacePolicy = "largest"
    model: Model = Model.RGB_SINGLE_IMAGE
    reference: Embedding | None = None
    pictures: bool = False


@dataclass(frozen=True, slots=True)
class Inspection:
    """What became of one image.

    sha256    of the bytes that were judged, in hexadecimal: whoever goes on with a picture can see
              that it is the same one
    size      width and height as it is looked at, pixels; None: it could not be read
    shown     the face, small, where the request asks for pictures
    face      left, top, right and bottom of the face that was judged, pixels
    """

    name: str
    sha256: str
    model: Model
    profile: Profile
    recommendation: Band
    findings: tuple[Finding, ...]
    size: tuple[int, int] | None = None
    face: Box | None = None
    shown: Shown | None = None

    @property
    def against(self) -> tuple[Finding, ...]:
        """What is against it, the gravest first."""
        found = [each for each in self.findings if each.band != "accept"]
        return tuple(sorted(found, key=lambda each: each.band != "reject"))


def inspect(name: str, content: bytes, eye: StillEye, request: Request) -> Inspection:
    """Judges the bytes of a picture file, whatever they are. Raises NetworkError."""
    digest = sha256(content).hexdigest()
    still: Still | None = None
    try:
        check_media(content)
        image = read_still(content)
        still = eye.look(image)
    except (MediaError, StillError) as error:
        code = "media" if isinstance(error, MediaError) else error.fault
        findings = [Finding(code, "input", "reject", str(error))]
    else:
        findings = list(_findings(content, still, request))
    against = {each.code for each in findings if each.band != "accept"}
    return Inspection(
        name,
        digest,
        request.model,
        request.profile,
        worst(findings),
        tuple(findings),
        None if still is None else (still.image.shape[1], still.image.shape[0]),
        still.faces[0].box if still is not None and still.faces else None,
        shown(still, eye, against) if still is not None and request.pictures else None,
    )


def _findings(content: bytes, still: Still, request: Request) -> Iterator[Finding]:
    yield from _of_file(content, still, request.rules)
    yield from _of_faces(still, request)
    if still.faces:
        face = still.faces[0]
        yield from _of_pose(still, face, request.rules)
        yield from _of_light(still, request.rules)
        yield from _of_picture(face, request.rules)
        yield from (request.rules[area].judge(still.covered.get(area)) for area in AREAS)
        yield from (request.rules[mark].judge(found) for mark, found in still.marks.items())
        yield request.rules["liveness"].judge(
            None if face.liveness is None else face.liveness.score
        )
        yield from _of_identity(face, request)


def _of_file(content: bytes, still: Still, rules: Rules) -> Iterator[Finding]:
    height, width = still.image.shape[:2]
    yield rules["megapixels"].judge(width * height / 1e6)
    yield rules["least_file_kb"].judge(len(content) / 1e3)
    yield rules["most_file_kb"].judge(len(content) / 1e3)
    quality, rule = jpeg_quality(content), rules["jpeg_quality"]
    if kind := next((kind for head, kind in LOSSLESS.items() if content.startswith(head)), None):
        yield rule.note(f"the file is a {kind}, which loses nothing", "accept")
    else:
        yield rule.judge(quality)


def _of_faces(still: Still, request: Request) -> Iterator[Finding]:
    count = len(still.faces)
    if not count:
        yield Finding("faces", "face", "reject", "there is no face in the picture", 0.0)
        return
    told = f"there are {count} faces in the picture" if count > 1 else "there is one face"
    if count > 1 and request.policy == "one":
        yield Finding("faces", "face", "reject", f"{told}, and only one may be", float(count))
        return
    yield Finding("faces", "face", "accept", told, float(count))
    if count > 1:
        widths = sorted(box[2] - box[0] for box in (face.box for face in still.faces))
        yield request.rules["other_face"].judge(widths[-2] / max(widths[-1], 1.0))


def _of_pose(still: Still, face: Face, rules: Rules) -> Iterator[Finding]:
    x1, y1, x2, y2 = face.box
    height, width = still.image.shape[:2]
    yield rules["face_px"].judge(min(x2 - x1, y2 - y1))
    yield rules["room"].judge(room(face.box, width, height))
    for angle in ("roll", "yaw", "pitch"):
        yield rules[angle].judge(None if face.pose is None else abs(getattr(face.pose, angle)))


def _of_light(still: Still, rules: Rules) -> Iterator[Finding]:
    for each in BANDS:
        yield rules[each].judge(None if still.light is None else getattr(still.light, each))


def _of_picture(face: Face, rules: Rules) -> Iterator[Finding]:
    for each in ("colour", "blocks", "clumping", "flatness", "redness", "discord"):
        yield rules[each].judge(None if face.picture is None else getattr(face.picture, each))


def _of_identity(face: Face, request: Request) -> Iterator[Finding]:
    if request.reference is not None:
        look = face.identity
        yield request.rules["likeness"].judge(
            None if look is None else look.likeness(request.reference)
        )
