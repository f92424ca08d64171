"""Sets keys of one door in config.yaml itself: comments are kept, and so is the file of before."""

import os
from collections.abc import Mapping
from pathlib import Path

from kioskd.config import files
from kioskd.config.live import differing
from kioskd.config.load import settings_of
from kioskd.config.strict_yaml import MOST_BYTES
from kioskd.config.yaml_document import dotted
from kioskd.config.yaml_edit import EditError, Scalar, with_keys

BEFORE = ".before"  # behind the name of the file of before


def change(path: Path, section: tuple[str, ...], keys: Mapping[str, Scalar]) -> Path:
    """Set these keys of a section, and return where the file of before is kept.

    The new text is read as `kioskd check` reads it, and must differ in these keys alone. Raises
    ConfigError where the file, or what would come of it, has mistakes; EditError where it cannot be
    changed so; OSError where it cannot be written.
    """
    place = path.resolve()  # behind a link: the link stays one
    stamp, source = files.stamp(place), _content(place)
    before = settings_of(source, path).model_dump()
    text = with_keys(source.decode(), section, keys)
    changed = set(differing(before, settings_of(text.encode(), path).model_dump()))
    if others := changed - {(*section, name) for name in keys}:
        named = ", ".join(sorted(map(dotted, others)))
        raise EditError(f"{path} cannot be changed by itself: {named} would change too")
    if files.stamp(place) != stamp:
        raise EditError(f"{path} was changed by somebody else meanwhile")
    kept = place.with_name(place.name + BEFORE)
    _put(kept, source, place)
    _put(place, text.encode(), place)
    return kept


def _content(place: Path) -> bytes:
    try:
        return files.read(place, MOST_BYTES + 1).removeprefix(b"\xef\xbb\xbf")
    except files.FileError as error:
        raise EditError(f"{place} cannot be read ({error})") from error


def _put(path: Path, content: bytes, like: Path) -> None:
    """Whole or not at all, and with the owner and the rights of a file that is there."""
    given = like.stat()
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if os.geteuid() == 0:
            os.fchown(descriptor, given.st_uid, given.st_gid)
        os.fchmod(descriptor, given.st_mode & 0o7777)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
