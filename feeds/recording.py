"""A camera's own frames on disk, without loss, and back again.

A recording is a folder:

    index.jsonl             one line per frame: number, session, times, the names of its images
    00000000.color.png      BGR as the camera gave it; .bmp where it had to be written in haste
    00000000.depth.png      16 bit, millimetres, 0 = no data; where the feed has depth
    00000000.infrared.png   8 bit; where the feed has infrared
    rig.json                the depth camera's geometry, where there is one
    realsense-0.db3         the same frames in the RealSense library's format, one file for each
                            session; where the feed is a RealSense camera
                            (feeds/realsense/depth_recording)
    NOTICE.txt              what this is, for whoever finds it

Everything is readable by its owner only. A line is written after its images, and the lines in
the order of the frames, so a recording that was cut off by a fault is whole up to there.
"""

import json
import os
import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from feeds.frame import DepthImage, Frame, Intrinsics, Rig
from feeds.imaging import Image, encoded, read_unchanged
from feeds.planes import Planes

INDEX = "index.jsonl"
_RIG = "rig.json"
_NOTICE = "NOTICE.txt"
_MARK = "A recording made by kioskd"
_MOST_WAITING = 96e6  # bytes of images that wait to be written; then a frame waits for its turn
HASTE = _MOST_WAITING / 4  # beyond it colours are written as BMP: 20 to 40 times quicker than
#   PNG for 2.2 times the bytes (1280x720, OpenCV 5.0, one thread of two shared cores)

NOTICE = f"""\
{_MARK}: pictures of people, their faces among them.

They are personal data, and biometric data where they are used to tell who somebody is. Whoever
keeps them needs a reason and, in most countries, the consent of those who are seen. Delete this
folder when it is no longer needed; nothing else points into it.
"""


class RecordingError(Exception):
    """A recording that cannot be read; the message names the file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index. Names are of files in the recording's folder.

    captured_at     seconds on the monotonic clock of the host that recorded
    depth_gap_s     seconds between the moments of the colour image and its depth
    infrared_gap_s  the same of its infrared image
    """

    number: int
    session: int
    captured_at: float
    wall_time: float
    color: str
    depth: str | None = None
    depth_gap_s: float | None = None
    infrared: str | None = None
    infrared_gap_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A frame whose images are being written; `raw` is their size before."""

    entry: Entry
    written: "Future[int]"
    raw: int


class Recorder:
    """Writes one recording. Raises OSError: the disk is full, or may not be written.

    Images are encoded and written by threads of its own, so that a camera is not missed for
    their sake. What they found out is raised by the next call. One thread may call it.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the folder, which must not be there yet."""
        folder.mkdir(mode=0o700, parents=True)
        self.folder = folder
        self.frames = 0
        self.bytes = 0  # of what is on the disk
        self._rig_kept = False
        self._waiting: deque[_Waiting] = deque()
        self._keep(_NOTICE, NOTICE.encode())
        self._index = os.fdopen(_created(folder / INDEX), "w", encoding="utf-8")
        # One core is left for the camera's own pictures, which somebody has to decode.
        self._pool = ThreadPoolExecutor(max(1, min(4, (os.cpu_count() or 1) - 1)), "recorder")

    @property
    def waiting(self) -> int:
        """Bytes of images that are still to be written, as they are in memory."""
        return sum(each.raw for each in self._waiting)

    def add(self, frame: Frame) -> None:
        """Keeps a frame: its images first, then its line. Waits while too many wait already."""
        if frame.rig is not None and not self._rig_kept:
            self._keep(_RIG, json.dumps(asdict(frame.rig)).encode())
            self._rig_kept = True
        self._settle(_MOST_WAITING)
        images: dict[str, Image | DepthImage] = {
            self._name("color", color_suffix(self.waiting)): frame.color
        }
        color = next(iter(images))
        depth = infrared = None
        if frame.depth is not None:
            images[depth := self._name("depth", ".png")] = frame.depth
        if frame.infrared is not None:
            images[infrared := self._name("infrared", ".png")] = frame.infrared
        entry = Entry(
            frame.number,
            frame.session,
            frame.captured_at,
            frame.wall_time,
            color,
            depth,
            frame.depth_gap_s,
            infrared,
            frame.infrared_gap_s,
        )
        raw = sum(image.nbytes for image in images.values())
        self._waiting.append(_Waiting(entry, self._pool.submit(self._written, images), raw))
        self.frames += 1

    def settle(self) -> None:
        """Waits until all that was added is on the disk, and `bytes` says how much it is."""
        self._settle(0)

    def close(self) -> None:
        try:
            self.settle()
        finally:
            self._pool.shutdown()
            self._index.close()

    def _settle(self, most: float) -> None:
        """Writes the lines of what is written; waits while more than `most` bytes are not."""
        while self._waiting and (self._waiting[0].written.done() or self.waiting > most):
            self.bytes += self._waiting[0].written.result()
            entry = self._waiting.popleft().entry
            told = {key: value for key, value in asdict(entry).items() if value is not None}
            line = json.dumps(told) + "\n"
            self._index.write(line)
            self._index.flush()
            self.bytes += len(line)

    def _name(self, plane: str, suffix: str) -> str:
        return f"{self.frames:08}.{plane}{suffix}"

    def _written(self, images: dict[str, Image | DepthImage]) -> int:
        """In a thread of the pool: the bytes of these images, once they are on the disk."""
        written = 0
        for name, image in images.items():
            content = encoded(image, ".bmp" if name.endswith(".bmp") else ".png")
            _store(self.folder / name, content)
            written += len(content)
        return written

    def _keep(self, name: str, content: bytes) -> None:
        _store(self.folder / name, content)
        self.bytes += len(content)


def color_suffix(waiting: float) -> str:
    """The kind of file for a colour image while so many bytes wait to be written."""
    return ".bmp" if waiting > HASTE else ".png"


def read_index(folder: Path) -> tuple[Entry, ...]:
    """The frames of a recording in the order they were taken; raises RecordingError."""
    path = folder / INDEX
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read ({error})") from error
    entries = []
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(_entry(json.loads(line)))
        except (TypeError, ValueError) as error:
            if number == len(lines):
                break  # cut off while it was written
            raise RecordingError(f"{path} line {number}: is no frame ({error})") from error
    return tuple(entries)


def read_rig(folder: Path) -> Rig | None:
    """The depth camera's geometry; None for a recording of another. Raises RecordingError."""
    path = folder / _RIG
    if not path.exists():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        x, y, z = told["translation"]
        infrared = told["infrared"]
        return Rig(
            Intrinsics(**told["color"]),
            None if infrared is None else Intrinsics(**infrared),
            tuple(float(each) for each in told["rotation"]),
            (float(x), float(y), float(z)),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{path}: is no geometry of a depth camera ({error})") from error


def read_planes(folder: Path, entry: Entry, rig: Rig, shape: tuple[int, ...]) -> Planes:
    """What lies beside a colour image of this shape. Raises ImageFileError."""
    depth = None if entry.depth is None else read_unchanged(str(folder / entry.depth))
    infrared = None if entry.infrared is None else read_unchanged(str(folder / entry.infrared))
    gap, infrared_gap = entry.depth_gap_s, entry.infrared_gap_s
    if infrared is not None and (infrared.ndim != 2 or infrared.dtype != np.uint8):
        infrared, infrared_gap = None, None
    seen = None if infrared is None else infrared.astype(np.uint8)
    if depth is None:
        return Planes(rig, None, "absent", None, seen, infrared_gap)
    if depth.shape != shape[:2] or depth.dtype != np.uint16:
        return Planes(rig, None, "other_size", None, seen, infrared_gap)
    return Planes(rig, depth.astype(np.uint16), None, gap, seen, infrared_gap)


def recordings(folder: Path) -> list[Path]:
    """The recordings below a folder, oldest first."""
    found = [path.parent for path in folder.rglob(INDEX) if is_recording(path.parent)]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def is_recording(folder: Path) -> bool:
    """Whether kioskd made this folder: what is not its own it never deletes."""
    notice = folder / _NOTICE
    return (folder / INDEX).is_file() and notice.is_file() and _MARK.encode() in notice.read_bytes()


def size(folder: Path) -> int:
    """Bytes of all files in a recording."""
    return sum(path.stat().st_size for path in _files(folder))


def delete(folder: Path) -> None:
    """Deletes a recording. Raises ValueError for a folder that is none."""
    if not is_recording(folder):
        raise ValueError(f"{folder} is not a recording made by kioskd")
    shutil.rmtree(folder)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file())


def _entry(fields: dict[str, object]) -> Entry:
    entry = Entry(**fields)  # type: ignore[arg-type]
    numbers = (entry.number, entry.session, entry.captured_at, entry.wall_time)
    names = [name for name in (entry.color, entry.depth, entry.infrared) if name is not None]
    if not all(type(value) in (int, float) for value in numbers):
        raise TypeError("its numbers are none")
    if any(type(name) is not str or Path(name).name != name for name in names):
        raise ValueError("an image outside of the recording is named")
    return entry


def _store(path: Path, content: bytes) -> None:
    with os.fdopen(_created(path), "wb") as file:
        file.write(content)


def _created(path: Path) -> int:
    """A file descriptor of a new file that only its owner may read."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
