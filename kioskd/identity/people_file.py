"""The file of enrolled people in the state folder, which the daemon and commands share.

Whoever changes it holds a lock meanwhile, so that two at once lose nobody.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kioskd.identity.gallery import Gallery, GalleryError
from kioskd.identity.people_settings import PeopleSettings
from kioskd.private_file import as_folder_owner
from kioskd.signing.aes_gcm import SealError, key_from

FILE, LOCK_FILE = "people.sealed", "people.lock"

Stamp = tuple[int, int, int] | None


class PeopleFile:
    """Where people are kept, and what opens it. Raises GalleryError for a key that is none."""

    def __init__(self, folder: Path, settings: PeopleSettings) -> None:
        self.path = folder / FILE
        given = [settings.key, settings.old_key]
        try:
            self._keys = [key_from(text) for text in given if text is not None]
        except SealError as error:
            raise GalleryError(f"people.key: {error}") from error

    @property
    def key(self) -> bytes:
        """The present one."""
        return self._keys[0]

    def read(self) -> Gallery:
        """Everybody. Raises GalleryError, where not all of it can be read."""
        return Gallery.kept(self.path, self._keys)

    @contextmanager
    def change(self) -> Iterator[Gallery]:
        """Everybody, to be changed; what was changed is kept when the block ends without an error.

        Waits for others who change it. Sealed by the present key, whichever it was before. Raises
        GalleryError.
        """
        with self._locked():
            people = self.read()
            yield people
            people.keep(self.path, self.key)

    @property
    def stamp(self) -> Stamp:
        """Another one whenever the file was changed; None without one."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.path.with_name(LOCK_FILE)
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            as_folder_owner(lock, path.parent)
        except OSError as error:
            told = f"people cannot be changed in {path.parent} ({error.strerror})"
            raise GalleryError(told) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
