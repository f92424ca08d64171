"""A mode as a table: from which phase, moved by what, to which. It runs, and the docs draw it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

Table = Mapping[tuple[StrEnum, StrEnum], StrEnum]
A = TypeVar("A", bound=StrEnum)
C = TypeVar("C", bound=StrEnum)


class Always(StrEnum):
    """What moves every mode that watches one person."""

    SUBJECT_CAME = "one person is in view"
    SUBJECT_LEFT = "no longer this one person in view"
    BROKEN_OFF = "track, feed or single person lost"
    TIME_OVER = "the deadline has passed"
    REARMED = "cool-down over and attempts left"


class SlipError(Exception):
    """A machine was moved by what its table does not know in that phase: a mistake of ours."""


def after(table: Table, phase: StrEnum, cause: StrEnum, machine: str) -> StrEnum:
    """The phase that follows. Raises SlipError where the table has no such line."""
    try:
        return table[phase, cause]
    except KeyError:
        text = f"{machine} is not moved from phase {phase} by {cause.name} ({cause.value})"
        raise SlipError(text) from None


def diagram(table: Mapping[tuple[A, C], A]) -> str:
    """A Mermaid state diagram. The machine begins where the table's first line begins."""
    (first, _), *_ = table
    arrows = (f"    {a} --> {b}: {cause.value}" for (a, cause), b in table.items())
    return "\n".join(("stateDiagram-v2", f"    [*] --> {first}", *arrows))
