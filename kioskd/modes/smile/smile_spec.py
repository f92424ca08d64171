"""The smile as the rest of the daemon knows it."""

from kioskd.modes.join_spec import JOINED, LIMITS, with_joined
from kioskd.modes.smile.smile_mode import MODE, SmileMode
from kioskd.modes.smile.smile_phases import PROMPTS, TRANSITIONS
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.spec import ACTING, ModeSpec, Needs, Order, Place
from models.observation import Measure

ORDERS = (Order("smile", "neutral_threshold", "smile_threshold"),)


def needs(settings: SmileSettings) -> Needs:
    return with_joined(
        ACTING | {Measure.BLENDSHAPES, Measure.COVER}, settings.joined_with, settings.rgb
    )


SPEC = ModeSpec(
    name=MODE,
    sentence="Secure access with smile: a person who looks neutral, then smiles when asked.",
    settings=SmileSettings(),
    sections={"smile": Place("", "What counts as a smile."), **JOINED},
    make=SmileMode,
    needs=needs,
    actions=("smileToActivate",),
    attributes=(frozenset({"smile"}),),
    table=TRANSITIONS,
    prompts=PROMPTS,
    orders=(*ORDERS, *LIMITS),
    joins="smile",
    replays=lambda ask: ask.text("smile", "joined_with") in ("none", "turn"),
)
