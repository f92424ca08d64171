"""Reads an opened RealSense camera, one set of images after the other.

What the library hands out is copied at once and let go: its frames come from a small pool, and
a few that are held stop the stream.
"""

from contextlib import suppress
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage, DepthImage, InfraredImage, NoDepth
from feeds.opened_source import Shot, SourceError
from feeds.planes import Planes
from feeds.realsense.camera_geometry import Streams, depth_units_m, streams_of

GRACE_S = 0.5  # a read gives up so long after the feed counts as stalled
POLL_MS = 30


class CameraReader:
    """One opening of a camera."""

    def __init__(self, rs: Any, pipeline: Any, profile: Any, name: str, stall_s: float) -> None:
        """Raises SourceError if what was opened cannot be measured with."""
        self._rs = rs
        self._pipeline = pipeline
        self._device = profile.get_device()
        self._name = name
        self._stall_s = stall_s
        self._streams = streams_of(rs, profile, name)
        align = None if self._streams.aligned else rs.align(rs.stream.color)
        self._sensor = DepthSensor(align, depth_units_m(self._device, name), name, stall_s)
        self._number = -1
        self.period_s = 1.0 / self._streams.fps

    def await_first(self, limit_s: float) -> None:
        """Waits until a camera just started gives whole sets. Raises SourceError if it does not."""
        gives_up_at = monotonic() + limit_s
        while monotonic() < gives_up_at:
            came, frames = self._pipeline.try_wait_for_frames(POLL_MS)
            if came and frames.get_color_frame() and frames.get_depth_frame():
                return
        raise SourceError(
            "open_failed", f"{self._name} was started but gives no images with depth: re-plug it"
        )

    def read(self) -> Shot | None:
        """The next image with its depth and infrared; None when the camera gave none for too
        long. Raises SourceError.
        """
        began_at = monotonic()
        try:
            while monotonic() - began_at < self._stall_s + GRACE_S:
                frames = self._next()
                if frames is None:
                    return None
                shot = self._shot(frames, began_at)
                if shot is not None:
                    return shot
        except RuntimeError as error:
            raise SourceError("camera_failed", f"{self._name} fails: {_line(error)}") from error
        raise SourceError("no_depth", f"{self._name} gives no sets of colours and depth")

    def close(self) -> None:
        with suppress(RuntimeError):
            self._pipeline.stop()

    def _next(self) -> Any | None:
        came, frames = self._pipeline.try_wait_for_frames(int(1000 * (self._stall_s + GRACE_S)))
        if came:
            return frames
        if not self._device.is_connected():
            raise SourceError("unplugged", f"{self._name} was unplugged")
        return None

    def _shot(self, frames: Any, began_at: float) -> Shot | None:
        """None for a set whose colours are old, and for those before the first depth."""
        color = frames.get_color_frame()
        if not color or color.get_frame_number() == self._number:
            return None
        at = color.get_timestamp() / 1000.0
        found = self._sensor.look(frames, at)
        if found is None:
            return None
        self._number = color.get_frame_number()
        planes = self._planes(frames, color, found)
        return Shot(image_of(color, self._streams), began_at, monotonic(), at, planes)

    def _planes(self, frames: Any, color: Any, found: DepthImage | NoDepth) -> Planes:
        infrared = infrared_of(frames, self._streams)
        image = None if infrared is None else grey_of(infrared)
        taken = Moment.of(color)
        gap_s = None if infrared is None else taken.gap_s(Moment.of(infrared))
        if isinstance(found, str):
            return Planes(self._streams.rig, None, found, None, image, gap_s)
        depth_gap_s = taken.gap_s(Moment.of(frames.get_depth_frame()))
        return Planes(self._streams.rig, found, None, depth_gap_s, image, gap_s)


class DepthSensor:
    """Takes depth out of sets of images, aligned and in millimetres, or says why there is none."""

    def __init__(self, align: Any | None, units_m: float, name: str, stall_s: float) -> None:
        self._align = align
        self._units_m = units_m
        self._name = name
        self._stall_s = stall_s
        self._number = -1
        self._before: NDArray[np.uint16] | None = None
        self._flowed_at = 0.0  # camera's time of the last new depth, seconds

    def look(self, frames: Any, at: float) -> DepthImage | NoDepth | None:
        """`at` is the camera's time of the colour image. None before the very first depth.

        Raises SourceError when depth has stopped while colours go on.
        """
        frame = frames.get_depth_frame()
        if not frame and self._before is None:
            return None
        raw = self._new(frame)
        if raw is None:
            self.check_flow(at)
            return "absent"
        if raw.any() and self._before is not None and np.array_equal(raw, self._before):
            self.check_flow(at)
            return "repeated"
        self._before, self._flowed_at = raw, at
        if frame.get_units() != self._units_m:
            raise SourceError("wrong_units", f"{self._name} changed the units of its depth")
        return self._aligned(frames) if raw.any() else "empty"

    def _new(self, frame: Any) -> NDArray[np.uint16] | None:
        """A copy of the pixels, unless this very frame came with an earlier set."""
        if not frame or frame.get_frame_number() == self._number:
            return None
        self._number = frame.get_frame_number()
        return np.array(frame.get_data(), np.uint16)

    def check_flow(self, at: float) -> None:
        """Raises SourceError if there was no new depth for too long before `at`."""
        if at - self._flowed_at > self._stall_s:
            raise SourceError(
                "depth_stopped", f"{self._name} gives images but no new depth: re-plug the camera"
            )

    def _aligned(self, frames: Any) -> DepthImage | NoDepth:
        aligned = frames if self._align is None else self._align.process(frames)
        frame, color = aligned.get_depth_frame(), aligned.get_color_frame()
        if (frame.width, frame.height) != (color.width, color.height):
            return "other_size"
        depth = millimetres(np.asanyarray(frame.get_data()), self._units_m)
        return depth if depth.any() else "empty"


def millimetres(raw: NDArray[np.uint16], units_m: float) -> DepthImage:
    """A copy in millimetres; what is beyond 65.5 m, or nearer than half a millimetre, is 0."""
    scale = units_m * 1000.0
    if abs(scale - 1.0) < 1e-6:
        return np.array(raw, np.uint16)
    values = np.rint(raw * np.float32(scale))
    return np.where(values > 65535, 0, values).astype(np.uint16)


def image_of(color: Any, streams: Streams) -> ColorImage:
    """A copy of a colour frame's pixels."""
    pixels = np.asanyarray(color.get_data())
    return np.array(pixels if streams.bgr else pixels[:, :, ::-1], np.uint8, order="C")


def infrared_of(frames: Any, streams: Streams) -> Any | None:
    """The infrared frame of a set, if there is one."""
    index = streams.infrared_index
    frame = None if index is None else frames.get_infrared_frame(index)
    return frame if frame else None


def grey_of(infrared: Any) -> InfraredImage:
    """A copy of an infrared frame's pixels."""
    return np.array(infrared.get_data(), np.uint8)


@dataclass(frozen=True, slots=True)
class Moment:
    """When an image was taken, seconds, by the clock of that name."""

    at: float
    clock: Any

    @classmethod
    def of(cls, frame: Any) -> "Moment":
        return cls(frame.get_timestamp() / 1000.0, frame.get_frame_timestamp_domain())

    def gap_s(self, other: "Moment") -> float:
        """Time to another image of a set; endless if their clocks cannot be compared."""
        return abs(self.at - other.at) if self.clock == other.clock else inf


def _line(error: RuntimeError) -> str:
    return str(error).partition("\n")[0]
