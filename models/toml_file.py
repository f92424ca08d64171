"""A TOML file that ships with kioskd, read; a mistake in it is told where it stands."""

import re
import tomllib
from pathlib import Path

_PLACED = re.compile(r"(?P<text>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL)


def read_toml(path: Path) -> dict[str, object]:
    """What stands in the file. Raises OSError, or ValueError with a sentence that has the place."""
    content = path.read_bytes()
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(f"{path}:{line}: is not UTF-8; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        placed = _PLACED.fullmatch(str(error))
        if placed is None:  # a file that ends too early has no line of its own
            raise ValueError(f"{path}: {error}") from error
        raise ValueError(f"{path}:{placed['line']}:{placed['column']}: {placed['text']}") from error
