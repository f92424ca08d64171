"""Files that are replaced whole or not at all, their owner's alone from the first byte on."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """The file has this content, on the disk; after a power cut it is this file or the one before.

    That it has the name is on the disk only after `sync_folder`. Raises OSError.
    """
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        as_folder_owner(descriptor, path.parent)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def as_folder_owner(descriptor: int, folder: Path) -> None:
    """What root makes in the service's folder is the service's, or it could not read it."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def sync_folder(folder: Path) -> None:
    """Make names in it durable as well, not only what is in the files. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
