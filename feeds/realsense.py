"""The project's only door to pyrealsense2."""

from types import ModuleType


class NoLibraryError(Exception):
    """pyrealsense2 cannot be loaded; the message says what to install."""


def library() -> ModuleType:
    """Loads pyrealsense2, only now: most kiosks have no such camera. Raises NoLibraryError."""
    try:
        import pyrealsense2
    except ModuleNotFoundError as error:
        raise NoLibraryError(
            "RealSense cameras need the package pyrealsense2: pip install 'kioskd[realsense]'"
        ) from error
    except ImportError as error:
        raise NoLibraryError(_why_not(str(error))) from error
    module: ModuleType = pyrealsense2  # which ships no types
    return module


def _why_not(message: str) -> str:
    if "libusb" in message:
        return "RealSense cameras need the system's libusb: apt-get install libusb-1.0-0"
    return f"pyrealsense2 cannot be loaded: {message}"
