"""Puts a backup back: everything is proved before the first file takes its place.

Nothing is written but below the configuration's folder and the state folder, whatever a backup
says: what came from elsewhere on the disk is laid into `restored` beside the configuration.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kioskd.backup import archive, placing, restored_log, state_files
from kioskd.backup.backup_manifest import BackupError, Entry, Manifest
from kioskd.backup.making import Kiosk
from kioskd.backup.placing import Move
from kioskd.backup.restored_log import RestoredLog
from kioskd.identity.gallery import FORMAT as PEOPLE
from kioskd.private_file import as_folder_owner
from kioskd.state_dir import STAGING, StateDir

CONFIG_STAGING = ".kioskd-restore.new"  # beside config.yaml
ELSEWHERE = "restored"
SPARE = 16 * 2**20  # bytes that stay free on a disk


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it.

    placed  files that were put in their places
    stayed  those that were there, shut doors, and were kept
    asides  folders with what was there before
    log     the audit log; None: there was none in the backup
    """

    manifest: Manifest
    placed: tuple[Path, ...]
    stayed: tuple[Path, ...]
    asides: tuple[Path, ...]
    log: RestoredLog | None


def restore(kiosk: Kiosk, source: Path, *, replace: bool, passphrase: str | None) -> Restored:
    """Raises BackupError, StateDirError, AuditError and OSError: then nothing was changed."""
    with archive.opened(source, passphrase) as backup, _claimed(kiosk), _staged(kiosk) as staging:
        _fits(backup.manifest, kiosk)
        moves = [_unpacked(kiosk, staging, backup.manifest, *each) for each in backup.files()]
        log = _log(staging)
        _people(staging)
        stay = [move for move in moves if _stays(move)]
        moves = [move for move in moves if move not in stay and not _is_there(move, log)]
        away = _companions(kiosk, moves)
        _refuse_to_lose([*(move.to for move in moves), *away], replace)
        moves += _new_companions(kiosk, staging, moves)
        asides = placing.put(moves, away, kiosk.state)
    placed = tuple(move.to for move in moves)
    return Restored(backup.manifest, placed, tuple(move.to for move in stay), asides, log)


@contextmanager
def _claimed(kiosk: Kiosk) -> Iterator[None]:
    """No daemon starts meanwhile; StateDirError where one runs."""
    kiosk.folder.mkdir(parents=True, exist_ok=True)
    claim = StateDir(kiosk.state, restoring=True)
    try:
        yield
    finally:
        claim.close()


@dataclass(frozen=True, slots=True)
class _Staging:
    """Where files lie before they are proved: on the disk on which they are to be."""

    state: Path
    config: Path


@contextmanager
def _staged(kiosk: Kiosk) -> Iterator[_Staging]:
    staging = _Staging(kiosk.state / STAGING, kiosk.folder / CONFIG_STAGING)
    folders = (staging.state, staging.config)
    try:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)  # of one that was cut off
            folder.mkdir(mode=0o700)
        yield staging
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def _fits(said: Manifest, kiosk: Kiosk) -> None:
    """Told before minutes are spent on it."""
    needed = sum(entry.bytes for entry in said.entries) + SPARE
    if shutil.disk_usage(kiosk.state).free < needed:
        raise BackupError(f"{needed // 10**6} MB are needed in {kiosk.state}: free some space")


def _unpacked(
    kiosk: Kiosk, staging: _Staging, said: Manifest, entry: Entry, content: Iterator[bytes]
) -> Move:
    """The file in its staging folder, and where it is to go."""
    in_state = entry.where == "state"
    root, below = (kiosk.state, staging.state) if in_state else (kiosk.folder, staging.config)
    to = _place(kiosk, said, entry)
    staged = below / to.relative_to(root)
    staged.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    opener = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(opener, "wb") as file:
        for some in content:
            file.write(some)
        file.flush()
        as_folder_owner(opener, root)
        os.fchmod(opener, entry.mode & 0o755 | 0o600)
        os.fsync(opener)
    return Move(staged, to, root)


def _place(kiosk: Kiosk, said: Manifest, entry: Entry) -> Path:
    if entry.name == said.config:
        return kiosk.config
    if entry.where == "state":
        return kiosk.state / entry.path
    to = kiosk.folder / (entry.path if entry.where == "config" else ELSEWHERE / entry.path)
    if to == kiosk.config or not to.parent.resolve().is_relative_to(kiosk.folder.resolve()):
        raise BackupError(f"{entry.name} would lie outside {kiosk.folder}, by a link that is there")
    return to


def _log(staging: _Staging) -> RestoredLog | None:
    path = staging.state / state_files.AUDIT
    if not path.exists():
        return None
    log = restored_log.begin_anew(path)
    for each in path.parent.glob(f"{path.name}*"):  # made by this user, and the service's to be
        with each.open("rb") as file:
            as_folder_owner(file.fileno(), path.parent.parent)
    return log


def _people(staging: _Staging) -> None:
    path = staging.state / "people.sealed"
    if path.exists() and not path.read_bytes().startswith(PEOPLE):
        raise BackupError("the file of people in it is of another kioskd, or none")


def _stays(move: Move) -> bool:
    return move.staged.name in state_files.STAYS and os.path.lexists(move.to)


def _is_there(move: Move, log: RestoredLog | None) -> bool:
    """Whether the very same file is there already."""
    if move.to.name == state_files.AUDIT and log is not None:
        return False
    with suppress(OSError):
        return move.to.is_file() and _digest(move.to) == _digest(move.staged)
    return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _companions(kiosk: Kiosk, moves: list[Move]) -> list[Path]:
    """What lies beside a database that is replaced: SQLite would take it for the new one's."""
    names = [move.to.name for move in moves if move.root == kiosk.state]
    paths = [
        kiosk.state / f"{name}{suffix}"
        for name in names
        if name in state_files.DATABASES
        for suffix in state_files.COMPANIONS
    ]
    return [path for path in paths if os.path.lexists(path)]


def _new_companions(kiosk: Kiosk, staging: _Staging, moves: list[Move]) -> list[Move]:
    mark = staging.state / f"{state_files.AUDIT}.mark"
    wanted = mark.exists() and any(move.to.name == state_files.AUDIT for move in moves)
    return [Move(mark, kiosk.state / mark.name, kiosk.state)] if wanted else []


def _refuse_to_lose(places: list[Path], replace: bool) -> None:
    there = sorted(str(path) for path in places if os.path.lexists(path))
    if there and not replace:
        raise BackupError(
            f"it would take the place of what is there ({', '.join(there)}): "
            "with --replace that is kept aside"
        )
