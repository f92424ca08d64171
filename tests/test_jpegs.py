"""Finding whole JPEG images among other bytes. OPENCV makes them."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import imaging
from feeds.jpegs import Jpegs, NoJpegError
from tests.support.pictures import picture

MOST = 3840 * 2160


@cache
def jpeg(number: int, width: int = 64) -> bytes:
    return imaging.encoded(picture(number, width, width), ".jpg")


def with_thumbnail(image: bytes, thumbnail: bytes) -> bytes:
    """As a camera writes it: an APP1 segment that holds another JPEG image."""
    body = b"Exif\x00\x00" + thumbnail
    return image[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body + image[2:]


def found(pieces: list[bytes]) -> list[bytes]:
    jpegs = Jpegs(MOST)
    return [image for piece in pieces for image in jpegs.feed(piece)]


@settings(deadline=None, max_examples=60)
@given(
    between=st.lists(st.binary(max_size=40).filter(lambda data: b"\xff" not in data), max_size=4),
    cuts=st.lists(st.integers(0, 6000), max_size=8),
)
def test_images_come_out_whole_whatever_lies_between_and_however_it_is_cut(
    between: list[bytes], cuts: list[int]
) -> None:
    sent = [jpeg(number) for number in range(len(between))]
    data = b"".join(rest + image for rest, image in zip(between, sent, strict=True))
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in pairwise(places)]
    assert found(pieces) == sent


def test_a_thumbnail_inside_an_image_is_not_an_image() -> None:
    image = with_thumbnail(jpeg(3), jpeg(9, 16))
    assert found([image + jpeg(4)]) == [image, jpeg(4)]


def test_an_image_that_broke_off_is_left_out_with_its_thumbnail() -> None:
    image = with_thumbnail(jpeg(3), jpeg(9, 16))
    assert found([image[:-40] + b"\r\n--part\r\n" + jpeg(4)]) == [jpeg(4)]


def test_fill_bytes_and_restarts_belong_to_the_image() -> None:
    image = jpeg(3)
    scan = image.index(b"\xff\xda")
    odd = image[:scan] + b"\xff\xff" + image[scan:-2] + b"\xff\xd0\xff\x00" + image[-2:]
    assert found([odd]) == [odd]


def test_what_holds_no_image_is_given_up() -> None:
    with pytest.raises(NoJpegError, match="no JPEG image"):
        found([b"\x00" * 400_000] * 4)


def test_an_image_that_never_ends_is_given_up() -> None:
    with pytest.raises(NoJpegError, match="ends within 16 MB"):
        found([jpeg(3)[:-2], *[b"\x00" * 1_000_000] * 17])


def test_an_image_that_claims_to_be_huge_is_refused_before_it_is_decoded() -> None:
    image = bytearray(jpeg(3))
    size = image.index(b"\xff\xc0") + 5
    image[size : size + 4] = (60000).to_bytes(2) + (60000).to_bytes(2)
    with pytest.raises(NoJpegError, match="60000x60000"):
        found([bytes(image)])
