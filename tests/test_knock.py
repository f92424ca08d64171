"""Why a camera does not open: each fault made by a server of its own, and told in its own words.

The sentences need no OPENCV, what FFmpeg does with such cameras does.
"""

import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feeds import knock
from feeds.feed_settings import StreamSource
from feeds.opened_source import SourceError
from feeds.sources import opened
from feeds.urls import Address, parts
from tests.support.broker import program
from tests.support.network_camera import Answers, Asked, camera, http, rtsp
from tests.support.ports import free_port

USER, PASSWORD = "kiosk", "s3cret-w0rd"
BASIC = 'WWW-Authenticate: Basic realm="cam"'
DIGEST = 'WWW-Authenticate: Digest realm="cam", nonce="abc", algorithm=MD5, qop="auth"'
VIDEO = "v=0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 {}/90000\r\n"


def told(url: str) -> str:
    return knock.why(url, parts(url), 5.0)


def told_by(answers: Answers, login: str = "") -> str:
    with camera(answers) as seen:
        return told(f"rtsp://{login}127.0.0.1:{seen.port}/live")


def refusal(url: str, **how: Any) -> SourceError:
    """What opening the camera as a feed does says, FFmpeg's own try included."""
    with pytest.raises(SourceError) as raised:
        opened(StreamSource(url, **how), open_s=8.0, stall_s=1.0)
    return raised.value


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (rtsp("401 Unauthorized", BASIC), r"asks for a user and a password \(Basic\): write rtsp:"),
        (rtsp("401 Unauthorized", DIGEST, BASIC), r"asks for .*\(Digest or Basic\)"),
        (rtsp("403 Forbidden"), "forbids this user its video"),
        (rtsp("404 Not Found"), r"has no stream of this path \(404\): check what follows the port"),
        (rtsp("454 Session Not Found"), "has no stream of this path"),
        (rtsp("453 Not Enough Bandwidth"), r"gives no more streams \(453\): .*too many viewers"),
        (rtsp("503 Service Unavailable"), r"gives no more streams \(503\)"),
        (rtsp("500 Internal Server Error"), "failed by itself"),
        (rtsp("400 Bad Request"), "answers with status 400"),
        (
            rtsp("302 Found", "Location: rtsp://u:w@192.0.2.9/x"),
            r"sends us on to rtsp://\*\*\*@192",
        ),
        (rtsp("200 OK", body="v=0\r\nm=audio 0 RTP/AVP 0\r\n"), "sends no video"),
        (rtsp("200 OK", body=VIDEO.format("XYZ9")), "sends video as XYZ9, .* set it to H.264"),
        (
            rtsp("200 OK", body=VIDEO.format("H264")),
            "answers and offers video as H264, but no picture",
        ),
        (http("400 Bad Request"), "speaks HTTP at port .* use kind: http"),
        (lambda _: b"220 mail.example ESMTP\r\n\r\n", "is silent"),
        (lambda _: b"", "is silent: something takes the connection at port .*no RTSP"),
    ],
)
def test_each_answer_has_a_sentence_of_its_own(answers: Answers, said: str) -> None:
    assert re.match(said, told_by(answers))


def test_nothing_at_the_port_is_told_from_no_such_machine() -> None:
    port = free_port()
    assert f"127.0.0.1 is on, but nothing listens at port {port}" in told(
        f"rtsp://127.0.0.1:{port}/live"
    )
    assert "no machine is called camera.invalid" in told("rtsp://camera.invalid/live")


def test_a_camera_that_never_answers_is_not_waited_for_long() -> None:
    with camera(lambda _: iter(())) as seen:
        assert "is silent" in knock.why("", parts(f"rtsp://127.0.0.1:{seen.port}/"), 0.3)


@pytest.mark.parametrize(("header", "way"), [(BASIC, "Basic"), (DIGEST, "Digest")])
def test_a_wrong_password_is_told_with_the_way_it_was_asked_for_and_never_shown(
    header: str, way: str
) -> None:
    with camera(rtsp("401 Unauthorized", header)) as seen:
        said = told(f"rtsp://{USER}:{PASSWORD}@127.0.0.1:{seen.port}/live")
    assert said.startswith(f"refuses the user or the password ({way}): check both")
    assert PASSWORD not in said
    first, second = seen.asked
    assert "authorization" not in first.headers  # sent only when it is asked for
    assert second.headers["authorization"].startswith(f"{way} ")
    assert PASSWORD not in first.line + second.line


def test_digest_is_answered_where_both_are_offered_so_the_password_does_not_travel() -> None:
    with camera(rtsp("401 Unauthorized", BASIC, DIGEST)) as seen:
        told(f"rtsp://{USER}:{PASSWORD}@127.0.0.1:{seen.port}/live")
    assert seen.asked[1].headers["authorization"].startswith("Digest ")


def test_a_login_of_an_unknown_kind_is_named_and_nothing_is_sent() -> None:
    with camera(rtsp("401 Unauthorized", "WWW-Authenticate: Negotiate")) as seen:
        said = told(f"rtsp://{USER}:{PASSWORD}@127.0.0.1:{seen.port}/live")
    assert said.startswith("asks for a login by Negotiate, which is not known here")
    assert len(seen.asked) == 1


@pytest.mark.parametrize(
    ("written", "sign", "code"), [("w@rd", "@", "%40"), ("w%rd", "%", "%25"), ("50%41", "%", "%25")]
)
def test_a_refused_password_with_a_sign_in_it_is_told_how_to_write_it(
    written: str, sign: str, code: str
) -> None:
    said = told_by(rtsp("401 Unauthorized", DIGEST), f"{USER}:{written}@")
    assert said.endswith(f"; a {sign} in the user or password must be written {code}")


def test_a_redirection_is_not_followed_and_its_login_not_shown() -> None:
    with camera(rtsp("200 OK")) as other:
        away = f"Location: rtsp://a:b@127.0.0.1:{other.port}/x"
        said = told_by(rtsp("302 Found", away), f"{USER}:{PASSWORD}@")
    assert f"rtsp://***@127.0.0.1:{other.port}/x" in said
    assert other.asked == []


def test_an_endless_answer_is_cut_off() -> None:
    def endless(_: Asked) -> bytes:
        return b"RTSP/1.0 404 Not Found\r\nContent-Length: 99999999\r\n\r\n" + bytes(1 << 20)

    assert told_by(endless).startswith("has no stream of this path")


def test_tls_on_the_one_side_only_is_told(tmp_path: Path) -> None:
    with camera(rtsp("404 Not Found")) as plain:
        assert "does not speak TLS" in told(f"rtsps://127.0.0.1:{plain.port}/live")
    with camera(rtsp("404 Not Found"), certificate(tmp_path)) as secured:
        assert told(f"rtsps://127.0.0.1:{secured.port}/live").startswith("has no stream")
        said = told(f"rtsp://127.0.0.1:{secured.port}/live")
        assert "speaks TLS at port" in said or "is silent" in said


def certificate(folder: Path) -> ssl.SSLContext:
    """Of its own making, as a camera's."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=camera", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def test_an_opened_source_tells_it_as_its_fault() -> None:
    with camera(rtsp("401 Unauthorized", DIGEST)) as seen:
        error = refusal(f"rtsp://{USER}:{PASSWORD}@127.0.0.1:{seen.port}/live")
    assert error.code == "open_failed"
    place = f"rtsp://***@127.0.0.1:{seen.port}/live"
    assert str(error).startswith(f"{place} refuses the user or the password (Digest)")


def test_an_address_is_taken_apart_as_ffmpeg_does() -> None:
    address = parts("rtsp://us%40er:p%3Aw:x@[fe80::1]:8554/a?b=c#d")
    assert address == Address("rtsp", "fe80::1", 8554, "/a?b=c", address.login)
    assert address.login is not None
    assert (address.login.user, address.login.password) == ("us@er", "p:w:x")
    assert parts("http://camera").bare == "http://camera:80/"


def test_a_relay_that_knows_no_udp_leads_to_the_other_transport() -> None:
    """As go2rtc's RTSP server answers."""

    def relay(asked: Asked) -> bytes | Iterator[bytes]:
        match asked.method:
            case "OPTIONS":
                return rtsp("200 OK", "Public: OPTIONS, SETUP, TEARDOWN, DESCRIBE, PLAY")(asked)
            case "DESCRIBE":
                return rtsp("200 OK", body=VIDEO.format("H264") + "a=control:trackID=0\r\n")(asked)
            case _:
                return rtsp("461 Unsupported transport")(asked)

    with camera(relay) as seen:
        error = refusal(f"rtsp://127.0.0.1:{seen.port}/front", transport="udp")
    assert re.search("offers video as H264.*try the other `transport`", str(error))
    assert "SETUP" in {asked.method for asked in seen.asked}


def test_a_redirection_is_not_followed_by_ffmpeg_either() -> None:
    with camera(rtsp("401 Unauthorized", BASIC)) as other:

        def away(asked: Asked) -> bytes | Iterator[bytes]:
            if asked.method == "OPTIONS":
                return rtsp("200 OK", "Public: OPTIONS, DESCRIBE")(asked)
            return rtsp("302 Found", f"Location: rtsp://127.0.0.1:{other.port}/x")(asked)

        with camera(away) as seen:
            error = refusal(f"rtsp://{USER}:{PASSWORD}@127.0.0.1:{seen.port}/live")
    assert f"sends us on to rtsp://127.0.0.1:{other.port}/x" in str(error)
    assert other.asked == []


def test_ffmpeg_speaks_tls_to_a_camera_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    with camera(rtsp("404 Not Found"), certificate(tmp_path)) as seen:
        assert "has no stream of this path" in str(refusal(f"rtsps://127.0.0.1:{seen.port}/x"))
    assert "OPTIONS" in {asked.method for asked in seen.asked}  # ours is DESCRIBE alone
