"""The modes that look with a depth camera, as an evaluation needs them. Pure."""

from dataclasses import asdict, replace

from kioskd.modes.catalogue import needs
from kioskd.modes.depth.depth_mode import INFRARED, RGB_3D, depth_mode, infrared_mode, rgb_3d_mode
from kioskd.modes.depth.depth_settings import DepthSettings, InfraredSettings, Rgb3dSettings
from kioskd.modes.depth.evidence import Evidence, infrared_evidence, relief_evidence, rgb_evidence
from kioskd.modes.drive import Mode
from kioskd.modes.gate import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Face, Measure

DepthKind = DepthSettings | InfraredSettings | Rgb3dSettings

DEFAULTS: dict[str, DepthKind] = {
    "secure_access_3d_liveness": DepthSettings("secure_access_3d_liveness"),
    "depth_liveness": DepthSettings("depth_liveness"),
    INFRARED: InfraredSettings(),
    RGB_3D: Rgb3dSettings(),
}


def name(settings: DepthKind) -> str:
    """The mode's, as in config.yaml."""
    match settings:
        case DepthSettings():
            return settings.mode
        case InfraredSettings():
            return INFRARED
        case Rgb3dSettings():
            return RGB_3D


def measures(settings: DepthKind) -> frozenset[Measure]:
    """All that the mode and its gate may ask for."""
    return needs(settings).measures


def mode(settings: DepthKind, rgb: RgbSettings, gate: GateSettings) -> Mode:
    """The mode that ships; `rgb` is how it judges colours, where it does."""
    match settings:
        case DepthSettings():
            return depth_mode(settings, gate)
        case InfraredSettings():
            return infrared_mode(settings, gate)
        case Rgb3dSettings():
            return rgb_3d_mode(replace(settings, rgb=rgb), gate)


def score(settings: DepthKind, rgb: RgbSettings, face: Face) -> float | None:
    """That of the evidence which speaks least for life; None if any has nothing to say."""
    said = [evidence.say(face) for evidence in _evidence(settings, rgb)]
    scores = [each for each in said if isinstance(each, float)]
    return min(scores) if len(scores) == len(said) else None


def thresholds(settings: DepthKind) -> dict[str, float]:
    """Of the depth's or the infrared's own windows, under the names of config.yaml."""
    if isinstance(settings, InfraredSettings):
        section, told = "infrared", asdict(settings)
        del told["attempt"]
    else:
        section, told = "liveness_3d", asdict(settings.relief)
    return {f"{section}.{key}": value for key, value in told.items()}


def _evidence(settings: DepthKind, rgb: RgbSettings) -> tuple[Evidence, ...]:
    match settings:
        case DepthSettings():
            return (relief_evidence(settings.relief),)
        case InfraredSettings():
            return (infrared_evidence(settings),)
        case Rgb3dSettings():
            return (relief_evidence(settings.relief), rgb_evidence(rgb))
