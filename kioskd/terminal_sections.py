"""What a terminal shows of something that changes: rows in sections. terminal.py draws them."""

from dataclasses import dataclass
from typing import Literal

Mood = Literal["", "good", "bad", "note", "strong"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line, cell by cell; the cells of a section stand in columns.

    mood  how it is to be taken; the words say it too, for whoever sees no colours
    """

    cells: tuple[str, ...]
    mood: Mood = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that belong together, under a heading; "" for none."""

    title: str
    rows: tuple[Row, ...]
