"""A mistake in the configuration, told to the person who edits the file."""

from dataclasses import dataclass
from typing import Literal

from kioskd.config.yaml_document import Document, Path, Place, dotted


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One line of `kioskd check`. A note refuses nothing. Line 0: the file as a whole."""

    file: str
    line: int
    column: int
    path: str
    text: str
    weight: Literal["error", "note"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        parts = [place, "note" if self.weight == "note" else "", self.path, self.text]
        return ": ".join(part for part in parts if part)


class ConfigError(Exception):
    """The configuration cannot be used; `problems` says why, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def at_value(document: Document, path: Path, text: str) -> Problem:
    """A problem with the value at `path`; where there is none, its nearest parent is shown."""
    return _at(document, document.mark(path), path, text)


def at_key(document: Document, path: Path, text: str) -> Problem:
    return _at(document, document.key_mark(path), path, text)


def note(document: Document, path: Path, text: str) -> Problem:
    place = document.mark(path)
    return Problem(document.file, place.line, place.column, dotted(path), text, "note")


def _at(document: Document, place: Place, path: Path, text: str) -> Problem:
    return Problem(document.file, place.line, place.column, dotted(path), text)
