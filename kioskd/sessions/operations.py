"""Which mode runs a session's operation at a door: the door's own where that is one, else a usual.

A session never asks for less than its door's own numbers where the door has them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from feeds.feed_settings import RealSenseSource, RecordingSource
from kioskd.config.config import Door
from kioskd.identity import reference_picture
from kioskd.judge import UseMode
from kioskd.modes import catalogue
from kioskd.modes.catalogue import ModeSettings
from kioskd.modes.challenges.challenge_settings import ChallengeSettings, SequenceSettings
from kioskd.modes.challenges.draw import Below
from kioskd.modes.depth.depth_settings import Rgb3dSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.spec import Needs
from kioskd.sessions.session_error import SessionError
from kioskd.sessions.session_life import Operation
from models.network_file import Role
from models.perceive import needs

OPERATIONS: tuple[Operation, ...] = ("Passive", "PassiveActive", "Depth")


@dataclass(frozen=True, slots=True)
class Run:
    """A mode's settings and gate, for one operation at one door."""

    settings: ModeSettings
    gate: GateSettings
    binds: bool = False  # whether the door's attempts are bound to one look, whoever asks

    def mode(self, below: Below, *, verifies: bool) -> UseMode:
        """Ready for a judge; `verifies`: the person's look is compared with somebody's."""
        verifies = verifies or self.binds
        mode = catalogue.make(self.settings, self.gate, below, binds=verifies)
        return UseMode(mode, self.needs(verifies=verifies), binds=True)

    def needs(self, *, verifies: bool) -> Needs:
        return catalogue.needs(self.settings, binds=verifies)


def run(door: Door, operation: Operation) -> Run:
    """How the operation is run at a door. Raises SessionError where the door cannot."""
    return replace(_run(door, operation), binds=door.binds)


def _run(door: Door, operation: Operation) -> Run:
    match operation:
        case "Passive":
            return _own(door, RgbSettings) or _usual(RgbSettings())
        case "PassiveActive":
            return _active(door)
        case "Depth":
            return _depth(door)


def possible(door: Door) -> list[Operation]:
    """What the door can."""
    return [each for each in OPERATIONS if each != "Depth" or _sees_depth(door)]


def roles(doors: Iterable[Door]) -> frozenset[Role]:
    """The networks that sessions may need: loaded at the start, so that nobody waits for them."""
    wanted = [
        run(door, operation).needs(verifies=True) for door in doors for operation in possible(door)
    ]
    return frozenset().union(
        reference_picture.ROLES, *(needs(want.measures, want.schemes) for want in wanted)
    )


def _active(door: Door) -> Run:
    """With RGB liveness beside every action, a turn of the head too: a recording can turn."""
    own = _own(door, ChallengeSettings) or _own(door, SequenceSettings)
    settings = SequenceSettings(length=1) if own is None else own.settings
    how = settings.joined_with
    joined = replace(settings, always_joined=True, joined_with=how if how == "depth" else "rgb")
    gate = catalogue.spec_of(joined).gate.defaults if own is None else own.gate
    return Run(joined, gate)


def _depth(door: Door) -> Run:
    if not _sees_depth(door):
        told = f"door {door.name} has no depth camera; ask for Passive or PassiveActive"
        raise SessionError("OperationNotSupported", told)
    own = catalogue.spec_of(door.mode)
    return Run(door.mode, door.gate) if own.depth else _usual(Rgb3dSettings())


def _sees_depth(door: Door) -> bool:
    return isinstance(door.feed.source, RealSenseSource | RecordingSource)


def _own(door: Door, kind: type) -> Run | None:
    return Run(door.mode, door.gate) if type(door.mode) is kind else None


def _usual(settings: ModeSettings) -> Run:
    return Run(settings, catalogue.spec_of(settings).gate.defaults)
