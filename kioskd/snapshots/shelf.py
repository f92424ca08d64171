"""The folder of the sealed snapshots: what is put there, what is there, and what is old."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kioskd.private_file import replace_file, sync_folder
from kioskd.snapshots.sealed_file import SUFFIX

MB, DAY_MS = 10**6, 86_400_000


@dataclass(frozen=True, slots=True)
class Kept:
    """One file: where, its size in bytes, and by its name when its picture was taken (ms)."""

    path: Path
    size: int
    at: int


class Shelf:
    """Only sealed content is ever given to it. What it cannot do raises OSError.

    Others may delete from the folder at any time: what is gone already is well.
    """

    def __init__(self, folder: Path, keep_days: float, max_mb: float) -> None:
        self.folder = folder
        self._keep_ms, self._most = keep_days * DAY_MS, int(max_mb * MB)

    def put(self, name: str, content: bytes) -> int:
        """Keep it, on the disk when this returns; how many older ones had to make room."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        gone = self._make_room(len(content))
        replace_file(self.folder / name, content)
        sync_folder(self.folder)
        return gone

    def kept(self) -> list[Kept]:
        """All there are, the oldest first."""
        return sorted(self._found(), key=lambda one: (one.at, one.path.name))

    def look(self, now_ms: float | None) -> int:
        """Delete what is too old, or too much; how many were. None: nobody knows the time."""
        if not self.folder.is_dir():
            return 0
        for half in self.folder.glob(f"*{SUFFIX}.new"):  # of a start before, sealed too
            half.unlink(missing_ok=True)
        old = []
        if now_ms is not None:
            old = [one for one in self.kept() if one.at < now_ms - self._keep_ms]
        for one in old:
            one.path.unlink(missing_ok=True)
        return len(old) + self._make_room(0)

    def _make_room(self, size: int) -> int:
        kept = self.kept()
        over = sum(one.size for one in kept) + size - self._most
        gone = 0
        for one in kept:
            if over <= 0:
                break
            one.path.unlink(missing_ok=True)
            over -= one.size
            gone += 1
        return gone

    def _found(self) -> Iterator[Kept]:
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            at = path.name.partition("-")[0]
            if path.name.endswith(SUFFIX) and at.isdecimal():
                with suppress(FileNotFoundError):
                    yield Kept(path, path.lstat().st_size, int(at))
