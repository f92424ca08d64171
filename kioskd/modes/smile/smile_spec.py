"""The smile as the rest of the daemon knows it."""

from kioskd.modes.smile.smile_mode import MODE, SmileMode
from kioskd.modes.smile.smile_phases import PROMPTS, TRANSITIONS
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.spec import ACTING, ModeSpec, Needs, Order, Place
from models.observation import Measure

ORDERS = (Order("smile", "neutral_threshold", "smile_threshold"),)
SPEC = ModeSpec(
    name=MODE,
    sentence="Secure access with smile: a person who looks neutral, then smiles when asked.",
    settings=SmileSettings(),
    sections={"smile": Place("", "What counts as a smile.")},
    make=lambda settings, gate, _: SmileMode(settings, gate),
    needs=lambda _: Needs(ACTING | {Measure.BLENDSHAPES}),
    actions=("smileToActivate",),
    attributes=(frozenset({"smile"}),),
    table=TRANSITIONS,
    prompts=PROMPTS,
    orders=ORDERS,
)
