"""What a feed must be told. Plain values: they travel to the capture process as JSON."""

from dataclasses import dataclass, field, fields
from typing import Literal

from feeds.one_line import is_one_line


@dataclass(frozen=True, slots=True)
class UsbSource:
    """A camera on this machine: an index (0), /dev/video0, or /dev/v4l/by-id/... (stable)."""

    device: int | str
    width: int | None = None  # pixels; None leaves the camera's own choice
    height: int | None = None
    fps: float | None = None
    virtual: bool = False  # whether a program may stand in a camera's place


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


@dataclass(frozen=True, slots=True)
class RealSenseSource:
    """A depth camera, told from others by its serial number."""

    serial: str
    emitter: bool = True  # whether its infrared pattern is projected


@dataclass(frozen=True, slots=True)
class RecordingSource:
    """A recording of a RealSense camera, .db3 or .bag."""

    path: str
    serial: str | None = None  # of the camera it must come from; None: any
    pace: Literal["realtime", "fast"] = "realtime"
    repeat: Literal["once", "loop"] = "once"


PlayedSource = FileSource | RecordingSource
Source = UsbSource | StreamSource | RealSenseSource | PlayedSource


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One feed. All times in seconds.

    rotate  degrees clockwise by which each picture is turned, so that heads are up: 0, 90, 180, 270
    mirror  whether its left and right then change places
    pinning   pin: who is told which camera it is (hardware.py) may refuse another one
    loops     refuse: a camera that shows again what it showed before (loops.py) gives no frames

    Raises ValueError where the feed's name, or a text of its source, is not one line of text.
    """

    name: str
    source: Source
    stall_s: float = 1.0  # no new frame for so long: stalled, and the source is opened again
    hang_s: float = 6.0  # no sign of life from the capture process for so long: it is killed
    open_s: float = 10.0  # opening may take so long
    retry_first_s: float = 0.5  # reconnect back-off, doubled and jittered up to retry_most_s
    retry_most_s: float = 30.0
    rotate: int = 0
    mirror: bool = False
    pinning: Literal["pin", "off"] = "pin"
    loops: Literal["refuse", "ignore"] = "refuse"

    def __post_init__(self) -> None:
        source = {key.name: getattr(self.source, key.name) for key in fields(self.source)}
        for key, text in {"name": self.name, **source}.items():
            if isinstance(text, str) and not is_one_line(text):
                raise ValueError(
                    f"a feed's {key} holds a line break or a character that is no text"
                )

    @property
    def has_own_time(self) -> bool:
        """Whether this is a recording that is played fast, by its own clock and not the world's."""
        return isinstance(self.source, PlayedSource) and self.source.pace == "fast"
