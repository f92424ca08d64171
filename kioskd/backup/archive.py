"""The file of a backup: a tar whose first member is the manifest, sealed by a passphrase or not."""

import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast

from kioskd.backup import backup_manifest
from kioskd.backup.backup_manifest import BackupError, Entry, Manifest
from kioskd.config.strict_yaml import MOST_BYTES
from kioskd.signing.passphrase import MAGIC, PassphraseError, SealedReader, SealedWriter

PORTION = 2**20  # bytes read at once
_TROUBLE = (tarfile.TarError, EOFError, ValueError, OverflowError)


class _Source(Protocol):
    def read(self, most: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Item:
    """What is put in: its place, its rights, and its content, or the file that holds it."""

    name: str
    mode: int
    content: bytes | Path

    def entry(self) -> Entry:
        size, digest = 0, hashlib.sha256()
        with self.open() as file:
            while some := file.read(PORTION):
                size += len(some)
                digest.update(some)
        return Entry(self.name, size, digest.hexdigest(), self.mode)

    def open(self) -> BinaryIO:
        if isinstance(self.content, bytes):
            return io.BytesIO(self.content)
        return self.content.open("rb")


def write(to: BinaryIO, said: Manifest, items: Iterable[Item], passphrase: str | None) -> None:
    """The manifest, then the items, which must be those that it names, in its order."""
    sealed = None if passphrase is None else SealedWriter(to, passphrase)
    target = cast(IO[bytes], sealed or to)
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        head = said.as_bytes()
        tar.addfile(_member(backup_manifest.NAME, len(head), 0o600, said.made), io.BytesIO(head))
        for entry, item in zip(said.entries, items, strict=True):
            with item.open() as file:
                tar.addfile(_member(entry.name, entry.bytes, entry.mode, said.made), file)
    if sealed is not None:
        sealed.close()


def _member(name: str, size: int, mode: int, made: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, mode, made
    return member


def is_sealed(path: Path) -> bool:
    """Whether a passphrase is needed to open it. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class Archive:
    """An open backup: what it says of itself, then its files, once, in its order."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        head = self._next()
        if (
            head is None
            or head.name != backup_manifest.NAME
            or head.size > backup_manifest.MOST_BYTES
        ):
            raise BackupError(f"it does not begin with its {backup_manifest.NAME}: it is no backup")
        self.manifest = backup_manifest.read(b"".join(self._portions(head)))

    def files(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """Each file with its content in portions. Raises BackupError for what is not as the
        manifest says; the last portion of a file comes before that is known.
        """
        for entry in self.manifest.entries:
            member = self._next()
            if member is None or (member.name, member.size) != (entry.name, entry.bytes):
                raise BackupError(f"{entry.name} is not where its list has it: it was changed")
            yield entry, self._proved(entry, member)
        if self._next() is not None:
            raise BackupError("it holds more than its list names: it was changed")

    def _proved(self, entry: Entry, member: tarfile.TarInfo) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for some in self._portions(member):
            digest.update(some)
            yield some
        if digest.hexdigest() != entry.sha256:
            raise BackupError(f"{entry.name} is not what was backed up: its sum is another")

    def _next(self) -> tarfile.TarInfo | None:
        with _told():
            return self._tar.next()

    def _portions(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        plain = member.type == tarfile.REGTYPE and not member.sparse
        file = self._tar.extractfile(member) if plain else None
        if file is None:
            raise BackupError(f"{member.name!r} is a link, a device or the like, and no file")
        left = member.size
        while left:
            with _told():
                some = file.read(min(PORTION, left))
            if not some:
                raise BackupError("it is cut off")
            left -= len(some)
            yield some


@contextmanager
def opened(path: Path, passphrase: str | None) -> Iterator[Archive]:
    """A backup that is read from its beginning to its end. Raises BackupError and OSError."""
    with path.open("rb") as file, closing(_tar(file, path, passphrase)) as tar:
        yield Archive(tar)


def config_in(path: Path, passphrase: str | None) -> bytes:
    """What stands in the config.yaml of a backup, before all of it is read."""
    with opened(path, passphrase) as backup:
        for entry, content in backup.files():
            if entry.name == backup.manifest.config and entry.bytes <= MOST_BYTES:
                return b"".join(content)
            for _ in content:
                pass
    raise BackupError("it has no config.yaml that could be read")


def _tar(file: BinaryIO, path: Path, passphrase: str | None) -> tarfile.TarFile:
    source: _Source = file
    if is_sealed(path):
        if passphrase is None:
            raise BackupError("it is sealed by a passphrase, and none was given")
        file.seek(len(MAGIC))
        source = SealedReader(file, passphrase)
    with _told():
        return tarfile.open(fileobj=cast(IO[bytes], source), mode="r|")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except PassphraseError as error:
        raise BackupError(str(error)) from error
    except _TROUBLE as error:
        raise BackupError("it is no backup, or not a whole one") from error
