"""What comes of a file and the layers over it: the widest first, the file last. Pure.

A layer says under `doors` what holds for a door by its name, and under `modes` what holds for each
door of a mode. Of one layer the door's own word wins; a nearer layer wins over a wider one; and
whatever stands in the file, be it with nothing behind it, wins over every layer.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kioskd.config.keys import find
from kioskd.config.live import differing
from kioskd.config.looser_limits import looser
from kioskd.config.yaml_document import Path, dotted
from kioskd.refused import RefusedError

MAY_SAY = ("doors", "modes")
OF_THE_FILE = ("feed", "mode")  # which camera a door has, and by what it decides

Said = Mapping[str, Any]


def check_said(said: Said, doors: Said, *, of_one_kiosk: bool) -> None:
    """Raises RefusedError for what no layer may say, wherever it is applied.

    doors         those of the file
    of_one_kiosk  it is for this kiosk alone, and so names no doors of others
    """
    if strange := sorted(set(said) - set(MAY_SAY)):
        told = (
            f"{strange[0]}: a layer may say {' and '.join(MAY_SAY)} alone; all else is the file's"
        )
        raise RefusedError(422, "NotALayers", told)
    for section in MAY_SAY:
        for name, keys in _sections(said.get(section), section):
            if named := sorted(set(keys) & set(OF_THE_FILE)):
                told = f"{section}.{name}.{named[0]}: is the file's alone"
                raise RefusedError(422, "NotALayers", told)
            if of_one_kiosk and section == "doors" and name not in doors:
                raise RefusedError(422, "NoSuchDoor", f"doors.{name}: this kiosk has no such door")


def merged(file: Said, layers: Sequence[Said]) -> dict[str, Any]:
    """`layers`: what each says, the widest first; only doors that stand in the file come of it."""
    doors = dict(file.get("doors") or {})
    for name, own in doors.items():
        if isinstance(own, Mapping):
            said: Said = {}
            for layer in layers:
                modes, named = layer.get("modes") or {}, layer.get("doors") or {}
                said = _over(_over(said, modes.get(own.get("mode"), {})), named.get(name, {}))
            doors[name] = _over(said, own)
    return {**file, "doors": doors}


def loosened(floor: Said, said: Said) -> Iterator[str]:
    """The doors' keys by which `said` lets more pass than `floor`, or might; both are complete.

    What has no way in which it lets more pass might do so either way.
    """
    for name, before in floor["doors"].items():
        at: Path = ("doors", name)
        for path in differing(before, said["doors"][name], at):
            if _may_let_more_pass(path, floor, said):
                yield dotted(path)


def _may_let_more_pass(path: Path, floor: Said, said: Said) -> bool:
    key, old, new = find(path, said), _at(floor, path), _at(said, path)
    way = "neither" if key is None else looser(str(path[-1]), key)
    if isinstance(old, bool) and isinstance(new, bool):
        return way not in ("true", "false") or str(new).lower() == way
    if isinstance(old, str) and isinstance(new, str):
        return way in ("neither", "less", "more") or old != way
    if isinstance(old, int | float) and isinstance(new, int | float):
        return not (new > old if way == "less" else way == "more" and new < old)
    return True


def _over(below: Said, above: Said) -> dict[str, Any]:
    """`above` wins; sections that stand in both are laid over each other."""
    laid = dict(below)
    for key, value in above.items():
        under = laid.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        laid[key] = _over(under, value) if both else value  # type: ignore[arg-type]
    return laid


def _sections(value: object, name: str) -> Iterator[tuple[str, Said]]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise RefusedError(422, "NotALayers", f"{name}: is to be a section")
    for key, inner in value.items():
        if not isinstance(inner, Mapping):
            raise RefusedError(422, "NotALayers", f"{name}.{key}: is to be a section")
        yield key, inner


def _at(said: object, path: Path) -> object:
    for step in path:
        said = said.get(step) if isinstance(said, Mapping) else None
    return said
