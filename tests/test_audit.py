"""What is in the audit log survived; what could not be written is said so."""

import errno
import hashlib
import json
import os
import resource
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from kioskd.delivery.audit import AuditLog
from kioskd.delivery.audit_rescue import Rescue
from kioskd.delivery.audit_rows import Row
from kioskd.delivery.clock import Reading
from kioskd.delivery.database import CHECKED_AT_ONCE, AuditError, Database
from kioskd.delivery.trusted_times import Deleted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit.db"


@pytest.fixture
def log(path: Path) -> Iterator[AuditLog]:
    audit = AuditLog(path)
    yield audit
    audit.close()


def said(row: Row) -> dict[str, Any]:
    """The record in a row, without its number, epoch and link to the row before."""
    content: dict[str, Any] = json.loads(row.payload)
    assert content.pop("seq") == row.id
    content.pop("previous", None)
    del content["epoch"]
    return content


def epoch_of(row: Row) -> str:
    return str(json.loads(row.payload)["epoch"])


def ids(audit: AuditLog) -> list[int]:
    return [row.id for row in audit.pending(after=0, most=1_000_000)]


def test_a_committed_record_is_there_when_the_log_is_opened_again(path: Path) -> None:
    first = AuditLog(path)
    number = first.commit({"said": "ja, naïve, 門"}, recorded_at=1.0)
    first.close()
    again = AuditLog(path)
    assert [(row.id, said(row)) for row in again.pending(0, 10)] == [
        (number, {"said": "ja, naïve, 門"})
    ]
    again.close()


def test_the_bytes_of_a_record_are_made_once_and_leave_as_they_lie_on_the_disk(path: Path) -> None:
    """So they can be signed once: nothing on the way serialises them again."""
    with closing(AuditLog(path)) as log:
        number = log.commit({"said": "ja, naïve, 門", "score": 1e-7}, 1.0)
        epoch = log.epoch
    ((stored,),) = raw(path, "SELECT CAST(body AS BLOB) FROM record")
    with closing(AuditLog(path)) as again:
        (row,) = again.pending(0, 10)
    assert row.payload == stored
    place = f'"seq":{number},"epoch":"{epoch}","previous":null'
    said = f'{{{place},"said":"ja, naïve, 門","score":1e-07}}'
    assert stored.decode() == said


def test_a_record_of_an_earlier_version_gets_its_number_and_epoch_when_it_leaves(
    path: Path,
) -> None:
    with closing(AuditLog(path)) as first:
        first.commit({}, 1.0)
    body = b'{"said":"as before"}'
    check = zlib.crc32(struct.pack(">qd", 1, 1.0) + body)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE record SET body = ?, checksum = ?", (body.decode(), check))
    with closing(AuditLog(path)) as log:
        (row,) = log.pending(0, 10)
        assert row.payload.decode() == f'{{"seq":1,"epoch":"{log.epoch}","said":"as before"}}'
    assert raw(path, "SELECT CAST(body AS BLOB) FROM record") == [(body,)]


def test_rows_wait_in_order_until_the_broker_took_them(log: AuditLog) -> None:
    given = [log.commit({"n": n}, 1.0) for n in range(5)]
    assert given == sorted(set(given))
    assert [said(row)["n"] for row in log.pending(after=given[1], most=2)] == [2, 3]
    log.acknowledge([given[0], given[3]], delivered_at=2.0)
    assert [said(row)["n"] for row in log.pending(0, 10)] == [1, 2, 4]
    assert log.count_pending() == 3


DAY_S = 86400.0
NOON = 1.8e9  # unix seconds of a day in 2027


def reading(
    wall: float, zero: float = NOON - DAY_S, boot: str = "one", kept: bool = True
) -> Reading:
    return Reading(wall, zero, boot, kept)


def dated(log: AuditLog, at: Reading, count: int = 1) -> list[int]:
    """Records that the broker took at once."""
    log.note_clock(at)
    numbers = [log.commit({}, at.wall, at) for _ in range(count)]
    log.acknowledge(numbers, at.wall)
    return numbers


def numbers(path: Path) -> list[int]:
    return [row[0] for row in raw(path, "SELECT id FROM record ORDER BY id")]


def test_a_row_is_kept_its_days_after_the_broker_took_it_and_longer_if_it_did_not(
    log: AuditLog, path: Path
) -> None:
    dated(log, reading(NOON))
    untaken = log.commit({}, NOON)
    (young,) = dated(log, reading(NOON + 2 * DAY_S))
    now = reading(NOON + 11 * DAY_S)
    log.note_clock(now)
    assert log.prune(now, 10 * DAY_S, most=10) == Deleted(1, 1, 1, NOON + DAY_S)
    assert log.prune(now, 10 * DAY_S, most=10) is None
    assert numbers(path) == [untaken, young]
    assert ids(log) == [untaken]


def test_many_old_rows_are_deleted_in_portions(log: AuditLog, path: Path) -> None:
    dated(log, reading(NOON), count=7)
    now = reading(NOON + 11 * DAY_S)
    log.note_clock(now)
    portions = [log.prune(now, 10 * DAY_S, most=3) for _ in range(4)]
    assert [deleted and deleted.count for deleted in portions] == [3, 3, 1, None]
    assert numbers(path) == []


# What may have happened between the rows and now, and the numbers of those that go: rows 1 are a
# hundred days old by the clock of now, which is right, and rows 2 too.
RIGHT = reading(NOON)
LATER = NOON + 100 * DAY_S
CLOCKS: dict[str, tuple[Reading, Reading, Reading, list[int]]] = {
    "time passed": (RIGHT, RIGHT, reading(LATER), [1, 2]),
    "not kept now": (RIGHT, RIGHT, reading(LATER, kept=False), []),
    "never kept, never set": (
        reading(NOON, kept=False),
        reading(NOON, kept=False),
        reading(LATER),
        [1, 2],
    ),
    "set ahead": (RIGHT, RIGHT, reading(LATER, RIGHT.zero + 100 * DAY_S), []),
    "set ahead, which nobody keeps": (
        RIGHT,
        RIGHT,
        reading(LATER, RIGHT.zero + 100 * DAY_S, kept=False),
        [],
    ),
    "behind, and set right": (
        RIGHT,
        reading(NOON, RIGHT.zero + DAY_S, kept=False),
        reading(LATER),
        [1],
    ),
    "in 1970, and set right": (
        reading(5.0, 0.0, kept=False),
        reading(6.0, 0.0, kept=False),
        reading(LATER),
        [],
    ),
    "a start an hour after the last": (
        RIGHT,
        reading(NOON + 3600, NOON + 3500, "two"),
        reading(LATER, NOON + 3500, "two"),
        [1, 2],
    ),
    "a start a hundred days after the last": (RIGHT, RIGHT, reading(LATER, LATER, "two"), []),
    "a start before the last": (
        reading(LATER + DAY_S),
        RIGHT,
        reading(LATER, LATER, "two"),
        [],
    ),
}


@pytest.mark.parametrize(("first", "second", "now", "gone"), CLOCKS.values(), ids=CLOCKS)
def test_only_rows_that_are_certainly_old_are_deleted(
    path: Path, first: Reading, second: Reading, now: Reading, gone: list[int]
) -> None:
    for at in (first, second):  # two runs of the daemon
        with closing(AuditLog(path)) as log:
            dated(log, at)
    with closing(AuditLog(path)) as log:
        log.note_clock(now)
        for _ in range(3):
            log.prune(now, 90 * DAY_S, most=10)
        assert numbers(path) == [number for number in (1, 2) if number not in gone]
        for days in (91, 182):
            later = reading(now.wall + days * DAY_S, now.zero, now.boot)
            log.note_clock(later)
            for _ in range(3):
                log.prune(later, 90 * DAY_S, most=10)
        assert numbers(path) == []  # kept for longer, and not for ever


def test_a_row_written_just_after_the_clock_was_set_is_dated_by_the_new_one(
    log: AuditLog, path: Path
) -> None:
    """Nobody looked at the clock yet when the record came."""
    dated(log, RIGHT)
    behind = reading(NOON - 50 * DAY_S, RIGHT.zero - 50 * DAY_S, kept=False)
    log.acknowledge([log.commit({}, behind.wall, behind)], NOON)
    now = reading(NOON + 50 * DAY_S)
    log.note_clock(now)
    log.prune(now, 90 * DAY_S, most=10)
    assert numbers(path) == [1, 2]


def test_rows_of_the_first_layout_outlive_a_start_with_the_clock_ahead(path: Path) -> None:
    layout_1(path, ["{}"] * 5, taken=5)
    with closing(AuditLog(path)) as log:
        now = reading(100 * DAY_S, 99 * DAY_S)
        log.note_clock(now)
        assert log.prune(now, 90 * DAY_S, most=10) is None
    assert numbers(path) == [1, 2, 3, 4, 5]


def test_a_number_is_never_used_again(log: AuditLog) -> None:
    (newest,) = dated(log, reading(NOON))
    log.note_clock(now := reading(NOON + 100 * DAY_S))
    assert log.prune(now, DAY_S, most=10)
    assert log.commit({}, 3.0) == newest + 1


def test_threads_that_commit_at_once_all_keep_their_records(log: AuditLog) -> None:
    given: list[int] = []
    threads = [
        threading.Thread(target=lambda: given.extend(log.commit({}, 1.0) for _ in range(25)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == ids(log) == list(range(1, 101))


COMMIT_FOR_EVER = """
import sys
from pathlib import Path
from kioskd.delivery.audit import AuditLog
log = AuditLog(Path(sys.argv[1]))
while True:
    print(log.commit({"pad": "x" * 500}, 1.0), flush=True)
"""


def test_nothing_committed_is_lost_when_the_process_is_killed(path: Path) -> None:
    told = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", COMMIT_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(100):
                told = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            for line in process.stdout:
                told = int(line)
        audit = AuditLog(path)
        assert audit.damaged == ()
        kept = ids(audit)
        audit.close()
        # One more may be kept: committed, and killed before it could be told.
        assert kept in (list(range(1, told + 1)), list(range(1, told + 2)))


def test_a_commit_waits_for_the_disk_and_not_only_for_the_kernel(log: AuditLog) -> None:
    # A killed process loses nothing either way; only a power cut would tell the difference.
    with log._database.using() as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_stands_beside_the_log_and_cannot_be_used_is_named(path: Path) -> None:
    beside = path.with_name("audit.db.mark")

    def prepare(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(beside))

    with pytest.raises(AuditError, match=rf"cannot be used: Read-only .* \({beside}\)"):
        Database(path, prepare).bytes_used()


def test_a_full_disk_is_said_and_keeps_what_is_there(path: Path) -> None:
    audit = AuditLog(path, most_pages=16)
    kept: list[int] = []
    with pytest.raises(AuditError, match="no space left for the audit log"):
        kept.extend(audit.commit({"pad": "x" * 500}, 1.0) for _ in range(1000))
    assert ids(audit) == kept == list(range(1, len(kept) + 1))
    audit.close()
    with_space = AuditLog(path)
    assert with_space.commit({}, 1.0) == len(kept) + 1
    with_space.close()


FILL_UP = """
import resource, sys
from pathlib import Path
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.clock import Reading
from kioskd.delivery.database import CHECKED_AT_ONCE, AuditError, Database
from kioskd.delivery.audit_rescue import Rescue
from kioskd.delivery.trusted_times import Deleted
log = AuditLog(Path(sys.argv[1]))
kept = [log.commit({}, 1.0)]
room = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, room[1]))
refused = 0
while refused < 3:
    try:
        kept.append(log.commit({"pad": "x" * 500}, 1.0))
    except AuditError:
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, room)
kept.append(log.commit({}, 1.0))
assert log.damaged == (), log.damaged
print(kept == [row.id for row in log.pending(0, 100_000)] == list(range(1, len(kept) + 1)))
print(len(kept))
"""


def test_the_log_goes_on_by_itself_when_the_file_may_grow_again(path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    run = subprocess.run(
        [sys.executable, "-c", FILL_UP, str(path)], capture_output=True, text=True, timeout=60
    )
    right, count = run.stdout.split() or (run.stderr, "0")
    assert right == "True"
    assert int(count) > 3


def test_a_log_held_by_another_program_is_said_and_used_again_afterwards(
    log: AuditLog, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(AuditError, match="another program holds the audit log"):
        log.commit({}, 1.0)
    other.execute("ROLLBACK")
    other.close()
    assert ids(log) == []
    assert log.commit({}, 1.0) == 1


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\0" * 500])
def test_a_damaged_log_is_moved_aside_and_named_and_a_new_one_begun(
    path: Path, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    earlier = path.with_name("audit.db.damaged-1")
    earlier.write_bytes(b"from last year")
    audit = AuditLog(path)
    assert audit.damaged == (path.with_name("audit.db.damaged-2"),)
    assert audit.damaged[0].read_bytes() == content
    assert earlier.read_bytes() == b"from last year"
    assert audit.commit({}, 1.0) == 1
    audit.close()


def test_a_log_with_a_damaged_page_is_moved_aside(path: Path) -> None:
    audit = AuditLog(path)
    for _ in range(100):
        audit.commit({"pad": "x" * 500}, 1.0)
    audit.close()
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 6 * 4096] = bytes(range(256)) * 16
    path.write_bytes(content)
    again = AuditLog(path)
    assert [moved.read_bytes() for moved in again.damaged] == [content]
    again.close()


def test_a_log_removed_while_in_use_is_made_anew_and_goes_on_counting(
    log: AuditLog, path: Path
) -> None:
    last = [log.commit({}, 1.0) for _ in range(7)][-1]
    for file in path.parent.iterdir():
        file.unlink()
    assert log.commit({}, 2.0) == last + 1
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM record").fetchone() == (1,)
    other.close()


def test_a_log_exchanged_while_in_use_is_not_what_the_next_record_names(
    log: AuditLog, path: Path, tmp_path: Path
) -> None:
    """Else whoever exchanges it would have his last record vouched for."""
    ours = [log.commit({"turn": turn}, 1.0) for turn in range(3)]
    (written,) = (row.payload for row in log.rows(ours[-1:]))
    other = tmp_path / "theirs.db"
    with sqlite3.connect(path) as kept, sqlite3.connect(other) as theirs:
        kept.backup(theirs)
        theirs.execute("UPDATE head SET digest = ?", ("f" * 64,))
    kept.close()
    theirs.close()
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        file.unlink(missing_ok=True)
    other.replace(path)
    number = log.commit({}, 2.0)
    assert number == ours[-1] + 1
    (row,) = log.rows([number])
    assert json.loads(row.payload)["previous"] == hashlib.sha256(written).hexdigest()


def test_the_log_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    AuditLog(path).close()
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(AuditError, match=r"written by a newer kioskd \(layout 99"):
        AuditLog(path)
    assert [file.name for file in path.parent.glob("*damaged*")] == []


def test_a_place_that_cannot_hold_a_log_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AuditError, match="the audit log"):
        AuditLog(tmp_path / "file" / "audit.db")


LAYOUT_1 = """
CREATE TABLE record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, also after deletion
    recorded_at REAL NOT NULL,             -- unix seconds
    body TEXT NOT NULL,                    -- JSON
    delivered_at REAL                      -- unix seconds; NULL until the broker took it
) STRICT;
CREATE INDEX pending ON record (id) WHERE delivered_at IS NULL;
CREATE INDEX delivered ON record (recorded_at) WHERE delivered_at IS NOT NULL;
PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;
"""


def layout_1(path: Path, bodies: Sequence[str], taken: int = 0) -> None:
    """A log as version 0.1 left it, of which the broker took the first rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(LAYOUT_1)
        for number, body in enumerate(bodies, 1):
            delivered_at = 2.0 if number <= taken else None
            row = (float(number), body, delivered_at)
            db.execute("INSERT INTO record (recorded_at, body, delivered_at) VALUES (?, ?, ?)", row)
        db.commit()


def change_byte(path: Path, mark: bytes, old: bytes, new: bytes) -> None:
    """Change one byte in the file, the first `old` after `mark`, as a bad disk would."""
    content = bytearray(path.read_bytes())
    assert content.count(mark) == 1
    place = content.index(old, content.index(mark))
    content[place : place + 1] = new
    path.write_bytes(content)


def raw(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


@pytest.mark.parametrize("new", [b"!", b"\xff", b"\0"])
@pytest.mark.parametrize("layout", [1, 2])
def test_a_row_with_a_changed_byte_is_put_aside_whole_and_the_others_go_on(
    path: Path, new: bytes, layout: int
) -> None:
    if layout == 1:
        layout_1(path, [json.dumps({"n": f"row-{n}"}) for n in range(1, 6)])
    else:
        with closing(AuditLog(path)) as first:
            for n in range(1, 6):
                first.commit({"n": f"row-{n}"}, 1.0)
    change_byte(path, b"row-3", b'"', new)
    with closing(AuditLog(path)) as log:
        assert log.damaged == ()
        assert [said(row)["n"] for row in log.pending(0, 10)] == [
            "row-1",
            "row-2",
            "row-4",
            "row-5",
        ]
        count, (row,) = log.aside(most=10)
        assert (count, row.id) == (1, 3)
        assert log.commit({}, 2.0) == 6
        assert log.count_pending() == 5
    ((body,),) = raw(path, "SELECT body FROM aside")
    assert b"row-3" + new in body


def test_any_byte_of_a_row_that_is_changed_is_noticed(path: Path) -> None:
    """Layout 1 could not tell a 7 from an 8; the checksum is over the time and the number too."""
    with closing(AuditLog(path)) as log:
        log.commit({"score": 0.7}, 1.0)
    for column, value in (("body", "'{\"score\":0.8}'"), ("recorded_at", "1.5"), ("id", "2")):
        copy = path.with_name(f"{column}.db")
        copy.write_bytes(path.read_bytes())
        with closing(sqlite3.connect(copy)) as db, db:
            db.execute(f"UPDATE record SET {column} = {value}")
        with closing(AuditLog(copy)) as log:
            assert log.pending(0, 10) == []
            assert log.aside(10)[1][0].why == "its checksum is wrong"


def test_a_log_of_the_first_layout_loses_nothing_and_counts_on(path: Path) -> None:
    bodies = [json.dumps({"said": f"ja, naïve, 門 {n}"}, ensure_ascii=False) for n in range(40)]
    layout_1(path, bodies, taken=30)
    before = raw(path, "SELECT id, recorded_at, body, delivered_at FROM record")
    with closing(AuditLog(path)) as log:
        assert (log.begun, log.damaged) == (None, ())
        assert raw(path, "SELECT id, recorded_at, body, delivered_at FROM record") == before
        waiting = log.pending(0, 100)
        assert [row.id for row in waiting] == list(range(31, 41))
        assert [said(row) for row in waiting] == [json.loads(body) for body in bodies[30:]]
        assert {epoch_of(row) for row in waiting} == {log.epoch}
        assert log.commit({"new": True}, 50.0) == 41
        epoch = log.epoch
    with closing(AuditLog(path)) as again:
        assert [row.id for row in again.pending(0, 100)] == list(range(31, 42))
        assert (again.epoch, again.begun) == (epoch, None)


def lose(path: Path) -> None:
    for file in (path, path.with_name("audit.db-wal"), path.with_name("audit.db-shm")):
        file.unlink(missing_ok=True)


@pytest.mark.parametrize("why", ["gone", "empty", "older"])
def test_a_log_that_cannot_go_on_counting_is_told_and_counts_under_a_new_epoch(
    path: Path, why: str
) -> None:
    with closing(AuditLog(path)) as first:
        assert first.begun is None
        first.commit({"n": 1}, 1.0)
        backup = path.with_name("backup")
        with closing(sqlite3.connect(path)) as db:
            db.execute("VACUUM INTO ?", (str(backup),))
        first.commit({"n": 2}, 1.0)
    lose(path)
    if why == "empty":
        path.touch()
    if why == "older":
        backup.rename(path)
    with closing(AuditLog(path)) as log:
        assert log.begun == why
        assert log.epoch != first.epoch
        number = log.commit({"n": 3}, 2.0)
        kept = [(epoch_of(row), said(row)["n"]) for row in log.pending(0, 10)]
        assert kept == [(first.epoch, 1)] * (why == "older") + [(log.epoch, 3)]
    with closing(AuditLog(path)) as again:
        assert (again.begun, again.epoch) == (None, log.epoch)
        assert again.commit({}, 3.0) == number + 1


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"epoch": "x", "last": 1e999}',
        b'{"epoch": "x", "last": 99999999999999999999}',
        b'{"epoch": "x", "last": true}',
        b'{"epoch": 7, "last": 1}',
    ],
)
@pytest.mark.parametrize("damaged", [False, True])
def test_a_note_that_cannot_be_right_is_none(path: Path, note: bytes, damaged: bool) -> None:
    with closing(AuditLog(path)) as first:
        for n in range(100):
            first.commit({"n": f"row-{n:03d}", "pad": "x" * 500}, 1.0)
    path.with_name("audit.db.mark").write_bytes(note)
    if damaged:
        damage_page(path, b"row-050")
    with closing(AuditLog(path)) as log:
        assert log.begun is None
        log.commit({"n": "new"}, 2.0)
        assert (log.rescue(50, NOON) is not None) == damaged
        assert (log.epoch == first.epoch) == (not damaged)


def test_the_journal_of_a_log_that_was_cut_off_is_kept(path: Path) -> None:
    """It holds what a killed daemon wrote last, and SQLite would delete it."""
    with closing(AuditLog(path)) as killed:
        killed.commit({"n": 1}, 1.0)
        journal = path.with_name("audit.db-wal").read_bytes()
    lose(path)
    path.touch()
    path.with_name("audit.db-wal").write_bytes(journal)
    with closing(AuditLog(path)) as log:
        assert [moved.read_bytes() for moved in log.damaged] == [journal]
        assert log.begun == "empty"


@pytest.mark.parametrize(
    "schema", ["CREATE TABLE strange (a)", LAYOUT_1.replace("user_version = 1", "user_version = 2")]
)
def test_a_database_with_other_tables_is_moved_aside(path: Path, schema: str) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(schema)
    with closing(AuditLog(path)) as log:
        assert log.damaged == (path.with_name("audit.db.damaged-1"),)
        assert log.commit({}, 1.0) == 1


def test_the_log_is_its_owners_alone_whoever_made_it(path: Path) -> None:
    layout_1(path, ["{}"])
    path.chmod(0o644)
    umask = os.umask(0)
    try:
        with closing(AuditLog(path)) as log:
            log.commit({}, 1.0)
            modes = {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()}
    finally:
        os.umask(umask)
    assert modes.keys() >= {"audit.db", "audit.db-wal", "audit.db-shm", "audit.db.mark"}
    assert set(modes.values()) == {"0o600"}


def test_a_record_that_is_no_json_is_refused_with_a_sentence(log: AuditLog) -> None:
    for wrong in (float("nan"), "\ud800"):
        with pytest.raises(AuditError, match="no JSON in UTF-8"):
            log.commit({"score": wrong}, 1.0)
    assert log.commit({}, 1.0) == 1


def damage_page(path: Path, mark: bytes) -> None:
    """Overwrite the page of 4096 bytes that the mark stands in."""
    content = bytearray(path.read_bytes())
    start = content.index(mark) // 4096 * 4096
    content[start : start + 4096] = bytes(range(256)) * 16
    path.write_bytes(content)


def rescue_all(log: AuditLog) -> Rescue:
    while not (rescued := log.rescue(50, NOON)) or not rescued.done:
        assert rescued is not None
    assert log.rescue(50, NOON) is None
    return rescued


@pytest.mark.parametrize("layout", [1, 2])
def test_what_waited_in_a_damaged_log_waits_in_the_new_one(path: Path, layout: int) -> None:
    bodies = [{"n": f"row-{n:03d}", "pad": "x" * 500} for n in range(1, 201)]
    if layout == 1:
        layout_1(path, [json.dumps(body) for body in bodies], taken=100)
    else:
        with closing(AuditLog(path)) as first:
            given = [first.commit(body, 1.0) for body in bodies]
            first.acknowledge(given[:100], 2.0)
    damage_page(path, b"row-150")
    before = path.read_bytes()
    with closing(AuditLog(path)) as log:
        (moved,) = log.damaged
        new = log.commit({"n": "new"}, 3.0)
        rescued = rescue_all(log)
        kept = [said(row)["n"] for row in log.pending(0, 1000)]
        assert new == 1
        assert kept[0] == "new"
        assert "row-150" not in kept
        assert kept[1:] == [body["n"] for body in bodies[100:] if body["n"] in kept]
        assert 100 <= len(kept) + rescued.lost <= 102
        assert rescued.saved == len(kept) - 1 >= 90
        assert {epoch_of(row) for row in log.pending(0, 1000)} == {log.epoch}
    assert moved.read_bytes() == before
    with closing(AuditLog(path)) as again:
        assert (again.damaged, again.rescue(50, NOON)) == ((), None)


@pytest.mark.parametrize(
    ("sound", "damaged"),
    [
        pytest.param(b"CREATE TABLE deletion", b"CREATE TABLE \xe2eletion", id="a table's name"),
        pytest.param(b"saved INTEGER", b"saved INTE\xf2ER", id="a column's type"),
        pytest.param(b"boot TEXT", b"bo\xf4t TEXT", id="a column's name"),
        pytest.param(b"{epoch}", b"\xb4", id="the epoch"),
    ],
)
def test_one_byte_of_what_describes_the_records_that_is_changed_loses_none_of_them(
    path: Path, sound: bytes, damaged: bytes
) -> None:
    """SQLite speaks of some of it in bytes that are no text, and of some not before it is used."""
    with closing(AuditLog(path)) as first:
        given = [first.commit({"n": n}, 1.0) for n in range(5)]
        first.acknowledge(given[:2], 2.0)
        sound = sound.replace(b"{epoch}", first.epoch.encode())
    content = path.read_bytes()
    at = content.rindex(sound)  # the records, which have the epoch too, lie before its table
    path.write_bytes(content[:at] + damaged + content[at + len(damaged) :])
    with closing(AuditLog(path)) as log:
        (moved,) = log.damaged
        log.commit({"n": "new"}, 3.0)
        rescue_all(log)
        assert [said(row)["n"] for row in log.pending(0, 10)] == ["new", 2, 3, 4]
        assert moved.name == "audit.db.damaged-1"


def test_a_rescue_that_was_broken_off_goes_on_at_the_next_start(path: Path) -> None:
    layout_1(path, [json.dumps({"n": n, "pad": "x" * 500}) for n in range(100)])
    damage_page(path, b'"n": 50')
    with closing(AuditLog(path)) as log:
        log.rescue(30, NOON)
    with closing(AuditLog(path)) as log:
        rescue_all(log)
        kept = [said(row)["n"] for row in log.pending(0, 1000)]
    assert len(kept) == len(set(kept)) > 90


def read_through(log: AuditLog) -> None:
    while not log.look_through(500):
        pass


def test_a_large_log_is_opened_at_once_and_its_damage_found_behind(path: Path) -> None:
    with closing(AuditLog(path)) as first:
        first.commit({}, 1.0)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE record SET checksum = NULL")
        db.executemany(
            "INSERT INTO record (recorded_at, body, delivered_at) VALUES (?, ?, ?)",
            ((1.0, f'{{"n":{n},"pad":"{"x" * 900}"}}', n % 2 or None) for n in range(10_000)),
        )
    assert path.stat().st_size > CHECKED_AT_ONCE
    damage_page(path, b'"n":5000,')
    with closing(AuditLog(path)) as log:
        assert not log.damaged
        assert log.commit({}, 2.0) == 10_002
        with pytest.raises(AuditError, match="is damaged and will be moved aside"):
            read_through(log)
        assert log.commit({"n": "after"}, 3.0) == 10_003
        assert [moved.name for moved in log.damaged] == ["audit.db.damaged-1"]
        assert rescue_all(log).saved > 4990


def test_a_row_that_waits_and_is_not_listed_is_found(path: Path) -> None:
    """SQLite would never show it to the courier."""
    with closing(AuditLog(path)) as log:
        for n in range(3):
            log.commit({"n": n}, 1.0)
    with closing(sqlite3.connect(path)) as db, db:  # an index that leaves the row out
        db.execute("PRAGMA writable_schema = ON")
        db.execute("DROP INDEX pending")
        db.execute("CREATE INDEX pending ON record (id) WHERE delivered_at IS NULL AND id <> 2")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, ' AND id <> 2', '')")
    with closing(AuditLog(path)) as log:
        with suppress(AuditError):
            log.look_through(10)
        log.commit({"n": 3}, 2.0)
        rescue_all(log)
        assert sorted(str(said(row)["n"]) for row in log.pending(0, 10)) == ["0", "1", "2", "3"]


def test_a_log_is_read_through_and_what_the_broker_took_is_checked_too(path: Path) -> None:
    with closing(AuditLog(path)) as log:
        log.acknowledge([log.commit({"n": f"row-{n}"}, 1.0) for n in range(1, 6)], 2.0)
    change_byte(path, b"row-3", b'"', b"!")
    with closing(AuditLog(path)) as log:
        assert [log.look_through(2) for _ in range(4)] == [False, False, True, False]
        assert [row.id for row in log.aside(10)[1]] == [3]
