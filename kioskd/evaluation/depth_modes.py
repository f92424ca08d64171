"""The modes that an evaluation judges in place of RGB liveness. Pure."""

from dataclasses import replace

from kioskd.modes.catalogue import ModeSettings, make, spec_of
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.setting import Number, settings_in
from models.observation import Face, Measure


def name(settings: ModeSettings) -> str:
    """The mode's, as in config.yaml."""
    return spec_of(settings).name


def measures(settings: ModeSettings) -> frozenset[Measure]:
    """All that the mode and its gate may ask for."""
    return spec_of(settings).needs(settings).measures


def mode(settings: ModeSettings, rgb: RgbSettings, gate: GateSettings) -> Mode:
    """The mode that ships; `rgb` is how it judges colours, where it does."""
    return make(_with(settings, rgb), gate, lambda _: 0)


def score(settings: ModeSettings, rgb: RgbSettings, face: Face) -> float | None:
    """What the mode judges the face by; None where it has nothing to say."""
    said = spec_of(settings).score
    return said(_with(settings, rgb), face) if said is not None else None


def thresholds(settings: ModeSettings) -> dict[str, float]:
    """The mode's own limits beside those of RGB liveness, under the names of config.yaml."""
    found = {}
    for section, place in spec_of(settings).sections.items():
        whole = getattr(settings, place.field) if place.field else settings
        if not isinstance(whole, RgbSettings):
            without = {*place.without, "attempt", "caution"}
            for each in settings_in(whole, without):
                if isinstance(each.note, Number):
                    found[f"{section}.{each.name}"] = each.value
    return found


def _with(settings: ModeSettings, rgb: RgbSettings) -> ModeSettings:
    own = getattr(settings, "rgb", None)
    return replace(settings, rgb=rgb) if isinstance(own, RgbSettings) else settings
