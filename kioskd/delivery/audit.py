"""The durable audit log: what is in it survived, whatever happens next.

The one file that knows SQLite. A record counts once `commit` has returned: it is then on
the disk (write-ahead log, synchronous=FULL). Rows wait for the broker as long as it takes
and are deleted only after it took them and they have been kept for their days.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kioskd.delivery.wire import JsonValue

SCHEMA_VERSION = 1
LOCK_WAIT_S = 1.0  # another program holds the file for so long: the commit fails

_TABLES = """
CREATE TABLE record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, also after deletion
    recorded_at REAL NOT NULL,             -- unix seconds
    body TEXT NOT NULL,                    -- JSON
    delivered_at REAL                      -- unix seconds; NULL until the broker took it
) STRICT;
CREATE INDEX pending ON record (id) WHERE delivered_at IS NULL;
CREATE INDEX delivered ON record (recorded_at) WHERE delivered_at IS NOT NULL;
"""


class AuditError(Exception):
    """The audit log could not be written or read. Without it no door is told anything."""


class _DamagedError(Exception):
    """The file is not, or no longer, a sound database."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record the broker has not taken yet."""

    id: int
    body: dict[str, JsonValue]


class AuditLog:
    """The log in one file. Safe to use from several threads; every method may raise AuditError.

    A damaged file is moved aside (`damaged` names where to) and never deleted. `most_pages`
    limits the file's size in pages of 4096 bytes, mainly so that a full disk can be tried out.
    """

    def __init__(self, path: Path, most_pages: int | None = None) -> None:
        self.path = path
        self.damaged: tuple[Path, ...] = ()
        self._most_pages = most_pages
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None
        self._inode = 0
        self._last_id = 0
        with self._using():
            pass

    def commit(self, record: Mapping[str, JsonValue], recorded_at: float) -> int:
        """The record's id, once it is on the disk. Ids only grow."""
        body = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        with self._using() as db:
            with _transaction(db):
                row = db.execute(
                    "INSERT INTO record (recorded_at, body) VALUES (?, ?) RETURNING id",
                    (recorded_at, body),
                ).fetchone()
            number = self._last_id = int(row[0])  # not before it is on the disk
        return number

    def pending(self, after: int, most: int) -> list[Row]:
        """The oldest rows the broker has not taken, with ids above `after`, in order."""
        with self._using() as db:
            found = db.execute(
                "SELECT id, body FROM record WHERE delivered_at IS NULL AND id > ? "
                "ORDER BY id LIMIT ?",
                (after, most),
            ).fetchall()
        return [Row(int(id_), json.loads(body)) for id_, body in found]

    def count_pending(self) -> int:
        with self._using() as db:
            found = db.execute("SELECT count(*) FROM record WHERE delivered_at IS NULL")
            return int(found.fetchone()[0])

    def acknowledge(self, ids: Sequence[int], delivered_at: float) -> None:
        """The broker took these rows; they are kept, but not sent again."""
        with self._using() as db, _transaction(db):
            db.executemany(
                "UPDATE record SET delivered_at = ? WHERE id = ?",
                [(delivered_at, id_) for id_ in ids],
            )

    def prune(self, recorded_before: float) -> int:
        """Delete rows the broker took that are older than that; the number deleted."""
        with self._using() as db, _transaction(db):
            return db.execute(
                "DELETE FROM record WHERE delivered_at IS NOT NULL AND recorded_at < ?",
                (recorded_before,),
            ).rowcount

    def close(self) -> None:
        with self._lock:
            self._forget()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """The connection under the lock; opened again after anything that made it doubtful."""
        with self._lock:
            try:
                if self._open is not None and self._inode != _inode(self.path):
                    self._forget()  # removed or replaced: what we write would be lost
                if self._open is None:
                    self._open = self._opened()
                yield self._open
            except sqlite3.Error as error:
                if not _passes(error):
                    self._forget()
                raise AuditError(self._sentence(error)) from error
            except OSError as error:
                self._forget()
                raise AuditError(f"the audit log {self.path}: {error.strerror}") from error

    def _forget(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._connected()
        except _DamagedError:
            self.damaged += (_move_aside(self.path),)
            return self._connected()

    def _connected(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(
            self.path, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(db)
        except sqlite3.Error as error:
            db.close()
            if _damaged(error):
                raise _DamagedError from error
            raise
        except BaseException:
            db.close()
            raise
        self._inode = _inode(self.path)
        _sync_folder(self.path.parent)
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise _DamagedError
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if self._most_pages is not None:
            db.execute(f"PRAGMA max_page_count = {self._most_pages:d}")
        self._upgrade(db)
        self._continue_numbers(db)

    def _upgrade(self, db: sqlite3.Connection) -> None:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if found > SCHEMA_VERSION:
            raise AuditError(
                f"the audit log {self.path} was written by a newer kioskd (layout {found}, "
                f"this one knows {SCHEMA_VERSION}): install that version, or move the file away"
            )
        if found == 0:
            with _transaction(db):
                for statement in _TABLES.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")

    def _continue_numbers(self, db: sqlite3.Connection) -> None:
        """A fresh file in the place of a damaged or removed one must not count from 1 again."""
        row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
        if row is None:
            db.execute("INSERT INTO sqlite_sequence VALUES ('record', ?)", (self._last_id,))
        elif int(row[0]) < self._last_id:
            db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'record'", (self._last_id,))

    def _sentence(self, error: sqlite3.Error) -> str:
        name = getattr(error, "sqlite_errorname", "")
        for prefix, sentence in _SENTENCES.items():
            if name.startswith(prefix):
                return sentence(self.path)
        return f"the audit log {self.path} cannot be used: {error}"


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and on the disk when it ends without an exception."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


_SENTENCES: Mapping[str, Callable[[Path], str]] = {
    "SQLITE_FULL": lambda path: f"no space left for the audit log {path}: free some space",
    "SQLITE_BUSY": lambda path: f"another program holds the audit log {path}: close it",
    "SQLITE_READONLY": lambda path: f"the audit log {path} cannot be written: see who owns it",
    "SQLITE_CANTOPEN": lambda path: (
        f"the audit log {path} cannot be opened: see that its folder belongs to kioskd's user"
    ),
    "SQLITE_IOERR": lambda path: f"the disk fails under the audit log {path}: check it",
    "SQLITE_CORRUPT": lambda path: f"the audit log {path} is damaged and will be moved aside",
    "SQLITE_NOTADB": lambda path: f"the audit log {path} is damaged and will be moved aside",
}


def _passes(error: sqlite3.Error) -> bool:
    """Whether the connection is still good after this error."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_BUSY"))


def _damaged(error: sqlite3.Error) -> bool:
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _move_aside(path: Path) -> Path:
    """Rename the database and its journal to the first free .damaged-N."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + suffix))
    return aside


def _sync_folder(folder: Path) -> None:
    """Make the new file's name durable as well, not only what is in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
