"""Takes a batch of records into the tables: all of it or nothing, each record once.

Whoever takes records of a kiosk holds its row of fleet.kiosk, so that two collectors cannot both
believe to be first. What was taken is known by what stands in fleet.epoch and fleet.gap.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from kioskd.fleet.collector import chain_book
from kioskd.fleet.collector.chain_book import Book, Known
from kioskd.fleet.collector.put_aside import put
from kioskd.fleet.collector.record import (
    COLUMNS,
    Aside,
    Kiosk,
    Record,
    previous,
)
from kioskd.fleet.database.library import Connection, Jsonb, RowError, saying
from kioskd.fleet.database.partitions import Partitions

Log = tuple[str, str, str]  # site, device, epoch
Range = tuple[int, int]
_Noticed = dict[tuple[str, str, str, int], Sequence[Any]]  # when, and how long ago
# As in the view fleet.missing: what is filled before is no gap, but two collectors out of step.
GRACE = timedelta(minutes=2)

_TYPES = {
    "recorded_at": "timestamptz",
    "reasons": "text[]",
    "score": "float8",
    "scores": "jsonb",
    "measured": "jsonb",
    "emits": "bool",
    "clock_synchronised": "bool",
}
_COPIED = ("site", "device", "epoch", "seq", *COLUMNS, "received_at", "payload", "digest")
_COPIED_TYPES = (
    *("text", "text", "text", "int8"),
    *(_TYPES.get(name, "text") for name in COLUMNS),
    *("timestamptz", "bytea", "bytea"),
)
_JSON = tuple(COLUMNS.index(name) for name in ("scores", "measured"))


@dataclass(slots=True)
class Tally:
    """What became of a batch."""

    rows: int = 0
    again: int = 0
    aside: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        self.rows += other.rows
        self.again += other.again
        self.aside.update(other.aside)


def take(connection: Connection, partitions: Partitions, batch: Sequence[Record | Aside]) -> Tally:
    """Commit them; what PostgreSQL cannot hold is put aside as poisoned. Raises DatabaseError."""
    try:
        with saying():
            return _taken(connection, partitions, batch)
    except RowError as error:
        partitions.forget()
        if len(batch) == 1:
            with saying():
                return _taken(connection, partitions, [_poisoned(batch[0], str(error))])
    whole = Tally()
    for each in batch:
        whole.add(take(connection, partitions, [each]))
    return whole


def _poisoned(each: Record | Aside, why: str) -> Record | Aside:
    """Its number has come all the same, where a trusted key gave it one."""
    why = why[:400]
    if isinstance(each, Record) and each.unfit is None:
        return replace(each, unfit=("poisoned", why), columns=())
    return Aside(each.heard, "poisoned", why)


def _taken(
    connection: Connection, partitions: Partitions, batch: Sequence[Record | Aside]
) -> Tally:
    records = sorted(
        (each for each in batch if isinstance(each, Record)),
        key=lambda each: (each.place.log, each.place.seq),
    )
    partitions.ensure(connection, (each.recorded_at for each in records if each.unfit is None))
    with connection.transaction():
        work = _Work(connection, records)
        for each in batch:
            if isinstance(each, Aside):
                work.put_aside(each)
        return work.done()


class _Work:
    """One transaction."""

    def __init__(self, connection: Connection, records: Sequence[Record]) -> None:
        self._db = connection
        self._tally = Tally()
        self._good: list[Record] = []
        self._aside: list[Aside] = []
        self._taken: dict[Log, datetime] = {}
        self._counts: dict[Kiosk, Counter[str]] = defaultdict(Counter)
        self._heard: dict[Kiosk, datetime] = {}
        self._lock(records)
        self._books = self._read(records)
        self._gaps = {log: tuple(book.gaps) for log, book in self._books.items()}
        for record in records:
            self._judge(record)

    def put_aside(self, aside: Aside) -> None:
        self._aside.append(aside)
        self._tally.aside[aside.reason] += 1
        self._counts[aside.heard.kiosk]["aside"] += 1
        if aside.reason in ("changed", "broken"):
            self._counts[aside.heard.kiosk]["cloned"] += 1

    def done(self) -> Tally:
        self._copy()
        put(self._db, self._aside)
        self._write_books()
        self._write_gaps()
        self._write_kiosks()
        return self._tally

    def _lock(self, records: Sequence[Record]) -> None:
        kiosks = sorted({each.heard.kiosk for each in records})
        self._db.execute(
            "SELECT 1 FROM fleet.kiosk JOIN unnest(%s::text[], %s::text[]) AS asked (site, device)"
            " USING (site, device) ORDER BY site, device FOR UPDATE OF kiosk",
            _turned(kiosks, 2),
        )

    def _read(self, records: Sequence[Record]) -> dict[Log, Book]:
        logs: dict[Log, list[int]] = defaultdict(list)
        for record in records:
            logs[record.place.log].append(record.place.seq)
        books = {log: Book() for log in logs}
        asked = _turned(sorted(logs), 3)
        for site, device, epoch, *rest in self._db.execute(_EPOCHS, asked):
            book = books[site, device, epoch]
            book.first, book.first_previous, book.high, book.high_digest = rest
        for site, device, epoch, start, end in self._db.execute(_GAPS, asked):
            books[site, device, epoch].gaps.append((start, end))
        self._read_beside(books, logs)
        return books

    def _read_beside(self, books: dict[Log, Book], logs: dict[Log, list[int]]) -> None:
        places = [
            (*log, seq) for log, seqs in logs.items() for seq in chain_book.beside(books[log], seqs)
        ]
        if not places:
            return
        asked = _turned(sorted(places), 4)
        for site, device, epoch, seq, digest, payload in self._db.execute(_BESIDE, asked * 2):
            books[site, device, epoch].known[seq] = Known(digest, previous(payload))

    def _judge(self, record: Record) -> None:
        place, kiosk = record.place, record.heard.kiosk
        book = self._books[place.log]
        verdict, why = book.take(place.seq, record.digest, record.previous)
        if verdict == "again":
            self._tally.again += 1
            self._counts[kiosk]["again"] += 1
        elif verdict != "new":
            self.put_aside(Aside(record.heard, verdict, why))
            return
        elif record.unfit is None:
            self._good.append(record)
            self._tally.rows += 1
            self._counts[kiosk]["rows"] += 1
        else:
            self.put_aside(Aside(record.heard, *record.unfit, place.epoch, place.seq))
        at = record.heard.at
        self._heard[kiosk] = max(at, self._heard.get(kiosk, at))
        if verdict == "new":
            self._taken[place.log] = max(at, self._taken.get(place.log, at))

    def _copy(self) -> None:
        if not self._good:
            return
        columns = ", ".join(_COPIED)
        with (
            self._db.cursor() as cursor,
            cursor.copy(f"COPY fleet.audit_row ({columns}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(_COPIED_TYPES)
            for record in self._good:
                place, heard = record.place, record.heard
                said = list(record.columns)
                for index in _JSON:
                    said[index] = None if said[index] is None else Jsonb(said[index])
                copy.write_row((*place.log, place.seq, *said, heard.at, heard.body, record.digest))

    def _write_books(self) -> None:
        rows = [
            (*log, book.first, book.first_previous, book.high, book.high_digest, at)
            for log, at in self._taken.items()
            for book in (self._books[log],)
        ]
        if rows:
            self._db.execute(_WRITE_EPOCHS, _turned(rows, 8))

    def _write_gaps(self) -> None:
        """Those of before that were filled, in part or whole, and those that are new."""
        gone = [
            (log, gap)
            for log in self._taken
            for gap in self._gaps[log]
            if gap not in self._books[log].gaps
        ]
        noticed = self._deleted([(*log, gap[0]) for log, gap in gone])
        rows: list[tuple[object, ...]] = []
        for log, gap in gone:
            at, lasted = noticed.get((*log, gap[0]), (None, timedelta(0)))
            left = [each for each in self._books[log].gaps if gap[0] <= each[0] <= gap[1]]
            rows += ((*log, *each, at, False) for each in left)
            if lasted > GRACE:
                rows += ((*log, *each, at, True) for each in _between(gap, left))
        for log in self._taken:
            rows += ((*log, *each, None, False) for each in self._new_gaps(log))
        if rows:
            self._db.execute(_WRITE_GAPS, _turned(rows, 7))

    def _deleted(self, gaps: list[tuple[str, str, str, int]]) -> _Noticed:
        if not gaps:
            return {}
        rows = self._db.execute(_NO_GAPS, _turned(gaps, 4)).fetchall()
        return {(site, device, epoch, start): rest for site, device, epoch, start, *rest in rows}

    def _new_gaps(self, log: Log) -> list[Range]:
        before, now = self._gaps[log], self._books[log].gaps
        return [each for each in now if not any(old[0] <= each[0] <= old[1] for old in before)]

    def _write_kiosks(self) -> None:
        rows = [
            (
                *kiosk,
                counts["rows"],
                counts["again"],
                counts["aside"],
                counts["cloned"] > 0,
                self._heard.get(kiosk),
            )
            for kiosk, counts in sorted(self._counts.items())
        ]
        if rows:
            self._db.execute(_WRITE_KIOSKS, _turned(rows, 7))


_ASKED = "JOIN unnest(%s::text[], %s::text[], %s::text[]) AS asked (site, device, epoch)"
_EPOCHS = (
    "SELECT site, device, epoch, first_seq, first_previous, high_seq, high_digest"
    f" FROM fleet.epoch {_ASKED} USING (site, device, epoch)"
)
_GAPS = (
    "SELECT site, device, epoch, from_seq, to_seq"
    f" FROM fleet.gap {_ASKED} USING (site, device, epoch) WHERE filled IS NULL ORDER BY from_seq"
)
_PLACES = (
    "JOIN unnest(%s::text[], %s::text[], %s::text[], %s::bigint[])"
    " AS asked (site, device, epoch, seq) USING (site, device, epoch, seq)"
)
_BESIDE = (
    f"SELECT site, device, epoch, seq, digest, payload FROM fleet.audit_row {_PLACES}"
    f" UNION ALL SELECT site, device, epoch, seq, digest, payload FROM fleet.put_aside {_PLACES}"
)
# The first of a log that names nothing is its beginning: null. A version that does not say what was
# before is kept as an empty one.
_WRITE_EPOCHS = (
    "INSERT INTO fleet.epoch"
    " (site, device, epoch, first_seq, first_previous, high_seq, high_digest, begun, last_received)"
    " SELECT *, at FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::bytea[],"
    " %s::bigint[], %s::bytea[], %s::timestamptz[])"
    " AS taken (site, device, epoch, first, before, high, digest, at)"
    " ON CONFLICT (site, device, epoch) DO UPDATE SET first_seq = excluded.first_seq,"
    " first_previous = excluded.first_previous, high_seq = excluded.high_seq,"
    " high_digest = excluded.high_digest,"
    " last_received = greatest(epoch.last_received, excluded.last_received)"
)
_NO_GAPS = (
    "DELETE FROM fleet.gap USING unnest(%s::text[], %s::text[], %s::text[], %s::bigint[])"
    " AS gone (site, device, epoch, from_seq) WHERE (gap.site, gap.device, gap.epoch, gap.from_seq)"
    " = (gone.site, gone.device, gone.epoch, gone.from_seq)"
    " RETURNING gap.site, gap.device, gap.epoch, gap.from_seq, noticed, clock_timestamp() - noticed"
)
_WRITE_GAPS = (
    "INSERT INTO fleet.gap (site, device, epoch, from_seq, to_seq, noticed, filled)"
    " SELECT site, device, epoch, start, until, coalesce(noticed, clock_timestamp()),"
    " CASE WHEN filled THEN clock_timestamp() END FROM unnest(%s::text[], %s::text[], %s::text[],"
    " %s::bigint[], %s::bigint[], %s::timestamptz[], %s::boolean[])"
    " AS new (site, device, epoch, start, until, noticed, filled)"
)
_WRITE_KIOSKS = (
    "UPDATE fleet.kiosk SET rows = kiosk.rows + new.rows, again = kiosk.again + new.again,"
    " aside = kiosk.aside + new.aside,"
    " cloned_at = CASE WHEN new.cloned THEN clock_timestamp() ELSE kiosk.cloned_at END,"
    " first_heard = coalesce(kiosk.first_heard, new.at),"
    " last_heard = greatest(kiosk.last_heard, new.at)"
    " FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],"
    " %s::boolean[], %s::timestamptz[]) AS new (site, device, rows, again, aside, cloned, at)"
    " WHERE kiosk.site = new.site AND kiosk.device = new.device"
)


def _between(gap: Range, left: Iterable[Range]) -> list[Range]:
    """What of a gap is not left."""
    filled, start = [], gap[0]
    for low, high in sorted(left):
        if start < low:
            filled.append((start, low - 1))
        start = high + 1
    if start <= gap[1]:
        filled.append((start, gap[1]))
    return filled


def _turned(rows: Sequence[Sequence[object]], columns: int) -> list[list[object]]:
    """Rows as columns, for unnest."""
    return [[row[index] for row in rows] for index in range(columns)]
