"""A log of any earlier layout is brought to today's, whole or not at all, and loses nothing."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from kioskd.delivery import audit_tables
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.seal import Seal
from kioskd.signing.ed25519 import Signer
from kioskd.verify import Chain
from tests.support.signed import AUDIT, KEY, public

ROOT = Path(__file__).parent.parent
SIGNER = Signer(KEY)
SEAL = partial(Seal(SIGNER.key_id, SIGNER.signature).encoded, "hq/kiosk-07/audit")
# Files that the code of those days made: seven records, four taken by the broker (of the first
# layout 2 one put aside); of layout 2 as it was last, five records, two taken.
FILES = {
    "audit_layout_1": ([4, 6, 7], 7),
    "audit_layout_2_first": ([6, 7], 7),
    "audit_layout_2": ([3, 4, 5], 5),
}
ROWS = "SELECT id, recorded_at, CAST(body AS BLOB), delivered_at FROM record"


def made(folder: Path, name: str) -> Path:
    """A database as the statements and rows of those days left it."""
    path = folder / "audit.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((ROOT / "tests" / "data" / f"{name}.sql").read_text(encoding="utf-8"))
    return path


def read(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


@pytest.mark.parametrize("name", FILES)
def test_each_layout_comes_over_with_all_its_rows_and_a_chain_begins(
    tmp_path: Path, name: str
) -> None:
    path = made(tmp_path, name)
    waiting, last = FILES[name]
    before = read(path, ROWS)
    with closing(AuditLog(path, encode=SEAL)) as log:
        assert (log.damaged, log.begun) == ((), None)
        assert read(path, ROWS) == before
        old = log.pending(0, 100)
        assert [row.id for row in old] == waiting
        new = [log.commit({"n": n, "x": {"clockSynchronised": True}}, 1.8e9) for n in range(3)]
        records = [row.payload for row in log.pending(last, 100)]
    assert new == [last + 1, last + 2, last + 3]
    assert json.loads(records[0])["previous"] == hashlib.sha256(old[-1].payload).hexdigest()
    chain = Chain((public(),))
    assert [chain.heard(AUDIT, each).code for each in records] == ["begins", "kept", "kept"]
    assert read(path, "PRAGMA user_version") == [(audit_tables.VERSION,)]
    asides = read(path, "SELECT id, why FROM aside")
    assert asides == ([(4, "its checksum is wrong")] if name == "audit_layout_2_first" else [])


# Migrates a copy again and again, and is killed before the first statement, the second and so on.
KILLED = """
import os, shutil, signal, sqlite3, sys
from pathlib import Path
from kioskd.delivery import audit_tables
made, folder = Path(sys.argv[1]), Path(sys.argv[2])
number = 0
while True:
    copy = folder / f"{number}.db"
    shutil.copy(made, copy)
    child = os.fork()
    if not child:
        db = sqlite3.connect(copy, isolation_level=None)
        left = iter(range(number))
        db.set_trace_callback(lambda _: next(left, None) is None and os.kill(os.getpid(), 9))
        audit_tables.upgrade(db, copy)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == 0:
        break
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    number += 1
"""


@pytest.fixture
def cut_off(tmp_path: Path) -> tuple[Path, list[Path]]:
    path = made(tmp_path, "audit_layout_1")
    folder = tmp_path / "cut"
    folder.mkdir()
    command = [sys.executable, "-c", KILLED, str(path), str(folder)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    return path, sorted(folder.glob("*.db"))


def test_a_migration_that_is_killed_has_happened_whole_or_not_at_all(
    cut_off: tuple[Path, list[Path]],
) -> None:
    path, copies = cut_off
    before = read(path, ROWS)
    layouts = {int(copy.stem): read(copy, "PRAGMA user_version")[0][0] for copy in copies}
    assert set(layouts.values()) == {1, audit_tables.VERSION}
    assert len([found for found in layouts.values() if found == 1]) > len(audit_tables.MIGRATIONS)
    for copy in copies:
        assert read(copy, ROWS) == before
        with closing(AuditLog(copy)) as log:
            assert (log.damaged, [row.id for row in log.pending(0, 9)]) == ((), [4, 6, 7])


def test_a_migration_without_room_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    path = made(tmp_path, "audit_layout_1")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            audit_tables.upgrade(db, path)
    assert read(path, "PRAGMA user_version") == [(1,)]
    with closing(AuditLog(path)) as log:
        assert [row.id for row in log.pending(0, 9)] == [4, 6, 7]
