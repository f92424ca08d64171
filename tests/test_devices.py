"""The list of cameras, from a machine's files as the kernel and udev lay them out."""

import os
import struct
from pathlib import Path

from feeds import local_cameras


def machine(root: Path, *names: str) -> tuple[Path, Path]:
    """Its /dev and /sys, with one video node per name; the nodes are plain files."""
    dev, sys = root / "dev", root / "sys"
    (dev / "v4l/by-id").mkdir(parents=True)
    (sys / "class/video4linux").mkdir(parents=True)
    for number, name in enumerate(names):
        (dev / f"video{number}").touch()
        folder = sys / f"class/video4linux/video{number}"
        folder.mkdir()
        (folder / "name").write_text(f"{name}\n")
    return dev, sys


def test_a_machine_without_cameras_has_none(tmp_path: Path) -> None:
    assert local_cameras.cameras(tmp_path / "dev", tmp_path / "sys") == []


def test_cameras_are_listed_in_number_order_with_name_and_stable_name(tmp_path: Path) -> None:
    dev, sys = machine(tmp_path, *[f"Camera {number}" for number in range(11)])
    os.symlink("../../video10", dev / "v4l/by-id/usb-Maker_Door_0001-video-index0")
    found = local_cameras.cameras(dev, sys)
    assert [camera.name for camera in found] == [f"Camera {number}" for number in range(11)]
    assert found[9].stable is None
    assert found[10].stable == f"{dev}/v4l/by-id/usb-Maker_Door_0001-video-index0"


def test_a_node_that_cannot_be_asked_says_why(tmp_path: Path) -> None:
    dev, sys = machine(tmp_path, "Camera", "Camera")
    (dev / "video1").unlink()
    found = local_cameras.cameras(dev, sys)
    assert [camera.captures for camera in found] == [None, None]
    assert found[0].problem == f"{dev}/video0 is not a video device"
    assert found[1].problem.startswith(f"{dev}/video1 is missing")


def test_the_kernel_s_answer_tells_a_camera_from_its_metadata_node() -> None:
    def answer(of_device: int, of_node: int) -> bytes:
        names = b"uvcvideo".ljust(16, b"\0") + b"Camera".ljust(32, b"\0") + bytes(32)
        return names + struct.pack("III", 0x060100, of_device, of_node) + bytes(12)

    capture, metadata, both = 0x1, 0x00800000, 0x80800001
    assert local_cameras._captures(answer(both, capture))
    assert not local_cameras._captures(answer(both, metadata))
    assert local_cameras._captures(answer(capture, 0))
