"""What every open source has in common: shots, a way to read them, and faults."""

from dataclasses import dataclass
from typing import Protocol

from feeds.frame import ColorImage
from feeds.planes import Planes


class SourceError(Exception):
    """A source that cannot be opened or read: a code, and a sentence without secrets."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One image as it was read.

    began_at, arrived_at  when the read began and ended, monotonic seconds
    position_s            the source's own time of the image; None if it has no clock.
                          In a file it counts from 0 and is the time to show the image at
    planes                what a depth camera saw with it
    begins                in a recording: the camera had been opened anew before this image
    """

    image: ColorImage
    began_at: float
    arrived_at: float
    position_s: float | None
    planes: Planes | None = None
    begins: bool = False


class Reader(Protocol):
    """An open source."""

    @property
    def period_s(self) -> float | None:
        """Time between two images as the source claims it, if it does."""

    def read(self) -> Shot | None:
        """The next image, blocking; None when the source has ended. Raises SourceError."""

    def close(self) -> None: ...
