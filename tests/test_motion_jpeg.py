"""HTTP cameras, each with the odd answers that real ones give: images come, or a sentence."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from time import sleep

import numpy as np
import pytest

from feeds import imaging
from feeds.feed_settings import FeedSettings, StreamSource
from feeds.opened_source import SourceError
from feeds.sources import opened
from tests.support import pictures
from tests.support.network_camera import Answers, Asked, camera, http, jpegs
from tests.support.watching import watched

MULTIPART = "Content-Type: multipart/x-mixed-replace; boundary=part"
PASSWORD = "s3cret-w0rd"
Head = Callable[[int, int], str]  # of a part, by its number and the image's length

HEADS: dict[str, tuple[str, Head]] = {
    "as it should be": (
        MULTIPART,
        lambda _, size: f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {size}\r\n\r\n",
    ),
    "the size in the type": (
        MULTIPART,
        lambda _, size: f"--part\r\nContent-type: image/jpeg;size={size}\r\n\r\n",
    ),
    "image/jpg": (MULTIPART, lambda *_: "--part\r\nContent-Type: image/jpg\r\n\r\n"),
    "no type": (MULTIPART, lambda *_: "--part\r\n\r\n"),
    "no boundary before the first": (
        MULTIPART,
        lambda number, _: f"{'--part' if number else ''}\r\nContent-Type: image/jpeg\r\n\r\n",
    ),
    "another boundary": (
        'Content-Type: multipart/x-mixed-replace;boundary="--myboundary"',
        lambda *_: "--other\nContent-Type: image/jpeg\n\n",
    ),
    "nothing between": ("Content-Type: video/x-motion-jpeg", lambda *_: ""),
    "no type at all": ("Server: nameless", lambda *_: "--part\r\nContent-Type: image/jpeg\r\n\r\n"),
    "octets": ("Content-Type: application/octet-stream", lambda *_: "--part\r\n\r\n"),
}


def sends(
    folder: Path, kind: str, head: Head, *, rate: float = 50.0, count: int = 10**6
) -> Answers:
    images = jpegs(folder)

    def stream(_: Asked) -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\n{kind}\r\n\r\n".encode()
        for number in range(count):
            image = images[number % len(images)]
            yield head(number, len(image)).encode() + image + (b"\r\n" if head(1, 1) else b"")
            sleep(1 / rate)

    return stream


def read(answers: Answers, login: str = "", count: int = 4) -> list[int]:
    """The numbers of the first pictures."""
    with camera(answers) as seen:
        url = f"http://{login}127.0.0.1:{seen.port}/video"
        with closing(opened(StreamSource(url), open_s=10.0, stall_s=2.0)) as reader:
            shots = [reader.read() for _ in range(count)]
    return [pictures.number_in(shot.image) for shot in shots if shot is not None]


def refusal(answers: Answers, login: str = "") -> SourceError:
    with pytest.raises(SourceError) as raised:
        read(answers, login)
    return raised.value


@pytest.mark.parametrize("heads", HEADS.values(), ids=HEADS.keys())
def test_images_come_whatever_stands_around_them(heads: tuple[str, Head], tmp_path: Path) -> None:
    assert read(sends(tmp_path, *heads)) == [0, 1, 2, 3]


def test_a_camera_with_odd_parts_is_online(tmp_path: Path) -> None:
    with camera(sends(tmp_path, *HEADS["the size in the type"], rate=20)) as seen:
        source = StreamSource(f"http://127.0.0.1:{seen.port}/video")
        with watched(FeedSettings("door", source)) as door:
            door.frame()
            assert door.told == [("starting", "opening"), ("online", "")]


def test_a_camera_under_its_lens_cap_gives_no_picture_until_it_is_taken_off(
    tmp_path: Path,
) -> None:
    uncovered = Event()
    covered = [
        imaging.encoded(np.full((240, 320, 3), level, np.uint8), ".jpg") for level in (9, 10)
    ]
    images = jpegs(tmp_path)

    def stream(_: Asked) -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\n{MULTIPART}\r\n\r\n".encode()
        for number in range(10**6):
            shown = images if uncovered.is_set() else covered
            yield b"--part\r\n\r\n" + shown[number % len(shown)]
            sleep(0.04)

    with camera(stream) as seen:
        source = StreamSource(f"http://127.0.0.1:{seen.port}/video")
        with watched(FeedSettings("door", source)) as door:
            assert door.until("stalled", "blank") == []
            uncovered.set()
            assert pictures.number_in(door.frame().color) in range(6)
            assert door.told[-1] == ("online", "")


def test_images_in_chunks_are_read(tmp_path: Path) -> None:
    def chunked(asked: Asked) -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\n{MULTIPART}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        for image in jpegs(tmp_path):
            part = b"--part\r\nContent-Type: image/jpeg\r\n\r\n" + image
            for piece in (part[:99], part[99:]):
                yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"

    assert read(chunked) == [0, 1, 2, 3]


def test_images_of_another_size_are_another_stream(tmp_path: Path) -> None:
    image, small = jpegs(tmp_path)[0], imaging.encoded(pictures.picture(1, 160, 120), ".jpg")
    error = refusal(http("200 OK", MULTIPART, body=image + b"--part\r\n\r\n" + small))
    assert error.code == "picture_changed"


def test_a_damaged_image_is_left_out(tmp_path: Path) -> None:
    images = jpegs(tmp_path)

    def stream(_: Asked) -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\n{MULTIPART}\r\n\r\n".encode()
        for image in (images[0], images[1][: len(images[1]) // 2], *images[2:]):
            yield b"--part\r\nContent-Type: image/jpeg\r\n\r\n" + image

    assert read(stream) == [0, 2, 3, 4]


@pytest.mark.parametrize("kind", ["image/jpeg", "image/jpg", "application/octet-stream"])
def test_a_snapshot_address_is_told(kind: str, tmp_path: Path) -> None:
    error = refusal(http("200 OK", f"Content-Type: {kind}", body=jpegs(tmp_path, 1)[0]))
    assert error.code == "one_picture"
    assert "this address gives one picture, not a video" in str(error)


def test_one_part_and_no_more_is_one_picture_too(tmp_path: Path) -> None:
    kind, head = HEADS["as it should be"]
    assert refusal(sends(tmp_path, kind, head, count=1)).code == "one_picture"


def test_a_picture_of_another_kind_is_one_picture() -> None:
    body = b"\x89PNG\r\n\x1a\n" + bytes(100)
    assert refusal(http("200 OK", "Content-Type: image/png", body=body)).code == "one_picture"


def test_a_camera_of_two_pictures_a_second_is_told_how_many_are_needed(tmp_path: Path) -> None:
    kind, head = HEADS["as it should be"]
    with camera(sends(tmp_path, kind, head, rate=2.0)) as seen:
        source = StreamSource(f"http://127.0.0.1:{seen.port}/video")
        with watched(FeedSettings("door", source, stall_s=0.2, retry_most_s=0.5)) as door:
            assert door.until("stalled", "too_slow") == []
            said = door.feed.state.detail
    assert re.search(r" gives [012]\.\d pictures a second, at least 5 are needed", said)
    assert ("online", "") not in door.told


def ends_after(answer: bytes) -> Answers:
    """A camera that tells no length and hangs up."""
    return lambda _: iter([b"HTTP/1.1 200 OK\r\n" + answer])


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (http("404 Not Found"), "has no video of this path (404)"),
        (http("403 Forbidden"), "forbids this user"),
        (http("503 Service Unavailable"), "gives no more streams (503)"),
        (http("500 Oh"), "failed by itself (status 500)"),
        (http("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'), "asks for a user and"),
        (http("302 Found", "Location: https://192.0.2.1/x?token=abc"), "https://192.0.2.1/x?***"),
        (http("200 OK", "Content-Type: text/html", body=b"<html>login</html>"), "a page of text"),
        (lambda _: b"RTSP/1.0 400 Bad Request\r\n\r\n", "speaks RTSP at port"),
        (lambda _: b"", "is silent"),
        (http("200 OK", "Content-Type: multipart/x-mixed-replace", body=b"-" * 999), "no JPEG"),
        (http("200 OK", "Content-Type: image/jpeg"), "no JPEG"),
        (ends_after(b"Content-Type: multipart/x-mixed-replace\r\n\r\n--part"), "no JPEG"),
        (ends_after(b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\xff"), "no JPEG"),
        (ends_after(b"Content-Type: text/html\r\n\r\nnone"), "a page of text"),
    ],
)
def test_each_fault_has_a_sentence_of_its_own(answers: Answers, said: str) -> None:
    assert said in str(refusal(answers))


def test_what_says_a_little_and_then_nothing_is_told_by_what_it_said() -> None:
    with camera(lambda _: b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nnone") as seen:
        source = StreamSource(f"http://127.0.0.1:{seen.port}/video")
        with pytest.raises(SourceError, match="answers with a page of text"):
            opened(source, open_s=1.0, stall_s=2.0)


@pytest.mark.parametrize(
    ("header", "way"),
    [('Basic realm="x"', "Basic"), ('Digest realm="x", nonce="n", qop="auth"', "Digest")],
)
def test_a_login_is_sent_when_it_is_asked_for_and_opens(
    header: str, way: str, tmp_path: Path
) -> None:
    inside = sends(tmp_path, *HEADS["image/jpg"])
    outside = http("401 Unauthorized", f"WWW-Authenticate: {header}")

    def answers(asked: Asked) -> bytes | Iterator[bytes]:
        return (inside if asked.headers.get("authorization", "").startswith(way) else outside)(
            asked
        )

    assert read(answers, f"kiosk:{PASSWORD}@") == [0, 1, 2, 3]
    wrong = refusal(outside, f"kiosk:{PASSWORD}@")
    assert f"refuses the user or the password ({way})" in str(wrong)
    assert PASSWORD not in str(wrong)


PLAYLISTS = {
    "application/vnd.apple.mpegurl": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n",
    "text/plain": "#EXTM3U\n#EXTINF:1,\n{}\n",
    "application/dash+xml": "<?xml version='1.0'?><MPD><BaseURL>{}</BaseURL></MPD>",
    "text/xml": "<?xml version='1.0'?><MPD><BaseURL>{}</BaseURL></MPD>",
    "application/octet-stream": "ffconcat version 1.0\nfile {}\n",
    "application/sdp": "v=0\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\na={}",
    "video/mp2t": "\n#EXTM3U\n#EXTINF:1,\n{}\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_makes_us_fetch_nothing(kind: str) -> None:
    with camera(http("200 OK")) as other:
        body = PLAYLISTS[kind].format(f"http://127.0.0.1:{other.port}/a.ts").encode()
        assert refusal(http("200 OK", f"Content-Type: {kind}", body=body)).code == "refused"
    assert other.asked == []


def test_a_redirection_is_not_followed() -> None:
    with camera(http("200 OK")) as other:
        away = f"Location: http://127.0.0.1:{other.port}/"
        assert "sends us on to" in str(refusal(http("302 Found", away), "kiosk:word@"))
    assert other.asked == []


@pytest.mark.parametrize("body", PLAYLISTS.values(), ids=PLAYLISTS.keys())
def test_ffmpeg_fetches_nothing_either_if_a_camera_turns_into_a_playlist(body: str) -> None:
    """At the second request, the one that FFmpeg makes."""
    with camera(http("200 OK")) as other:
        kind = "Content-Type: video/mp2t"
        first = http("200 OK", kind, body=bytes(1000))
        then = http("200 OK", kind, body=body.format(f"http://127.0.0.1:{other.port}/a").encode())
        turn = iter((first, *[then] * 20))
        error = refusal(lambda asked: next(turn)(asked))
    assert "answers, but with no video that can be read" in str(error)
    assert other.asked == []


def test_ffmpeg_is_not_led_away_either() -> None:
    with camera(http("200 OK")) as other:
        first = http("200 OK", "Content-Type: video/mp2t", body=bytes(1000))
        then = http("302 Found", f"Location: http://127.0.0.1:{other.port}/")
        turn = iter((first, *[then] * 20))
        assert refusal(lambda asked: next(turn)(asked)).code == "open_failed"
    assert other.asked == []
