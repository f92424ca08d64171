"""Which times in the audit log can be believed, so that no wrong clock deletes a record.

Rows are dated by the wall clock, which may have been wrong when they were written, and may be
wrong now. The log is therefore divided into stretches: rows written while the clock ran on
without being set. A stretch is sound once a time service has said that its clock is right. Rows
of one that never was count as recorded when the clock was first known to be right, so they are
kept for longer and never for less. Where two sound stretches contradict each other, nothing
before is believed.
"""

from dataclasses import dataclass

from kioskd.delivery.clock import Reading
from kioskd.delivery.database import Connection

STEP_S = 2.0  # between two readings of a clock that nobody set: nothing, but for leap seconds
# Between two starts of the machine nothing tells a clock that was set ahead from a machine that
# was off. After longer than this the first is assumed, which costs room on the disk at worst.
ABSENT_S = 7 * 86400.0
SEEN_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """`first`: the number of its first row. The others: see audit_tables.py."""

    first: int
    boot: str
    zero: float
    seen: float
    sound: bool
    dated: float | None


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was deleted at once: `count` rows with numbers from `first` to `last`."""

    count: int
    first: int
    last: int
    recorded_before: float


def set_since(reading: Reading, before: Reading) -> float:
    """By how many seconds the clock was set between two readings on one start of the machine."""
    moved = reading.zero - before.zero
    return moved if reading.boot == before.boot and abs(moved) > STEP_S else 0.0


def set_while_away(db: Connection, reading: Reading) -> float:
    """By how many seconds the clock was set since the log was last in use; 0.0 if nothing says so.

    Since an earlier start of the machine only a clock that went back can be told, and by how much
    at least: one that is ahead cannot be told from a machine that was off.
    """
    stretches = _all(db)
    if not stretches:
        return 0.0
    newest = stretches[-1]
    if newest.boot == reading.boot != "":
        moved = reading.zero - newest.zero
    else:
        moved = min(0.0, reading.wall - newest.seen)
    return moved if abs(moved) > STEP_S else 0.0


def note(db: Connection, reading: Reading, next_number: int) -> None:
    """The rows from `next_number` on are dated by this clock."""
    stretches = _all(db)
    if not stretches:
        stretches = _of_an_earlier_version(db, reading)
    newest = stretches[-1] if stretches else None
    if newest is None or not _goes_on(newest, reading):
        newest = Stretch(next_number, reading.boot, reading.zero, reading.wall, False, None)
        _insert(db, newest)
    elif reading.wall - newest.seen > SEEN_EVERY_S:
        db.execute("UPDATE stretch SET seen = ? WHERE first = ?", (reading.wall, newest.first))
    if reading.synchronised and not newest.sound:
        db.execute("UPDATE stretch SET sound = 1 WHERE first = ?", (newest.first,))
        _date(db, [s for s in stretches if s.first < newest.first], reading)


def _date(db: Connection, earlier: list[Stretch], reading: Reading) -> None:
    """The clock is known to be right: say of the rows before which of them are believed."""
    sound = [stretch for stretch in earlier if stretch.sound]
    contradicted = any(
        stretch.boot == reading.boot and not _goes_on(stretch, reading) for stretch in sound
    )
    if sound and sound[-1].boot != reading.boot:
        contradicted |= not -STEP_S <= reading.wall - sound[-1].seen <= ABSENT_S
    for stretch in earlier:
        never_dated = not stretch.sound and stretch.dated is None
        ahead = stretch.dated is not None and stretch.dated > reading.wall
        if contradicted or never_dated or ahead:
            db.execute(
                "UPDATE stretch SET dated = ? WHERE first = ?", (reading.wall, stretch.first)
            )


def prune(db: Connection, reading: Reading, keep_s: float, most: int) -> Deleted | None:
    """Delete `most` of the rows that the broker took and that are certainly older than `keep_s`.

    None if there are none, or if the clock cannot be believed now.
    """
    stretches = _all(db)
    if not stretches or not reading.synchronised:
        return None
    if not stretches[-1].sound or not _goes_on(stretches[-1], reading):
        return None
    before = reading.wall - keep_s
    ends = [stretch.first for stretch in stretches[1:]] + [None]
    for stretch, end in zip(stretches, ends, strict=True):
        if stretch.dated is not None and stretch.dated >= before:
            continue
        if deleted := _delete(db, (stretch.first, end), before, most):
            _remember(db, deleted, reading)
            return deleted
    return None


def _remember(db: Connection, deleted: Deleted, reading: Reading) -> None:
    db.execute(
        "INSERT INTO deletion (deleted_at, first, last, count, recorded_before) "
        "VALUES (?, ?, ?, ?, ?)",
        (reading.wall, deleted.first, deleted.last, deleted.count, deleted.recorded_before),
    )


def _delete(
    db: Connection, numbers: tuple[int, int | None], before: float, most: int
) -> Deleted | None:
    first, end = numbers
    found = db.execute(
        "SELECT id FROM record WHERE delivered_at IS NOT NULL AND recorded_at < ? "
        "AND id >= ? AND (? IS NULL OR id < ?) LIMIT ?",
        (before, first, end, end, most),
    )
    ids = [int(row[0]) for row in found]
    if not ids:
        return None
    db.executemany("DELETE FROM record WHERE id = ?", [(id_,) for id_ in ids])
    return Deleted(len(ids), min(ids), max(ids), before)


def _goes_on(stretch: Stretch, reading: Reading) -> bool:
    known = stretch.boot == reading.boot != ""
    return known and abs(reading.zero - stretch.zero) <= STEP_S


def _all(db: Connection) -> list[Stretch]:
    found = db.execute("SELECT first, boot, zero, seen, sound, dated FROM stretch ORDER BY first")
    return [
        Stretch(int(first), str(boot), zero, seen, bool(sound), dated)
        for first, boot, zero, seen, sound, dated in found
    ]


def _of_an_earlier_version(db: Connection, reading: Reading) -> list[Stretch]:
    """Rows of which nothing is known but their times: believed, unless the last is long ago."""
    newest = db.execute("SELECT recorded_at FROM record ORDER BY id DESC LIMIT 1").fetchone()
    if newest is None:
        return []
    stretch = Stretch(0, "", 0.0, float(newest[0]), True, None)
    _insert(db, stretch)
    return [stretch]


def _insert(db: Connection, stretch: Stretch) -> None:
    """In the place of one that has no rows."""
    db.execute(
        "INSERT OR REPLACE INTO stretch (first, boot, zero, seen, sound, dated) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            stretch.first,
            stretch.boot,
            stretch.zero,
            stretch.seen,
            int(stretch.sound),
            stretch.dated,
        ),
    )
