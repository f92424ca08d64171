"""Puts files in their places, all or none: while it is at it no daemon starts.

Cut off in the middle, a mark in the state folder stays, the daemon refuses to start (exit status
2: the doors stay shut), and the restore is run again. What was there lies aside, whole.
"""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kioskd.backup.named_files import CREDENTIALS
from kioskd.private_file import replace_file, sync_folder
from kioskd.state_dir import ASIDE, UNFINISHED


@dataclass(frozen=True, slots=True)
class Move:
    """`staged` is to be at `to`, which lies below `root`; what is there goes aside in `root`."""

    staged: Path
    to: Path
    root: Path


def put(moves: Sequence[Move], away: Iterable[Path], state: Path) -> tuple[Path, ...]:
    """Do them; the folders in which lies what was there. Raises OSError.

    away  files of the state folder that go aside and get no other in their place
    """
    replace_file(state / UNFINISHED, b"")
    sync_folder(state)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    asides: dict[Path, Path] = {}
    for root, path in [(move.root, move.to) for move in moves] + [(state, each) for each in away]:
        if os.path.lexists(path):
            if root not in asides:
                asides[root] = _fresh(root / f"{ASIDE}{stamp}")
            _rename(path, asides[root] / path.relative_to(root))
    for move in moves:
        _rename(move.staged, move.to)
    (state / UNFINISHED).unlink()
    sync_folder(state)
    return tuple(asides.values())


def _rename(path: Path, to: Path) -> None:
    """On the disk before the next one."""
    mode = 0o700 if to.parent.name == CREDENTIALS else 0o755  # files have rights of their own
    to.parent.mkdir(mode=mode, parents=True, exist_ok=True)
    path.rename(to)
    sync_folder(to.parent)


def _fresh(folder: Path) -> Path:
    """A folder of that name, or with a number behind it."""
    number, name = 1, folder
    while os.path.lexists(name):
        number += 1
        name = folder.with_name(f"{folder.name}-{number}")
    name.mkdir(mode=0o700)
    return name
