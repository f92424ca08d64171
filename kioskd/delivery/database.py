"""One SQLite file in which what was committed survives. The one file that knows SQLite.

Write-ahead log, synchronous=FULL: a transaction that ended is on the disk. A damaged file is
moved aside and never deleted; a new one takes its place.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from kioskd.private_file import sync_folder

Connection = sqlite3.Connection  # for those who write SQL
Refused = sqlite3.Error  # what SQLite raises
Found = Literal["kept", "absent", "empty", "moved"]  # moved: it was damaged, this one is new

LOCK_WAIT_S = 1.0  # another program holds the file for so long: the work fails
# A file up to this size is checked as a whole before it is used: 1 s from a slow, cold disk
# (quick_check read 600 MB in 70 s). A larger one is read through behind, in slices.
CHECKED_AT_ONCE = 8 * 2**20  # bytes
COMPANIONS = ("-wal", "-shm")


class AuditError(Exception):
    """The audit log could not be written or read. Without it no door is told anything."""


class DamagedError(Exception):
    """The file is not, or no longer, a sound database."""


class Database:
    """Safe to use from several threads. `using` and `changing` may raise AuditError.

    `prepare` brings a connection to the layout wanted, and may raise AuditError or DamagedError;
    it is told whether the file was there. `damaged` names where damaged files were moved to.
    `most_pages` limits the size in pages of 4096 bytes, so that a full disk can be tried out.
    `what` the file is, in sentences.
    """

    def __init__(
        self,
        path: Path,
        prepare: Callable[[Connection, Found], None],
        most_pages: int | None = None,
        what: str = "audit log",
    ) -> None:
        self.path = path
        self._named = f"the {what} {path}"
        self.damaged: tuple[Path, ...] = ()
        self._prepare = prepare
        self._most_pages = most_pages
        self._lock = threading.Lock()
        self._open: Connection | None = None
        self._identity = (0, 0)
        self._condemned = 0  # the inode of a file that SQLite found damaged while in use

    @contextmanager
    def using(self) -> Iterator[Connection]:
        """The connection under the lock; opened again after anything that made it doubtful."""
        with self._lock:
            try:
                yield self._connection()
            except (DamagedError, UnicodeDecodeError):
                self._condemn()
                raise AuditError(_DAMAGED(self._named)) from None
            except sqlite3.Error as error:
                if _damaged(error):
                    self._condemn()
                elif not _passes(error):
                    self._forget()
                raise AuditError(_sentence(error, self._named)) from error
            except OSError as error:
                self._forget()
                raise AuditError(_refused(error, self._named, self.path)) from error

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """The same in a transaction: all or nothing, and on the disk when it has ended well."""
        with self.using() as db, transaction(db):
            yield db

    def bytes_used(self) -> int:
        """Of the file and its journal, without the pages that wait to be used again."""
        with self.using() as db:
            pages, free, size = (
                int(db.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
            return (pages - free) * size + _size(_companion(self.path, "-wal"))

    def close(self) -> None:
        with self._lock:
            self._forget()

    def _connection(self) -> Connection:
        if self._open is not None and self._identity != _identity(self.path):
            self._forget()  # removed or replaced: what we write would be lost
        if self._open is None:
            self._open = self._opened()
        return self._open

    def _condemn(self) -> None:
        self._condemned = self._identity[0]
        self._forget()

    def _forget(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _opened(self) -> Connection:
        condemned, self._condemned = self._condemned, 0
        if not condemned or condemned != _identity(self.path)[0]:
            with suppress(DamagedError):
                return self._connected()
        self.damaged += (_move_aside(self.path),)
        return self._connected(moved=True)

    def _connected(self, moved: bool = False) -> Connection:
        found = self._made_ready()
        db = sqlite3.connect(
            self.path, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._check(db)
            self._prepare(db, "moved" if moved else found)
        except sqlite3.Error as error:
            db.close()
            if _damaged(error) or _name(error) == "SQLITE_ERROR":  # not the tables we made
                raise DamagedError from error
            raise
        except UnicodeDecodeError:  # SQLite names the damage in the file's own bytes: no text
            db.close()
            raise DamagedError from None
        except BaseException:
            db.close()
            raise
        self._identity = _identity(self.path)
        sync_folder(self.path.parent)
        return db

    def _made_ready(self) -> Found:
        """The file is there and private; whether it was there before."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.is_dir():
            raise AuditError(f"{self._named} is a folder: move it away")
        there = self.path.exists()
        if not there or _size(self.path) == 0:
            self._save_journal()
        make_private(self.path)
        if not there:
            return "absent"
        return "kept" if _size(self.path) else "empty"

    def _save_journal(self) -> None:
        """A journal without its file holds records, and SQLite would delete it."""
        if _size(_companion(self.path, "-wal")):
            aside = _free_name(self.path)
            _move_companions(self.path, aside)
            self.damaged += (_companion(aside, "-wal"),)

    def _check(self, db: Connection) -> None:
        small = _size(self.path) <= CHECKED_AT_ONCE
        if small and db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise DamagedError
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if self._most_pages is not None:
            db.execute(f"PRAGMA max_page_count = {self._most_pages:d}")


@contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """All or nothing, and on the disk when it ends without an exception."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """A damaged file, opened so that not a byte of it is changed. Refused if it cannot be.

    What of its tables' own descriptions is damaged is passed over, so that the others can be read.
    """
    sealed = "" if _companion(path, "-wal").exists() else "&immutable=1"
    address = f"file:{quote(str(path.absolute()))}?mode=ro{sealed}"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")  # of a file that is only read: see above
        try:
            yield db
        except UnicodeDecodeError as error:
            raise sqlite3.DatabaseError("what SQLite says of it is no text") from error


def copy(source: Path, target: Path, what: str) -> None:
    """Copy a database as it is at one moment, while others write to it. Raises AuditError."""
    named = f"the {what} {source}"
    make_private(target)
    address = f"file:{quote(str(source.absolute()))}?mode=rw"  # as all who use it: see WAL
    try:
        with (
            closing(sqlite3.connect(address, timeout=LOCK_WAIT_S, uri=True)) as db,
            closing(sqlite3.connect(target)) as to,
        ):
            db.backup(to)
            if to.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise AuditError(f"{named} is damaged")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if isinstance(error, UnicodeDecodeError) or _damaged(error):
            raise AuditError(f"{named} is damaged") from error
        full = _name(error).startswith("SQLITE_FULL")
        raise AuditError(_sentence(error, f"a copy of {named}" if full else named)) from error


def in_memory() -> Connection:
    """An empty database that no file holds."""
    return sqlite3.connect(":memory:", isolation_level=None)


def make_private(path: Path) -> None:
    """The file exists, and it and those named after it are its owner's alone, whatever the umask.

    SQLite gives its journal the rights of the file, so the file must have them first.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for file in path.parent.glob(f"{path.name}*"):
        with suppress(PermissionError):  # another user's: its owner has to do it
            file.chmod(0o600)


_DAMAGED: Callable[[str], str] = "{} is damaged and will be moved aside".format
_SENTENCES: Mapping[str, Callable[[str], str]] = {
    "SQLITE_FULL": lambda named: f"no space left for {named}: free some space",
    "SQLITE_BUSY": lambda named: f"another program holds {named}: close it",
    "SQLITE_READONLY": lambda named: f"{named} cannot be written: see who owns it",
    "SQLITE_CANTOPEN": lambda named: (
        f"{named} cannot be opened: see that its folder belongs to kioskd's user"
    ),
    "SQLITE_IOERR": lambda named: f"the disk fails under {named}: check it",
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
}


def _sentence(error: sqlite3.Error, named: str) -> str:
    name = _name(error)
    for prefix, sentence in _SENTENCES.items():
        if name.startswith(prefix):
            return sentence(named)
    return f"{named} cannot be used: {error}"


def _passes(error: sqlite3.Error) -> bool:
    """Whether the connection is still good after this error."""
    return _name(error).startswith(("SQLITE_FULL", "SQLITE_BUSY"))


def _damaged(error: sqlite3.Error) -> bool:
    no_text = not _name(error) and str(error).startswith("Could not decode")  # Python's own
    return no_text or _name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "")


def _refused(error: OSError, named: str, path: Path) -> str:
    """What stands beside the file may be what cannot be used: then it is named."""
    if isinstance(error, PermissionError):
        return _SENTENCES["SQLITE_CANTOPEN"](named)
    where = error.filename2 or error.filename
    beside = f" ({where})" if isinstance(where, str) and Path(where) != path else ""
    return f"{named} cannot be used: {error.strerror}{beside}"


def _identity(path: Path) -> tuple[int, int]:
    """Which file and which journal lie there, by their inodes."""
    return _inode(path), _inode(_companion(path, "-wal"))


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _companion(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _free_name(path: Path) -> Path:
    """The first .damaged-N that is not taken, by a journal either."""
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not any(_companion(aside, suffix).exists() for suffix in ("", *COMPANIONS)):
            return aside
        number += 1


def _move_aside(path: Path) -> Path:
    """Rename the database and its journal to the first free .damaged-N."""
    aside = _free_name(path)
    path.rename(aside)
    _move_companions(path, aside)
    return aside


def _move_companions(path: Path, aside: Path) -> None:
    for suffix in COMPANIONS:
        if (companion := _companion(path, suffix)).exists():
            companion.rename(_companion(aside, suffix))
