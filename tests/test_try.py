"""`kioskd try`: a camera, a page and verdicts without any configuration.

This machine may have no USB camera: which one is taken is tried on descriptions of cameras.
"""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from feeds.local_cameras import Camera
from kioskd.loopback import free_ports
from kioskd.trial.any_camera import ADDRESS, CameraError, first, named
from kioskd.trial.verdict_line import verdict_line
from tests.support import rtsp
from tests.support.broker import eventually
from tests.support.clips import as_h264
from tests.support.commands import kioskd as command
from tests.support.daemon import LIVE, wait_gone
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port
from tests.support.terminal import Terminal, terminal

PASSWORD = "s3cret-door"
URL = re.compile(r"http://localhost:\d+/")


def camera(
    node: str, captures: bool | None, problem: str = "", stable: str | None = None
) -> Camera:
    return Camera(node, "A webcam", stable, captures, problem)


def test_the_first_camera_that_gives_images_is_taken_by_its_stable_name() -> None:
    metadata = camera("/dev/video0", False)
    stable = "/dev/v4l/by-id/usb-A-video-index0"
    chosen = first(
        [metadata, camera("/dev/video1", True, stable=stable), camera("/dev/video2", True)]
    )
    assert chosen.feed == {"kind": "usb", "device": stable}
    assert chosen.shown == f"{stable} (A webcam)"
    assert first([camera("/dev/video2", True)]).feed["device"] == "/dev/video2"


@pytest.mark.parametrize(
    ("cameras", "said"),
    [
        ([], "plug one in"),
        ([camera("/dev/video0", False)], "plug one in"),
        ([camera("/dev/video0", None, "add the user to the group video")], "to the group video"),
    ],
)
def test_without_a_camera_it_says_what_to_do(cameras: list[Camera], said: str) -> None:
    with pytest.raises(CameraError, match=said) as refused:
        first(cameras)
    assert "kioskd try rtsp://" in str(refused.value)


def test_an_address_is_kept_out_of_the_file_and_shown_without_its_password() -> None:
    chosen = named(f"rtsp://viewer:{PASSWORD}@192.0.2.1/stream?key={PASSWORD}")
    assert PASSWORD not in f"{chosen.feed}{chosen.shown}{chosen!r}"
    assert PASSWORD in chosen.secrets[ADDRESS]
    assert chosen.feed["kind"] == "rtsp"
    assert named("http://192.0.2.1/video.mjpg").feed["kind"] == "http"


@pytest.mark.parametrize(
    "address", [f"ftp://viewer:{PASSWORD}@192.0.2.1/", f"rtsp://viewer:{PASSWORD}@"]
)
def test_an_address_that_no_camera_has_is_refused_without_showing_it(address: str) -> None:
    said = command("try", address)
    assert said.status == 2
    assert "address" in said.err
    assert PASSWORD not in said.out + said.err


def test_devices_and_files_are_told_apart(tmp_path: Path) -> None:
    assert named("/dev/video3").feed == {"kind": "usb", "device": "/dev/video3"}
    assert named("3").feed == {"kind": "usb", "device": 3}
    assert named(str(LIVE)).feed["kind"] == "file"
    recording = tmp_path / "visitor.db3"
    recording.touch()
    assert named(str(recording)).feed["recording"] == str(recording)
    with pytest.raises(CameraError, match="no file"):
        named(str(tmp_path / "nowhere.mp4"))


def record(**more: Any) -> dict[str, Any]:
    """An attempt as the audit topic tells it."""
    told: dict[str, Any] = {
        "kind": "result",
        "verdict": "passed",
        "attributes": {"livenessConfirmed": "true"},
        "startTime": 1000,
        "endTime": 1500,
        "frames": 6,
        "reasons": [],
        "scores": {"texture": 0.987, "grid_against": 0.0},
        "challenges": [],
    }
    return {**told, **more}


def test_a_verdict_is_one_line_with_what_it_rests_on() -> None:
    live = verdict_line("a/b/audit", record())
    attack = record(verdict="failed", attributes={"livenessConfirmed": "false"})
    unsure = record(verdict="undecided", attributes={}, reasons=["blurry"], challenges=["smile"])
    assert live is not None
    assert live.endswith("  LIVE         (6 frames, 0.5 s, texture 0.99)")
    assert "  NOT live  " in str(verdict_line("a/b/audit", attack))
    said = str(verdict_line("a/b/audit", unsure))
    assert "  not decided  (6 frames, 0.5 s, smile, texture 0.99)  The face is blurred" in said
    turned = record(attributes={"poseLiveness": "true"})
    assert "  passed  " in str(verdict_line("a/b/audit", turned))


def test_what_is_no_verdict_is_no_line() -> None:
    assert verdict_line("a/b/audit", {"kind": "delivery"}) is None
    assert verdict_line("a/b/status", {"state": "online"}) is None
    assert verdict_line("a/b/camera/state", {"state": "starting"}) is None
    assert verdict_line("a/b/audit", "no JSON") is None
    told = {"state": "offline", "detail": "it is not there", "since": 0}
    assert str(verdict_line("a/b/camera/state", told)).endswith("camera offline: it is not there")


def test_a_mode_that_is_not_there_or_needs_another_camera_is_told() -> None:
    unknown = command("try", LIVE, "--mode", "mind_reading")
    assert unknown.status == 2
    assert "secure_access_smile" in unknown.err
    depth = command("try", LIVE, "--mode", "depth_liveness")
    assert depth.status == 2
    assert "needs a feed of kind realsense" in depth.err
    assert "config.yaml" not in depth.err


def test_each_free_port_is_another_one() -> None:
    assert len(set(free_ports(20))) == 20


def trial(folder: Path, *arguments: str | Path, **environment: str) -> Any:
    """`kioskd try` by somebody at a terminal, with a folder for what is temporary."""
    folder.mkdir()
    return terminal("try", *arguments, environment={"TMPDIR": str(folder), **environment})


def url(trying: Terminal) -> str:
    found: list[str] = eventually(lambda: URL.findall(trying.seen))
    return found[0]


def daemon_of(trying: Terminal) -> int:
    """The process of the daemon that the trial started."""
    pid = trying.process.pid

    def one() -> list[str]:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    return int(eventually(one)[0])


def test_a_file_is_judged_with_a_page_and_nothing_is_left_behind(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    with trial(folder, LIVE) as trying:
        page = url(trying)
        eventually(lambda: "LIVE  " in trying.seen)
        with urlopen(f"{page}api/kiosk", timeout=DEADLINE_S) as answer:
            kiosk = json.load(answer)
        assert kiosk["site"] == "trial"
        assert "trial" in {problem["code"] for problem in kiosk["problems"]}
        (made,) = folder.glob("kioskd-try-*")
        assert made.stat().st_mode & 0o077 == 0
        trying.interrupt()
        assert trying.process.wait(DEADLINE_S) == 0
        eventually(lambda: "kioskd setup" in trying.seen)
    assert trying.seen.startswith("THIS IS A TRIAL")
    assert "Traceback" not in trying.seen
    assert list(folder.iterdir()) == []


def test_a_network_camera_is_judged_and_its_password_shown_nowhere(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "temporary"
    with (
        rtsp.playing(port, as_h264(LIVE, tmp_path / "live.mp4")),
        trial(folder, rtsp.url(port, "viewer", PASSWORD)) as trying,
    ):
        eventually(lambda: "LIVE  " in trying.seen)
        (made,) = folder.glob("kioskd-try-*")
        assert PASSWORD not in (made / "config.yaml").read_text()
        assert PASSWORD not in (made / "kioskd.log").read_text()
        trying.interrupt()
        assert trying.process.wait(DEADLINE_S) == 0
    assert f"***@127.0.0.1:{port}" in trying.seen
    assert PASSWORD not in trying.seen


def test_a_camera_that_is_not_there_is_told_and_the_trial_goes_on(tmp_path: Path) -> None:
    with trial(tmp_path / "temporary", "/dev/video63", "--mode", "secure_access_smile") as trying:
        eventually(lambda: "camera offline: /dev/video63" in trying.seen)
        assert trying.process.poll() is None


def browser(folder: Path) -> tuple[Path, dict[str, str]]:
    """A browser that only notes what it is to show, and the environment in which it is found."""
    program, noted = folder / "browser", folder / "noted"
    program.write_text(f'#!/bin/sh\necho "$1" >> {noted}\n')
    program.chmod(0o755)
    return noted, {"BROWSER": f"{program} %s", "DISPLAY": ":99"}


def test_before_a_display_the_page_is_opened_unless_nobody_wants_it(tmp_path: Path) -> None:
    noted, environment = browser(tmp_path)
    with trial(tmp_path / "one", LIVE, "--no-browser", **environment) as trying:
        eventually(lambda: "Stand before the camera" in trying.seen)
    assert not noted.exists()
    with trial(tmp_path / "two", LIVE, **environment) as trying:
        page = url(trying)
        eventually(lambda: noted.exists() and noted.read_text() == f"{page}\n")


def test_a_daemon_that_dies_ends_the_trial_with_its_log(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    with trial(folder, LIVE) as trying:
        eventually(lambda: "Stand before the camera" in trying.seen)
        pid = daemon_of(trying)
        os.kill(pid, signal.SIGKILL)
        assert trying.process.wait(DEADLINE_S) == 1
        wait_gone([pid])
    assert "Its log says why" in trying.seen
    assert list(folder.iterdir()) == []
