"""Finds whole JPEG images in a stream of bytes, whatever stands between them. Pure.

Cameras that send Motion JPEG over HTTP write all kinds of heads between their images, or none;
the images themselves say where they begin and end (ITU-T T.81, annex B).
"""

LARGEST = 16 << 20  # bytes of one image
_MOST_BETWEEN = 1 << 20  # bytes before an image, so that what never holds one is noticed

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a segment: TEM, RST0 to RST7
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF: these hold width and height


class NoJpegError(Exception):
    """The bytes hold no JPEG image, or one that is too large."""


class Jpegs:
    """Cuts images out of what it is fed; keeps at most one that is not complete."""

    def __init__(self, most_pixels: int) -> None:
        self._most_pixels = most_pixels
        self._data = bytearray()
        self._begun = False  # whether _data begins with an image
        self._at = 0  # where to go on reading in it
        self._in_scan = False  # whether image data is read, and no segment

    def feed(self, data: bytes) -> list[bytes]:
        """The images that are complete with `data`. Raises NoJpegError."""
        self._data += data
        whole = []
        while (image := self._next()) is not None:
            whole.append(image)
        limit = LARGEST if self._begun else _MOST_BETWEEN
        if len(self._data) > limit:
            raise NoJpegError("it holds no JPEG image that ends within 16 MB")
        return whole

    def _next(self) -> bytes | None:
        if not self._begun and not self._begin():
            return None
        while (end := self._step()) is not None:
            if end:
                image = bytes(self._data[:end])
                del self._data[:end]
                self._begun = False
                return image
        return None

    def _begin(self) -> bool:
        """Drops what stands before an image; whether one has begun."""
        start = self._data.find(b"\xff\xd8\xff")
        if start < 0:
            if len(self._data) > _MOST_BETWEEN:
                raise NoJpegError("no JPEG image is in it")
            return False
        del self._data[:start]
        self._begun, self._at, self._in_scan = True, 2, False
        return True

    def _step(self) -> int | None:
        """Reads one marker or stretch of image data: None until more bytes come, else the
        image's end or 0."""
        data = self._data
        if self._in_scan:
            found = data.find(b"\xff", self._at)
            self._at = len(data) if found < 0 else found
        if self._at + 2 > len(data):
            return None
        if data[self._at] != 0xFF:
            return self._lost()
        marker = data[self._at + 1]
        if marker == 0xFF:  # a fill byte
            self._at += 1
        elif (self._in_scan and marker == 0) or marker in _BARE:
            self._at += 2
        elif marker == _EOI:
            return self._at + 2
        elif marker == _SOI:
            return self._lost()
        else:
            return self._segment(marker)
        return 0

    def _segment(self, marker: int) -> int | None:
        start = self._at + 2
        head = bytes(self._data[start : start + 7])
        if len(head) < 7:
            return None
        if marker in _SIZES:
            height, width = int.from_bytes(head[3:5]), int.from_bytes(head[5:7])
            if height * width > self._most_pixels:
                raise NoJpegError(f"images of {width}x{height} are larger than 3840x2160")
        self._at = start + max(int.from_bytes(head[:2]), 2)
        self._in_scan = marker == _SOS
        return 0

    def _lost(self) -> int | None:
        """An image broke off: the next one is looked for behind its beginning."""
        del self._data[: self._at]
        self._begun = False
        return 0 if self._begin() else None
