"""A newest-wins slot in shared memory: one writer, one reader, no locks.

The writer never waits and never queues: it fills three buffers in turn, so the reader always
finds the newest image and has two frame periods to copy it out. Each buffer carries a mark that
is wrong while it is being filled; the reader looks at it before and after copying and tries
again when it changed. A process killed half-way therefore leaves nothing locked, and the memory
(a memfd) is gone when both ends are. How the reader is woken is not the slot's business.
"""

import mmap
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feeds import planes as layout
from feeds.frame import ColorImage
from feeds.planes import Planes

LARGEST = 3840 * 2160 * 3  # bytes of one buffer; pages are taken only as far as they are used
BUFFERS = 3
HEADER = 4096  # bytes before the first buffer
SIZE = HEADER + BUFFERS * LARGEST
_TRIES = 5  # how often a torn copy is tried again before the reader waits for the next image

# Header words of 8 bytes each. Whole words are written at once, so none is ever half new.
_NEWEST, _TAKEN, _SESSION, _CAPTURED, _LATE, _REPEATED, _REPEATS, _BLANK = range(8)  # integers
_BEAT_AT, _PUT_AT = 8, 9  # floats
_BUFFER_WORDS = 16  # first word of the first buffer's block
_MARK, _WIDTH, _HEIGHT, _NUMBER, _OF_SESSION = range(5)  # integers in a buffer's block
_CAPTURED_AT, _WALL_TIME = 5, 6  # floats in a buffer's block
_PLANES = 7  # first of layout.ROW floats
_BLOCK = _PLANES + layout.ROW  # words per block
_FILLING = -1


class SlotError(Exception):
    """An image that does not fit the slot; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A copy of the newest image and what was written beside it."""

    number: int
    session: int
    captured_at: float
    wall_time: float
    image: ColorImage
    planes: Planes | None


class Slot:
    """Either end of the slot. Exactly one process may put and exactly one may take."""

    def __init__(self, fd: int) -> None:
        """Takes over `fd`, a memfd of SIZE bytes, and closes it with the slot."""
        self.fd = fd
        self._memory = mmap.mmap(fd, SIZE)
        self._words = np.frombuffer(self._memory, np.int64, HEADER // 8)
        self._times = self._words.view(np.float64)

    @classmethod
    def create(cls) -> "Slot":
        """Raises OSError where the machine has no memory or no descriptor left for it."""
        fd = os.memfd_create("kioskd-feed")
        try:
            os.ftruncate(fd, SIZE)
            return cls(fd)
        except OSError:
            os.close(fd)
            raise

    def close(self) -> None:
        """Gives the memory back; the slot cannot be used afterwards."""
        del self._words, self._times
        self._memory.close()
        os.close(self.fd)

    # -- the writer's end

    def put(
        self,
        image: ColorImage,
        planes: Planes | None = None,
        *,
        number: int,
        captured_at: float,
        wall_time: float,
        at: float,
    ) -> None:
        """Makes `image` the newest; `at` is now, monotonic. Raises SlotError if it cannot fit."""
        _check(image, planes)
        turn = int(self._words[_NEWEST]) + 1
        start = _block(turn)
        self._words[start + _MARK] = _FILLING
        height, width = image.shape[:2]
        self._pixels(turn, height, width)[:] = image
        layout.write(planes, self._row(turn), self._beside(turn, height, width))
        integers = (width, height, number, self._words[_SESSION])
        self._words[start + _WIDTH : start + _OF_SESSION + 1] = integers
        self._times[start + _CAPTURED_AT : start + _WALL_TIME + 1] = (captured_at, wall_time)
        self._words[start + _MARK] = turn
        self._words[_REPEATS] = self._words[_BLANK] = 0
        self._words[_CAPTURED] += 1
        self._times[_PUT_AT] = at
        self._words[_NEWEST] = turn
        # Marked a whole frame before it is filled: a processor that delays or reorders writes
        # (ARM) has long made the mark visible when the first pixel changes.
        self._words[_block(turn + 1) + _MARK] = _FILLING

    def begin_session(self, session: int) -> None:
        """Images put from now on belong to `session`."""
        self._words[_SESSION] = session

    def beat(self, at: float) -> None:
        """Shows that the writer is alive at `at`, monotonic seconds."""
        self._times[_BEAT_AT] = at

    def count_late(self) -> None:
        self._words[_LATE] += 1
        self._words[_REPEATS] = self._words[_BLANK] = 0

    def count_repeated(self) -> None:
        self._words[_REPEATED] += 1
        self._words[_REPEATS] += 1
        self._words[_BLANK] = 0

    def count_blank(self) -> None:
        self._words[_REPEATS] = 0
        self._words[_BLANK] += 1

    @property
    def all_taken(self) -> bool:
        """Whether the reader has the newest image."""
        return bool(self._words[_TAKEN] >= self._words[_NEWEST])

    # -- the reader's end

    def take(self) -> Taken | None:
        """A copy of the newest image, None if it was taken already or none is there yet."""
        for _ in range(_TRIES):
            newest = int(self._words[_NEWEST])
            if newest == self._words[_TAKEN]:
                return None
            taken = self._copy(newest)
            if taken is not None:
                self._words[_TAKEN] = newest
                return taken
        return None

    def _copy(self, turn: int) -> Taken | None:
        start = _block(turn)
        if self._words[start + _MARK] != turn:
            return None
        width, height = int(self._words[start + _WIDTH]), int(self._words[start + _HEIGHT])
        if not (0 < width * height * 3 <= LARGEST):  # being overwritten this very moment
            return None
        taken = Taken(
            number=int(self._words[start + _NUMBER]),
            session=int(self._words[start + _OF_SESSION]),
            captured_at=float(self._times[start + _CAPTURED_AT]),
            wall_time=float(self._times[start + _WALL_TIME]),
            image=self._pixels(turn, height, width).copy(),
            planes=layout.read(self._row(turn), self._beside(turn, height, width), height, width),
        )
        return taken if self._words[start + _MARK] == turn else None

    @property
    def beat_at(self) -> float:
        """When the writer last showed that it is alive, monotonic; 0 before the first time."""
        return float(self._times[_BEAT_AT])

    @property
    def put_at(self) -> float:
        """When the newest image was put, monotonic; 0 before the first."""
        return float(self._times[_PUT_AT])

    @property
    def session(self) -> int:
        return int(self._words[_SESSION])

    @property
    def captured(self) -> int:
        """How many images were put."""
        return int(self._words[_CAPTURED])

    @property
    def late(self) -> int:
        return int(self._words[_LATE])

    @property
    def repeated(self) -> int:
        return int(self._words[_REPEATED])

    @property
    def seen(self) -> bool:
        """Whether any image was read, fresh or not."""
        return self.captured + self.late + self.repeated > 0

    @property
    def frozen(self) -> bool:
        """Whether the last image read was a repeat of the one before."""
        return bool(self._words[_REPEATS])

    @property
    def blank(self) -> bool:
        """Whether the last image read was one single colour."""
        return bool(self._words[_BLANK])

    # -- both

    def _pixels(self, turn: int, height: int, width: int) -> ColorImage:
        offset = HEADER + turn % BUFFERS * LARGEST
        return np.ndarray((height, width, 3), np.uint8, self._memory, offset)

    def _beside(self, turn: int, height: int, width: int) -> NDArray[np.uint8]:
        """The rest of the buffer after a colour image of this size."""
        taken = height * width * 3
        offset = HEADER + turn % BUFFERS * LARGEST + taken
        return np.ndarray((LARGEST - taken,), np.uint8, self._memory, offset)

    def _row(self, turn: int) -> layout.Row:
        start = _block(turn) + _PLANES
        return self._times[start : start + layout.ROW]


def _block(turn: int) -> int:
    return _BUFFER_WORDS + turn % BUFFERS * _BLOCK


def _check(image: ColorImage, planes: Planes | None) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise SlotError("the source gave something that is not a colour image")
    depth = planes.depth if planes else None
    if depth is not None and (depth.dtype != np.uint16 or depth.shape != image.shape[:2]):
        raise SlotError("the source gave depth of another size than its colour image")
    if image.size + (planes.size if planes else 0) > LARGEST:
        height, width = image.shape[:2]
        raise SlotError(
            f"images of {width}x{height} {'with depth ' if planes else ''}are larger than"
            " 3840x2160: choose a smaller size or the camera's second stream"
        )
