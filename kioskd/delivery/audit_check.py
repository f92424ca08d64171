"""Reads a whole audit log that nobody uses, and says whether its rows are what was written."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kioskd.delivery import audit_rows, audit_tables
from kioskd.delivery.audit_rows import Aside, Stored
from kioskd.delivery.database import AuditError, Connection, DamagedError, Refused, reading

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """What a log holds.

    rows        how many
    unreadable  how many of them are no records any more, or have a wrong checksum
    broken      numbers of those that name another row than the one before them: somebody changed
                the log, by more than a disk does
    """

    rows: int
    unreadable: int
    broken: tuple[int, ...]


def check(path: Path) -> Checked:
    """Nothing in the file is changed. Raises AuditError for one that is no audit log of ours, is
    damaged, or is of a later kioskd.
    """
    try:
        with reading(path) as db:
            audit_tables.recognise(db, path)
            return _read(db)
    except (Refused, DamagedError) as error:
        raise AuditError(f"the audit log {path} is damaged, or none of kioskd's") from error


def _read(db: Connection) -> Checked:
    rows = unreadable = 0
    broken: list[int] = []
    before: tuple[int, str] | None = None  # the number and the digest of the row read last
    for stored in _rows(db):
        rows += 1
        row = audit_rows.read(stored, "")
        if isinstance(row, Aside):
            unreadable, before = unreadable + 1, None
        elif row.payload != stored[2]:  # of a version that did not keep what leaves
            before = None
        else:
            if before and before[0] == row.id - 1 and not _names(row.payload, before[1]):
                broken.append(row.id)
            before = row.id, audit_rows.digest(row.payload)
    return Checked(rows, unreadable, tuple(broken))


def _names(payload: bytes, digest: str) -> bool:
    """Whether a row names the one before it; those of versions without a chain name none."""
    said = json.loads(payload)
    return "previous" not in said or said["previous"] == digest


def _rows(db: Connection) -> Iterator[Stored]:
    columns = {row[1] for row in db.execute("PRAGMA table_info(record)")}
    checksum = "checksum" if "checksum" in columns else "NULL"
    query = f"SELECT id, recorded_at, CAST(body AS BLOB), {checksum} FROM record ORDER BY id"
    with closing(db.execute(query)) as found:
        while some := found.fetchmany(ROWS_AT_ONCE):
            yield from some
