"""YAML read strictly: nothing in it turns into something its author did not type.

The only file that imports PyYAML, whose own loader follows YAML 1.1 and reads `on` as True,
`012` as 10 and `12:30` as 750. Here, as in YAML 1.2 but stricter still:

  true, false             are the only booleans; yes, no, on, off, True stay text
  12, -3                  are whole numbers; 012, 0x1f, 0o14, 1_000 and 12:30 stay text
  0.5, .5, 1e3            are numbers, never whole ones; .inf, .nan and 1e999 stay text
  null, ~ and nothing     are null
  2026-01-31              stays text, like anything in quotes

so that a key of another type refuses them. A text is one line, however it is written. Tags,
merge keys, directives and a second document are refused; duplicate keys are reported with both
lines; aliases (`*name`) work but what they unfold to is bounded, as are depth and length, so no
file can hang the reader.
"""

import math
import re
from typing import Protocol

import yaml

from feeds.one_line import is_one_line
from kioskd.config.yaml_document import Document, Node, Path, Place, Problem, Value, dotted

__all__ = ["Document", "Path", "Place", "Problem", "Value", "dotted", "read"]

MOST_BYTES = 256 * 1024
MOST_DEPTH = 20
MOST_NODES = 20_000  # counted with what aliases unfold to

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"(?=.*[.eE])[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}
_TOP = Place(1, 1)


def read(source: str | bytes, file: str) -> Document:
    """Read one file's content, collecting every problem. Never raises for what stands in it.

    A file that is not YAML at all has one problem and no values: nothing after a syntax
    error can be trusted.
    """
    try:
        reader = _Reader(_decoded(source))
        root = reader.document()
    except _Unreadable as stop:
        return Document(file, Node(_TOP, {}), (stop.problem,), readable=False)
    return Document(file, root, tuple(reader.problems))


class _Mark(Protocol):
    """What PyYAML's two readers, Python's and C's, have in common; both counted from 0."""

    line: int
    column: int


class _Unreadable(Exception):
    """Reading cannot go on."""

    def __init__(self, place: Place, text: str, path: Path = ()) -> None:
        super().__init__(text)
        self.problem = Problem(place.line, place.column, dotted(path), text)


def _decoded(source: str | bytes) -> str:
    if len(source) > MOST_BYTES:
        raise _Unreadable(_TOP, f"is larger than {MOST_BYTES // 1024} KiB, which no such file is")
    text = source if isinstance(source, str) else _utf8(source)
    text = text.removeprefix("\ufeff")  # the byte order mark some Windows editors write
    if strange := yaml.reader.Reader.NON_PRINTABLE.search(text):
        code = ord(strange.group())
        place = _place_in(text, strange.start())
        raise _Unreadable(place, f"holds a character that text has no use for (U+{code:04X})")
    return text


def _utf8(source: bytes) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_in(source[: error.start].decode("utf-8"), error.start)
        text = f"is not UTF-8 (byte 0x{source[error.start]:02X}); save the file as UTF-8"
        raise _Unreadable(place, text) from error


def _place_in(text: str, index: int) -> Place:
    before = text[:index].removeprefix("\ufeff")
    return Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


class _Reader:
    """Builds the tree from PyYAML's events, so that every bound holds while it grows."""

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._loader = yaml.SafeLoader(text)
        self._anchors: dict[str, Node] = {}
        self._sizes: dict[str, int] = {}
        self._nodes = 0

    def document(self) -> Node:
        self._next()  # the stream's start
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            raise _Unreadable(_TOP, "is empty")
        assert isinstance(event, yaml.DocumentStartEvent)
        if event.version or event.tags:
            self._refuse(_place(event), (), "begins with a % directive; leave it out")
        root = self._node(self._next(), ())
        self._next()  # the document's end
        self._no_more()
        if not isinstance(root.content, dict):
            found = _found(root)
            raise _Unreadable(root.place, f"must hold `key: value` lines at the top ({found})")
        return root

    def _no_more(self) -> None:
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            text = "a second document begins here; only one is allowed, so nothing after is read"
            self._refuse(_place(event), (), text)

    def _next(self) -> yaml.Event:
        try:
            return self._loader.get_event()  # type: ignore[no-untyped-call,no-any-return]
        except yaml.MarkedYAMLError as error:
            raise _unclosed_above(self._text, error) or _syntax_error(error) from None
        except (yaml.YAMLError, ValueError, OverflowError):  # "\UFFFFFFFF" and the like
            mark = self._loader.get_mark()
            raise _Unreadable(
                _at(mark), "is not valid YAML: a number or escape is too large"
            ) from None

    def _node(self, event: yaml.Event, path: Path) -> Node:
        self._grow(1, event, path)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if event.tag is not None:
            text = "a tag (!) is not allowed; put such text in quotes"
            self._refuse(_place(event), path, text, event.tag)
        before = self._nodes
        node = self._content(event, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
            self._sizes[event.anchor] = self._nodes - before + 1
        return node

    def _content(self, event: yaml.NodeEvent, path: Path) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(_place(event), self._items(path), flow=bool(event.flow_style))
        assert isinstance(event, yaml.MappingStartEvent)
        pairs, end = self._pairs(path)
        return Node(_place(event), pairs, end=end, flow=bool(event.flow_style))

    def _grow(self, by: int, event: yaml.Event, path: Path) -> None:
        self._nodes += by
        if len(path) > MOST_DEPTH:
            text = f"sections nest deeper than {MOST_DEPTH}"
            raise _Unreadable(_place(event), text, path[:3])
        if self._nodes > MOST_NODES:
            text = f"holds more than {MOST_NODES} values, aliases unfolded"
            raise _Unreadable(_place(event), text, path[:3])

    def _alias(self, event: yaml.AliasEvent, path: Path) -> Node:
        name = event.anchor or ""
        node = self._anchors.get(name)
        if node is None:
            text = "a * alias with no such & anchor above it; put text that begins with * in quotes"
            raise _Unreadable(_place(event), text, path)
        self._grow(self._sizes[name], event, path)
        return node

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Node:
        if any("\ud800" <= letter <= "\udfff" for letter in event.value):
            raise _Unreadable(_place(event), "half of a surrogate pair is not text", path)
        quoted = event.style is not None
        last = _at(event.end_mark).line
        if event.style in _QUOTES and last > _place(event).line:
            self._refuse(_place(event), path, _unclosed(last))
        elif not is_one_line(event.value):
            text = "holds a line break or another character that is no text; write it on one line"
            self._refuse(_place(event), path, text)
        value = event.value if quoted else _plain(event.value)
        end = _at(event.end_mark)
        return Node(_place(event), value, text=event.value, quoted=quoted, end=end)

    def _items(self, path: Path) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _pairs(self, path: Path) -> tuple[dict[str, tuple[Place, Node]], Place]:
        """What is in a mapping, and where it ends."""
        pairs: dict[str, tuple[Place, Node]] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            place, key = _place(event), self._key(event, path)
            node = self._node(self._next(), (*path, key))
            if key == "<<":
                self._refuse(place, path, "a merge key (<<) is not allowed; write the keys out")
            elif key in pairs:
                first = pairs[key][0].line
                self._refuse(place, (*path, key), f"duplicate key, already set on line {first}")
            else:
                pairs[key] = (place, node)
        return pairs, _at(event.end_mark)

    def _key(self, event: yaml.Event, path: Path) -> str:
        """A key is the text that was typed: `1:`, `on:` and `null:` are names like others."""
        if not isinstance(event, yaml.ScalarEvent):
            raise _Unreadable(_place(event), "a key must be one word", path)
        self._grow(1, event, path)
        if not event.value or event.anchor or event.tag:
            text = "a key must be one word" if event.value else "a key is missing before the colon"
            raise _Unreadable(_place(event), text, path)
        node = self._scalar(event, (*path, event.value))
        return str(node.text)

    def _refuse(self, place: Place, path: Path, text: str, tag: str = "") -> None:
        self.problems.append(Problem(place.line, place.column, dotted(path), text, tag))


def _place(event: yaml.Event) -> Place:
    return _at(event.start_mark)


def _at(mark: "_Mark | None") -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else _TOP


def _plain(text: str) -> bool | int | float | str | None:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _found(node: Node) -> str:
    return "found a list" if isinstance(node.content, list) else "found a single value"


# What PyYAML says, in our words: its own quote what they stumbled on, which may be part of a
# password. The last column: the mistake stands where the token began, not where it ended.
_SYNTAX = (
    (r"'\\t'", "a tab cannot indent YAML; use spaces", False),
    (r"mapping values", "a second `: ` on this line, or wrong indentation above", False),
    (r"expected ':'", "there is no `: ` after this key", True),
    (r"expected <block end>", "indented differently from the lines it belongs to", False),
    (r"expected ',' or", "a `,` or the closing bracket is missing before this", False),
    (r"escape", "a \\ in \"...\" begins an escape; use '...' quotes instead", False),
    (r"end of stream|separator", "a quote is opened here and never closed", True),
    (r"cannot start", "text beginning with this character needs quotes", False),
    (r"sequence entries", "a `- ` is not allowed here", False),
    (r"node content", "a value is missing before this", False),
    (r"document start", "does not belong to what stands above it", False),
    (r"alphabetic or numeric", "text beginning with & or * needs quotes", False),
    (r"tag", "text beginning with ! needs quotes", False),
    (r"directive|%", "text beginning with % needs quotes", False),
    (r"", "indentation, quotes or brackets go wrong here or just above", False),
)


_QUOTES = ("'", '"')


def _unclosed(line: int) -> str:
    return f"a quote is opened here and closed only on line {line}; close it on its own line"


def _unclosed_above(text: str, error: yaml.MarkedYAMLError) -> _Unreadable | None:
    """A quote that was not closed swallows lines up to the next one, and the fault shows there."""
    loader = yaml.SafeLoader(text)
    last = error.problem_mark.line if error.problem_mark else 0
    try:
        while (token := loader.get_token()) is not None:  # type: ignore[no-untyped-call]
            begun, ended = token.start_mark, token.end_mark
            quoted = isinstance(token, yaml.ScalarToken) and token.style in _QUOTES
            if quoted and begun.line < ended.line <= last:
                return _Unreadable(_at(begun), f"is not valid YAML: {_unclosed(ended.line + 1)}")
    except (yaml.YAMLError, ValueError, OverflowError):
        pass  # that far it is read, and no further
    return None


def _syntax_error(error: yaml.MarkedYAMLError) -> _Unreadable:
    said = f"{error.problem} {error.context}"
    opened, stumbled = error.context_mark, error.problem_mark
    if "flow" in said and opened and stumbled and opened.line < stumbled.line:
        text = "a bracket is opened here; it is not closed, or a `,` is missing, by line"
        return _Unreadable(_at(opened), f"is not valid YAML: {text} {stumbled.line + 1}")
    text, began = next((t, b) for pattern, t, b in _SYNTAX if re.search(pattern, said))
    mark = error.context_mark if began else error.problem_mark
    return _Unreadable(_at(mark or error.problem_mark), f"is not valid YAML: {text}")
