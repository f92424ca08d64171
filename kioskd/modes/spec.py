"""All that the rest of the daemon must know of a mode, in one value: its ModeSpec."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from kioskd.modes.challenges.draw import Below
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode, Prompts, Table
from models.observation import Face, Measure


@dataclass(frozen=True, slots=True)
class Needs:
    """What a mode may ask to have measured, so that the networks for it are loaded and warm."""

    measures: frozenset[Measure]
    schemes: frozenset[str] = frozenset()


GATED = frozenset({Measure.QUALITY, Measure.POSE})  # what the face gate asks for
# And where something is asked for, which one person must do, and no picture.
ACTING = GATED | {Measure.IDENTITY, Measure.PASSAGE}
# And where the networks judge colours, and what stands about the face may weigh against life.
COLOURS = GATED | {Measure.PICTURE, Measure.LIVENESS, Measure.PASSIVE}


@dataclass(frozen=True, slots=True)
class Place:
    """Which settings stand in a section of a door.

    field    of the mode's settings; "": the mode's settings themselves
    without  keys that are not for an installer here
    """

    field: str
    sentence: str
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class GateKeys:
    """The gate of a mode's doors: where it begins from, and what an installer may set of it."""

    defaults: GateSettings = field(default_factory=GateSettings)
    without: frozenset[str] = frozenset()
    highest: Mapping[str, float] = field(default_factory=dict)  # below the gate's own limit
    sentence: str = "When a frame's face is fit to be evidence (docs/understand/gate.md)."


STANDING = GateKeys()  # for people who stand before the camera


@dataclass(frozen=True, slots=True)
class Order:
    """Two keys of a section of which the first must not be above the second; or must be below."""

    section: str
    low: str
    high: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one key, as a sentence that follows its name; `at` starts at the door.

    there  whether it is wrong that the key stands there, rather than what it says
    """

    at: tuple[str, ...]
    text: str
    there: bool = False


class Asked(Protocol):
    """What a door's keys say, with defaults filled in; None where that cannot be told."""

    def number(self, *path: str) -> float | None: ...

    def text(self, *path: str) -> str | None: ...

    def words(self, *path: str) -> tuple[str, ...] | None: ...

    def true(self, *path: str) -> bool: ...

    def set(self, *path: str) -> bool: ...


def _no_faults(_: Asked) -> Iterator[Fault]:
    return iter(())


@dataclass(frozen=True, slots=True, eq=False)
class ModeSpec:
    """What a mode is and needs, for whoever is not the mode.

    name        in config.yaml and in records
    sentence    what a door of this mode asks of people
    settings    the mode's own, at their defaults; their type belongs to this mode alone
    sections    of a door, by name: which settings stand in them
    make        a mode at the start of its work, for one feed; `Below` draws
    needs       what it may ask to have measured
    actions     what it may tell the door, as on the wire
    attributes  the sets of attributes that such an event may have
    tables      its phases: what runs, and what the docs draw
    prompts     what each phase waits for
    gate        the face gate of its doors
    orders      keys that must keep an order
    faults      what else may be wrong between its keys
    depth       whether it needs a depth camera
    joins       the section whose joined_with says what an action is joined with; "": none does
    replays     whether a replayed video of somebody who does what a door asks passes it
    score       what `kioskd evaluate` judges a measured face by, 0 = attack to 1 = live, None where
                there is nothing to say; None: the mode is not evaluated frame by frame
    """

    name: str
    sentence: str
    settings: Any
    sections: Mapping[str, Place]
    make: Callable[[Any, GateSettings, Below], Mode]
    needs: Callable[[Any], Needs]
    actions: tuple[str, ...]
    attributes: tuple[frozenset[str], ...]
    table: Table
    prompts: Prompts
    gate: GateKeys = STANDING
    orders: tuple[Order, ...] = ()
    faults: Callable[[Asked], Iterator[Fault]] = _no_faults
    depth: bool = False
    joins: str = ""
    replays: Callable[[Asked], bool] = lambda _: False
    score: Callable[[Any, Face], float | None] | None = None


def windows(section: str) -> tuple[Order, ...]:
    """The order of the thresholds of kioskd.modes.windows, where they stand in this section."""
    return (Order(section, "fake_detection_threshold", "liveness_detection_threshold"),)
