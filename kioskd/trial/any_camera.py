"""What somebody calls a camera, as a feed of config.yaml."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from feeds.local_cameras import Camera
from feeds.urls import UrlError, allowed, redact

ADDRESS = "KIOSKD_TRY_CAMERA"  # the environment variable that holds an address, with its password
RECORDINGS = (".db3", ".bag")  # of RealSense cameras


class CameraError(Exception):
    """There is no such camera; the sentence says what to do, and holds no password."""


@dataclass(frozen=True, slots=True)
class AnyCamera:
    """A camera that somebody named, or that was found.

    feed     as it stands in config.yaml
    shown    how it is named to the person
    secrets  what the feed takes from the environment
    """

    feed: dict[str, object]
    shown: str
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


def named(camera: str) -> AnyCamera:
    """An address, a device such as /dev/video0 or 0, or a file. Raises CameraError."""
    if "://" in camera:
        return _of_address(camera)
    if camera.isdecimal() or camera.startswith("/dev/"):
        return AnyCamera(
            {"kind": "usb", "device": int(camera) if camera.isdecimal() else camera}, camera
        )
    path = Path(camera).absolute()
    if not path.exists():
        raise CameraError(
            f"there is no file {camera}; a camera is named by rtsp://, http:// or /dev/video0"
        )
    if path.suffix in RECORDINGS:
        return AnyCamera({"kind": "realsense", "recording": str(path), "repeat": "loop"}, camera)
    return AnyCamera({"kind": "file", "path": str(path), "repeat": "loop"}, camera)


def first(cameras: Sequence[Camera]) -> AnyCamera:
    """The first camera of this machine that gives images. Raises CameraError."""
    for camera in cameras:
        if camera.captures:
            device = camera.stable or camera.node
            return AnyCamera({"kind": "usb", "device": device}, f"{device} ({camera.name})")
    problems = [camera.problem for camera in cameras if camera.problem]
    why = problems[0] if problems else "no USB camera gives images on this machine: plug one in"
    raise CameraError(f"{why}. Or name another one: kioskd try rtsp://ADDRESS, or a video file")


def _of_address(camera: str) -> AnyCamera:
    try:
        url = allowed(camera)
    except UrlError as error:
        raise CameraError(str(error)) from None
    kind = "rtsp" if url.startswith("rtsp") else "http"
    return AnyCamera({"kind": kind, "url": f"${{{ADDRESS}}}"}, redact(url), {ADDRESS: url})
