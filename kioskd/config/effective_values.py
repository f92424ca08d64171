"""What the file says, key by key, with defaults filled in: for rules that span several keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kioskd.config import files
from kioskd.config.keys import find
from kioskd.config.yaml_document import Document, Value
from kioskd.config.yaml_document import Path as KeyPath


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers even for a file with mistakes: None where a value is missing or of another type.

    So each rule can speak in the same `kioskd check` as the mistakes beside it.
    """

    document: Document
    value: dict[str, Value]
    folder: Path  # of the file: relative paths in it start there

    def number(self, *path: str) -> float | None:
        value = self._at(path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        key = find(path, self.value)
        low = key.shape.get("minimum", value) if key else value
        high = key.shape.get("maximum", value) if key else value
        return value if low <= value <= high else None

    def text(self, *path: str) -> str | None:
        value = self.typed(*path)
        if value is None:
            return None
        key = find(path, self.value)
        return value if key is None or key.allows(value) else None

    def words(self, *path: str) -> tuple[str, ...] | None:
        """Words that stand there as a list, or as text with commas between."""
        value = self._at(path)
        found = value.split(",") if isinstance(value, str) else value
        words = [w.strip() for w in found if isinstance(w, str)] if isinstance(found, list) else []
        key = find(path, self.value)
        if not words or not isinstance(found, list) or len(words) < len(found):
            return None
        return tuple(words) if key is None or all(map(key.allows, words)) else None

    def typed(self, *path: str) -> str | None:
        """Text that stands there, of whatever form."""
        value = self._at(path)
        return value if isinstance(value, str) else None

    def true(self, *path: str) -> bool:
        return self._at(path) is True

    def set(self, *path: str) -> bool:
        """Whether the file itself sets this key to something."""
        node = self.document.node(path)
        return node is not None and node.content is not None

    def written(self, *path: str) -> bool:
        """Whether the file holds this key at all, be it with nothing behind it."""
        return self.document.node(path) is not None

    def sections(self, name: str) -> Iterator[str]:
        """The names in a map of named sections, such as the feeds."""
        section = self.value.get(name)
        if isinstance(section, dict):
            yield from section

    def file(self, *path: str) -> Path | None:
        """A path that stands in the file, made absolute; None where it is misspelled."""
        text = self.text(*path)
        return self.folder / text if text and not files.misspelled(text) else None

    def _at(self, path: KeyPath) -> object:
        value: object = self.value
        for step in path:
            value = value.get(step) if isinstance(value, dict) and isinstance(step, str) else None
        if value is None and (key := find(path, self.value)):
            return key.default
        return value


@dataclass(frozen=True, slots=True)
class Below:
    """The same of one part of the file, whose keys are named from there on."""

    whole: Answers
    at: tuple[str, ...]

    def number(self, *path: str) -> float | None:
        return self.whole.number(*self.at, *path)

    def text(self, *path: str) -> str | None:
        return self.whole.text(*self.at, *path)

    def words(self, *path: str) -> tuple[str, ...] | None:
        return self.whole.words(*self.at, *path)

    def true(self, *path: str) -> bool:
        return self.whole.true(*self.at, *path)

    def set(self, *path: str) -> bool:
        return self.whole.set(*self.at, *path)
