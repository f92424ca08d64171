"""The project's only door to pyrealsense2, and what it says of the cameras on this machine."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from feeds.installation import to_add


class NoLibraryError(Exception):
    """pyrealsense2 cannot be loaded; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A RealSense camera on this machine. `usb` is such as "3.2", "" if it does not say."""

    serial: str
    name: str
    usb: str


def loaded() -> ModuleType:
    """Loads pyrealsense2, only now: most kiosks have no such camera. Raises NoLibraryError."""
    try:
        import pyrealsense2
    except ModuleNotFoundError as error:
        raise NoLibraryError(
            f"RealSense cameras need the package pyrealsense2: {to_add('realsense')}"
        ) from error
    except ImportError as error:
        raise NoLibraryError(_why_not(str(error))) from error
    module: ModuleType = pyrealsense2  # which ships no types
    return module


def attached() -> list[Attached]:
    """The RealSense cameras on this machine. Raises NoLibraryError.

    A driver in trouble can hang here, so call it in a process that may be killed.
    """
    rs = loaded()
    return [attached_of(rs, device) for device in rs.context().query_devices()]


def attached_of(rs: Any, device: Any) -> Attached:
    """What the library says of one of its devices."""
    info = rs.camera_info
    wanted = (info.serial_number, info.name, info.usb_type_descriptor)
    return Attached(*(device.get_info(key) if device.supports(key) else "" for key in wanted))


def _why_not(message: str) -> str:
    if "libusb" in message:
        return "RealSense cameras need the system's libusb: apt-get install libusb-1.0-0"
    return f"pyrealsense2 cannot be loaded: {message}"
