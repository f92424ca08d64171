"""What a backup says of itself, first of all that is in it: the files, their sums, the versions."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Literal, TypeVar, get_args

from kioskd import __version__
from kioskd.backup.state_files import is_kept

NAME = "manifest.json"
FORMAT = 1
MOST_BYTES = 2**20  # of the manifest itself
MOST_FILES = 10_000

# config: beside config.yaml; state: in the state folder; elsewhere: at another place of the disk.
Where = Literal["config", "state", "elsewhere"]
_T = TypeVar("_T")


class BackupError(Exception):
    """A backup cannot be made, or not be restored; a sentence for whoever asked for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file.

    name    where it belongs, such as state/audit.db
    bytes   its size
    sha256  of its content, in hexadecimal digits
    mode    its rights
    """

    name: str
    bytes: int
    sha256: str
    mode: int

    @property
    def where(self) -> Where:
        return next(each for each in get_args(Where) if self.name.startswith(f"{each}/"))

    @property
    def path(self) -> PurePosixPath:
        """Below the folder that `where` says."""
        return PurePosixPath(*PurePosixPath(self.name).parts[1:])


@dataclass(frozen=True, slots=True)
class Manifest:
    """Of a whole backup.

    version  of the kioskd that made it
    made     when, unix seconds
    config   the entry that is config.yaml
    keys     whether keys and passwords are in it
    entries  in the order in which they lie in it, that of their names
    """

    version: str
    made: int
    config: str
    keys: bool
    entries: tuple[Entry, ...]

    def as_bytes(self) -> bytes:
        files = [asdict(entry) for entry in self.entries]
        head = {"format": FORMAT, "kioskd": self.version, "made": self.made}
        said = {**head, "config": self.config, "keys": self.keys, "files": files}
        return json.dumps(said, indent=2, ensure_ascii=False).encode()


def read(content: bytes) -> Manifest:
    """Raises BackupError for what is no manifest, is of a later kioskd, or names a bad place."""
    try:
        said = _is(json.loads(content), dict)
        _of_no_later_kioskd(said)
        entries = tuple(_entry(each) for each in _is(said["files"], list))
        facts = _is(said["kioskd"], str), _is(said["made"], int), _is(said["config"], str)
        found = Manifest(*facts, _is(said["keys"], bool), entries)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BackupError(f"its {NAME} is none of kioskd's: it is damaged, or no backup") from error
    _sound(found)
    return found


def _of_no_later_kioskd(said: dict[str, Any]) -> None:
    version, form = _is(said["kioskd"], str), _is(said["format"], int)
    if form > FORMAT or _release(version) > _release(__version__):
        raise BackupError(
            f"kioskd {version} made it, and this is kioskd {__version__}: install that version or "
            "a later one, then restore"
        )


def _release(version: str) -> list[int]:
    """The numbers at the beginning of a version, so that 0.10 comes after 0.9."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    if numbers is None:
        raise ValueError(version)
    return [int(number) for number in numbers[0].split(".")]


def _entry(said: dict[str, Any]) -> Entry:
    entry = Entry(
        _is(said["name"], str),
        _is(said["bytes"], int),
        _is(said["sha256"], str),
        _is(said["mode"], int),
    )
    if entry.bytes < 0 or not re.fullmatch(r"[0-9a-f]{64}", entry.sha256):
        raise ValueError(entry.name)
    return entry


def _is(value: object, kind: type[_T]) -> _T:
    if type(value) is not kind:
        raise TypeError(kind)
    return value


def _sound(manifest: Manifest) -> None:
    names = [entry.name for entry in manifest.entries]
    for name in names:
        if not _stays_inside(name):
            raise BackupError(f"it names a file at a place where none may be: {name!r}")
    if sorted(set(names)) != names or len(names) > MOST_FILES or manifest.config not in names:
        raise BackupError("its list of files is out of order: it was changed")


def _stays_inside(name: str) -> bool:
    """Whether a name leads to a file below its folder, on whatever way it is read."""
    parts = name.split("/")
    odd = {"", ".", ".."} & set(parts) or not name.isprintable() or "\\" in name
    return not odd and len(parts) > 1 and parts[0] in get_args(Where) and _known(parts)


def _known(parts: Sequence[str]) -> bool:
    """In the state folder only what a backup takes from there."""
    return parts[0] != "state" or (len(parts) == 2 and is_kept(parts[1]))
