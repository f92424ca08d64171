"""State folders of their own kind, which root alone can make: small ones, and ones that go bad."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.broker import program

ROOT = os.geteuid() == 0


def run(*command: str) -> None:
    subprocess.run([program(command[0]), *command[1:]], check=True, capture_output=True)


@contextmanager
def small(folder: Path, size: str = "1m") -> Iterator[None]:
    """The folder is a disk of its own, of this size, in memory."""
    folder.mkdir(parents=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder))
    try:
        yield
    finally:
        run("umount", "-l", str(folder))


class Card:
    """An ext4 file system in a file, as a memory card is: on its first error it is read-only."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._image = folder, folder.with_name("card.img")
        folder.mkdir(parents=True)
        with self._image.open("wb") as image:
            image.truncate(16 << 20)
        run("mkfs.ext4", "-q", "-F", str(self._image))

    def put_in(self) -> None:
        run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self._folder))
        with suppress(OSError):
            (self._folder / "lost+found").rmdir()

    def fail(self) -> None:
        """As after an error of the medium: what is open stays open, and no write gets through."""
        run("mount", "-o", "remount,abort", str(self._folder))

    def take_out(self) -> None:
        run("umount", "-l", str(self._folder))

    def repair(self) -> None:
        """What a restart of the machine does."""
        subprocess.run([program("fsck.ext4"), "-y", str(self._image)], capture_output=True)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """One file that nobody can write to, root included."""
    run("mount", "--bind", str(path), str(path))
    try:
        run("mount", "-o", "remount,ro,bind", str(path))
        yield
    finally:
        run("umount", "-l", str(path))
