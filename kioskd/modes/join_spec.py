"""What a mode whose action is joined with something (joined.py) says of that in its spec."""

from kioskd.modes.depth.depth_spec import LIMITS as DEPTH_LIMITS
from kioskd.modes.joined_with import How
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.rgb.rgb_spec import ORDERS
from kioskd.modes.spec import COLOURS, Needs, Place
from models.observation import Measure

JOINED = {
    "rgb_liveness": Place(
        "rgb", "How live is told from fake, with joined_with: rgb.", frozenset({"attempt"})
    ),
    "liveness_3d": Place("relief", "When depth is evidence, with joined_with: depth."),
}
LIMITS = (*ORDERS, *DEPTH_LIMITS)


def with_joined(measures: frozenset[Measure], how: How, rgb: RgbSettings) -> Needs:
    """These measures, and what it needs beside them for what an action is joined with."""
    match how:
        case "rgb":
            return Needs(measures | COLOURS, frozenset({rgb.detection_scheme}))
        case "depth":
            return Needs(measures | {Measure.RELIEF})
        case _:
            return Needs(measures)
