"""What is written from the schema: config.schema.json, and the tables of docs/configuration.md.

After a change in settings.py: `python -m kioskd.config.reference` in a checkout.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from kioskd.config.commands import SCHEMA_FILE, schema
from kioskd.config.keys import Key, root

DOCS = Path("docs/configuration.md")
BEGIN, END = "<!-- written by kioskd.config.reference -->", "<!-- end -->"


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def tables() -> str:
    """A heading and a table of keys for each section, in Markdown."""
    return "\n".join(_section("The top", root()))


def with_tables(page: str) -> str:
    """`page` with what stands between the two marks replaced."""
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    return re.sub(pattern, lambda _: f"{BEGIN}\n\n{tables()}\n{END}", page, flags=re.DOTALL)


def _section(title: str, section: Key) -> Iterator[str]:
    yield f"### {title}\n"
    yield "| key | unit, range, default | meaning |"
    yield "|---|---|---|"
    for name, key in section.keys.items():
        facts = "" if key.is_section or key.named else key.facts
        yield f"| `{name}` | {facts} | {key.description.splitlines()[0]} |"
    yield ""
    prefix = "" if title == "The top" else title.strip("`") + "."
    for name, key in section.keys.items():
        yield from _inner(f"{prefix}{name}", key)


def _inner(path: str, key: Key) -> Iterator[str]:
    if key.named:
        yield from _inner(f"{path}.NAME", key.named)
    elif key.kinds:
        for kind, section in key.kinds.items():
            yield from _section(f"`{path}` of kind `{kind}`", section)
    elif key.is_section:
        yield from _section(f"`{path}`", key)


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    DOCS.write_text(with_tables(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
