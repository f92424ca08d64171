"""A picture file that anybody may have sent: read, or refused with a reason, and nothing else."""

import io
import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from feeds.still_image import MOST_BYTES, StillError, read_still

RED = (200, 40, 30)


def saved(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 30), **how: Any) -> bytes:
    image = Image.new("RGB", size, RED).convert(mode)
    held = io.BytesIO()
    image.save(held, kind, **how)
    return held.getvalue()


def near(found: np.ndarray[Any, Any], wanted: tuple[int, int, int] = RED) -> bool:
    """Whether it is of that colour, but for what compression does."""
    return bool(np.abs(found.reshape(-1, 3)[:, ::-1].mean(0) - np.array(wanted)).max() < 12)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "GIF"])
def test_every_kind_is_read(kind: str) -> None:
    image = read_still(saved(kind))
    assert image.shape == (30, 40, 3)
    assert near(image)


@pytest.mark.parametrize(
    "content",
    [
        saved("JPEG", "CMYK"),
        saved("PNG", "RGBA"),
        saved("WEBP", lossless=True),
        saved("PNG", "P"),
        saved("JPEG", progressive=True),
    ],
    ids=["cmyk", "alpha", "lossless webp", "palette", "progressive"],
)
def test_unusual_ones_are_read_as_they_look(content: bytes) -> None:
    assert near(read_still(content))


def test_grey_and_16_bits_become_three_channels_of_eight() -> None:
    assert read_still(saved("JPEG", "L")).shape == (30, 40, 3)
    held = io.BytesIO()
    Image.fromarray(np.full((30, 40), 40_000, np.uint16)).save(held, "PNG")
    image = read_still(held.getvalue())
    assert image.dtype == np.uint8
    assert abs(int(image.mean()) - 40_000 // 257) <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(orientation: int) -> None:
    """A red corner must end where a viewer shows it."""
    pixels = np.full((30, 40, 3), 255, np.uint8)
    pixels[:10, :10] = RED
    held = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(held, "JPEG", exif=exif, quality=95)
    found = read_still(held.getvalue())
    with Image.open(io.BytesIO(held.getvalue())) as opened:
        from PIL import ImageOps

        wanted = np.array(ImageOps.exif_transpose(opened))[:, :, ::-1]
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted.astype(int)).mean() < 3


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in (RED, (0, 0, 255))]
    for kind in ("GIF", "WEBP"):
        held = io.BytesIO()
        frames[0].save(held, kind, save_all=True, append_images=frames[1:])
        assert near(read_still(held.getvalue())), kind


def png_of(width: int, height: int) -> bytes:
    """A PNG whose head promises so many pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff" + bytes(MOST_BYTES), "too_large"),
        (png_of(60_000, 60_000), "too_many_pixels"),
        (b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(40), "too_many_pixels"),
        (b"hello, I am a picture.jpg", "unknown_format"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "unknown_format"),
        (saved("JPEG")[:200], "unreadable"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "unreadable"),
        (png_of(0, 10), "unreadable"),
    ],
    ids=[
        "empty", "large", "bomb", "gif bomb", "text", "heic", "cut off", "headless", "no width",
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_its_reason(content: bytes, fault: str) -> None:
    with pytest.raises(StillError) as error:
        read_still(content)
    assert error.value.fault == fault
    assert str(error.value)


GOOD = {kind: saved(kind) for kind in ("JPEG", "PNG", "BMP", "WEBP", "GIF")}


@given(
    st.sampled_from(sorted(GOOD)),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    st.integers(0, 400),
)
def test_damaged_files_are_read_or_refused(
    kind: str, changes: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(GOOD[kind])
    for at, value in changes:
        content[at % len(content)] = value
    content = content[: max(0, len(content) - cut)]
    try:
        image = read_still(bytes(content))
    except StillError:
        return
    assert image.ndim == 3
    assert image.dtype == np.uint8


@given(st.binary(max_size=300))
def test_whatever_bytes_come_nothing_else_is_raised(content: bytes) -> None:
    with suppress(StillError):
        read_still(content)


def test_a_png_whose_chunk_says_it_is_longer_than_the_file_takes_no_memory() -> None:
    """OpenCV's decoder would take what the chunk says, 3.7 GB here, before it reads it."""
    content = bytearray(saved("PNG"))
    content[33:37] = struct.pack(">I", 0xDC010000)  # the first chunk after the head
    script = (
        "import resource, sys\n"
        "from feeds.still_image import StillError, read_still\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_still(sys.stdin.buffer.read())\n"
        "except StillError as error:\n    print(error.fault)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], input=content, capture_output=True, check=True
    )
    fault, more = run.stdout.split()
    assert fault == b"unreadable"
    assert int(more) < 100_000  # kilobytes


def test_a_png_is_read_with_whatever_lies_behind_its_end() -> None:
    assert near(read_still(saved("PNG") + b"more of something"))
