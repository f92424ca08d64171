"""`kioskd devices`: the cameras of this machine, by the names that survive re-plugging."""

from feeds.devices import cameras


def run() -> int:
    """Print a line per camera, as it would stand in config.yaml. Exit status 0."""
    found = cameras()
    for camera in found:
        print(camera)
    if not found:
        print("no camera is attached to this machine (nothing under /dev/video*)")
    return 0
