"""A feed keeps its camera: another one in its place shows nothing until somebody accepts it."""

import ssl
import subprocess
from pathlib import Path

import pytest

from feeds.feed_settings import FeedSettings, StreamSource
from feeds.state import FeedState
from kioskd.camera_pins import CameraPins, Pin, PinError
from kioskd.camera_watch import CameraWatch
from kioskd.happenings import FeedChanged
from tests.support.broker import program
from tests.support.commands import Said, kioskd
from tests.support.network_camera import Answers, camera
from tests.support.watching import watched
from tests.test_motion_jpeg import HEADS, sends

OURS, OTHER = {"model": "a", "serial": "1"}, {"model": "a", "serial": "2"}


def test_the_first_camera_is_remembered_and_another_is_not_taken(tmp_path: Path) -> None:
    assert CameraPins(tmp_path).distrust("door", OURS) is None
    pins = CameraPins(tmp_path)  # after a restart
    assert pins.distrust("door", OURS) is None
    told = pins.distrust("door", OTHER)
    assert told is not None
    assert told.startswith("is another camera than before (serial 1 is 2 now)")
    assert "kioskd feeds accept door" in told
    assert pins.known("door") == Pin(OURS, OTHER)
    assert pins.distrust("side", OTHER) is None


def test_only_what_was_refused_is_accepted_and_not_what_comes_next(tmp_path: Path) -> None:
    pins, third = CameraPins(tmp_path), {"model": "b", "serial": "3"}
    pins.distrust("door", OURS)
    pins.distrust("door", OTHER)
    assert pins.accept("door") == OTHER
    assert pins.distrust("door", OTHER) is None
    assert pins.distrust("door", third) is not None
    assert pins.distrust("door", OURS) is not None


def test_nothing_is_accepted_once_the_camera_is_back(tmp_path: Path) -> None:
    pins = CameraPins(tmp_path)
    for seen in (OURS, OTHER, OURS):
        pins.distrust("door", seen)
    with pytest.raises(PinError, match="none to accept"):
        pins.accept("door")


def test_a_camera_that_shows_nothing_of_itself_any_more_is_another(tmp_path: Path) -> None:
    pins = CameraPins(tmp_path)
    assert pins.distrust("far", {}) is None
    assert pins.distrust("far", OURS) is None  # the first that can be told
    assert pins.distrust("far", {}) is not None


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format": 9, "facts": {}}', b"[" * 9999])
def test_what_cannot_be_read_refuses(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "camera.door.pinned.json").write_bytes(content)
    told = CameraPins(tmp_path).distrust("door", OURS)
    assert told is not None
    assert "cannot be read" in told


def test_what_cannot_be_kept_refuses(tmp_path: Path) -> None:
    told = CameraPins(tmp_path / "gone").distrust("door", OURS)
    assert told is not None
    assert "cannot be kept" in told


def test_what_is_wrong_with_cameras_is_one_problem_for_as_long_as_it_lasts() -> None:
    said: list[str | None] = []
    watch = CameraWatch(said.append)
    for feed, phase, reason in (
        ("a", "online", ""),
        ("b", "offline", "camera_changed"),
        ("a", "offline", "virtual_camera"),
        ("b", "online", ""),
        ("a", "stalled", "no_frames"),
    ):
        watch(FeedChanged("door", FeedState(feed, phase, reason, f"{reason}!", 0.0)))  # type: ignore[arg-type]
    both = "feed a: virtual_camera!; feed b: camera_changed!"
    assert said == [None, "feed b: camera_changed!", both, "feed a: virtual_camera!", None]


def test_another_certificate_at_the_same_address_is_another_camera(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "site: hq\ndevice: k\nstate_dir: state\nmqtt: {broker: localhost}\n"
        "feeds: {door: {kind: http, url: 'https://127.0.0.1/'}}\n"
        "doors: {d: {mode: secure_access_rgb_liveness, feed: door}}\n"
    )
    (tmp_path / "state").mkdir()
    pins, answers = CameraPins(tmp_path / "state"), sends(tmp_path, *HEADS["as it should be"])

    def feeds(*words: str) -> Said:
        return kioskd("feeds", *words, "-c", config)

    assert feeds("list").out == "door: nothing is known yet\n"
    assert seen(pins, answers, certified(tmp_path, "ours")) == ("online", "")
    other = certified(tmp_path, "other")
    assert seen(pins, answers, other) == ("offline", "camera_changed")
    listed = feeds("list")
    assert listed.status == 1
    assert "door: refused certificate " in listed.out
    assert feeds("accept", "side").status == 1
    assert feeds("accept", "door").status == 0
    assert seen(pins, answers, other) == ("online", "")
    assert (feeds("list").status, feeds("accept", "door").status) == (0, 1)


def seen(pins: CameraPins, answers: Answers, tls: ssl.SSLContext) -> tuple[str, str]:
    """What comes of opening a camera: a frame, or a state in which none came."""
    with camera(answers, tls) as there:
        url = f"https://127.0.0.1:{there.port}/video"
        settings = FeedSettings("door", StreamSource(url), stall_s=5.0)
        with watched(settings, lambda facts: pins.distrust("door", facts)) as door:
            while door.feed.newest(0.2) is None and door.feed.state.phase != "offline":
                pass
            return door.feed.state.phase, door.feed.state.reason


def certified(folder: Path, name: str) -> ssl.SSLContext:
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={name}"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
