"""A note beside the audit log: how far it had counted, should the log be gone at the next start."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from kioskd.private_file import replace_file

NUMBERS_END = 2**53  # JSON's readers count no further


@dataclass(frozen=True, slots=True)
class Mark:
    """`last`: the log had given at least this number, in the epoch of that name."""

    epoch: str
    last: int


def read(path: Path) -> Mark | None:
    """The note, or None if there is none that can be read."""
    try:
        found = json.loads(path.read_bytes())
        epoch, last = found["epoch"], found["last"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    sound = isinstance(epoch, str) and type(last) is int and 0 <= last < NUMBERS_END
    return Mark(epoch, last) if sound else None


def write(path: Path, mark: Mark) -> None:
    """Replace the note, whole or not at all. OSError if that cannot be done."""
    replace_file(path, json.dumps(asdict(mark)).encode())
