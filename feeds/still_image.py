"""A picture from a file that anybody may have sent: what it is, is known before it is decoded.

Format and size are read from the first bytes, so that a small file which says that it is huge costs
nothing. Each format's own specification has these: JPEG ITU-T T.81 B.2, PNG W3C 11.2.2, GIF89a 18,
BMP of Windows, WebP container RFC 9649.
"""

from typing import Literal

from feeds.frame import ColorImage
from feeds.imaging import decoded

Fault = Literal["empty", "too_large", "too_many_pixels", "unknown_format", "unreadable"]
Size = tuple[int, int]  # width and height, pixels

MOST_BYTES = 6 * 2**20
MOST_PIXELS = 50_000_000
FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}  # SOF
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
PNG = b"\x89PNG\r\n\x1a\n"
KNOWN = "JPEG, PNG, BMP, WEBP and GIF"


class StillError(Exception):
    """Why a picture cannot be taken, in a sentence."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault: Fault = fault

    @property
    def sentence(self) -> str:
        return str(self)


def read_still(content: bytes) -> ColorImage:
    """(H, W, 3) BGR of a picture file: turned as its EXIF says, the first frame of an animation,
    16 bits a channel as 8, grey as three channels, transparency left out. Raises StillError.
    """
    if not content:
        raise StillError("empty", "the picture has no content")
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 2**20
        raise StillError("too_large", f"the picture has more than {most} MiB")
    size = _size(content)
    if size is None:
        if content[4:8] == b"ftyp":
            told = "the picture is HEIC or AVIF, which is not supported"
            raise StillError("unknown_format", f"{told}; send {KNOWN}")
        raise StillError("unknown_format", f"the file is no picture of a known kind ({KNOWN})")
    if size[0] * size[1] > MOST_PIXELS:
        told = f"the picture has {size[0]} x {size[1]} pixels, and {MOST_PIXELS:,} are the most"
        raise StillError("too_many_pixels", told)
    whole = min(size) > 0 and _chunks_end_inside(content)
    image = decoded(content, as_metadata_says=True) if whole else None
    if image is None:
        raise StillError("unreadable", "the picture is damaged or cut off")
    return image


def _size(content: bytes) -> Size | None:
    """Width and height as the head of the file says; None: of no known format."""
    if content[:8] == PNG:
        return _big(content, 16, 4), _big(content, 20, 4)
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return _little(content, 6, 2), _little(content, 8, 2)
    if content[:2] == b"BM":
        return abs(_signed(content, 18)), abs(_signed(content, 22))
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    if content[:3] == b"\xff\xd8\xff":
        return _jpeg(content)
    return None


def _chunks_end_inside(content: bytes) -> bool:
    """False of a PNG with a chunk that says it is longer than the file.

    The decoder takes as much memory as a chunk says, up to 4 GiB, before it reads it.
    """
    if content[:8] != PNG:
        return True
    at = 8
    while at + 8 <= len(content):
        kind = content[at + 4 : at + 8]
        at += 12 + _big(content, at, 4)  # length, kind, the data, and its check sum
        if kind == b"IEND":
            break
    return at <= len(content)


def _jpeg(content: bytes) -> Size:
    """From the first frame header; (0, 0) where there is none."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in FRAMES:
            return _big(content, at + 7, 2), _big(content, at + 5, 2)
        # a marker may be filled up with 0xFF before it
        at += 1 if marker == 0xFF else 2 if marker in ALONE else 2 + _big(content, at + 2, 2)
    return 0, 0


def _webp(content: bytes) -> Size:
    kind = content[12:16]
    if kind == b"VP8X":
        return _little(content, 24, 3) + 1, _little(content, 27, 3) + 1
    if kind == b"VP8L":
        bits = _little(content, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return _little(content, 26, 2) & 0x3FFF, _little(content, 28, 2) & 0x3FFF


def _big(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "big")


def _little(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "little")


def _signed(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 4], "little", signed=True)
