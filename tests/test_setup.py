"""`kioskd setup` asks, tries what it is told on real cameras and brokers, and writes what is right.

No camera is attached to a machine that tests: those of USB are plain files laid out as the kernel
and udev do it (tests/test_devices.py), and are not opened.
"""

import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from select import select
from time import sleep
from typing import Any

import pytest

from feeds import imaging
from feeds.local_cameras import cameras
from feeds.realsense.library import Attached
from kioskd.commands.setup import run
from kioskd.config.load import Config, check, load
from kioskd.modes.catalogue import SPECS
from kioskd.setup.conversation import Plan
from kioskd.setup.known_so_far import Flags, Secrets
from kioskd.setup.which_camera import Found
from tests.support import network_camera, rtsp
from tests.support.broker import Mosquitto, eventually, make_certificates, mosquitto
from tests.support.clips import again_and_again
from tests.support.commands import kioskd
from tests.support.daemon import LIVE
from tests.support.network_camera import Asked
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port
from tests.support.questions import Installer, Nobody
from tests.test_devices import machine

PASSWORD = "s3cret/w@rd"
TRIAL = Flags(site="hq", device="kiosk-1", camera="/dev/video0", broker="embedded")
DEPTH = Found(depth=(Attached("821212060000", "Intel RealSense D435", "3.2"),))
WITH_A_FACE = 60  # of the shipped clip's pictures, the first
ANYWHERE = "rtsp://192.0.2.10/stream2"


def plan(folder: Path, *, untested: bool = False, replace: bool = False, **known: str) -> Plan:
    """For config.yaml in a folder; `known` are the variables of the environment."""
    secrets = Secrets(folder / "credentials", known)
    return Plan(folder / "config.yaml", secrets, replace, untested)


def nothing_attached() -> Found:
    return Found()


def set_up(
    who: Installer | Nobody,
    flags: Flags,
    given: Plan,
    attached: Callable[[], Found] = nothing_attached,
) -> int:
    return run(flags, given, who.talk, attached)


def written(folder: Path) -> Config:
    """The configuration as a daemon with the credentials beside it reads it."""
    environment = {"CREDENTIALS_DIRECTORY": str(folder / "credentials")}
    assert [p for p in check(folder / "config.yaml", environment) if p.weight == "error"] == []
    return load(folder / "config.yaml", environment)


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a camera that shows a person, without a login."""
    clip, port = tmp_path_factory.mktemp("clip") / "live.mp4", free_port()
    with rtsp.playing(port, again_and_again(LIVE, clip, WITH_A_FACE, times=20)):
        yield rtsp.url(port)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """One that knows one user."""
    with mosquitto(tmp_path_factory.mktemp("broker"), {"kiosk-1": PASSWORD}) as running:
        yield running


def at(broker: Mosquitto, **more: Any) -> Flags:
    flags = replace(TRIAL, broker="127.0.0.1", port=str(broker.port), user="kiosk-1")
    return replace(flags, **more)


# -- what is tried


def test_by_flags_alone_a_camera_and_a_broker_are_tried_and_the_file_is_right(
    tmp_path: Path, camera: str, broker: Mosquitto
) -> None:
    nobody = Nobody()
    status = set_up(nobody, at(broker, camera=camera), plan(tmp_path, MQTT_PASSWORD=PASSWORD))
    assert status == 0, nobody.heard
    for told in (
        r"ok    camera front-door: first image 960x720, .* pictures a second",
        r"ok    picture front-door: hangs upright, by the face in view",
        r"ok    key frames front-door: one every 1\.0 s",
        r"ok    broker: connected to .* as kiosk-1",
        r"ok    broker: a message on .*/probe came back",
    ):
        assert re.search(told, nobody.heard), nobody.heard
    text = (tmp_path / "config.yaml").read_text()
    assert 'password: "${MQTT_PASSWORD}"' in text
    assert PASSWORD not in text + nobody.heard
    assert left(tmp_path) == ["config.yaml"]  # what the environment has is kept nowhere else
    config = load(tmp_path / "config.yaml", {"MQTT_PASSWORD": PASSWORD})
    assert config.delivery.port == broker.port


def upside_down(_: Asked) -> Iterator[bytes]:
    """Motion JPEG of a person, for ever, from a camera that hangs with its head down."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=next\r\n\r\n"
    capture = imaging.open_file(str(LIVE))
    assert capture is not None
    shown = [capture.read() for _ in range(WITH_A_FACE)]
    capture.release()
    turned = [imaging.turned(image, 180) for image in shown if image is not None]
    for image in cycle(turned):
        picture = imaging.encoded(image, ".jpg")
        yield b"--next\r\nContent-Type: image/jpeg\r\n\r\n" + picture + b"\r\n"
        sleep(0.1)


def test_a_camera_that_hangs_upside_down_is_told_with_what_turns_it(tmp_path: Path) -> None:
    nobody = Nobody()
    with network_camera.camera(upside_down) as camera:
        address = f"http://127.0.0.1:{camera.port}/video"
        flags = replace(TRIAL, camera=address, port=str(free_port()))
        assert set_up(nobody, flags, plan(tmp_path)) == 1
        assert "set rotate: 180 under feeds.front-door" in nobody.heard
        status = set_up(nobody, replace(flags, rotate="180"), plan(tmp_path))
    assert status == 0, nobody.heard
    assert "key frames front-door: not known" in nobody.heard
    assert written(tmp_path).doors[0].feed.rotate == 180


def test_a_wrong_password_at_the_camera_is_told_and_asked_again(tmp_path: Path) -> None:
    port = free_port()
    answers = {"Camera": (rtsp.url(port),), "User": ("viewer",), "Password": (PASSWORD,)}
    installer = Installer({**answers, "nonetheless": ("n", "y")})
    wrong = rtsp.url(port, "viewer", "wr0ng")
    with rtsp.camera(port, "--login", "viewer", PASSWORD):
        flags = replace(TRIAL, camera=wrong, port=str(free_port()))
        status = set_up(installer, flags, plan(tmp_path))
    assert status == 0, installer.heard
    assert "refuses the user or the password" in installer.heard
    assert "wr0ng" not in installer.heard
    assert (tmp_path / "credentials/CAMERA_PASSWORD").read_text() == f"{PASSWORD}\n"
    assert written(tmp_path).doors[0].feed.name == "front-door"


@pytest.mark.parametrize("wanted", ["nothing listens", "wrong"])
def test_without_a_terminal_a_camera_that_does_not_answer_leaves_no_file(
    tmp_path: Path, wanted: str
) -> None:
    nobody, port = Nobody(), free_port()
    if wanted == "nothing listens":
        status = set_up(nobody, replace(TRIAL, camera=rtsp.url(port)), plan(tmp_path))
        assert "nothing listens at port" in nobody.heard
    else:
        with rtsp.camera(port, "--login", "viewer", PASSWORD):
            flags = replace(TRIAL, camera=rtsp.url(port), camera_user="viewer")
            status = set_up(nobody, flags, plan(tmp_path, CAMERA_PASSWORD="wr0ng"))
        assert "refuses the user or the password" in nobody.heard
    assert status == 1
    assert left(tmp_path) == []


def test_a_broker_that_refuses_is_told_and_asked_again(tmp_path: Path, broker: Mosquitto) -> None:
    answers = {
        "nonetheless": ("y", "n"),  # the camera is not there, and that is so
        "Password": ("", PASSWORD),  # Enter keeps the wrong one that is known
        "Broker": ("127.0.0.1",),
        "Its port": (str(broker.port),),
        "User name": ("kiosk-1",),
    }
    installer = Installer(answers)
    flags = at(broker, camera=rtsp.url(free_port()))
    given = plan(tmp_path, MQTT_PASSWORD="wr0ng")
    status = set_up(installer, flags, given)
    assert status == 0, installer.heard
    assert "FAIL  broker:" in installer.heard
    assert (tmp_path / "credentials/MQTT_PASSWORD").read_text() == f"{PASSWORD}\n"
    assert written(tmp_path).delivery.password == PASSWORD


def test_without_a_terminal_a_broker_that_is_not_there_leaves_no_file(
    tmp_path: Path, camera: str
) -> None:
    nobody = Nobody()
    flags = replace(TRIAL, camera=camera, broker="127.0.0.1", port=str(free_port()))
    assert set_up(nobody, flags, plan(tmp_path)) == 1
    assert "FAIL  broker:" in nobody.heard
    assert left(tmp_path) == []


def test_a_broker_with_a_ca_of_its_own_is_tried_with_tls(tmp_path: Path, camera: str) -> None:
    certificates = make_certificates(tmp_path / "certificates")
    (tmp_path / "site").mkdir()
    nobody = Nobody()
    with mosquitto(tmp_path, {"kiosk-1": PASSWORD}, certificates=certificates) as broker:
        flags = at(broker, camera=camera, ca_file="../certificates/ca.pem")
        status = set_up(nobody, flags, plan(tmp_path / "site", MQTT_PASSWORD=PASSWORD))
    assert status == 0, nobody.heard
    assert "with TLS as kiosk-1" in nobody.heard


# -- secrets


def test_a_password_typed_in_an_address_is_moved_into_a_file_of_its_own(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    nobody = Nobody()
    flags = replace(TRIAL, camera="rtsp://viewer:s3cret%2Fw%40rd@192.0.2.10/stream2")
    assert set_up(nobody, flags, plan(tmp_path, untested=True)) == 0
    text = (tmp_path / "config.yaml").read_text()
    assert 'url: "rtsp://viewer:${CAMERA_PASSWORD}@192.0.2.10/stream2"' in text
    told = capfd.readouterr()
    assert "s3cret" not in text + nobody.heard + told.out + told.err
    secret = tmp_path / "credentials/CAMERA_PASSWORD"
    assert secret.read_text() == f"{PASSWORD}\n"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(secret.parent.stat().st_mode) == 0o700
    assert f"LoadCredential=CAMERA_PASSWORD:{secret}" in nobody.heard
    assert "s3cret%2Fw%40rd" in str(written(tmp_path).doors[0].feed.source.url)  # type: ignore[union-attr]


def test_another_password_in_the_folder_is_not_written_over_unasked(tmp_path: Path) -> None:
    kept = tmp_path / "credentials/CAMERA_PASSWORD"
    kept.parent.mkdir()
    kept.write_text("of another camera\n")
    flags = replace(TRIAL, camera="rtsp://viewer:new@192.0.2.10/stream2")
    assert set_up(Nobody(), flags, plan(tmp_path, untested=True)) == 2
    assert kept.read_text() == "of another camera\n"
    assert not (tmp_path / "config.yaml").exists()
    assert set_up(Nobody(), flags, plan(tmp_path, untested=True, replace=True)) == 0
    assert kept.read_text() == "new\n"


def test_a_missing_password_is_told_with_where_to_put_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    flags = replace(TRIAL, camera=ANYWHERE, camera_user="viewer")
    assert set_up(Nobody(), flags, plan(tmp_path, untested=True)) == 2
    assert "put it into the environment as CAMERA_PASSWORD" in capfd.readouterr().err


def test_a_password_file_that_others_may_read_is_noted(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("s3cret\n")
    (tmp_path / "word").chmod(0o644)
    flags = replace(TRIAL, broker="localhost", user="kiosk-1", password_file="word")
    nobody = Nobody()
    assert set_up(nobody, flags, plan(tmp_path, untested=True)) == 0
    assert f"chmod 600 {tmp_path / 'word'}" in nobody.heard
    assert written(tmp_path).delivery.password == "s3cret"


# -- what is there already


def test_a_file_that_is_there_is_not_written_over_unasked(tmp_path: Path) -> None:
    there = tmp_path / "config.yaml"
    there.write_text("mine\n")
    assert set_up(Nobody(), TRIAL, plan(tmp_path, untested=True)) == 2
    assert set_up(Installer({"Replace": ("n",)}), TRIAL, plan(tmp_path, untested=True)) == 2
    assert set_up(Installer(), TRIAL, plan(tmp_path, untested=True)) == 2
    assert there.read_text() == "mine\n"
    assert set_up(Installer({"Replace": ("y",)}), TRIAL, plan(tmp_path, untested=True)) == 0
    assert "site: hq" in there.read_text()
    assert set_up(Nobody(), TRIAL, plan(tmp_path, untested=True, replace=True)) == 0


def test_a_file_that_came_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    there = tmp_path / "config.yaml"
    installer = Installer(on={"Write this": lambda: there.write_text("mine\n")})
    assert set_up(installer, TRIAL, plan(tmp_path, untested=True)) == 2
    assert there.read_text() == "mine\n"
    assert left(tmp_path) == ["config.yaml"]


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_asked(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for folder in (Path("/proc"), tmp_path / "nowhere"):
        installer = Installer()
        assert set_up(installer, Flags(), plan(folder)) == 2
        assert installer.asked == []
        assert f"{folder} cannot be written" in capfd.readouterr().err


def test_a_folder_in_the_file_s_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    assert set_up(Nobody(), TRIAL, plan(tmp_path, replace=True)) == 2


# -- what is asked

FULL = {
    "Name of the site": ("hq",),
    "Name of this kiosk": ("kiosk-1",),
    "Name of the door": ("main",),
    "Camera": (ANYWHERE,),
    "User at the camera": ("viewer",),
    "Password of viewer": (PASSWORD,),
    "Mode": ("1",),
    "Broker": ("localhost",),
    "Encrypt": ("n",),
    "Its port": ("",),
    "User name at the broker": ("me",),
    "Password of me": ("p",),
    "Write this": ("y",),
}


def test_all_that_is_asked_is_written(tmp_path: Path) -> None:
    installer = Installer(FULL)
    assert set_up(installer, Flags(), plan(tmp_path, untested=True)) == 0, installer.heard
    assert len(installer.asked) == len(FULL)
    config = written(tmp_path)
    assert (config.site, config.device, config.doors[0].name) == ("hq", "kiosk-1", "main")
    assert (config.delivery.host, config.delivery.port) == ("localhost", 1883)
    assert (config.delivery.username, config.delivery.password) == ("me", "p")


@pytest.mark.parametrize("question", FULL)
@pytest.mark.parametrize("end", [KeyboardInterrupt, EOFError])
def test_who_breaks_off_at_any_question_has_nothing_written(
    tmp_path: Path, question: str, end: type[BaseException]
) -> None:
    def broken_off() -> None:
        raise end

    installer = Installer(FULL, on={question: broken_off})
    status = set_up(installer, Flags(), plan(tmp_path, untested=True))
    assert question in installer.asked[-1]
    assert status == (1 if end is KeyboardInterrupt else 2)
    assert left(tmp_path) == []


@pytest.mark.parametrize("missing", ["site", "device", "camera", "broker"])
def test_a_missing_answer_without_a_terminal_is_a_sentence_and_status_2(
    tmp_path: Path, missing: str
) -> None:
    given = {"site": "hq", "device": "k", "camera": "/dev/video0", "broker": "embedded"}
    del given[missing]
    flags = [word for name, text in given.items() for word in (f"--{name}", text)]
    said = kioskd("setup", "-c", tmp_path / "config.yaml", "--untested", *flags)
    assert said.status == 2
    assert f"--{missing} is missing" in said.err
    assert left(tmp_path) == []


@pytest.mark.parametrize("name", ["Main Door", "HQ", "-x", "straße", "a" * 41, "a\tb"])
def test_a_name_that_no_topic_takes_is_told_and_asked_again(tmp_path: Path, name: str) -> None:
    installer = Installer({"Name of the site": (name, "hq")})
    status = set_up(installer, replace(TRIAL, site=None), plan(tmp_path, untested=True))
    assert status == 0, installer.heard
    assert "must be up to 40 lower-case letters" in installer.heard
    assert written(tmp_path).site == "hq"


def test_a_name_that_almost_does_is_proposed_in_the_form_that_does(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    flags = replace(TRIAL, door=" Main Door")
    assert set_up(Nobody(), flags, plan(tmp_path, untested=True)) == 2
    assert "such as main-door" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"camera": "192.0.2.10"}, "must be an address that begins with rtsp://"),
        ({"camera": "ftp://192.0.2.10/x"}, "must begin with rtsp://"),
        ({"camera": "rtsp://u:p#w@192.0.2.10/x"}, "must be written %23"),
        (
            {"camera": "rtsp://viewer:${NOWHERE}@192.0.2.10/x"},
            "the credential NOWHERE cannot be read",
        ),
        ({"camera": "9"}, "has the number 9"),
        ({"mode": "secure_access_smlie"}, "did you mean secure_access_smile"),
        ({"mode": "depth_liveness"}, "needs a depth camera"),
        ({"broker": "mqtt://broker:1883"}, "without mqtt:// and without a port"),
        ({"broker": "localhost", "port": "0"}, "from 1 to 65535"),
        ({"broker": "localhost", "ca_file": "none.pem"}, "no such file"),
        ({"broker": "broker.example.org", "tls": False}, "without tls"),
        ({"broker": "broker.example.org"}, "without a password"),
        ({"camera_user": "x", "camera": "rtsp://y@192.0.2.10/x"}, "names a user already"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_with_what_would_do(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    wrong: dict[str, Any],
    sentence: str,
) -> None:
    assert set_up(Nobody(), replace(TRIAL, **wrong), plan(tmp_path, untested=True)) == 2
    assert sentence in capfd.readouterr().err
    assert left(tmp_path) == []


def test_an_open_broker_elsewhere_is_taken_where_a_flag_says_so_and_noted(tmp_path: Path) -> None:
    nobody = Nobody()
    flags = replace(TRIAL, broker="broker.example.org", tls=False, allow_insecure=True)
    assert set_up(nobody, flags, plan(tmp_path, untested=True)) == 0
    assert "anyone on the network could open the door" in nobody.heard


# -- cameras of this machine, and the modes they can serve


def test_a_usb_camera_is_chosen_by_its_number_and_written_by_its_stable_name(
    tmp_path: Path,
) -> None:
    """The two cameras are plain files: they are listed, and not opened."""
    dev, sys_ = machine(tmp_path / "machine", "Old camera", "Door camera")
    os.symlink("../../video1", dev / "v4l/by-id/usb-Maker_Door_0001-video-index0")
    listed = tuple(
        replace(each, stable=each.stable and each.stable.removeprefix(str(dev.parent)))
        for each in cameras(dev, sys_)
    )
    installer = Installer({"Camera": ("2",)})
    site = tmp_path / "site"
    site.mkdir()
    flags = replace(TRIAL, camera=None)
    assert set_up(installer, flags, plan(site, untested=True), lambda: Found(usb=listed)) == 0
    text = (site / "config.yaml").read_text()
    assert 'device: "/dev/v4l/by-id/usb-Maker_Door_0001-video-index0"' in text


def test_a_usb_camera_that_is_not_there_is_told(tmp_path: Path) -> None:
    nobody = Nobody()
    assert set_up(nobody, replace(TRIAL, camera="/dev/video63"), plan(tmp_path)) == 1
    assert "/dev/video63 is not there" in nobody.heard


@pytest.mark.parametrize("depth", [True, False])
def test_modes_that_need_a_depth_camera_are_offered_with_one_only(
    tmp_path: Path, depth: bool
) -> None:
    camera = "1" if depth else "/dev/video0"
    installer = Installer({"Camera": (camera,)})
    flags = replace(TRIAL, camera=None)
    attached = DEPTH if depth else Found()
    assert set_up(installer, flags, plan(tmp_path, untested=True), lambda: attached) == 0
    offered = {spec.name for spec in SPECS if f"  {spec.name}: {spec.sentence}" in installer.heard}
    assert offered == {spec.name for spec in SPECS if depth or not spec.depth}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: str(spec.name))
@pytest.mark.parametrize(
    "camera", ["821212060000", "/dev/video0", ANYWHERE, "https://192.0.2.10/video"]
)
def test_each_mode_and_camera_gives_a_file_that_check_accepts_with_a_comment_for_each_key(
    tmp_path: Path, spec: object, camera: str
) -> None:
    name, depth = spec.name, spec.depth  # type: ignore[attr-defined]
    status = set_up(
        Nobody(), replace(TRIAL, camera=camera, mode=name), plan(tmp_path, untested=True)
    )
    assert status == (2 if depth and camera != "821212060000" else 0)
    if status == 0:
        written(tmp_path)
        lines = (tmp_path / "config.yaml").read_text().splitlines()
        keys = [n for n, line in enumerate(lines) if re.match(r" *[a-z_]+: \S", line)]
        assert len(keys) == 7
        assert all(lines[n - 1].lstrip().startswith("# ") for n in keys)


# -- at a real terminal


def test_at_a_terminal_a_password_is_typed_unseen(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "kioskd", "setup", "-c", str(tmp_path / "config.yaml")]
    flags = ["--untested", "--site", "hq", "--device", "k", "--broker", "embedded"]
    process = subprocess.Popen(
        [*command, *flags], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = ""
    try:
        for question, answer in (
            ("Name of the door", "main"),
            ("Camera", ANYWHERE),
            ("User at the camera", "viewer"),
            ("(not shown): ", PASSWORD),
            ("Mode", ""),
            ("Write this to", "y"),
        ):
            while question not in shown.rpartition("\n")[2]:
                assert select([ours], [], [], DEADLINE_S)[0], shown
                shown += os.read(ours, 4096).decode()
            os.write(ours, f"{answer}\n".encode())
        eventually(lambda: process.poll() is not None, DEADLINE_S)
    finally:
        process.kill()
        process.wait()
    while True:
        try:
            shown += os.read(ours, 4096).decode()
        except OSError:  # all was read
            break
    os.close(ours)
    assert process.returncode == 0, shown
    assert PASSWORD not in shown
    assert "is written" in shown
    assert (tmp_path / "credentials/CAMERA_PASSWORD").read_text() == f"{PASSWORD}\n"
    written(tmp_path)
