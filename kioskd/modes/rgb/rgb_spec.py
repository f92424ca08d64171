"""RGB liveness as the rest of the daemon knows it."""

from kioskd.modes.depth.evidence import rgb_evidence
from kioskd.modes.rgb.rgb_mode import MODE, RgbMode
from kioskd.modes.rgb.rgb_phases import PROMPTS, TRANSITIONS
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.spec import COLOURS, ModeSpec, Needs, Order, Place, windows
from models.observation import Face

CONFIRMED = frozenset({"liveness", "livenessConfirmed"})
ORDERS = (
    *windows("rgb_liveness"),
    Order("rgb_liveness", "minimum_preliminary_liveness_threshold", "liveness_detection_threshold"),
)


def needs(settings: RgbSettings) -> Needs:
    return Needs(COLOURS, frozenset({settings.detection_scheme}))


def score(settings: RgbSettings, face: Face) -> float | None:
    said = rgb_evidence(settings).say(face)
    return said if isinstance(said, float) else None


SPEC = ModeSpec(
    name=MODE,
    sentence="Secure access with RGB liveness: a person who looks at the camera is live, or is"
    " not.",
    settings=RgbSettings(),
    sections={"rgb_liveness": Place("", "How live is told from fake.")},
    make=lambda settings, gate, _: RgbMode(settings, gate),
    needs=needs,
    actions=("rgbLiveness",),
    attributes=(CONFIRMED,),
    table=TRANSITIONS,
    prompts=PROMPTS,
    orders=ORDERS,
    score=score,
)
