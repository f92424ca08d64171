"""Where VP8 pictures change their size in the middle of a file, which FFmpeg does not tell.

Recordings that browsers make do: they begin small and grow with the network. But each key frame
says its size in its first bytes (RFC 6386, section 9.1).
"""

from feeds import imaging

CODEC = "VP80"
_START = b"\x9d\x01\x2a"  # of a key frame, behind the three bytes of its tag


class Sizes:
    """Walks through a file's packets beside whoever decodes them."""

    def __init__(self, path: str) -> None:
        self._packets = imaging.open_packets(path)
        self._first: tuple[int, int] | None = None

    def changed(self) -> bool:
        """Goes on to the next picture that is shown; whether its size is not that of the first."""
        while (packet := self._next()) is not None:
            size = frame_size(packet)
            self._first = self._first or size
            if size is not None and size != self._first:
                return True
            if is_shown(packet):
                break
        return False

    def close(self) -> None:
        if self._packets is not None:
            self._packets.release()

    def _next(self) -> bytes | None:
        packet = None if self._packets is None else self._packets.read()
        return None if packet is None else packet.tobytes()


def frame_size(packet: bytes) -> tuple[int, int] | None:
    """Width and height, if it is a key frame."""
    if len(packet) < 10 or packet[0] & 1 or packet[3:6] != _START:
        return None
    width, height = (int.from_bytes(packet[at : at + 2], "little") for at in (6, 8))
    return width & 0x3FFF, height & 0x3FFF  # the other two bits say how to scale it


def is_shown(packet: bytes) -> bool:
    """Whether it becomes a picture, and does not only help to decode others."""
    return bool(packet[:1]) and bool(packet[0] & 0x10)
