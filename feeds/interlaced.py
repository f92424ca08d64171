"""Whether a stream's header says that it is coded in fields, two per picture. Pure.

swscale (FFmpeg 7 and later) does not turn pictures in fields into whole ones; OpenCV hands out
what lay in its memory, and calls that a picture. So it must be known from the header.

Sources: ITU-T H.264 7.3.2.1.1 and ISO/IEC 14496-15 5.3.3 (avcC); H.265 7.3.3 and 14496-15 8.3.3
(hvcC); H.262 6.2.2.3; ISO/IEC 14496-2 6.2.3.
"""

import re

_CHROMA_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_START = re.compile(rb"\x00\x00\x01")


def interlaced(codec: str, header: bytes) -> bool:
    """`codec` is OpenCV's four letters, `header` the codec's extra data, either form of it.

    False also where the header says nothing or cannot be read.
    """
    reads = {"H264": _h264, "HEVC": _h265, "MPG2": _mpeg2, "FMP4": _mpeg4}
    try:
        return codec in reads and reads[codec](header)
    except IndexError:
        return False


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        """The next bits as a number; raises IndexError at the end."""
        value = 0
        for _ in range(count):
            byte = self._data[self._at // 8]
            value = value << 1 | byte >> (7 - self._at % 8) & 1
            self._at += 1
        return value

    def golomb(self) -> int:
        """An unsigned Exp-Golomb number; a signed one is as long."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)


def _h264(header: bytes) -> bool:
    """frame_mbs_only_flag is 0: pictures may be fields, or hold pairs of them."""
    if header[:1] == b"\x01":  # avcC
        unit = header[8 : 8 + int.from_bytes(header[6:8])]
    else:
        unit = next((unit for unit in _units(header) if unit and unit[0] & 31 == 7), b"")
    bits = _Bits(_unescaped(unit[1:]))
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()  # seq_parameter_set_id
    if profile in _CHROMA_PROFILES:
        _skip_chroma(bits)
    bits.golomb()  # log2_max_frame_num_minus4
    _skip_order(bits)
    bits.golomb()  # max_num_ref_frames
    bits.take(1)
    bits.golomb()  # width
    bits.golomb()  # height
    return bits.take(1) == 0


def _skip_chroma(bits: _Bits) -> None:
    if bits.golomb() == 3:  # chroma_format_idc
        bits.take(1)
    bits.golomb()
    bits.golomb()
    bits.take(1)
    if bits.take(1):  # scaling matrices
        raise IndexError  # no camera sends its own; nothing is claimed of one that does


def _skip_order(bits: _Bits) -> None:
    kind = bits.golomb()  # pic_order_cnt_type
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.take(1)
        bits.golomb()
        bits.golomb()
        for _ in range(bits.golomb()):
            bits.golomb()


def _h265(header: bytes) -> bool:
    """general_interlaced_source_flag is set and general_progressive_source_flag is not."""
    if header[:1] == b"\x01":  # hvcC
        return header[6] >> 6 == 0b01
    unit = next((unit for unit in _units(header) if unit and unit[0] >> 1 & 63 == 33), b"")
    return _unescaped(unit)[8] >> 6 == 0b01


def _mpeg2(header: bytes) -> bool:
    """progressive_sequence is 0. Many whole pictures are sent so: the pictures decide."""
    return any(unit[0] == 0xB5 and unit[1] >> 4 == 1 and not unit[2] & 8 for unit in _units(header))


def _mpeg4(header: bytes) -> bool:
    unit = next((unit for unit in _units(header) if unit and 0x20 <= unit[0] <= 0x2F), b"")
    bits = _Bits(unit[1:])
    bits.take(9)  # random access, type
    if bits.take(1):
        bits.take(7)  # version and priority
    if bits.take(4) == 15:
        bits.take(16)  # shape of a pixel
    if bits.take(1):
        bits.take(3)  # chroma, low_delay
        if bits.take(1):
            bits.take(79)  # the buffer model
    bits.take(3)  # layer shape, marker
    ticks = bits.take(16)
    bits.take(1)
    if bits.take(1):
        bits.take(max(1, (ticks - 1).bit_length()))
    bits.take(1 + 13 + 1 + 13 + 1)  # markers around width and height
    return bits.take(1) == 1


def _units(header: bytes) -> list[bytes]:
    """What follows each start code."""
    return _START.split(header)[1:]


def _unescaped(unit: bytes) -> bytes:
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")
