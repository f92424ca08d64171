"""People as they are written down by hand: dates, doors, and lists of them as CSV."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kioskd.identity.people import ID_CLASSES, IdClass, Person, PersonError

COLUMNS = ("id", "class", "name", "from", "until", "doors", "images")
BETWEEN = ";"  # several doors or images in one field


@dataclass(frozen=True, slots=True)
class Written:
    """What is said of somebody; None: nothing, and it stays as it is."""

    id_class: str | None = None
    name: str | None = None
    since: str | None = None
    until: str | None = None
    doors: tuple[str, ...] | None = None

    def person(self, person_id: str, before: Person | None) -> Person:
        """Somebody as it says, else as before, else a visitor. Raises PersonError."""
        person = before or Person(person_id, "visitor")
        if self.id_class is not None:
            person = replace(person, id_class=_class(person_id, self.id_class))
        if self.name is not None:
            person = replace(person, name=self.name or None)
        if self.doors is not None:
            person = replace(person, doors=frozenset(self.doors))
        since = person.valid_from if self.since is None else moment(self.since)
        until = person.valid_until if self.until is None else moment(self.until, after=True)
        return replace(person, valid_from=since, valid_until=until)


def moment(text: str, *, after: bool = False) -> float | None:
    """Unix seconds of a date or time, local where it names no zone; "" is no limit.

    after  a date alone stands for the end of that day. Raises PersonError
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        told = f"{text!r} is no date; write 2026-12-31 or 2026-12-31T18:00"
        raise PersonError(told) from None
    if after and len(text) <= len("2026-12-31"):
        found += timedelta(days=1)
    return found.timestamp()


def shown(person: Person) -> tuple[str, ...]:
    """Somebody as a row of a table: id, class, name, from, until, doors."""
    doors = "all" if person.doors is None else ", ".join(sorted(person.doors)) or "none"
    dates = (_date(person.valid_from), _date(person.valid_until))
    return (person.person_id, person.id_class, person.name or "", *dates, doors)


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list: who, what is said of them, and their pictures."""

    person_id: str
    said: Written
    images: tuple[Path, ...]
    line: int


def read_list(path: Path) -> Iterator[Listed]:
    """People of a CSV file with COLUMNS in any order; `id` and `images` must be there.

    Pictures are named from the file's folder. Raises PersonError, with the line, and OSError.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        names = set(rows.fieldnames or ())
        if not {"id", "images"} <= names or not names <= set(COLUMNS):
            told = f"{path}:1: needs the columns id and images, and may have {', '.join(COLUMNS)}"
            raise PersonError(told)
        for row in rows:
            yield _listed(row, path, rows.line_num)


def _listed(row: Mapping[str, str | None], path: Path, line: int) -> Listed:
    def cell(name: str) -> str | None:
        return (row.get(name) or "").strip() or None

    person_id, images, doors = cell("id"), cell("images"), cell("doors")
    if person_id is None or images is None:
        raise PersonError(f"{path}:{line}: needs an id and at least one picture")
    files = tuple(path.parent / name.strip() for name in images.split(BETWEEN))
    named = None if doors is None else tuple(name.strip() for name in doors.split(BETWEEN))
    said = Written(cell("class"), cell("name"), cell("from"), cell("until"), named)
    return Listed(person_id, said, files, line)


def _class(person_id: str, text: str) -> IdClass:
    for known in ID_CLASSES:
        if text == known:
            return known
    raise PersonError(f"{person_id}: the class must be one of {', '.join(ID_CLASSES)}")


def _date(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(timespec="minutes")
