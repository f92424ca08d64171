"""What a feed must be told. Plain values: they travel to the capture process as JSON."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class UsbSource:
    """A camera on this machine: an index (0), /dev/video0, or /dev/v4l/by-id/... (stable)."""

    device: int | str
    width: int | None = None  # pixels; None leaves the camera's own choice
    height: int | None = None
    fps: float | None = None


@dataclass(frozen=True, slots=True)
class StreamSource:
    """A network camera. `url` may carry a password, so it is left out of repr and logs."""

    url: str = field(repr=False)  # rtsp, rtsps, http or https
    transport: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A video file, or a folder of images shown in the order of their names."""

    path: str
    pace: Literal["realtime", "fast"] = "realtime"  # fast: wait for the reader, skip no frame
    repeat: Literal["once", "loop"] = "once"
    fps: float | None = None  # for a folder of images, or to override the file's own rate


Source = UsbSource | StreamSource | FileSource


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One feed. All times in seconds."""

    name: str
    source: Source
    stall_s: float = 1.0  # no new frame for so long: stalled, and the source is opened again
    hang_s: float = 6.0  # no sign of life from the capture process for so long: it is killed
    open_s: float = 10.0  # opening may take so long
    retry_first_s: float = 0.5  # reconnect back-off, doubled and jittered up to retry_most_s
    retry_most_s: float = 30.0
