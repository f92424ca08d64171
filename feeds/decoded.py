"""Pictures out of a capture as a camera saw them: really decoded, and with square pixels."""

from collections import deque

import numpy as np

from feeds import decoder_log, imaging, naming
from feeds.imaging import Capture, Image
from feeds.interlaced import interlaced
from feeds.opened_source import SourceError

_SAME = 3  # pictures in a row, bit by bit, that no camera gives
_MOST = 4.0  # a pixel is not so many times as wide as high; whoever claims it is mistaken


class Decoded:
    """Reads a capture. `name` is the source as people may see it.

    position_s  stream time of the picture last read, as Capture.position_s
    changed     whether the decoder was set up anew since the first picture, as for another size
    """

    def __init__(self, capture: Capture, name: str) -> None:
        self.capture = capture
        self._name = name
        self._doubted = interlaced(capture.codec, capture.header)
        self._previous: Image | None = None
        self._same = 1
        self._ahead: deque[tuple[Image, float]] = deque()
        self._begun = False
        self.position_s = 0.0
        self.changed = False

    def look_ahead(self) -> None:
        """Reads so many pictures of a file that the first one is known to be decoded.

        Raises SourceError.
        """
        while self._doubted and (picture := self._next()) is not None:
            self._ahead.append(picture)
        if self._doubted and self._ahead:
            raise SourceError("interlaced", naming.interlaced(self._name))

    def read(self) -> Image | None:
        """The next picture, blocking; None at the end or on a read error. Raises SourceError."""
        picture = self._ahead.popleft() if self._ahead else self._next()
        if picture is None:
            return None
        image, self.position_s = picture
        return square(image, self.capture.pixel_aspect)

    def _next(self) -> tuple[Image, float] | None:
        image = self.capture.read()
        set_up = decoder_log.set_up()
        self.changed |= set_up and self._begun
        if image is None:
            return None
        self._begun = True
        if self._doubted:
            self._doubt(image)
        return image, self.capture.position_s()

    def _doubt(self, image: Image) -> None:
        """FFmpeg may leave a picture in fields as it lay in memory; then all look alike."""
        if self._previous is not None:
            self._doubted = np.array_equal(image, self._previous)
            self._same += 1
        self._previous = image
        if self._doubted and self._same >= _SAME:
            raise SourceError("interlaced", naming.interlaced(self._name))


def square(image: Image, aspect: float) -> Image:
    """The image with square pixels; `aspect` is the width of one over its height.

    It is made wider or higher, never smaller: no detail is lost.
    """
    if not 1 / _MOST <= aspect <= _MOST or abs(aspect - 1) < 0.01:
        return image
    height, width = image.shape[:2]
    size = (round(width * max(aspect, 1.0)), round(height / min(aspect, 1.0)))
    return imaging.resize(image, size, "linear")
