"""Which files were named on a command line, and their bytes: files, folders, standard input."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from feeds.still_image import MOST_BYTES

STANDARD_INPUT = "-"
# A folder's files that may be pictures, by name; what they are is told by their bytes.
SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png"}
    | {".tif", ".tiff", ".webp"}
)


class GivenError(Exception):
    """What was named cannot be read, in a sentence that names it."""


@dataclass(frozen=True, slots=True)
class Given:
    """A picture to be judged; no path: it comes by standard input."""

    name: str
    path: Path | None

    def read(self) -> bytes:
        """Its bytes, cut off beyond what is refused anyhow. Raises GivenError."""
        if self.path is None:
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        try:
            if not self.path.is_file():  # a pipe or a device may never end
                raise GivenError(f"{self.name}: is no file")
            with self.path.open("rb") as file:
                return file.read(MOST_BYTES + 1)
        except OSError as error:
            raise GivenError(f"{self.name}: cannot be read ({error.strerror})") from error


def given(arguments: Sequence[str]) -> list[Given]:
    """What arguments name, folders unfolded, in their order. Raises GivenError."""
    if arguments.count(STANDARD_INPUT) > 1:
        raise GivenError("-: standard input can be read but once")
    found = [each for argument in arguments for each in _of(argument)]
    if not found:
        raise GivenError(f"{', '.join(arguments)}: holds no picture ({' '.join(sorted(SUFFIXES))})")
    return found


def _of(argument: str) -> Iterator[Given]:
    if argument == STANDARD_INPUT:
        yield Given("standard input", None)
        return
    path = Path(argument)
    try:
        exists, folder = path.exists(), path.is_dir()
    except OSError as error:
        raise GivenError(f"{argument}: cannot be read ({error.strerror})") from error
    if not exists:
        raise GivenError(f"{argument}: does not exist")
    if not folder:
        yield Given(argument, path)
        return
    try:
        files = sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise GivenError(f"{argument}: cannot be read ({error.strerror})") from error
    yield from (Given(str(each), each) for each in files)
