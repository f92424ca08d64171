"""Every operator mode in one place: the settings that stand for it, and what it must see."""

from dataclasses import dataclass

from kioskd.modes.challenges import reading
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings, SequenceSettings
from kioskd.modes.challenges.draw import Below
from kioskd.modes.challenges.fraud import considered
from kioskd.modes.depth.depth_mode import depth_mode, infrared_mode, rgb_3d_mode
from kioskd.modes.depth.depth_settings import DepthSettings, InfraredSettings, Rgb3dSettings
from kioskd.modes.drive import Mode
from kioskd.modes.gate import GateSettings
from kioskd.modes.pose.pose_mode import PoseMode
from kioskd.modes.pose.pose_settings import PoseSettings
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_mode import SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from models.observation import Measure

ModeSettings = (
    RgbSettings
    | PoseSettings
    | SmileSettings
    | SmileRgbSettings
    | ChallengeSettings
    | SequenceSettings
    | DepthSettings
    | InfraredSettings
    | Rgb3dSettings
)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a mode may ask to have measured, so that the networks for it are loaded and warm."""

    measures: frozenset[Measure]
    schemes: frozenset[str] = frozenset()


GATED = frozenset({Measure.QUALITY, Measure.POSE})  # what the face gate asks for
COLOURS = GATED | {Measure.PICTURE, Measure.LIVENESS}  # and where the networks judge colours


def make(settings: ModeSettings, gate: GateSettings, below: Below) -> Mode:
    """A mode at the start of its work, for one feed. `below` draws, see `Below`."""
    match settings:
        case RgbSettings():
            return RgbMode(settings, gate)
        case PoseSettings():
            return PoseMode(settings, gate)
        case SmileSettings():
            return SmileMode(settings, gate)
        case SmileRgbSettings():
            return SmileRgbMode(settings, gate)
        case ChallengeSettings() | SequenceSettings():
            return ChallengeMode(settings, gate, below)
        case DepthSettings():
            return depth_mode(settings, gate)
        case InfraredSettings():
            return infrared_mode(settings, gate)
        case Rgb3dSettings():
            return rgb_3d_mode(settings, gate)


def needs(settings: ModeSettings) -> Needs:
    match settings:
        case RgbSettings(detection_scheme=scheme):
            return Needs(COLOURS, frozenset({scheme}))
        case PoseSettings():
            return Needs(GATED)
        case SmileSettings():
            return Needs(GATED | {Measure.BLENDSHAPES})
        case SmileRgbSettings(rgb=RgbSettings(detection_scheme=scheme)):
            measures = COLOURS | {Measure.BLENDSHAPES}
            return Needs(measures, frozenset({scheme}))
        case ChallengeSettings() | SequenceSettings():
            kinds = frozenset(settings.actions) | considered(settings.unified)
            return Needs(GATED | frozenset(reading.measures(kinds)))
        case DepthSettings():
            return Needs(GATED | {Measure.RELIEF})
        case InfraredSettings():
            return Needs(GATED | {Measure.INFRARED})
        case Rgb3dSettings(rgb=RgbSettings(detection_scheme=scheme)):
            measures = COLOURS | {Measure.RELIEF}
            return Needs(measures, frozenset({scheme}))
