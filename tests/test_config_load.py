"""What the daemon is given: paths, secrets and defaults filled in."""

import shutil
from pathlib import Path

import pytest

from feeds.feed_settings import (
    FileSource,
    RealSenseSource,
    RecordingSource,
    StreamSource,
    UsbSource,
)
from kioskd.config.build import EMBEDDED_PORT
from kioskd.config.config import Config
from kioskd.config.load import ConfigError, load
from kioskd.delivery.delivery_settings import TlsSettings
from tests.support.broker import make_certificates

DOOR = "doors: {d: {mode: secure_access_rgb_liveness, feed: f}}\n"


def loaded(folder: Path, mqtt: str, feed: str = "kind: usb, device: 0", **env: str) -> Config:
    path = folder / "config.yaml"
    head = f"site: hq\ndevice: k\nmqtt: {{{mqtt}}}\nfeeds: {{f: {{{feed}}}}}\n"
    path.write_text(head + DOOR)
    return load(path, env)


def test_the_port_follows_from_the_broker(tmp_path: Path) -> None:
    password = "username: u, password: '${PW}'"
    assert loaded(tmp_path, "broker: localhost").delivery.port == 1883
    assert loaded(tmp_path, "broker: localhost, tls: {}").delivery.port == 8883
    assert loaded(tmp_path, f"broker: b, tls: {{}}, {password}", PW="x").delivery.port == 8883
    assert loaded(tmp_path, "broker: embedded").delivery.port == EMBEDDED_PORT
    assert loaded(tmp_path, "broker: embedded, port: 5").delivery.port == 5


def test_relative_paths_start_at_the_files_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    ours = make_certificates(folder / "certificates")
    for file, name in ((ours.ca, "ca.pem"), (ours.client, "me.pem"), (ours.client_key, "me.key")):
        shutil.copy(file, folder / name)
    (folder / "clip.mov").touch()
    monkeypatch.chdir(tmp_path)
    tls = "tls: {ca_file: ca.pem, cert_file: me.pem, key_file: me.key}"
    config = loaded(Path("etc"), f"broker: b, {tls}", "kind: file, path: clip.mov, trial: true")
    assert config.doors[0].feed.source == FileSource(str(folder / "clip.mov"))
    assert config.delivery.tls == TlsSettings(
        folder / "ca.pem", folder / "me.pem", folder / "me.key"
    )


def test_a_depth_camera_is_told_by_its_serial_number_and_a_recording_by_its_path(
    tmp_path: Path,
) -> None:
    feed = 'kind: realsense, serial: "821212060000", emitter: false'
    config = loaded(tmp_path, "broker: localhost", feed)
    assert config.doors[0].feed.source == RealSenseSource("821212060000", emitter=False)
    (tmp_path / "visit.db3").touch()
    feed = "kind: realsense, recording: visit.db3, pace: fast, repeat: loop"
    config = loaded(tmp_path, "broker: localhost", feed)
    assert config.doors[0].feed.source == RecordingSource(
        str(tmp_path / "visit.db3"), None, "fast", "loop"
    )


def test_the_state_folder_is_systemds_unless_the_file_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/kioskd:/var/lib/other")
    assert loaded(tmp_path, "broker: localhost").state_dir == Path("/var/lib/kioskd")
    monkeypatch.delenv("STATE_DIRECTORY")
    assert loaded(tmp_path, "broker: localhost").state_dir == tmp_path / "var"
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text() + "state_dir: kept\n")
    assert load(path).state_dir == tmp_path / "kept"


def test_a_password_comes_from_the_environment(tmp_path: Path) -> None:
    config = loaded(tmp_path, "broker: localhost, username: u, password: 'a${PW}'", PW="hunter2")
    assert config.delivery.password == "ahunter2"


def test_a_password_comes_from_a_systemd_credential(tmp_path: Path) -> None:
    (tmp_path / "PW").write_text("hunter2\n")
    mqtt = "broker: localhost, username: u, password: '${PW}'"
    config = loaded(tmp_path, mqtt, CREDENTIALS_DIRECTORY=str(tmp_path))
    assert config.delivery.password == "hunter2"


def test_a_password_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("hunter2\n# a comment\n")
    config = loaded(tmp_path, "broker: localhost, username: u, password_file: pw")
    assert config.delivery.password == "hunter2"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\n", "the file is empty"),
        (b"\xff", "the file is not UTF-8"),
        (b"hunter2\x07", "the file holds a line break or another character that is no text"),
        (b"hunter2" * 2000, "the file is longer than 4096 characters"),
    ],
)
def test_a_password_file_that_cannot_be_right_is_refused(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "pw").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "broker: localhost, username: u, password_file: pw")
    assert str(caught.value).endswith(f"mqtt.password_file: {says}")


def test_a_password_inside_an_address_is_encoded(tmp_path: Path) -> None:
    feed = "kind: rtsp, url: 'rtsp://me:${PW}@cam/live', transport: udp"
    config = loaded(tmp_path, "broker: localhost", feed, PW="p@ss/w:rd")
    assert config.doors[0].feed.source == StreamSource(
        "rtsp://me:p%40ss%2Fw%3Ard@cam/live", transport="udp"
    )


def test_a_whole_address_from_the_environment_is_taken_as_it_is(tmp_path: Path) -> None:
    feed = "kind: http, url: '${CAM}'"
    config = loaded(tmp_path, "broker: localhost", feed, CAM="https://me:pw@cam/x.mjpg")
    assert config.doors[0].feed.source == StreamSource("https://me:pw@cam/x.mjpg")
    with pytest.raises(ConfigError, match="must be an address that begins with http://"):
        loaded(tmp_path, "broker: localhost", feed, CAM="rtsp://me:pw@cam/x.mjpg")


def test_a_camera_on_this_machine_is_named_by_index_or_path(tmp_path: Path) -> None:
    by_index = loaded(tmp_path, "broker: localhost", "kind: usb, device: 2, fps: 15")
    by_path = loaded(tmp_path, "broker: localhost", "kind: usb, device: /dev/video2")
    assert by_index.doors[0].feed.source == UsbSource(2, fps=15)
    assert by_path.doors[0].feed.source == UsbSource("/dev/video2")


def test_the_digest_changes_with_the_file(tmp_path: Path) -> None:
    one = loaded(tmp_path, "broker: localhost").digest
    assert loaded(tmp_path, "broker: localhost").digest == one
    assert loaded(tmp_path, "broker: 127.0.0.1").digest != one


def test_the_configuration_shows_no_secret(tmp_path: Path) -> None:
    mqtt = "broker: localhost, username: u, password: '${PW}'"
    feed = "kind: rtsp, url: 'rtsp://me:${PW}@cam/live'"
    assert "hunter2" not in repr(loaded(tmp_path, mqtt, feed, PW="hunter2"))


def test_replies_are_listened_to_where_they_are_asked_for(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "broker: localhost").delivery.replies
    asked = loaded(tmp_path, "broker: localhost, replies: true").delivery
    assert asked.replies
    assert asked.doors == {"f": "d"}
