"""Looks at one still and measures its largest face with everything that one image allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from feeds.frame import ColorImage
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.face.faces import small_copy
from models.liveness.bona_fide import LivenessReader
from models.observation import Face, Measure
from models.passive.edges import Line, lines
from models.perceive import needs
from models.session import Networks
from models.still_look import SETTINGS, look_at
from models.stills.areas import covered
from models.stills.light import Light, light
from models.stills.marks import marks

MEASURES = frozenset(
    {Measure.QUALITY, Measure.PICTURE, Measure.POSE, Measure.PASSIVE, Measure.LIVENESS}
)
PLAN = RgbSettings().plan  # a still is scored as a door's frame is, by default


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """What was seen.

    faces    largest first; the first one carries the measures, None what could not be measured
    light    of the first one
    covered  of each area of its face how likely it is covered; empty without a mesh
    marks    of a print, a screen or a mask, by name
    edges    where the straight edges lie that are strongest about the face, in its pixels
    """

    image: ColorImage
    faces: tuple[Face, ...]
    light: Light | None
    covered: Mapping[str, float | None] = field(default_factory=dict)
    marks: Mapping[str, float | None] = field(default_factory=dict)
    edges: tuple[Line, ...] = ()


class StillEye:
    """One thread. Nothing of one image is left when it looks at the next."""

    def __init__(self, *, verify: bool = False, networks: Networks | None = None) -> None:
        """`verify`: looks are measured too. Raises NetworkError."""
        self._measures = MEASURES | ({Measure.IDENTITY} if verify else set())
        roles = needs(self._measures, (PLAN.scheme,))
        self.networks = networks or Networks.load(roles, "cpu")
        self._reader = LivenessReader(self.networks)

    def find(self, image: ColorImage) -> tuple[Face, ...]:
        """Whose faces are there, largest first, without any measure. Raises NetworkError."""
        return look_at(image, self.networks).faces

    def score(self, image: ColorImage, face: Face) -> float | None:
        """How live a face at that place looks, by the networks alone, 0..1."""
        return self._reader.liveness(image, face.box, PLAN).score

    def look(self, image: ColorImage) -> Still:
        """Raises NetworkError where the detector fails."""
        seen = look_at(image, self.networks, self._measures, PLAN)
        if not seen.faces:
            return Still(image, (), None)
        face = seen.faces[0]
        areas = {} if face.mesh is None else covered(image, face.mesh)
        small = small_copy(image, SETTINGS.detector_long_side)
        edges = lines(small, image.shape[1] / small.shape[1], face.box)
        return Still(image, seen.faces, light(image, face.box), areas, marks(image, face), edges)
