"""The quality of a JPEG is read from its tables, without decoding it."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from feeds.jpeg_quality import jpeg_quality


def saved(kind: str = "JPEG", mode: str = "RGB", **how: Any) -> bytes:
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    held = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(held, kind, **how)
    return held.getvalue()


@pytest.mark.parametrize("quality", [1, 10, 30, 49, 50, 51, 75, 79, 80, 90, 95, 100])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_it_is_what_the_file_was_saved_with(quality: int, mode: str) -> None:
    assert jpeg_quality(saved(mode=mode, quality=quality)) == quality


def test_a_progressive_one_and_one_with_metadata_are_read_too() -> None:
    assert jpeg_quality(saved(quality=80, progressive=True)) == 80
    exif = Image.Exif()
    exif[0x0112] = 6
    assert jpeg_quality(saved(quality=80, exif=exif)) == 80


def test_tables_of_another_kind_give_the_nearest_quality() -> None:
    tables = [[3] * 64, [3] * 64]
    assert 85 < (jpeg_quality(saved(qtables=tables)) or 0) <= 100


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP"])
def test_other_kinds_have_none(kind: str) -> None:
    assert jpeg_quality(saved(kind)) is None


@given(st.integers(0, 700), st.binary(max_size=8))
def test_whatever_a_file_holds_the_answer_is_a_quality_or_none(at: int, put: bytes) -> None:
    content = saved(quality=80)
    found = jpeg_quality(content[:at] + put + content[at + len(put) :])
    assert found is None or 1 <= found <= 100
    assert jpeg_quality(content[:at]) in (None, 80)
