"""How far a JPEG was compressed, from its own quantisation table; nothing is decoded. Pure.

The table says by how much each wave of a block was rounded (ITU-T T.81 B.2.4.1). Most encoders
scale the standard's example (annex K.1) by a quality of 1 to 100, as the Independent JPEG Group's
library does; other encoders' tables are told by the quality whose table rounds as much in all.
"""

STANDARD = (  # luminance, T.81 table K.1; its order is of no matter here, since sums are compared
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)
STARTS_SCAN, TABLES = 0xDA, 0xDB
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
PLACES = 64


def jpeg_quality(content: bytes) -> int | None:
    """1 to 100, of the table that luminance is rounded with; None: no JPEG, or no table in it."""
    if content[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == STARTS_SCAN:
            return None
        if marker == TABLES and (found := _first_table(content[at + 4 : at + 2 + length])):
            return _nearest(sum(found))
        at += 1 if marker == 0xFF else 2 if marker in ALONE else 2 + length
    return None


def _first_table(tables: bytes) -> list[int] | None:
    """The 64 divisors of table 0, which is luminance's; None where it is not among them."""
    at = 0
    while at < len(tables):
        size = 2 if tables[at] >> 4 else 1
        places = tables[at + 1 : at + 1 + PLACES * size]
        if len(places) < PLACES * size:
            return None
        if tables[at] & 0x0F == 0:
            return [
                int.from_bytes(places[n : n + size], "big") for n in range(0, len(places), size)
            ]
        at += 1 + PLACES * size
    return None


def _nearest(total: int) -> int:
    return min(range(100, 0, -1), key=lambda quality: abs(SUMS[quality - 1] - total))


def _sum(quality: int) -> int:
    """Of the standard's table at a quality, scaled as the Independent JPEG Group does."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return sum(min(255, max(1, (each * scale + 50) // 100)) for each in STANDARD)


SUMS = tuple(map(_sum, range(1, 101)))
