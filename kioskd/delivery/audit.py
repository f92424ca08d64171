"""The durable audit log: what is in it survived, whatever happens next.

A record counts once `commit` has returned: it is then on the disk. Rows wait for the broker as
long as it takes and are deleted only after it took them and they have been kept for their days.
A row that cannot be read is put aside, whole, and holds nothing else up. The bytes of a record are
made once, when it is committed: they are what lies on the disk and what leaves.
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from kioskd.delivery import (
    audit_rescue,
    audit_rows,
    audit_tables,
    high_water_mark,
    trusted_times,
    wire,
)
from kioskd.delivery.audit_rescue import Rescue
from kioskd.delivery.audit_rows import Aside, Link, Row, Stored
from kioskd.delivery.clock import Reading
from kioskd.delivery.database import (
    AuditError,
    Connection,
    DamagedError,
    Database,
    Found,
    transaction,
)
from kioskd.delivery.seal import Encode
from kioskd.delivery.trusted_times import Deleted, set_since
from kioskd.delivery.wire import JsonValue

Begun = Literal["gone", "empty", "older"]

READS = 20  # in one look for rows that wait, where many cannot be read

_INSERT = "INSERT INTO record (id, recorded_at, body, checksum) VALUES (?, ?, ?, ?)"
_ROW = "id, recorded_at, CAST(body AS BLOB), checksum"


class AuditLog:
    """The log in one file. Safe to use from several threads; every method may raise AuditError.

    A damaged file is moved aside (`damaged` names where to) and never deleted. `most_pages`
    limits the file's size in pages of 4096 bytes, mainly so that a full disk can be tried out.

    `begun` says why numbers do not go on from those of the last start, where they should have:
    the file was gone or empty, or it is an older copy. Then they are given under a new `epoch`.

    Each row names the digest of the row before it. `encode` makes the bytes of a row, and signs
    them where that is wanted.
    """

    def __init__(
        self, path: Path, most_pages: int | None = None, encode: Encode = wire.encode
    ) -> None:
        self.path = path
        self._encode = encode
        self.begun: Begun | None = None
        self.epoch = ""
        self.asides = 0  # grows whenever rows were put aside, or may have been: see `aside`
        self._mark_path = path.with_name(path.name + ".mark")
        self._marked: high_water_mark.Mark | None = None  # what stands there, as far as known
        self._last_id = 0
        self._head: str | None = None  # digest of the row with that number
        self._looked = 0  # the last row that was read through
        self._dated_by: Reading | None = None
        self._epochs: list[tuple[int, str]] = []  # the first number of each, newest first
        self._database = Database(path, self._prepare, most_pages)
        with self._database.using():
            pass
        with suppress(AuditError):  # on a full disk the last note does as well
            self.remember()

    @property
    def damaged(self) -> tuple[Path, ...]:
        return self._database.damaged

    def commit(
        self,
        record: Mapping[str, JsonValue],
        recorded_at: float,
        reading: Reading | None = None,
    ) -> int:
        """The record's id, once it is on the disk. Ids only grow.

        `reading`: of the clock that dates it, which may have been set since it was last noted.
        """
        with self._database.using() as db:
            row = audit_rows.made(self._next(), recorded_at, record, self._encode)
            number, head = row[0], audit_rows.digest(row[2].encode())
            with transaction(db):
                if reading and self._dated_by and set_since(reading, self._dated_by):
                    trusted_times.note(db, reading, number)
                    self._dated_by = reading
                db.execute(_INSERT, row)
                audit_tables.set_head(db, number, head)
            self._last_id, self._head = number, head  # not before it is on the disk
        return number

    def _next(self) -> Link:
        return Link(self._last_id + 1, self.epoch, self._head)

    @property
    def last(self) -> int:
        """The newest number that was given."""
        return self._last_id

    def end_of(self, epoch: str) -> int | None:
        """The last number that was given under this name; None: never one was."""
        names = [name for _, name in self._epochs]
        if epoch not in names:
            return None
        place = names.index(epoch)
        return self._last_id if place == 0 else self._epochs[place - 1][0] - 1

    def pending(self, after: int, most: int) -> list[Row]:
        """The oldest rows the broker has not taken, with ids above `after`, in order.

        Those among them that cannot be read are put aside; the list may then be shorter.
        """
        return self._oldest("delivered_at IS NULL", after, most)

    def after(self, number: int, most: int) -> list[Row]:
        """The oldest rows above a number, in order, whoever has taken them; else as `pending`."""
        return self._oldest("1", number, most)

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Those of these that are there and can be read, in order."""
        found: list[Stored] = []
        with self._database.using() as db:
            for number in sorted(numbers):
                found += db.execute(f"SELECT {_ROW} FROM record WHERE id = ?", (number,))
        return self._read(found)[0]

    def first_after(self, number: int) -> int | None:
        """The smallest number above that one of which there is a row."""
        with self._database.using() as db:
            found = db.execute("SELECT min(id) FROM record WHERE id > ?", (number,)).fetchone()
            return None if found[0] is None else int(found[0])

    def _oldest(self, which: str, after: int, most: int) -> list[Row]:
        rows: list[Row] = []
        for _ in range(READS):
            found = self._found(which, after, most - len(rows))
            readable, unreadable = self._read(found)
            rows += readable
            with suppress(AuditError):  # a full disk: then they are read, and passed over, again
                self.put_aside(unreadable)
            if not unreadable:
                break
            after = found[-1][0]
        return rows

    def _found(self, which: str, after: int, most: int) -> list[Stored]:
        with self._database.using() as db:
            return db.execute(
                f"SELECT {_ROW} FROM record WHERE {which} AND id > ? ORDER BY id LIMIT ?",
                (after, most),
            ).fetchall()

    def count_pending(self, most: int = -1) -> int:
        """How many rows wait for the broker, counted up to `most`, for counting takes its time."""
        with self._database.using() as db:
            found = db.execute(
                "SELECT count(*) FROM (SELECT 1 FROM record WHERE delivered_at IS NULL LIMIT ?)",
                (most,),
            )
            return int(found.fetchone()[0])

    def acknowledge(self, ids: Sequence[int], delivered_at: float) -> None:
        """The broker took these rows; they are kept, but not sent again."""
        with self._database.changing() as db:
            db.executemany(
                "UPDATE record SET delivered_at = ? WHERE id = ?",
                [(delivered_at, id_) for id_ in ids],
            )

    def put_aside(self, rows: Sequence[Aside]) -> None:
        """Keep these rows where they are not sent from, each with the reason why."""
        if not rows:
            return
        with self._database.changing() as db:
            for row in rows:
                db.execute(
                    "INSERT OR REPLACE INTO aside (id, recorded_at, body, delivered_at, why) "
                    "SELECT id, recorded_at, CAST(body AS BLOB), delivered_at, ? "
                    "FROM record WHERE id = ?",
                    (row.why, row.id),
                )
                db.execute("DELETE FROM record WHERE id = ?", (row.id,))
        self.asides += 1

    def aside(self, most: int) -> tuple[int, list[Aside]]:
        """How many rows lie aside, and the newest of them."""
        with self._database.using() as db:
            count = int(db.execute("SELECT count(*) FROM aside").fetchone()[0])
            newest = db.execute("SELECT id, why FROM aside ORDER BY id DESC LIMIT ?", (most,))
            return count, [Aside(int(id_), str(why)) for id_, why in newest]

    def note_clock(self, reading: Reading) -> None:
        """The records from here on are dated by this clock."""
        with self._database.changing() as db:
            trusted_times.note(db, reading, self._last_id + 1)
            self._dated_by = reading

    def set_while_away(self, reading: Reading) -> float:
        """By how many seconds the clock was set since the log was last in use, if that shows."""
        with self._database.using() as db:
            return trusted_times.set_while_away(db, reading)

    def prune(self, reading: Reading, keep_s: float, most: int) -> Deleted | None:
        """Delete some rows the broker took that are certainly older than that; which."""
        with self._database.changing() as db:
            return trusted_times.prune(db, reading, keep_s, most)

    def look_through(self, most: int) -> bool:
        """Read the next rows of the whole log, as a check; True when the end was reached.

        What cannot be read is put aside. A file that contradicts itself is condemned: AuditError,
        and the next use of the log moves it aside.
        """
        with self._database.changing() as db:  # so that nobody writes between the two looks
            found = db.execute(
                f"SELECT {_ROW}, delivered_at IS NULL FROM record NOT INDEXED WHERE id > ? "
                "ORDER BY id LIMIT ?",
                (self._looked, most),
            ).fetchall()
            end = found[-1][0] if found else self._last_id
            listed = db.execute(
                "SELECT id FROM record INDEXED BY pending "
                "WHERE delivered_at IS NULL AND id > ? AND id <= ?",
                (self._looked, end),
            ).fetchall()
            if {row[0] for row in found if row[4]} != {row[0] for row in listed}:
                raise DamagedError  # a row that waits and is not listed would never be sent
        self.put_aside(self._read([row[:4] for row in found])[1])
        self._looked = end if len(found) == most else 0
        return self._looked == 0

    def rescue(self, most: int, now: float) -> Rescue | None:
        """Bring some rows that waited in a damaged log into this one: how far that is, if any is.

        They count as recorded `now` (unix seconds): nobody knows by which clock they were dated.
        """
        with self._database.using() as db:
            found = audit_rescue.current(db)
            if not found or found[0].done:
                return None
            raw, lost, goes_on = audit_rescue.waiting(found[0], most)
            rows, unreadable = self._read(raw)
            link = self._next()
            with transaction(db):
                for row in rows:
                    record = audit_rows.record(row)
                    made = audit_rows.made(link, now, record, self._encode)
                    db.execute(_INSERT, made)
                    link = Link(link.number + 1, link.epoch, audit_rows.digest(made[2].encode()))
                if rows and link.previous is not None:
                    audit_tables.set_head(db, link.number - 1, link.previous)
                audit_rescue.note(db, found[0], goes_on, len(rows), lost + len(unreadable))
            self._last_id, self._head = link.number - 1, link.previous
            return next(same for same in audit_rescue.current(db) if same.path == found[0].path)

    def bytes_used(self) -> int:
        return self._database.bytes_used()

    def remember(self) -> None:
        """Note beside the file how far it has counted; it is looked at when it is opened.

        A copy of the log that is older, but not older than the note, would give numbers again.
        """
        with self._database.using():
            mark = high_water_mark.Mark(self.epoch, self._last_id)
            if mark != self._marked:
                high_water_mark.write(self._mark_path, mark)
                self._marked = mark

    def close(self) -> None:
        with suppress(AuditError):
            self.remember()
        self._database.close()

    def _prepare(self, db: Connection, found: Found) -> None:
        audit_tables.upgrade(db, self.path)
        self.asides += 1
        last = audit_tables.last_number(db)
        self._epochs = _epochs(db)
        if self.epoch:  # lost or replaced while in use: what we know goes on
            if not self._epochs or self._epochs[0][1] != self.epoch:
                self._begin_epoch(db, max(last, self._last_id) + 1, self.epoch)
        else:
            known = high_water_mark.read(self._mark_path)
            self.begun = _begun(known, found, self._epochs, last)
            if not self._epochs:
                self._begin_epoch(db, 1, str(uuid.uuid4()))
            elif self.begun == "older":
                self._begin_epoch(db, last + 1, str(uuid.uuid4()))
            self.epoch = self._epochs[0][1]
        self._head = self._found_head(db, last)
        self._last_id = max(last, self._last_id)
        if found == "moved":
            note = high_water_mark.read(self._mark_path)
            known_last = max(self._last_id, note.last if note else 0)
            audit_rescue.begin(db, self._database.damaged[-1], known_last)

    def _found_head(self, db: Connection, last: int) -> str | None:
        """What the next row is chained to."""
        head = audit_tables.head(db)
        if self._head is not None and (head is None or head[0] <= self._last_id):
            return self._head  # lost or replaced while in use: we know what we wrote
        if head is not None:
            return head[1]
        found = db.execute(f"SELECT {_ROW} FROM record WHERE id = ?", (last,)).fetchall()
        rows, _ = self._read(found)  # of a version that did not chain them
        return audit_rows.digest(rows[0].payload) if rows else None

    def _begin_epoch(self, db: Connection, first: int, name: str) -> None:
        db.execute("INSERT OR REPLACE INTO epoch (first, name) VALUES (?, ?)", (first, name))
        self._epochs = _epochs(db)

    def _epoch_of(self, number: int) -> str:
        return next((name for first, name in self._epochs if first <= number), self.epoch)

    def _read(self, found: Sequence[Stored]) -> tuple[list[Row], list[Aside]]:
        rows: list[Row] = []
        unreadable: list[Aside] = []
        for stored in found:
            row = audit_rows.read(stored, self._epoch_of(stored[0]))
            rows.append(row) if isinstance(row, Row) else unreadable.append(row)
        return rows, unreadable


def _begun(
    known: high_water_mark.Mark | None, found: Found, epochs: Sequence[tuple[int, str]], last: int
) -> Begun | None:
    """Why the numbers of the last start do not go on, or None if they do or there are none."""
    if found == "moved":
        return None  # told as damaged
    if found == "empty" or (found == "kept" and known and not epochs and last == 0):
        return "empty"
    if known is None:
        return None
    if found == "absent":
        return "gone"
    goes_on = bool(epochs) and epochs[0][1] == known.epoch and last >= known.last
    return None if goes_on else "older"


def _epochs(db: Connection) -> list[tuple[int, str]]:
    found = db.execute("SELECT first, name FROM epoch ORDER BY first DESC")
    return [(int(first), str(name)) for first, name in found]
