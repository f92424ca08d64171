"""What stands in a YAML file, and where: plain values beside their lines and columns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple[str | int, ...]  # ("doors", "main", "feed"); () is the whole file


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in the file, both counted from 1 as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, told to the person who edits the file. `path` is empty for the whole file.

    tag  the YAML tag that is refused, such as !secret; whoever knows more of it may say more
    """

    line: int
    column: int
    path: str
    text: str
    tag: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value of the file. `text` is a scalar as it was typed, None for a section or list.

    quoted   typed in quotes or as a block, so it is text whatever it looks like
    content  the scalar, or the items, or for each key its own place and its value
    end      just behind the last character of a scalar, or of what stands in brackets
    flow     in brackets, as {key: value}
    """

    place: Place
    content: "bool | int | float | str | list[Node] | dict[str, tuple[Place, Node]] | None"
    text: str | None = None
    quoted: bool = False
    end: Place | None = None
    flow: bool = False

    @property
    def value(self) -> Value:
        if isinstance(self.content, list):
            return [item.value for item in self.content]
        if isinstance(self.content, dict):
            return {key: node.value for key, (_, node) in self.content.items()}
        return self.content


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A whole file. With `problems`, what could be read is in `value` and the rest is missing.

    readable  False where it is no YAML at all: there is nothing in it then, and one problem
    """

    file: str
    root: Node
    problems: tuple[Problem, ...]
    readable: bool = True

    @property
    def value(self) -> dict[str, Value]:
        """The file's keys and values, as fresh plain dicts, lists and scalars."""
        value = self.root.value
        return value if isinstance(value, dict) else {}

    def mark(self, path: Path) -> Place:
        """Where the value at `path` stands; for a missing one, the nearest parent that exists."""
        return self._nearest(path)[1].place

    def key_mark(self, path: Path) -> Place:
        """Where the key at `path` stands; for a missing one, the nearest parent's key."""
        return self._nearest(path)[0]

    def node(self, path: Path) -> Node | None:
        """The value at `path` as it was typed, or None where there is none."""
        *_, (depth, _, node) = self._way(path)
        return node if depth == len(path) else None

    def _nearest(self, path: Path) -> tuple[Place, Node]:
        *_, (_, key, node) = self._way(path)
        return key, node

    def _way(self, path: Path) -> Iterator[tuple[int, Place, Node]]:
        """The steps from the root towards `path`, as far as they exist."""
        key, node = self.root.place, self.root
        yield 0, key, node
        for depth, step in enumerate(path, 1):
            content = node.content
            if isinstance(content, dict) and isinstance(step, str) and step in content:
                key, node = content[step]
            elif isinstance(content, list) and isinstance(step, int) and step < len(content):
                node = content[step]
                key = node.place
            else:
                return
            yield depth, key, node


_NAME = re.compile(r"[\w.-]{1,40}")


def dotted(path: Path) -> str:
    """`path` for a message: `doors.main.feed`, `topics[2]`.

    A key is cut where it stops looking like a name: `{password:hunter2}`, with the space
    forgotten, is one long key, and no message may repeat it.
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{shown_key(step)}"
    return text.removeprefix(".")


def shown_key(key: str) -> str:
    name = _NAME.match(key)
    if name is None:
        return "…"
    return key if name.group() == key else f"{name.group()}…"
