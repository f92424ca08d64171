"""Writes recordings as a RealSense camera would have made them, without a camera.

For generated scenes only: what was rendered is played through the very road that a camera's
images take. A generated recording names itself so in the device's name.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from feeds import realsense
from feeds.frame import ColorImage, DepthImage, InfraredImage, Intrinsics, Rig

MARK = " (generated)"
_FLUSH_EVERY = 10  # frames; what is not yet on the disk lies in memory


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One instant as the camera's eyes saw it. None: this eye gave nothing.

    depth       (h, w) uint16 in the infrared camera's own view, not aligned to the colours
    infrared    (h, w) uint8
    depth_lag_s how much later than `color` depth and infrared were taken
    """

    color: ColorImage | None
    depth: DepthImage | None
    infrared: InfraredImage | None = None
    depth_lag_s: float = 0.0


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
    """Writes a .db3 recording; `rig.infrared` must be given, as depth has the same geometry.

    `units_m` is what one step of depth means, metres. A recording made `with_depth` False is
    that of a camera without a depth sensor. No two scenes should hold the same depth bit by
    bit: real depth is never without noise, and a feed takes repeated depth for a fault.
    """
    rs = realsense.library()
    assert rig.infrared is not None
    device = _device(rs, serial, model + MARK)
    stereo, color = device.add_sensor("Stereo Module"), device.add_sensor("RGB Camera")
    streams = _streams(rs, stereo, color, rig, fps, units_m, with_depth=with_depth)
    recorder = rs.recorder(str(path), device)
    drain = rs.frame_queue(1)  # newest wins, so that no frame is held
    sensors = recorder.query_sensors()
    sensors[0].open([streams[name] for name in ("depth", "infrared") if name in streams])
    sensors[1].open([streams["color"]])
    for sensor in sensors:
        sensor.start(drain)
    for number, scene in enumerate(scenes, 1):
        _give(rs, stereo, color, streams, scene, number, fps, units_m)
        if number % _FLUSH_EVERY == 0:
            recorder.pause()  # returns when all is written
            recorder.resume()
    for sensor in sensors:
        sensor.stop()
        sensor.close()
    recorder.pause()


def _device(rs: Any, serial: str, name: str) -> Any:
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


def _streams(
    rs: Any, stereo: Any, color: Any, rig: Rig, fps: int, units_m: float, *, with_depth: bool
) -> dict[str, Any]:
    assert rig.infrared is not None
    stream, form = rs.stream, rs.format
    streams = {
        "infrared": stereo.add_video_stream(
            _stream(rs, stream.infrared, 1, rig.infrared, 1, form.y8, fps), True
        ),
        "color": color.add_video_stream(
            _stream(rs, stream.color, 0, rig.color, 3, form.bgr8, fps), True
        ),
    }
    streams["infrared"].register_extrinsics_to(streams["color"], _extrinsics(rs, rig))
    if with_depth:
        streams["depth"] = stereo.add_video_stream(
            _stream(rs, stream.depth, 0, rig.infrared, 2, form.z16, fps), True
        )
        stereo.add_read_only_option(rs.option.depth_units, units_m)
        streams["depth"].register_extrinsics_to(streams["color"], _extrinsics(rs, rig))
        streams["depth"].register_extrinsics_to(
            streams["infrared"], _extrinsics(rs, Rig(rig.color))
        )
    return streams


def _stream(
    rs: Any, kind: Any, index: int, seen: Intrinsics, pixel_bytes: int, form: Any, fps: int
) -> Any:
    stream = rs.video_stream()
    stream.type, stream.index, stream.fmt, stream.fps = kind, index, form, fps
    stream.uid = 100 + int(kind)
    stream.width, stream.height, stream.bpp = seen.width, seen.height, pixel_bytes
    stream.intrinsics = _intrinsics(rs, seen)
    return stream


def _intrinsics(rs: Any, seen: Intrinsics) -> Any:
    made = rs.intrinsics()
    made.width, made.height = seen.width, seen.height
    made.fx, made.fy, made.ppx, made.ppy = seen.fx, seen.fy, seen.cx, seen.cy
    made.model = rs.distortion.brown_conrady
    made.coeffs = [0.0] * 5
    return made


def _extrinsics(rs: Any, rig: Rig) -> Any:
    made = rs.extrinsics()
    made.rotation = np.reshape(rig.rotation, (3, 3)).T.ravel().tolist()  # by columns there
    made.translation = [value / 1000.0 for value in rig.translation]
    return made


def _give(
    rs: Any,
    stereo: Any,
    color: Any,
    streams: dict[str, Any],
    scene: Scene,
    number: int,
    fps: int,
    units_m: float,
) -> None:
    at_ms = number * 1000.0 / fps
    late_ms = at_ms + scene.depth_lag_s * 1000.0
    if scene.depth is not None and "depth" in streams:
        depth = _frame(rs, scene.depth, streams["depth"], late_ms, number)
        depth.depth_units = units_m
        stereo.on_video_frame(depth)
    if scene.infrared is not None:
        stereo.on_video_frame(_frame(rs, scene.infrared, streams["infrared"], late_ms, number))
    if scene.color is not None:
        color.on_video_frame(_frame(rs, scene.color, streams["color"], at_ms, number))


def _frame(
    rs: Any,
    image: ColorImage | DepthImage | InfraredImage,
    stream: Any,
    at_ms: float,
    number: int,
) -> Any:
    frame = rs.software_video_frame()
    frame.pixels = np.ascontiguousarray(image)
    frame.bpp = image.dtype.itemsize * (image.shape[2] if image.ndim == 3 else 1)
    frame.stride = image.shape[1] * frame.bpp
    frame.timestamp = at_ms
    frame.domain = rs.timestamp_domain.hardware_clock
    frame.frame_number = number
    frame.profile = stream.as_video_stream_profile()
    return frame
