"""The text of the file: the few keys that a site needs, each with what it means. Pure."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping

from kioskd.config.keys import find
from kioskd.modes.catalogue import BY_NAME

Keys = Mapping[str, object]  # as they stand in the file, sections within sections
WIDTH = 98

HEADER = """\
# kioskd's configuration, written by `kioskd setup`: the keys that this site needs, each with what
# it means, and beside it its unit, range and default. Every other key has its default, and the
# defaults are the secure choice. `kioskd schema` prints all of them; the config.yaml that comes
# with kioskd and docs/install/configuration.md explain each. `kioskd check` tells every mistake.
#
# No password stands here: ${NAME} is the environment variable NAME, or the systemd credential of
# that name. Paths are relative to this file.

"""


def text(keys: Keys) -> str:
    """A whole file that holds these keys, with comments from the keys' own descriptions."""
    return HEADER + "".join(f"{line}\n" for line in _section((), keys, keys))


def _section(path: tuple[str, ...], section: Keys, whole: Keys) -> Iterator[str]:
    for name, value in section.items():
        here = (*path, name)
        if not path and isinstance(value, Mapping):
            yield ""
        yield from _comment(here, value, whole)
        yield from _entry(here, value, whole)


def _entry(path: tuple[str, ...], value: object, whole: Keys) -> Iterator[str]:
    indent = "  " * (len(path) - 1)
    if isinstance(value, Mapping) and value:
        yield f"{indent}{path[-1]}:"
        yield from _section(path, value, whole)
        return
    key = find(path, dict(whole))
    facts = key.facts if key is not None and not isinstance(value, Mapping) else ""
    yield f"{indent}{path[-1]}: {_written(value)}" + (f"  # {facts}" if facts else "")


def _comment(path: tuple[str, ...], value: object, whole: Keys) -> Iterator[str]:
    key = find(path, dict(whole))
    said = key.description.partition("\n")[0] if key is not None else ""
    if path[-1] == "mode":
        said = BY_NAME[str(value)].sentence
    if len(path) == 2 and isinstance(value, Mapping) and path[0] in ("feeds", "doors"):
        return  # what it is, its own first key says
    indent = "  " * (len(path) - 1)
    yield from textwrap.wrap(
        said, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
    )


def _written(value: object) -> str:
    """A value as YAML: what is text to us is never a number or a word to it."""
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
