"""Every operator mode in one place. A mode of your own: docs/change/add-a-mode.md."""

from dataclasses import replace
from typing import Any

from kioskd.modes.attempt_course import Course
from kioskd.modes.challenges import challenge_spec
from kioskd.modes.challenges.draw import Below
from kioskd.modes.depth import depth_spec
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.pose import pose_spec
from kioskd.modes.rgb import rgb_spec
from kioskd.modes.smile import smile_spec
from kioskd.modes.smile_rgb import smile_rgb_spec
from kioskd.modes.spec import ModeSpec, Needs
from models.observation import Measure

SPECS: tuple[ModeSpec, ...] = (
    rgb_spec.SPEC,
    pose_spec.SPEC,
    smile_spec.SPEC,
    smile_rgb_spec.SPEC,
    *challenge_spec.SPECS,
    *depth_spec.SPECS,
)
BY_NAME = {spec.name: spec for spec in SPECS}
ACTIONS = tuple(dict.fromkeys(action for spec in SPECS for action in spec.actions))
ModeSettings = Any  # those of one of the modes; their type says of which
_BY_TYPE = {type(spec.settings): spec for spec in SPECS}


def spec_of(settings: ModeSettings) -> ModeSpec:
    """The mode that settings are of."""
    return _BY_TYPE[type(settings)]


def make(settings: ModeSettings, gate: GateSettings, below: Below, *, binds: bool = False) -> Mode:
    """A mode at the start of its work, for one feed. `below` draws, see `Below`.

    binds  whether each attempt is bound to one look (kioskd/modes/same_person.py). Raises
           TypeError for a mode that knows no attempts
    """
    mode = spec_of(settings).make(settings, gate, below)
    if binds:
        if not isinstance(mode, Course):
            raise TypeError(f"{type(mode).__name__} cannot be bound to a look")
        mode.bind()
    return mode


def needs(settings: ModeSettings, *, binds: bool = False) -> Needs:
    """What the mode may ask to have measured."""
    own = spec_of(settings).needs(settings)
    return replace(own, measures=own.measures | {Measure.IDENTITY}) if binds else own
