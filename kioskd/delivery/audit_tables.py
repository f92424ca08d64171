"""The tables of the audit log, and how a file of an earlier version comes to have them."""

from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

from kioskd.delivery.database import AuditError, Connection, DamagedError, in_memory, transaction
from kioskd.delivery.high_water_mark import NUMBERS_END

# Layout 1, as released with 0.1.
_RECORD = """
CREATE TABLE record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, also after deletion
    recorded_at REAL NOT NULL,             -- unix seconds
    body TEXT NOT NULL,                    -- JSON
    delivered_at REAL                      -- unix seconds; NULL until the broker took it
) STRICT;
CREATE INDEX pending ON record (id) WHERE delivered_at IS NULL;
CREATE INDEX delivered ON record (recorded_at) WHERE delivered_at IS NOT NULL
"""

# What layout 2 adds. Nothing here reads the rows there are: a file of 600 MB is upgraded at once.
_SECOND = """
-- The checksum is NULL in rows of layout 1.
ALTER TABLE record ADD COLUMN checksum INTEGER;
CREATE TABLE epoch (          -- under which name the numbers from `first` on leave
    first INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;
CREATE TABLE aside (          -- rows that cannot be sent, whole, with the reason
    id INTEGER PRIMARY KEY,
    recorded_at ANY,
    body BLOB,
    delivered_at ANY,
    why TEXT NOT NULL
) STRICT;
CREATE TABLE deletion (       -- what was deleted, and when
    deleted_at REAL NOT NULL, -- unix seconds
    first INTEGER NOT NULL,   -- the numbers deleted lie between these two
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    recorded_before REAL NOT NULL
) STRICT;
CREATE TABLE stretch (        -- of rows whose times come from one unbroken run of the clock
    first INTEGER PRIMARY KEY,
    boot TEXT NOT NULL,       -- the kernel's name for this start of the machine
    zero REAL NOT NULL,       -- unix seconds at that start, as this run of the clock has it
    seen REAL NOT NULL,       -- unix seconds, when last looked at
    sound INTEGER NOT NULL,   -- 1: a time service said that it was right
    dated REAL                -- unix seconds: its rows count as no older; NULL: as they say
) STRICT
"""

# Most files of layout 2 have it, but not those of its first day.
_RESCUE = """
CREATE TABLE IF NOT EXISTS rescue (  -- damaged logs, whose waiting rows are brought here
    path TEXT PRIMARY KEY,
    next INTEGER NOT NULL,    -- the number to go on with, up to `last`
    last INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    lost INTEGER NOT NULL     -- numbers that could not be read
) STRICT
"""

# What layout 3 adds.
_THIRD = """
CREATE TABLE head (           -- the newest row, which the next one names
    only INTEGER PRIMARY KEY CHECK (only = 1),
    number INTEGER NOT NULL,
    digest TEXT NOT NULL      -- SHA-256 of its bytes as they leave
) STRICT
"""

_NAMES = {
    "head",
    "record",
    "pending",
    "delivered",
    "epoch",
    "aside",
    "rescue",
    "deletion",
    "stretch",
}


def _first(db: Connection) -> None:
    """From an empty file: the rows and who waits."""
    _run(db, _RECORD)


def _second(db: Connection) -> None:
    """Checksums, epochs, rows put aside, deletions and the runs of the clock."""
    _run(db, _SECOND)


def _third(db: Connection) -> None:
    """The newest row by name, from which the chain goes on; and damaged logs that are rescued."""
    _run(db, _RESCUE)
    _run(db, _THIRD)


# The step at place n leads from layout n to n + 1. One that was released is never changed.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first, _second, _third)
VERSION = len(MIGRATIONS)


def upgrade(db: Connection, path: Path) -> None:
    """Bring the file to this layout, losing nothing; AuditError if it is of a later one.

    All steps are one transaction: who is cut off finds the layout of before.
    """
    found = _layout(db, path)
    steps = MIGRATIONS[found:]
    if steps and (found or not _tables(db)):
        with transaction(db):
            _migrate(db, steps)
    _verify(db)


def recognise(db: Connection, path: Path) -> None:
    """Refuses what is no audit log of any of our layouts, or does more than hold rows.

    Raises AuditError or DamagedError.
    """
    kinds = {str(row[0]) for row in db.execute("SELECT type FROM sqlite_master")}
    if not _layout(db, path) or "record" not in _tables(db) or kinds - {"table", "index"}:
        raise DamagedError


def _layout(db: Connection, path: Path) -> int:
    """The file's; 0 for an empty one."""
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise AuditError(
            f"the audit log {path} was written by a newer kioskd (layout {found}, "
            f"this one knows {VERSION}): install that version, or move the file away"
        )
    if found < 0:
        raise DamagedError
    return found


def _migrate(db: Connection, steps: tuple[Callable[[Connection], None], ...]) -> None:
    for step in steps:
        step(db)
    db.execute(f"PRAGMA user_version = {VERSION:d}")


def _run(db: Connection, statements: str) -> None:
    for statement in statements.split(";\n"):
        db.execute(statement)


def _tables(db: Connection) -> set[str]:
    return {str(row[0]) for row in db.execute("SELECT name FROM sqlite_master")}


def _verify(db: Connection) -> None:
    """Another program's database, or one with a damaged schema, is none of ours."""
    if not _tables(db) >= _NAMES or _columns(db) != _columns_as_made():
        raise DamagedError


@cache
def _columns_as_made() -> list[tuple[object, ...]]:
    with closing(in_memory()) as db:
        _migrate(db, MIGRATIONS)
        return _columns(db)


def _columns(db: Connection) -> list[tuple[object, ...]]:
    """Of every table of ours: its name, and a column's, its type, and place in the key."""
    return [
        (table, *column)
        for table in sorted(_NAMES)
        for column in db.execute("SELECT name, type, pk FROM pragma_table_info(?)", (table,))
    ]


def last_number(db: Connection) -> int:
    """The greatest number that was ever given to a row of this file."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
    counted = int(row[0]) if row is not None and isinstance(row[0], int) else 0
    greatest = [
        int(db.execute(f"SELECT coalesce(max({number}), 0) FROM {table}").fetchone()[0])
        for number, table in (("id", "record"), ("id", "aside"), ("first - 1", "epoch"))
    ]
    return max(counted if counted < NUMBERS_END else 0, *greatest)


def head(db: Connection) -> tuple[int, str] | None:
    """The number and the digest of the newest row; None in a log that was never chained."""
    row = db.execute("SELECT number, digest FROM head").fetchone()
    return None if row is None else (int(row[0]), str(row[1]))


def set_head(db: Connection, number: int, digest: str) -> None:
    db.execute(
        "INSERT OR REPLACE INTO head (only, number, digest) VALUES (1, ?, ?)", (number, digest)
    )
