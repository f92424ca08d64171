"""The smile with RGB liveness as the rest of the daemon knows it."""

from kioskd.modes.rgb import rgb_spec
from kioskd.modes.smile import smile_spec
from kioskd.modes.smile_rgb.smile_rgb_mode import MODE, SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_phases import PROMPTS, TRANSITIONS
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from kioskd.modes.spec import ACTING, COLOURS, ModeSpec, Needs, Place
from models.observation import Measure

BOUNDS = frozenset({"attempt"})  # of the attempt: they stand beside the smile


def needs(settings: SmileRgbSettings) -> Needs:
    measured = ACTING | COLOURS | {Measure.BLENDSHAPES, Measure.COVER}
    return Needs(measured, frozenset({settings.rgb.detection_scheme}))


SPEC = ModeSpec(
    name=MODE,
    sentence="Secure access with smile and RGB liveness: both, by the same face, in one attempt.",
    settings=SmileRgbSettings(),
    sections={
        "smile": Place(
            "smile",
            "What counts as a smile, and how long both may take.",
            frozenset({"joined_with"}),
        ),
        "rgb_liveness": Place("rgb", "How live is told from fake.", BOUNDS),
    },
    make=lambda settings, gate, _: SmileRgbMode(settings, gate),
    needs=needs,
    actions=("smileToActivate",),
    attributes=(rgb_spec.CONFIRMED,),
    table=TRANSITIONS,
    prompts=PROMPTS,
    orders=(*smile_spec.ORDERS, *rgb_spec.ORDERS),
)
