"""A record that was changed or taken out is seen, and what is left of a log stays provable."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from kioskd.delivery.audit import AuditLog
from kioskd.delivery.clock import Reading
from kioskd.delivery.database import AuditError
from kioskd.delivery.seal import Seal
from kioskd.signing.ed25519 import Signer
from kioskd.verify import Chain
from tests.support.signed import AUDIT, KEY, public

SIGNER = Signer(KEY)
SEAL = partial(Seal(SIGNER.key_id, SIGNER.signature).encoded, "hq/kiosk-07/audit")
# Five records of which the broker took two, as commit d077a78 left them.
ROOT = Path(__file__).parent.parent
LAYOUT_2 = Path(__file__).parent / "data" / "audit_layout_2.sql"
DAY_S = 86400.0
NOON = 1.8e9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.db"


@pytest.fixture
def log(path: Path) -> Iterator[AuditLog]:
    with closing(AuditLog(path, encode=SEAL)) as audit:
        yield audit


def filled(log: AuditLog, count: int) -> list[bytes]:
    """The bytes of so many new records."""
    given = [log.commit({"n": n, "x": {"clockSynchronised": True}}, NOON) for n in range(count)]
    rows = {row.id: row.payload for row in log.pending(0, 100_000)}
    return [rows[number] for number in given]


def found(records: list[bytes]) -> list[str]:
    chain = Chain((public(),))
    return [chain.heard(AUDIT, record).code for record in records]


def test_each_record_names_the_one_before_it(log: AuditLog) -> None:
    records = filled(log, 5)
    named = [json.loads(record)["previous"] for record in records]
    assert named == [None, *(hashlib.sha256(each).hexdigest() for each in records[:-1])]
    assert found(records) == ["begins", "kept", "kept", "kept", "kept"]


def test_a_record_that_was_taken_out_is_seen(log: AuditLog) -> None:
    records = filled(log, 5)
    assert found(records[:2] + records[3:]) == ["begins", "kept", "gap", "kept"]


def test_a_record_that_was_changed_is_seen(log: AuditLog) -> None:
    records = filled(log, 3)
    records[1] = records[1].replace(b'"n":1', b'"n":7')
    assert found(records) == ["begins", "bad_signature", "gap"]


def test_who_has_the_key_changes_no_record_unseen(log: AuditLog) -> None:
    records = filled(log, 3)
    other = json.loads(records[1])
    records[1] = SEAL({**other, "n": 7, "x": {"clockSynchronised": True}})
    assert found(records) == ["begins", "kept", "broken"]
    assert found([*filled(log, 1), records[1]])[-1] == "gap"


def test_records_that_come_twice_or_late_are_told_from_others(log: AuditLog) -> None:
    one, two, three = filled(log, 3)
    assert found([one, three, two, two]) == ["begins", "gap", "kept", "again"]
    forged = SEAL({**json.loads(two), "n": 7, "x": {}})
    assert found([one, two, forged]) == ["begins", "kept", "changed"]
    assert found([one, three, forged]) == ["begins", "gap", "broken"]


def test_the_chain_goes_on_after_a_restart(path: Path) -> None:
    with closing(AuditLog(path, encode=SEAL)) as first:
        records = filled(first, 3)
    with closing(AuditLog(path, encode=SEAL)) as again:
        records += filled(again, 2)
    assert found(records) == ["begins", "kept", "kept", "kept", "kept"]


def test_a_record_that_was_not_kept_is_named_by_none(path: Path) -> None:
    """A full disk: what the next one names is what lies there."""
    with closing(AuditLog(path, most_pages=20, encode=SEAL)) as log:
        records = filled(log, 2)
        for _ in range(100):
            try:
                log.commit({"pad": "x" * 3000}, NOON)
            except AuditError:
                break
        records = [row.payload for row in log.pending(0, 1000)]
    with closing(AuditLog(path, encode=SEAL)) as with_room:
        records += filled(with_room, 1)
    assert set(found(records)) == {"begins", "kept"}


WRITER = """
import sys
from pathlib import Path
from kioskd.delivery.audit import AuditLog
from tests.test_chain import NOON, SEAL
log = AuditLog(Path(sys.argv[1]), encode=SEAL)
while True:
    print(log.commit({"pad": "x" * 700}, NOON), flush=True)
"""


def test_a_daemon_that_was_killed_leaves_a_whole_chain_and_goes_on_in_it(path: Path) -> None:
    told = 0
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
            assert writer.stdout is not None
            for _ in range(50):
                told = int(writer.stdout.readline())
            writer.kill()
    with closing(AuditLog(path, encode=SEAL)) as log:
        records = [row.payload for row in log.pending(0, 100_000)] + filled(log, 1)
    assert len(records) > told >= 150
    assert found(records) == ["begins", *["kept"] * (len(records) - 1)]


def test_what_was_deleted_after_its_days_leaves_the_rest_provable(path: Path) -> None:
    start, end = (Reading(NOON + days * DAY_S, NOON - DAY_S, "one", True) for days in (0, 11))
    with closing(AuditLog(path, encode=SEAL)) as log:
        log.note_clock(start)
        records = filled(log, 5)
        log.acknowledge([1, 2, 3], NOON)
        log.note_clock(end)
        assert log.prune(end, 10 * DAY_S, most=100) is not None
    with closing(AuditLog(path, encode=SEAL)) as again:
        left = [row.payload for row in again.pending(0, 100)]
        newest = filled(again, 1)
    assert left == records[3:]
    assert found(left + newest) == ["begins", "kept", "kept"]
    assert found(records + newest)[3:] == ["kept", "kept", "kept"]


def test_a_log_of_which_all_was_deleted_still_names_its_last_record(path: Path) -> None:
    start, end = (Reading(NOON + days * DAY_S, NOON - DAY_S, "one", True) for days in (0, 11))
    with closing(AuditLog(path, encode=SEAL)) as log:
        log.note_clock(start)
        records = filled(log, 3)
        log.acknowledge([1, 2, 3], NOON)
        log.note_clock(end)
        log.prune(end, 10 * DAY_S, most=100)
    with closing(AuditLog(path, encode=SEAL)) as again:
        assert again.pending(0, 10) == []
        records += filled(again, 1)
    assert found(records) == ["begins", "kept", "kept", "kept"]


def test_what_is_rescued_from_a_damaged_log_is_a_chain_again(path: Path) -> None:
    with closing(AuditLog(path, encode=SEAL)) as first:
        for n in range(200):
            first.commit({"n": f"row-{n:03d}", "pad": "x" * 500, "x": {"clock": 1}}, NOON)
    content = bytearray(path.read_bytes())
    start = content.index(b"row-150") // 4096 * 4096
    content[start : start + 4096] = bytes(range(256)) * 16
    path.write_bytes(content)
    with closing(AuditLog(path, encode=SEAL)) as log:
        assert log.damaged
        log.commit({"n": "new"}, NOON)
        while (rescued := log.rescue(50, NOON)) and not rescued.done:
            pass
        log.commit({"n": "newer"}, NOON)
        records = [row.payload for row in log.pending(0, 1000)]
    assert len(records) > 150
    assert found(records) == ["begins", *["kept"] * (len(records) - 1)]


def test_a_log_that_vanished_under_the_daemon_goes_on_in_its_chain(
    log: AuditLog, path: Path
) -> None:
    records = filled(log, 3)
    for file in path.parent.iterdir():
        file.unlink()
    records += filled(log, 1)
    assert found(records) == ["begins", "kept", "kept", "kept"]


def test_a_log_of_the_version_before_loses_nothing_and_its_last_record_is_named(
    path: Path,
) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(LAYOUT_2.read_text(encoding="utf-8"))
    with closing(AuditLog(path, encode=SEAL)) as log:
        assert (log.damaged, log.begun) == ((), None)
        old = [row.payload for row in log.pending(0, 100)]
        (new,) = filled(log, 1)
    assert [json.loads(each)["n"] for each in old] == ["row-3", "row-4", "row-5"]
    assert json.loads(new)["seq"] == 6
    assert json.loads(new)["previous"] == hashlib.sha256(old[-1]).hexdigest()


def test_a_record_without_a_signature_is_none_of_a_chain(path: Path) -> None:
    with closing(AuditLog(path)) as unsigned:
        assert found(filled(unsigned, 2)) == ["not_signed", "not_signed"]


def test_a_place_that_is_none_is_refused() -> None:
    odd = [SEAL({"seq": "1", "epoch": "e"}), SEAL({"seq": 1}), SEAL({"seq": 1, "epoch": 2})]
    odd.append(SEAL({"seq": 1, "epoch": "e", "previous": 3}))
    assert found(odd) == ["unreadable"] * 4
