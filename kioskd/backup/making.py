"""Makes a backup: a consistent copy of all that a kiosk cannot make anew, while it runs."""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kioskd import __version__
from kioskd.backup import archive, state_files
from kioskd.backup.archive import Item
from kioskd.backup.backup_manifest import BackupError, Manifest
from kioskd.backup.named_files import named_files
from kioskd.config import files
from kioskd.config.strict_yaml import MOST_BYTES, read
from kioskd.delivery import audit_check, database
from kioskd.delivery.audit_check import Checked
from kioskd.private_file import sync_folder

LARGEST = 256 * 2**20  # bytes of a file beside the databases: an added network


@dataclass(frozen=True, slots=True)
class Kiosk:
    """Whose backup: its config.yaml, its state folder, both absolute."""

    config: Path
    state: Path

    @classmethod
    def at(cls, config: Path, state: Path) -> "Kiosk":
        """By names as they were given, without steps up in them."""
        return cls(Path(os.path.abspath(config)), Path(os.path.abspath(state)))

    @property
    def folder(self) -> Path:
        return self.config.parent


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup holds, and what it leaves to whoever keeps it.

    left   files that belong to the kiosk and are not in it
    audit  what its audit log was found to be; None: there is none
    """

    manifest: Manifest
    left: tuple[Path, ...]
    audit: Checked | None


def make(kiosk: Kiosk, target: Path, *, keys: bool, passphrase: str | None) -> Made:
    """Write it to a new file, whole or not at all. Raises BackupError, AuditError and OSError."""
    if not kiosk.state.is_dir():
        raise BackupError(
            f"there is no state folder {kiosk.state}: under systemd set "
            "STATE_DIRECTORY=/var/lib/kioskd for this command"
        )
    if os.path.lexists(target):
        raise BackupError(f"{target} is there already: name another file")
    with _workplace(target) as work:
        gathered = _gathered(kiosk, work, keys)
        audit = work / state_files.AUDIT
        checked = audit_check.check(audit) if audit.exists() else None
        said = _manifest(kiosk, gathered.items, keys)
        _write(work / "backup", said, gathered.items, passphrase)
        (work / "backup").replace(target)
    sync_folder(target.absolute().parent)
    return Made(said, tuple(sorted(gathered.left - gathered.found.keys())), checked)


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """A folder of ours alone on the disk on which the backup is to lie."""
    folder = tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.absolute().parent)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class _Gathered:
    """What was found so far: by its place on the disk, and what is left where it is."""

    found: dict[Path, Item] = field(default_factory=dict)
    left: set[Path] = field(default_factory=set)

    @property
    def items(self) -> list[Item]:
        return sorted(self.found.values(), key=lambda item: item.name)


def _gathered(kiosk: Kiosk, work: Path, keys: bool) -> _Gathered:
    source = _content(kiosk.config, MOST_BYTES)
    document = read(source, str(kiosk.config))
    if not document.readable:
        raise BackupError(f"{kiosk.config} is no YAML, so what it names is not known: mend it")
    gathered = _Gathered({kiosk.config: _item(kiosk, kiosk.config, source)})
    for named in named_files(document.value, kiosk.folder):
        path = Path(os.path.abspath(named.path))
        if not os.path.lexists(path):
            continue
        if named.what == "left" or (named.what == "key" and not keys):
            gathered.left.add(path)
        else:
            gathered.found[path] = _item(kiosk, path, _content(path, LARGEST))
    _take_state(kiosk, work, keys, gathered)
    return gathered


def _take_state(kiosk: Kiosk, work: Path, keys: bool, gathered: _Gathered) -> None:
    for path in sorted(kiosk.state.iterdir()):
        if path.name in state_files.DATABASES:
            what = "audit log" if path.name == state_files.AUDIT else "store of sessions"
            database.copy(path, work / path.name, what)
            gathered.found[path] = Item(f"state/{path.name}", 0o600, work / path.name)
        elif state_files.is_left(path.name) or (path.name in state_files.KEYS and not keys):
            gathered.left.add(path)
        elif state_files.is_kept(path.name):
            gathered.found[path] = _item(kiosk, path, _content(path, LARGEST))


def _item(kiosk: Kiosk, path: Path, content: bytes) -> Item:
    return Item(_name(kiosk, path), stat.S_IMODE(path.stat().st_mode) & 0o755, content)


def _name(kiosk: Kiosk, path: Path) -> str:
    """Where a file belongs: beside the configuration, in the state folder, or elsewhere."""
    if path.parent == kiosk.state and state_files.is_kept(path.name):
        return f"state/{path.name}"
    if path.is_relative_to(kiosk.folder):
        return f"config/{path.relative_to(kiosk.folder)}"
    return f"elsewhere{path}"


def _content(path: Path, most: int) -> bytes:
    try:
        content = files.read(path, most + 1)
    except files.FileError as error:
        raise BackupError(f"{path} cannot be read ({error})") from error
    if len(content) > most:
        raise BackupError(f"{path} is larger than {most // 2**20 or 1} MB: keep it by hand")
    return content


def _manifest(kiosk: Kiosk, items: list[Item], keys: bool) -> Manifest:
    entries = tuple(item.entry() for item in items)
    config = f"config/{kiosk.config.name}"
    return Manifest(__version__, int(time.time()), config, keys, entries)


def _write(path: Path, said: Manifest, items: list[Item], passphrase: str | None) -> None:
    opener = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(opener, "wb") as file:
        archive.write(file, said, items, passphrase)
        file.flush()
        os.fsync(file.fileno())
