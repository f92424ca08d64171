"""The cameras on this machine, by names that survive re-plugging. Linux's own files tell all."""

import errno
import fcntl
import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from feeds.realsense.library import Attached
from feeds.surroundings import environment

_LOOKING_S = 15.0  # how long the RealSense library may look for its cameras
_QUERYCAP = 0x80685600  # VIDIOC_QUERYCAP, linux/videodev2.h
_CAPABILITY = struct.Struct("16s32s32sIII12x")  # driver, card, bus, version, device's, node's
_HAS_NODE_CAPABILITIES = 0x80000000
_CAPTURES = 0x00000001 | 0x00001000  # video capture, single- or multi-planar


@dataclass(frozen=True, slots=True)
class Camera:
    """One /dev/video node.

    stable    its name under /dev/v4l/by-id, the one to put into config.yaml; None without one
    captures  whether images come from it (a camera's second node often carries only
              metadata); None when it could not be asked
    problem   a sentence about why it could not be asked, "" if it could
    """

    node: str
    name: str
    stable: str | None
    captures: bool | None
    problem: str


def cameras(dev: Path = Path("/dev"), sys: Path = Path("/sys")) -> list[Camera]:
    """All video nodes in the order of their numbers; none on a machine without cameras."""
    links = _stable_names(dev)
    folders = (sys / "class/video4linux").glob("video*")
    return [_camera(folder, dev, links) for folder in sorted(folders, key=_number)]


def depth_cameras() -> tuple[list[Attached], str]:
    """The RealSense cameras, and a sentence about why they could not be asked, "" if they could."""
    command = [sys.executable, "-P", "-m", "feeds.realsense.list_attached"]
    try:
        asked = subprocess.run(
            command, capture_output=True, text=True, env=environment(), timeout=_LOOKING_S
        )
    except subprocess.TimeoutExpired:
        return [], "the RealSense driver hangs: re-plug the camera"
    if asked.returncode != 0:
        return [], asked.stderr.strip().rpartition("\n")[2]
    return [Attached(**camera) for camera in json.loads(asked.stdout)], ""


def _camera(folder: Path, dev: Path, links: dict[str, str]) -> Camera:
    node = dev / folder.name
    captures, problem = _asked(node)
    try:
        name = (folder / "name").read_text().strip()
    except OSError:
        name = ""
    return Camera(str(node), name, links.get(folder.name), captures, problem)


def _stable_names(dev: Path) -> dict[str, str]:
    """From a node's name, such as video0, to its link under v4l/by-id."""
    links = sorted((dev / "v4l/by-id").glob("*"))
    return {os.path.basename(os.path.realpath(link)): str(link) for link in links}


def _number(folder: Path) -> int:
    digits = folder.name.removeprefix("video")
    return int(digits) if digits.isdecimal() else 0


def _asked(node: Path) -> tuple[bool | None, str]:
    answer = bytearray(_CAPABILITY.size)
    try:
        fd = os.open(node, os.O_RDWR | os.O_NONBLOCK)
        try:
            fcntl.ioctl(fd, _QUERYCAP, answer)
        finally:
            os.close(fd)
    except OSError as error:
        return None, _why(node, error)
    return _captures(bytes(answer)), ""


def _captures(answer: bytes) -> bool:
    *_, of_device, of_node = _CAPABILITY.unpack(answer)
    return bool((of_node if of_device & _HAS_NODE_CAPABILITIES else of_device) & _CAPTURES)


def _why(node: Path, error: OSError) -> str:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return f"{node} may not be opened: add the user to the group video"
        case errno.ENOENT:
            return f"{node} is missing though the kernel knows the camera: is udev running?"
        case errno.ENOTTY:
            return f"{node} is not a video device"
    return f"{node} cannot be opened: {error.strerror}"
