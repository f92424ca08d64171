"""Sets keys in the text of a YAML file, and leaves every other character as it is. Pure.

It works by the places that the reader gives, one key after the other. What it cannot do, such as a
section that another part of the file shares by an alias, shows when the text is read again: whoever
calls it compares what the file said before with what it says then.
"""

from collections.abc import Mapping

from kioskd.config.strict_yaml import read
from kioskd.config.yaml_document import Document, Node, Path, Place

Scalar = bool | int | float | str
STEP = "  "  # of a section that is new


class EditError(Exception):
    """The text cannot be edited, in a sentence."""


def with_keys(text: str, section: tuple[str, ...], keys: Mapping[str, Scalar]) -> str:
    """The text with these keys of a section set; the section is made where there is none.

    Raises EditError. The section's parent must be there.
    """
    for name, value in keys.items():
        document = read(text, "")
        at = (*section, name)
        node = document.node(at)
        if node is not None:
            text = _replaced(text, node, written(value))
        elif document.node(section) is not None:
            text = _added(text, document, section, [f"{name}: {written(value)}"])
        else:
            lines = [f"{section[-1]}:", f"{STEP}{name}: {written(value)}"]
            text = _added(text, document, section[:-1], lines)
    return text


def written(value: Scalar) -> str:
    """As YAML has it, and reads it back as the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _replaced(text: str, node: Node, value: str) -> str:
    if (
        isinstance(node.content, dict | list)
        or node.end is None
        or node.end.line != node.place.line
    ):
        raise EditError(f"line {node.place.line} holds something else than one value")
    start, end = _offset(text, node.place), _offset(text, node.end)
    space = "" if end > start else " "  # nothing stood behind the colon
    return text[:start] + space + value + text[end:]


def _added(text: str, document: Document, at: Path, lines: list[str]) -> str:
    """With lines more in the section at `at`: behind what is in it, or first in its brackets."""
    section = document.node(at)
    if section is None:
        raise EditError("there is no such section")
    if section.content is None and section.text == "":
        column = document.key_mark(at).column + len(STEP)
        return _inserted(text, section.place.line, column, lines)
    if not isinstance(section.content, dict):
        raise EditError(f"line {section.place.line} holds no section")
    if section.flow or not section.content:
        return _in_brackets(text, section, lines)
    first, _ = next(iter(section.content.values()))
    return _inserted(text, _last_line(section), first.column, lines)


def _in_brackets(text: str, section: Node, lines: list[str]) -> str:
    start = _offset(text, section.place) + 1
    if text[start - 1] != "{":  # an & or a * stands there: other parts of the file have it too
        raise EditError(f"line {section.place.line} is shared with other parts of the file")
    head, *inner = lines
    said = head if not inner else f"{head} {{{inner[0].strip()}}}"
    return text[:start] + said + (", " if section.content else "") + text[start:]


def _inserted(text: str, behind: int, column: int, lines: list[str]) -> str:
    """Lines behind a line, which is counted from 1, each from this column on."""
    there = text.splitlines(keepends=True)
    last = there[behind - 1]
    ending = "\r\n" if (last if last.endswith("\n") else there[0]).endswith("\r\n") else "\n"
    if not last.endswith(("\n", "\r")):
        there[behind - 1] += ending
    there[behind:behind] = [" " * (column - 1) + line + ending for line in lines]
    return "".join(there)


def _last_line(node: Node) -> int:
    """The last line of what stands in a section."""
    if isinstance(node.content, dict) and node.content and not node.flow:
        *_, (_, last) = node.content.values()
        return _last_line(last)
    if isinstance(node.content, list) and node.content and not node.flow:
        return _last_line(node.content[-1])
    return (node.end or node.place).line


def _offset(text: str, place: Place) -> int:
    before = text.splitlines(keepends=True)[: place.line - 1]
    return sum(map(len, before)) + place.column - 1
