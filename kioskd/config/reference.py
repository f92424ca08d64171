"""What is written from the schema: config.schema.json, the tables of
docs/install/configuration.md, and each mode's example in docs/understand/modes.md.

After a change in settings.py or doors.py: `python -m kioskd.config.reference` in a checkout.
"""

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from kioskd.config.keys import NAME, Key, root
from kioskd.config.settings import schema

SCHEMA_FILE = Path(__file__).with_name("config.schema.json")  # `kioskd schema`, for editors
DOCS, MODES = Path("docs/install/configuration.md"), Path("docs/understand/modes.md")
BEGIN, END = "<!-- written by kioskd.config.reference -->", "<!-- end -->"
EXAMPLE = "<!-- example of {}, written by kioskd.config.reference -->"
SHARED = {"gate"}  # sections that an example leaves out: they are alike in many modes


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
    return _between(page, BEGIN, f"\n{tables()}")


def with_examples(page: str) -> str:
    """`page` with each mode's example replaced."""
    for mode in modes():
        page = _between(page, EXAMPLE.format(mode), f"```yaml\n{example(mode)}```")
    return page


def modes() -> dict[str, Key]:
    """The doors' sections by mode."""
    door = root().keys["doors"].named
    assert door is not None
    return door.kinds


def example(mode: str) -> str:
    """A door of this mode as it may stand in config.yaml, each key at its default."""
    lines = ["doors:", "  main:"]
    for name, key in modes()[mode].keys.items():
        if key.is_section and name not in SHARED:
            lines += [f"    {name}:", *_lines(key, "      ")]
        elif not key.is_section:
            lines.append(f"    {name}: {mode if name == 'mode' else 'front-door'}")
    return "\n".join(lines) + "\n"


def _lines(section: Key, indent: str) -> Iterator[str]:
    for name, key in section.keys.items():
        yield from textwrap.wrap(
            f"{indent}# {key.description}", 96, subsequent_indent=f"{indent}# "
        )
        if key.is_section:
            yield f"{indent}{name}:"
            yield from _lines(key, indent + "  ")
        else:
            yield f"{indent}{name}: {json.dumps(key.default)}  # {key.facts}".replace('"', "")


def _between(page: str, begin: str, text: str) -> str:
    pattern = re.escape(begin) + ".*?" + re.escape(END)
    return re.sub(pattern, lambda _: f"{begin}\n{text}\n{END}", page, flags=re.DOTALL)


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


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    for path, written in ((DOCS, with_tables), (MODES, with_examples)):
        path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")
