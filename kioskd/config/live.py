"""Which keys hold at once when config.yaml is read again; the others wait for a restart.

The JSON Schema says it of every key as x-restart.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kioskd.config.yaml_document import Path

_DEFS = "#/$defs/"
_NOWHERE = object()
LIVE = ("reload", "fleet")  # sections of which every key holds at once
# What has no part in what a door decides, nor in who is told of it.
_ASIDE = frozenset(
    {
        "page",
        "metrics",
        "inspect",
        "logging",
        "audit",
        "reload",
        "commands",
        "alarms",
        "home_assistant",
        "snapshots",
        "layers",
        "fleet",
    }
)


def is_live(path: Path) -> bool:
    """Whether the key at `path` holds without a restart: a door's own, but for which camera it has,
    and those of LIVE.

    A door or a feed that comes or goes is none of them.
    """
    match path:
        case ("doors", _, key, *_):
            return key != "feed"
        case (section, *_):
            return section in LIVE
        case _:
            return False


def bears_on(path: Path, door: str, feed: str) -> bool:
    """Whether a door with this feed rests on the key, so that its own keys wait where this waits.

    Half of a new file beside half of the old one may let more pass than either.
    """
    match path:
        case ("doors", name, *_):
            return name == door
        case ("feeds", name, *_):
            return name == feed
        case _:
            return path[0] not in _ASIDE


def differing(before: object, after: object, path: Path = ()) -> Iterator[Path]:
    """Each key that has another value, or a section that stands in one of the two alone."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        if before != after:
            yield path
        return
    for name in [*before, *(name for name in after if name not in before)]:
        yield from differing(
            before.get(name, _NOWHERE), after.get(name, _NOWHERE), (*path, str(name))
        )


def marked(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of config.yaml in which every key says whether it needs a restart."""
    _mark(schema, schema["$defs"], ())
    return schema


def _mark(shape: dict[str, Any], definitions: dict[str, Any], path: Path) -> None:
    for name, key in shape.get("properties", {}).items():
        inner = _sections(key, definitions)
        for section in inner:
            _mark(section, definitions, (*path, name))
        if not inner:
            key["x-restart"] = not is_live((*path, name))
    for named in shape.get("patternProperties", {}).values():
        for section in _sections(named, definitions):
            _mark(section, definitions, (*path, "NAME"))


def _sections(key: dict[str, Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    """The sections that may stand behind a key; none where it has a value."""
    if "patternProperties" in key:
        return [key]
    options = [key, *key.get("anyOf", ()), *key.get("oneOf", ())]
    names = [option["$ref"].removeprefix(_DEFS) for option in options if "$ref" in option]
    return [definitions[name] for name in names]
