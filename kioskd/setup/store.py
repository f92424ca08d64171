"""Writes what setup has to write: whole or not at all, and nothing over what was there unasked."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kioskd.config import files
from kioskd.setup.talk import SetupError

READ_BY_ALL, OWN = 0o644, 0o600  # the service's user is made at its start, and must read the file


@contextmanager
def beside(path: Path, text: str) -> Iterator[Path]:
    """A file in the same folder that holds `text`, for as long as it is looked at.

    Raises SetupError where none can be made there.
    """
    try:
        place = _made(path, text, READ_BY_ALL)
    except OSError as error:
        raise SetupError(unwritable(path.parent, error)) from error
    try:
        yield place
    finally:
        with suppress(OSError):
            place.unlink()


def write(path: Path, text: str, mode: int, *, replace: bool) -> None:
    """Puts the file there in one step. Raises SetupError, and FileExistsError unless `replace`."""
    try:
        place = _made(path, text, mode)
        try:
            if replace:
                os.replace(place, path)
            else:
                os.link(place, path)  # fails where something came meanwhile
        finally:
            with suppress(FileNotFoundError):
                place.unlink()
    except FileExistsError:
        raise
    except OSError as error:
        raise SetupError(unwritable(path.parent, error)) from error


def keep(folder: Path, name: str, secret: str, *, replace: bool) -> None:
    """A secret in a file of its own that only this user may read. Raises as `write` does."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(unwritable(folder, error)) from error
    write(folder / name, secret + "\n", OWN, replace=replace)


def unwritable(folder: Path, error: OSError) -> str:
    return (
        f"{folder} cannot be written by user {files.me()} ({error.strerror}): name another place"
        " (-c, --credentials), or give this user the folder"
    )


def _made(path: Path, text: str, mode: int) -> Path:
    place = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWN)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as written:
            written.write(text)
            os.fchmod(written.fileno(), mode)
            written.flush()
            os.fsync(written.fileno())
    except BaseException:
        place.unlink()
        raise
    return place
