"""Brings the records that waited in a damaged log into the new one, some at a time.

They get numbers of the new log's epoch. Which of them the broker had taken a moment before is not
known for certain, so some may come twice; their `eventId` and `kind` tell.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kioskd.delivery.database import Connection, Refused, reading
from kioskd.delivery.high_water_mark import NUMBERS_END

_Raw = tuple[int, object, object, object]  # number, recorded_at, body, checksum


@dataclass(frozen=True, slots=True)
class Rescue:
    """How far a damaged file has been gone through: the numbers from `next` to `last` are left."""

    path: Path
    next: int
    last: int
    saved: int
    lost: int  # numbers that cannot be read, of rows that waited or not

    @property
    def done(self) -> bool:
        return self.next > self.last


def begin(db: Connection, path: Path, known_last: int) -> None:
    """Note that this file is to be gone through; not if SQLite does not know it at all."""
    try:
        with reading(path) as old:
            tables = {row[0] for row in old.execute("SELECT name FROM sqlite_master")}
            last = max(known_last, _last(old)) if "record" in tables else 0
    except Refused:
        return
    if last:
        db.execute(
            "INSERT OR REPLACE INTO rescue (path, next, last, saved, lost) VALUES (?, 1, ?, 0, 0)",
            (str(path), last),
        )


def _last(old: Connection) -> int:
    """The greatest number in a damaged file, 0 if it cannot be told."""
    try:
        row = old.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
        number = row[0] if row else 0
        return number if isinstance(number, int) and number < NUMBERS_END else 0
    except Refused:
        return 0


def current(db: Connection) -> list[Rescue]:
    """All that were begun, those that are not done first."""
    found = db.execute(
        "SELECT path, next, last, saved, lost FROM rescue ORDER BY next > last, path"
    ).fetchall()
    return [Rescue(Path(path), *numbers) for path, *numbers in found]


def waiting(rescue: Rescue, most: int) -> tuple[list[_Raw], int, int]:
    """Of the next numbers: the rows that wait, how many cannot be read, and the number to go on."""
    end = min(rescue.next + most - 1, rescue.last)
    try:
        with reading(rescue.path) as old:
            rows, lost = _between(old, rescue.next, end)
    except Refused:  # somebody took the file away
        rows, lost = [], end - rescue.next + 1
    return rows, lost, end + 1


def note(db: Connection, rescue: Rescue, goes_on: int, saved: int, lost: int) -> None:
    db.execute(
        "UPDATE rescue SET next = ?, saved = saved + ?, lost = lost + ? WHERE path = ?",
        (goes_on, saved, lost, str(rescue.path)),
    )


def _between(old: Connection, first: int, end: int) -> tuple[list[_Raw], int]:
    columns = {row[1] for row in old.execute("PRAGMA table_info(record)")}
    check = "checksum" if "checksum" in columns else "NULL"
    query = (
        f"SELECT id, recorded_at, CAST(body AS BLOB), {check} FROM record NOT INDEXED "
        "WHERE id >= ? AND id <= ? AND delivered_at IS NULL"
    )
    try:
        return old.execute(query, (first, end)).fetchall(), 0
    except Refused:
        rows = list(_one_by_one(old, query, first, end))
        return [row for row in rows if row is not None], rows.count(None)


def _one_by_one(old: Connection, query: str, first: int, end: int) -> Iterator[_Raw | None]:
    """Each row that waits; None for each number that cannot be read."""
    for number in range(first, end + 1):
        try:
            yield from old.execute(query, (number, number)).fetchall()
        except Refused:
            yield None
