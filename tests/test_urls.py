"""Which addresses are opened, and that none is shown with its secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.feed_settings import StreamSource
from feeds.urls import UrlError, allowed, has_password, misread, redact


@pytest.mark.parametrize(
    "url",
    ["rtsp://camera/1", "rtsps://user:word@camera:322/1", "http://10.0.0.2/mjpeg", "https://c/"],
)
def test_what_a_network_camera_can_be_reached_by_is_allowed(url: str) -> None:
    assert allowed(url) == url


def test_a_scheme_in_capitals_is_the_same_scheme() -> None:
    assert allowed("RTSP://Camera/Path") == "rtsp://Camera/Path"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "concat:a.mp4|b.mp4",
        "subfile,,start,0,end,9,,:/etc/passwd",
        "tcp://camera:80",
        "pipe:0",
        "/etc/passwd",
        "rtsp:/camera",
        "rtsp://",
        "rtsp:///path",
        "rtsp://user:word@/path",
        " rtsp://camera/1",
        "rtsp://camera/1\nhttp://other",
        "",
    ],
)
def test_anything_else_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UrlError) as refusal:
        allowed(url)
    assert "camera's address" in str(refusal.value)
    assert "passwd" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://user:word@camera:554/live/1", "rtsp://***@camera:554/live/1"),
        ("rtsp://camera/live", "rtsp://camera/live"),
        ("http://camera/video?user=a&pwd=word", "http://camera/video?***"),
        ("rtsp://user:w@rd@camera/live", "rtsp://***@camera/live"),
        ("rtsp://user:wo/rd?@camera/live", "rtsp://***@camera/live"),
        ("rtsp://user:wo#rd@camera/live", "rtsp://***@camera/live"),
        ("user:word@camera", "***"),
        (
            "rtsp://camera:554/user=admin&password=word&channel=1&stream=0.sdp?real_stream",
            "rtsp://camera:554/***?***",
        ),
        ("rtsp://camera/user=admin_password=word_channel=1/1.sdp", "rtsp://camera/***/1.sdp"),
        ("rtsp://camera/live/PWD=word", "rtsp://camera/live/***"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redact(url) == shown


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("rtsp://user:word@camera/live", True),
        ("rtsp://camera:554/user=admin&password=word&channel=1.sdp", True),
        ("rtsp://camera:554/user=admin&password=&channel=1.sdp", False),
        ("http://camera/videostream.cgi?loginuse=admin&loginpas=word", True),
        ("rtsp://user@camera:554/live", False),
        ("rtsp://camera:554/cam/realmonitor?channel=1&subtype=1", False),
    ],
)
def test_a_password_is_found_wherever_a_maker_puts_it(url: str, there: bool) -> None:
    assert has_password(url) == there


@pytest.mark.parametrize(
    ("url", "sign"),
    [
        ("rtsp://user:wo#rd@camera/live", "#"),
        ("rtsp://user:w@o#rd@camera/live", "#"),
        ("rtsp://user:word@camera/live#timeout=9", ""),
        ("rtsp://user:word@camera#a", ""),
        ("rtsp://user:word@camera/of@home", ""),
        ("rtsp://user:word@camera/live?mail=a@b", ""),
    ],
)
def test_a_sign_that_ends_an_address_too_early_is_named(url: str, sign: str) -> None:
    assert misread(url) == sign


@given(st.text(st.characters(codec="ascii", exclude_characters="\n"), min_size=1))
def test_no_password_whatever_its_letters_is_ever_shown(password: str) -> None:
    assert redact(f"rtsp://user:{password}@camera/live") == "rtsp://***@camera/live"


def test_settings_do_not_show_the_address_when_printed() -> None:
    assert "word" not in repr(StreamSource("rtsp://user:word@camera/live"))
