"""What another configuration changes, and how much of it can hold at once. Pure.

A door takes its new rules whole or not at all: where something that it rests on waits for a
restart, its own keys wait with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kioskd.config.live import LIVE, bears_on, differing, is_live
from kioskd.config.yaml_document import Path, dotted

Said = Mapping[str, Any]  # every key of config.yaml with its value, defaults filled in


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    applied  keys that hold at once, and waiting: those that do not, both in the file's order
    changed  doors that go by other rules at once
    whole    doors of which nothing waits: those changed, and those that stay as they are
    standing what is in force when that is done
    """

    applied: tuple[str, ...]
    waiting: tuple[str, ...]
    changed: frozenset[str]
    whole: frozenset[str]
    standing: Said


def plan(standing: Said, asked: Said) -> Plan:
    """`standing`: what is in force; `asked`: what the file says now."""
    found = tuple(differing(standing, asked))
    waits = [path for path in found if not is_live(path)]
    doors: Mapping[str, Any] = standing["doors"]
    whole = frozenset(
        name
        for name, door in doors.items()
        if not any(bears_on(path, name, door["feed"]) for path in waits)
    )
    applied = [path for path in found if is_live(path) and (_door(path) or "") in {"", *whole}]
    return Plan(
        tuple(map(dotted, applied)),
        tuple(dotted(path) for path in found if path not in applied),
        frozenset(name for path in applied if (name := _door(path)) is not None),
        whole,
        _taken(standing, asked, whole),
    )


def _door(path: Path) -> str | None:
    return str(path[1]) if path[0] == "doors" else None


def _taken(standing: Said, asked: Said, whole: frozenset[str]) -> Said:
    """What is in force with all that can be."""
    doors = {
        name: asked["doors"][name] if name in whole else door
        for name, door in standing["doors"].items()
    }
    return {**standing, "doors": doors, **{section: asked[section] for section in LIVE}}
