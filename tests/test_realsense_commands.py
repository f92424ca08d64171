"""`kioskd doctor` and `kioskd devices` where RealSense cameras are in question."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from feeds.realsense.library import Attached
from kioskd.commands import devices
from tests.support.broker import mosquitto
from tests.support.daemon import Kioskd, settings
from tests.support.patience import DEADLINE_S
from tests.support.recordings import recording, scene

ROOT = Path(__file__).resolve().parents[1]
LIBUSB = "RealSense cameras need the system's libusb: apt-get install libusb-1.0-0"


def run(*arguments: str, **environment: str) -> list[str]:
    """The lines that a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "kioskd", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        env={**os.environ, **environment},
    )
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


def looked(folder: Path, feed: dict[str, object], **environment: str) -> list[str]:
    """What the doctor says of a kiosk with this feed."""
    folder.mkdir(exist_ok=True)
    with mosquitto(folder) as broker:
        daemon = Kioskd(folder / "k", settings(broker, {"vault": feed}))
        return run("doctor", "-c", str(daemon.config), **environment)


@pytest.fixture
def lacking(tmp_path: Path) -> dict[str, str]:
    """An environment where the library fails to load as it does on a machine without libusb."""
    (tmp_path / "lacking").mkdir()
    failure = "raise ImportError('libusb-1.0.so.0: cannot open shared object file')\n"
    (tmp_path / "lacking/pyrealsense2.py").write_text(failure)
    return {"PYTHONPATH": str(tmp_path / "lacking")}


def test_the_doctor_says_how_much_depth_there_is(tmp_path: Path) -> None:
    path = recording(tmp_path / "visit.db3")
    lines = looked(tmp_path, {"kind": "realsense", "recording": str(path)})
    (camera,) = [line for line in lines if "camera vault" in line]
    assert camera.startswith("ok    camera vault: first image 320x240 with depth in ")
    assert ", infrared 212x120, after " in camera
    assert "ok    libusb: installed, and pyrealsense2 too" in lines


def test_the_doctor_fails_a_camera_whose_depth_never_comes(tmp_path: Path) -> None:
    still = scene(0).depth
    assert still is not None
    scenes = [scene(number, depth=still * 0) for number in range(6)]
    path = recording(tmp_path / "visit.db3", scenes)
    lines = looked(tmp_path, {"kind": "realsense", "recording": str(path)})
    assert "FAIL  camera vault: gives images, but no depth with them (empty)" in lines


def test_the_doctor_says_that_the_configured_camera_is_not_there(tmp_path: Path) -> None:
    lines = looked(tmp_path, {"kind": "realsense", "serial": "0000"})
    (camera,) = [line for line in lines if "camera vault" in line]
    assert camera.startswith("FAIL  camera vault: RealSense camera 0000 is not there")


def test_the_doctor_names_the_missing_library_only_where_it_is_needed(
    tmp_path: Path, lacking: dict[str, str]
) -> None:
    path = recording(tmp_path / "visit.db3")
    lines = looked(tmp_path, {"kind": "realsense", "recording": str(path)}, **lacking)
    assert f"FAIL  libusb: {LIBUSB}" in lines
    assert f"FAIL  camera vault: {LIBUSB}" in lines
    lines = looked(tmp_path / "other", {"kind": "usb", "device": 63}, **lacking)
    assert [line for line in lines if line.startswith("ok    libusb: ")]


def test_devices_works_without_the_library_and_says_what_to_install(
    lacking: dict[str, str],
) -> None:
    assert run("devices", **lacking)[-1] == LIBUSB


def test_a_depth_camera_is_listed_as_it_stands_in_the_configuration() -> None:
    camera = Attached("821212060000", "Intel RealSense D435", "3.2")
    assert devices._realsense(camera) == (
        'kind: realsense, serial: "821212060000"  # Intel RealSense D435, USB 3.2'
    )
