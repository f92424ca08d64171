"""Writes recordings in the RealSense library's own format, as a camera would have made them.

For generated scenes, which are then played through the very road that a camera's images take,
and for keeping what a feed has shown. A generated recording says so in its device's name.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np

from feeds.frame import ColorImage, DepthImage, InfraredImage, Intrinsics, Rig
from feeds.realsense import library
from feeds.realsense.recording_reader import GENERATED

_WAIT_EVERY = 10  # scenes
_DISK_NAP_S = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One instant as the camera's eyes saw it. None: this eye gave nothing.

    depth       (h, w) uint16 in the infrared eye's own view, or in the colour eye's if `aligned`
    infrared    (h, w) uint8
    depth_lag_s how much later than `color` depth and infrared were taken
    at_s        when `color` was taken, from any origin; None: a period after the one before
    two_clocks  whether depth and infrared carry times of another clock than `color`
    """

    color: ColorImage | None
    depth: DepthImage | None
    infrared: InfraredImage | None = None
    depth_lag_s: float = 0.0
    at_s: float | None = None
    two_clocks: bool = False


def write_recording(
    path: Path,
    scenes: Iterable[Scene],
    rig: Rig,
    *,
    serial: str = "000000000001",
    model: str = "Intel RealSense D435",
    fps: int = 30,
    units_m: float = 0.001,
    with_depth: bool = True,
) -> None:
    """Writes a .db3 recording of generated scenes.

    A recording made `with_depth` False is that of a camera without a depth sensor. No two
    scenes should hold the same depth bit by bit: real depth is never without noise, and a feed
    takes repeated depth for a fault.
    """
    name = model + GENERATED
    writer = RecordingWriter(
        path, rig, serial=serial, name=name, fps=fps, units_m=units_m, with_depth=with_depth
    )
    for scene in scenes:
        writer.add(scene)
    writer.close()


class RecordingWriter:
    """Writes one .db3 recording, scene by scene. Raises RuntimeError when it cannot be written."""

    def __init__(
        self,
        path: Path,
        rig: Rig,
        *,
        serial: str,
        name: str,
        fps: int = 30,
        units_m: float = 0.001,
        with_depth: bool = True,
        aligned: bool = False,
    ) -> None:
        """`units_m` is what one step of depth means, metres. Depth has the geometry of
        `rig.infrared`, or that of `rig.color` if `aligned` to it. Raises NoLibraryError.
        """
        self._rs: Any = library.loaded()
        self._fps = fps
        self._units_m = units_m
        self._number = 0
        self._path = path
        device = software_device(self._rs, serial, name)
        self.eyes = Eyes(self._rs, device, rig, fps, units_m, with_depth, aligned)
        self._recorder = self._rs.recorder(str(path), device)
        self._sensors = self._recorder.query_sensors()
        drain = self._rs.frame_queue(1)  # newest wins, so that no frame is held
        for sensor, streams in zip(self._sensors, self.eyes.by_sensor, strict=True):
            sensor.open(streams)
        for sensor in self._sensors:
            sensor.start(drain)

    def add(self, scene: Scene) -> None:
        self._number += 1
        self.eyes.show(scene, self._number)
        if self._number % _WAIT_EVERY == 0:
            self._wait_for_disk()

    def _wait_for_disk(self) -> None:
        """Waits while the file grows: what is not in it yet lies in memory.

        The library can tell when all is written only by a pause, and a scene given right after
        one would be stored in a wrong place.
        """
        size = -1
        while size != (size := self._path.stat().st_size):
            sleep(_DISK_NAP_S)

    def close(self) -> None:
        for sensor in self._sensors:
            sensor.stop()
            sensor.close()
        self._recorder.pause()  # returns when all is written
        del self._recorder


class Eyes:
    """The sensors of a software device, which show what they are given."""

    def __init__(
        self,
        rs: Any,
        device: Any,
        rig: Rig,
        fps: int,
        units_m: float,
        with_depth: bool,
        aligned: bool,
    ) -> None:
        self._rs = rs
        self._fps = fps
        self._units_m = units_m
        self._stereo = device.add_sensor("Stereo Module")
        self._rgb = device.add_sensor("RGB Camera")
        stream, form = rs.stream, rs.format
        self.color = self._added(self._rgb, stream.color, rig.color, form.bgr8, 3)
        self.infrared: Any = None
        self.depth: Any = None
        if rig.infrared is not None:
            self.infrared = self._added(self._stereo, stream.infrared, rig.infrared, form.y8, 1)
            self.infrared.register_extrinsics_to(self.color, _extrinsics(rs, rig))
        if with_depth:
            self._add_depth(rig, aligned)

    @property
    def by_sensor(self) -> tuple[list[Any], list[Any]]:
        stereo = [stream for stream in (self.depth, self.infrared) if stream is not None]
        return stereo, [self.color]

    def open(self, target: Any) -> None:
        """Without a recorder: what is shown goes to a queue or syncer of the library."""
        for sensor, streams in zip((self._stereo, self._rgb), self.by_sensor, strict=True):
            sensor.open(streams)
            sensor.start(target)

    def close(self) -> None:
        for sensor in (self._stereo, self._rgb):
            sensor.stop()
            sensor.close()

    def show(self, scene: Scene, number: int) -> None:
        at_ms = 1000.0 * (number / self._fps if scene.at_s is None else scene.at_s)
        late_ms = at_ms + 1000.0 * scene.depth_lag_s
        other = scene.two_clocks
        if scene.depth is not None and self.depth is not None:
            frame = _frame(self._rs, scene.depth, self.depth, late_ms, number, other)
            frame.depth_units = self._units_m
            self._stereo.on_video_frame(frame)
        if scene.infrared is not None and self.infrared is not None:
            frame = _frame(self._rs, scene.infrared, self.infrared, late_ms, number, other)
            self._stereo.on_video_frame(frame)
        if scene.color is not None:
            self._rgb.on_video_frame(_frame(self._rs, scene.color, self.color, at_ms, number))

    def _add_depth(self, rig: Rig, aligned: bool) -> None:
        seen = rig.color if aligned or rig.infrared is None else rig.infrared
        here = Rig(rig.color)  # not turned, not moved
        self._stereo.add_read_only_option(self._rs.option.depth_units, self._units_m)
        self.depth = self._added(self._stereo, self._rs.stream.depth, seen, self._rs.format.z16, 2)
        at_color = aligned or rig.infrared is None
        to_color = _extrinsics(self._rs, here if at_color else rig)
        self.depth.register_extrinsics_to(self.color, to_color)
        if self.infrared is not None and not at_color:
            self.depth.register_extrinsics_to(self.infrared, _extrinsics(self._rs, here))

    def _added(self, sensor: Any, kind: Any, seen: Intrinsics, form: Any, pixel_bytes: int) -> Any:
        stream = self._rs.video_stream()
        stream.type, stream.fmt, stream.fps = kind, form, self._fps
        stream.index = 1 if kind == self._rs.stream.infrared else 0
        stream.uid = 100 + int(kind)
        stream.width, stream.height, stream.bpp = seen.width, seen.height, pixel_bytes
        stream.intrinsics = _intrinsics(self._rs, seen)
        return sensor.add_video_stream(stream, True)


def software_device(rs: Any, serial: str, name: str) -> Any:
    """The library's own stand-in for a camera."""
    device = rs.software_device()
    info = rs.camera_info
    told = {
        info.name: name,
        info.serial_number: serial,
        info.product_line: "D400",
        info.usb_type_descriptor: "3.2",
    }
    for key, value in told.items():
        with suppress(RuntimeError):  # the device has named itself already
            device.register_info(key, value)
            continue
        device.update_info(key, value)
    return device


def _intrinsics(rs: Any, seen: Intrinsics) -> Any:
    made = rs.intrinsics()
    made.width, made.height = seen.width, seen.height
    made.fx, made.fy, made.ppx, made.ppy = seen.fx, seen.fy, seen.cx, seen.cy
    made.model = rs.distortion.brown_conrady
    made.coeffs = [0.0] * 5
    return made


def _extrinsics(rs: Any, rig: Rig) -> Any:
    """From the infrared eye to the colour eye."""
    made = rs.extrinsics()
    made.rotation = np.reshape(rig.rotation, (3, 3)).T.ravel().tolist()  # by columns there
    made.translation = [value / 1000.0 for value in rig.translation]
    return made


def _frame(
    rs: Any,
    image: ColorImage | DepthImage | InfraredImage,
    stream: Any,
    at_ms: float,
    number: int,
    other_clock: bool = False,
) -> Any:
    frame = rs.software_video_frame()
    frame.pixels = np.ascontiguousarray(image)  # which the library copies
    frame.bpp = image.dtype.itemsize * (image.shape[2] if image.ndim == 3 else 1)
    frame.stride = image.shape[1] * frame.bpp
    frame.timestamp = at_ms
    clocks = rs.timestamp_domain
    frame.domain = clocks.system_time if other_clock else clocks.hardware_clock
    frame.frame_number = number
    frame.profile = stream.as_video_stream_profile()
    return frame
