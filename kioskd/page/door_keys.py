"""A door's keys for the sliders of "what if", and a door with some of them changed.

The keys, their limits and their sentences are the modes' own; a change goes the way that
config.yaml goes, so whatever `kioskd check` would refuse is refused here in the same way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kioskd.config.build import gate_settings, mode_settings
from kioskd.config.config import Door
from kioskd.config.load import tried
from kioskd.config.problem import ConfigError
from kioskd.modes.catalogue import spec_of
from kioskd.modes.setting import Choice, Number, Part, Words, settings_in, words

Path = tuple[str, ...]
Values = dict[str, Any]  # of a section: by key, a value or the values of a section in it
Scalar = str | float | bool


class ChangeError(Exception):
    """A change that no door can have, in a sentence."""


@dataclass(frozen=True, slots=True)
class DoorKey:
    """One key that may be tried.

    path   from the door on, such as ("gate", "minimum_brightness")
    value  that it has now; None: left to the mode
    among  its words, where it is no number; true and false stand for themselves
    """

    path: Path
    sentence: str
    value: Scalar | None
    default: Scalar | None
    low: float | None = None
    high: float | None = None
    whole: bool = False
    unit: str = ""
    among: tuple[Scalar, ...] = ()


def door_keys(door: Door) -> Iterator[DoorKey]:
    """Those of the gate, then those of the mode, in the order of the documentation."""
    spec = spec_of(door.mode)
    keys = {"gate": (door.gate, spec.gate.defaults, spec.gate.without)}
    for name, place in spec.sections.items():
        now, default = (_part(each, place.field) for each in (door.mode, spec.settings))
        keys[name] = (now, default, place.without)
    for name, (now, default, without) in keys.items():
        yield from _keys((name,), now, default, without)


def changed(door: Door, changes: Mapping[str, Scalar]) -> Door:
    """The door with some keys changed, each named as "gate.minimum_brightness".

    Raises ChangeError in a sentence that names the key.
    """
    known = {".".join(each.path): each for each in door_keys(door)}
    values = _values(door)
    for name, value in changes.items():
        if name not in known:
            raise ChangeError(f"{name} is no key of this door")
        _put(values, known[name].path, _typed(known[name], value))
    return _built(door, values)


def yaml(door: Door, changes: Mapping[str, Scalar]) -> str:
    """What to paste into config.yaml: the changed keys alone, in their sections."""
    lines, before = [f"doors:\n  {door.name}:"], Path()
    for key in door_keys(door):
        name = ".".join(key.path)
        if name not in changes:
            continue
        *sections, last = key.path
        for depth, section in enumerate(sections):
            if before[: depth + 1] != key.path[: depth + 1]:
                lines.append(f"{'  ' * (depth + 2)}{section}:")
        before = tuple(sections)
        lines.append(f"{'  ' * (len(sections) + 2)}{last}: {_written(changes[name])}")
    return "\n".join(lines) + "\n"


def _written(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, int | float) else f'"{value}"'


def _keys(path: Path, now: object, default: object, without: Any = ()) -> Iterator[DoorKey]:
    pairs = zip(settings_in(now, without), settings_in(default, without), strict=True)
    for setting, usual in pairs:
        at = (*path, setting.name)
        match setting.note:
            case Number(low, high, unit, sentence):
                value, first = setting.value, usual.value
                whole = setting.type is int
                yield DoorKey(at, sentence, value, first, low, high, whole, unit)
            case Choice(sentence, _, among):
                plain = setting.type is bool
                kinds: tuple[Scalar, ...] = (False, True) if plain else among or words(setting.type)
                value, first = (_plain(each.value) for each in (setting, usual))
                yield DoorKey(at, sentence, value, first, among=kinds)
            case Part():
                yield from _keys(at, setting.value, usual.value)
            case Words():  # a list in its order is no matter of a slider
                pass


def _plain(value: Any) -> Scalar:
    return value if isinstance(value, bool) else str(value)


def _part(settings: Any, field: str) -> Any:
    return getattr(settings, field) if field else settings


def _values(door: Door) -> Values:
    """All that the door says now, as it would stand in the file."""
    spec = spec_of(door.mode)
    values: Values = {"mode": spec.name, "feed": door.feed.name}
    values["gate"] = _section(door.gate, spec.gate.without)
    for name, place in spec.sections.items():
        values[name] = _section(_part(door.mode, place.field), place.without)
    return values


def _section(whole: object, without: Any = ()) -> Values:
    values: Values = {}
    for setting in settings_in(whole, without):
        match setting.note:
            case Part():
                values[setting.name] = _section(setting.value)
            case Words():
                values[setting.name] = ", ".join(str(each) for each in setting.value)
            case _ if setting.value is None:
                pass
            case Choice() if not isinstance(setting.value, bool):
                values[setting.name] = str(setting.value)
            case _:
                values[setting.name] = setting.value
    return values


def _typed(key: DoorKey, value: Scalar) -> Scalar:
    """A slider's number as the key wants it."""
    if key.among:
        if value not in key.among or isinstance(value, bool) != isinstance(key.among[0], bool):
            raise ChangeError(f"{key.path[-1]} is one of {', '.join(map(str, key.among))}")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ChangeError(f"{key.path[-1]} is a number")
    assert key.low is not None
    assert key.high is not None
    if not key.low <= value <= key.high:
        raise ChangeError(f"{key.path[-1]} is from {key.low:g} to {key.high:g} {key.unit}".rstrip())
    if key.whole and value != int(value):
        raise ChangeError(f"{key.path[-1]} is a whole number")
    return int(value) if key.whole else float(value)


def _put(values: Values, path: Path, value: Scalar) -> None:
    for step in path[:-1]:
        values = values[step]
    values[path[-1]] = value


def _built(door: Door, values: Values) -> Door:
    spec = spec_of(door.mode)
    feed = {"kind": "realsense", "serial": "0000"} if spec.depth else {"kind": "usb", "device": 0}
    around = {"site": "a", "device": "a", "mqtt": {"broker": "localhost"}}
    try:
        said = tried({**around, "feeds": {door.feed.name: feed}, "doors": {door.name: values}})
    except ConfigError as error:
        first = error.problems[0]
        raise ChangeError(
            f"{first.path.removeprefix(f'doors.{door.name}.')}: {first.text}"
        ) from error
    one = said.doors[door.name]
    return replace(door, gate=gate_settings(spec, one), mode=mode_settings(spec, one))
