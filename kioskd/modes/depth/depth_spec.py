"""The modes that look with a depth camera, as the rest of the daemon knows them."""

from dataclasses import replace

from kioskd.modes.depth.depth_mode import (
    ACTIONS,
    DEPTH,
    INFRARED,
    LIVENESS_3D,
    RGB_3D,
    depth_mode,
    infrared_mode,
    rgb_3d_mode,
)
from kioskd.modes.depth.depth_phases import TRANSITIONS
from kioskd.modes.depth.depth_settings import (
    DepthLivenessSettings,
    DepthSettings,
    InfraredSettings,
    Rgb3dSettings,
)
from kioskd.modes.depth.evidence import Evidence, infrared_evidence, relief_evidence, rgb_evidence
from kioskd.modes.rgb import rgb_spec
from kioskd.modes.rgb.rgb_phases import PROMPTS
from kioskd.modes.spec import COLOURS, GATED, ModeSpec, Needs, Order, Place, windows
from models.observation import Face, Measure

LIMITS = (
    *windows("liveness_3d"),
    Order("liveness_3d", "minimum_distance_m", "maximum_distance_m"),
)


def least(evidence: tuple[Evidence, ...], face: Face) -> float | None:
    """The score of the evidence that speaks least for life; None if any has nothing to say."""
    said = [each.say(face) for each in evidence]
    scores = [each for each in said if isinstance(each, float)]
    return min(scores) if len(scores) == len(said) else None


def rgb_3d_needs(settings: Rgb3dSettings) -> Needs:
    return Needs(COLOURS | {Measure.RELIEF}, frozenset({settings.rgb.detection_scheme}))


HEAD = ModeSpec(
    name=LIVENESS_3D,
    sentence="Secure access with 3D liveness: a person before a depth camera is a head, or a"
    " sheet.",
    settings=DepthSettings(),
    sections={"liveness_3d": Place("", "When depth is evidence, and how long it may take.")},
    make=lambda settings, gate, _: depth_mode(settings, gate),
    needs=lambda _: Needs(GATED | {Measure.RELIEF}),
    actions=(ACTIONS[LIVENESS_3D],),
    attributes=(rgb_spec.CONFIRMED,),
    table=TRANSITIONS,
    prompts=PROMPTS,
    orders=LIMITS,
    depth=True,
    score=lambda settings, face: least((relief_evidence(settings.relief),), face),
)
DEPTH_LIVENESS = replace(
    HEAD,
    name=DEPTH,
    sentence="Depth liveness: the same evidence as 3D liveness, by LivenessEngine's name.",
    settings=DepthLivenessSettings(),
    actions=(ACTIONS[DEPTH],),
)
INFRARED_LIVENESS = ModeSpec(
    name=INFRARED,
    sentence="Infrared liveness: a face that looks like skin to the infrared eye of a depth"
    " camera.",
    settings=InfraredSettings(),
    sections={"infrared": Place("", "When infrared is evidence, and how long it may take.")},
    make=lambda settings, gate, _: infrared_mode(settings, gate),
    needs=lambda _: Needs(GATED | {Measure.INFRARED}),
    actions=("infraredLiveness",),
    attributes=(rgb_spec.CONFIRMED,),
    table=TRANSITIONS,
    prompts=PROMPTS,
    orders=windows("infrared"),
    depth=True,
    score=lambda settings, face: least((infrared_evidence(settings),), face),
)
RGB_3D_LIVENESS = ModeSpec(
    name=RGB_3D,
    sentence="Secure access with RGB and 3D liveness: both, by the same face, in one attempt.",
    settings=Rgb3dSettings(),
    sections={
        "rgb_liveness": Place("rgb", "How live is told from fake, and how long it may take."),
        "liveness_3d": Place("relief", "When depth is evidence."),
    },
    make=lambda settings, gate, _: rgb_3d_mode(settings, gate),
    needs=rgb_3d_needs,
    actions=("rgb3dLiveness",),
    attributes=(rgb_spec.CONFIRMED,),
    table=TRANSITIONS,
    prompts=PROMPTS,
    orders=(*rgb_spec.ORDERS, *LIMITS),
    depth=True,
    score=lambda settings, face: least(
        (relief_evidence(settings.relief), rgb_evidence(settings.rgb)), face
    ),
)
SPECS = (HEAD, DEPTH_LIVENESS, INFRARED_LIVENESS, RGB_3D_LIVENESS)
