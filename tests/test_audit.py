"""What is in the audit log survived; what could not be written is said so."""

import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioskd.delivery.audit import AuditError, AuditLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit.db"


@pytest.fixture
def log(path: Path) -> Iterator[AuditLog]:
    audit = AuditLog(path)
    yield audit
    audit.close()


def ids(audit: AuditLog) -> list[int]:
    return [row.id for row in audit.pending(after=0, most=1_000_000)]


def test_a_committed_record_is_there_when_the_log_is_opened_again(path: Path) -> None:
    first = AuditLog(path)
    number = first.commit({"said": "ja, naïve, 門"}, recorded_at=1.0)
    first.close()
    again = AuditLog(path)
    assert [(row.id, row.body) for row in again.pending(0, 10)] == [
        (number, {"said": "ja, naïve, 門"})
    ]
    again.close()


def test_rows_wait_in_order_until_the_broker_took_them(log: AuditLog) -> None:
    numbers = [log.commit({"n": n}, 1.0) for n in range(5)]
    assert numbers == sorted(set(numbers))
    assert [row.body["n"] for row in log.pending(after=numbers[1], most=2)] == [2, 3]
    log.acknowledge([numbers[0], numbers[3]], delivered_at=2.0)
    assert [row.body["n"] for row in log.pending(0, 10)] == [1, 2, 4]
    assert log.count_pending() == 3


def test_a_row_is_kept_its_days_after_the_broker_took_it_and_longer_if_it_did_not(
    log: AuditLog, path: Path
) -> None:
    old, untaken, young = (log.commit({}, at) for at in (10.0, 10.0, 30.0))
    log.acknowledge([old, young], delivered_at=31.0)
    assert log.prune(recorded_before=20.0) == 1
    assert ids(log) == [untaken]
    with sqlite3.connect(path) as other:
        assert [row[0] for row in other.execute("SELECT id FROM record")] == [untaken, young]
    other.close()


def test_a_number_is_never_used_again(log: AuditLog) -> None:
    newest = log.commit({}, 1.0)
    log.acknowledge([newest], 1.0)
    log.prune(recorded_before=2.0)
    assert log.commit({}, 3.0) == newest + 1


def test_threads_that_commit_at_once_all_keep_their_records(log: AuditLog) -> None:
    numbers: list[int] = []
    threads = [
        threading.Thread(target=lambda: numbers.extend(log.commit({}, 1.0) for _ in range(25)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == ids(log) == list(range(1, 101))


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
    with log._using() as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


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
from kioskd.delivery.audit import AuditError, AuditLog
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
