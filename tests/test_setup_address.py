"""An address as it is typed loses its secrets to ${NAME}, and with them is the same again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.urls import parts
from kioskd.config.secrets import Vault
from kioskd.setup.address import PASSWORD, WHOLE, read
from kioskd.setup.talk import Refused

NOBODY = Vault({})
PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def quoted(text: str) -> str:
    """Each character as its code: whatever it is, it means itself."""
    return "".join(f"%{ord(letter):02X}" for letter in text)


@given(user=PRINTABLE, password=PRINTABLE)
def test_with_its_secret_an_address_means_what_was_typed(user: str, password: str) -> None:
    typed = f"rtsp://{quoted(user)}:{quoted(password)}@192.0.2.10:8554/s?channel=1"
    found = read(typed, NOBODY)
    assert found.secrets == {PASSWORD: password}
    assert quoted(password) not in found.url.partition("@")[0].rpartition(":")[2]
    assert parts(Vault(found.secrets).filled_address(found.url)) == parts(typed)


@pytest.mark.parametrize(
    ("typed", "url", "secret"),
    [
        ("rtsp://u:w0rd@c/s", "rtsp://u:${CAMERA_PASSWORD}@c/s", "w0rd"),
        ("RTSP://u:w0rd@c", "rtsp://u:${CAMERA_PASSWORD}@c", "w0rd"),
        ("rtsps://u:p:q@c:322/s", "rtsps://u:${CAMERA_PASSWORD}@c:322/s", "p:q"),
        ("rtsp://u:p@q@[::1]:554/s", "rtsp://u:${CAMERA_PASSWORD}@[::1]:554/s", "p@q"),
        ("https://u:w0rd@c/v?a=b", "https://u:${CAMERA_PASSWORD}@c/v?a=b", "w0rd"),
    ],
)
def test_a_password_is_moved_out(typed: str, url: str, secret: str) -> None:
    found = read(typed, NOBODY)
    assert (found.url, found.secrets) == (url, {PASSWORD: secret})
    assert secret not in repr(found)


@pytest.mark.parametrize(
    "typed",
    ["http://c/v.cgi?user=admin&pwd=p", "rtsp://c/s?token=p", "http://u:x@c/v?Password=p"],
)
def test_an_address_with_a_secret_behind_the_question_mark_is_a_secret_whole(typed: str) -> None:
    found = read(typed, NOBODY)
    assert (found.url, found.secrets) == (f"${{{WHOLE}}}", {WHOLE: typed})


def test_who_is_named_without_a_password_lacks_one_and_who_is_not_named_may_be_added() -> None:
    assert read("rtsp://viewer@c/s", NOBODY).user == "viewer"
    assert read("rtsp://viewer:@c/s", NOBODY).url == "rtsp://viewer@c/s"
    nobody = read("rtsp://c/s", NOBODY)
    assert nobody.nobody
    assert nobody.of("a b@c").url == "rtsp://a%20b%40c@c/s"
    assert nobody.of("me").with_password({}).url == "rtsp://me:${CAMERA_PASSWORD}@c/s"


def test_what_stands_outside_already_stays_as_it_was_typed() -> None:
    known = Vault({"WORD": "p/q", "ALL": "https://c/v"})
    for typed, kind in (("rtsp://u:${WORD}@c/s", "rtsp"), ("${ALL}", "http")):
        found = read(typed, known)
        assert (found.url, found.kind, found.secrets) == (typed, kind, {})


@pytest.mark.parametrize(
    "typed",
    ["file:///etc/passwd", "rtsp://", "rtsp://u:p#s3cret@c/s", "rtsp://u:s3cret@c:0/s", "${NO}"],
)
def test_what_is_no_camera_s_address_is_refused_without_a_word_of_it(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        read(typed, NOBODY)
    assert "s3cret" not in str(refused.value)
