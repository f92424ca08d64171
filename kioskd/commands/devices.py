"""`kioskd devices`: the cameras of this machine, by the names that survive re-plugging."""

from feeds.local_cameras import Camera, cameras, depth_cameras
from feeds.realsense.library import Attached
from kioskd.commands.configuration import OK


def run() -> int:
    """Print a line per camera, as it would stand in config.yaml. Exit status 0."""
    lines = [_usb(camera) for camera in cameras()]
    depth, problem = depth_cameras()
    lines += map(_realsense, depth)
    if not lines:
        lines = ["no camera is attached to this machine (nothing under /dev/video*)"]
    if problem:
        lines.append(problem)
    print("\n".join(lines))
    return OK


def _usb(camera: Camera) -> str:
    about = camera.problem or camera.name
    if camera.captures is False:
        about += ", which gives no images"
    return f"kind: usb, device: {camera.stable or camera.node}  # {about}"


def _realsense(camera: Attached) -> str:
    usb = f", USB {camera.usb}" if camera.usb else ""
    return f'kind: realsense, serial: "{camera.serial}"  # {camera.name}{usb}'
