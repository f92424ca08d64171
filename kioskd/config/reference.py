"""What is written from the schema: config.schema.json, and the tables of
docs/install/configuration.md.

After a change in config_keys.py or doors.py: `python -m kioskd.config.reference` in a checkout.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from kioskd.config.config_keys import schema
from kioskd.config.keys import NAME, Key, root
from kioskd.modes.catalogue import ACTIONS

SCHEMA_FILE = Path(__file__).with_name("config.schema.json")  # `kioskd schema`, for editors
SCHEMAS = Path(__file__).parents[1] / "delivery/schemas"  # of events, states and records
DOCS = Path("docs/install/configuration.md")
BEGIN, END = "<!-- written by kioskd.config.reference -->", "<!-- end -->"


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def tables() -> str:
    """A heading and a table of keys for each section, in Markdown."""
    found: dict[str, list[str]] = {}  # a table, and the titles of the sections that have it
    for title, table in _section("The top", "", root()):
        found.setdefault(table, []).append(title)
    return "\n".join(f"### {_title(titles)}\n\n{table}" for table, titles in found.items())


def with_tables(page: str) -> str:
    """`page` with what stands between the two marks replaced."""
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    return re.sub(pattern, lambda _: f"{BEGIN}\n\n{tables()}\n{END}", page, flags=re.DOTALL)


def modes() -> dict[str, Key]:
    """The doors' sections by mode."""
    door = root().keys["doors"].named
    assert door is not None
    return door.kinds


def _section(title: str, path: str, section: Key) -> Iterator[tuple[str, str]]:
    """A section's title and table, then those of the sections in it."""
    rows = ["| key | unit, range, default | meaning |", "|---|---|---|"]
    for name, key in section.keys.items():
        facts = "" if key.is_section or key.named else key.facts
        rows.append(f"| `{name}` | {facts} | {key.description.splitlines()[0]} |")
    yield title, "\n".join(rows) + "\n"
    of = title.partition("` of ")[2]
    for name, key in section.keys.items():
        yield from _inner(f"{path}.{name}".lstrip("."), f" of {of}" if of else "", key)


def _inner(path: str, of: str, key: Key) -> Iterator[tuple[str, str]]:
    if key.named:
        yield from _inner(f"{path}.{NAME}", of, key.named)
    elif key.kinds:
        for kind, section in key.kinds.items():
            yield from _section(f"`{path}` of {key.tag} `{kind}`", path, section)
    elif key.is_section:
        yield from _section(f"`{path}`{of}", path, key)


def _title(titles: list[str]) -> str:
    """`a` of mode `x` and `a` of mode `y` are `a` of mode `x`, `y`."""
    first, *more = titles
    return ", ".join((first, *(title.rpartition(" ")[2] for title in more)))


def with_actions(text: str) -> str:
    """A schema of what is published, with every action that a mode may tell the door."""
    whole = json.loads(text)
    _put_actions(whole)
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _put_actions(part: object) -> None:
    if isinstance(part, list):
        for each in part:
            _put_actions(each)
    elif isinstance(part, dict):
        kinds = part.get("properties", {}).get("actionId", {})
        if "eventId" in part.get("properties", {}) and "enum" in kinds:
            kinds["enum"] = list(ACTIONS)
        for each in part.values():
            _put_actions(each)


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    DOCS.write_text(with_tables(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
    for path in SCHEMAS.glob("*.json"):
        path.write_text(with_actions(path.read_text(encoding="utf-8")), encoding="utf-8")
