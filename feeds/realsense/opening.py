"""Opens a RealSense camera, or a recording of one.

The configured serial number is the camera. Another one in its place is refused, and so is one
without depth: a feed that should show depth never falls back to colours alone.
"""

import os
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

from feeds import naming
from feeds.feed_settings import RealSenseSource, RecordingSource
from feeds.opened_source import SourceError
from feeds.realsense.camera_reader import CameraReader
from feeds.realsense.library import Attached, NoLibraryError, attached_of, loaded
from feeds.realsense.library_log import Complaints
from feeds.realsense.recording_reader import RecordingReader

COLOR = (1280, 720)  # at every model: a face must be large enough in it to be judged
FPS = 30
# Width and height at which the makers say each model measures best.
DEPTH = {"D415": (1280, 720), "D435": (848, 480)}
OTHER_DEPTH = (848, 480)
_BEGUN = 5  # times a recording is begun, until it begins with images that belong together


def open_camera(source: RealSenseSource, *, open_s: float, stall_s: float) -> CameraReader:
    """Opens the camera of this serial number and no other. Raises SourceError."""
    rs = _library()
    try:
        camera = _chosen(rs, source)
        reader = _started(rs, source, camera, stall_s)
        reader.await_first(open_s)
    except RuntimeError as error:
        sentence = f"{naming.shown(source)} {_trouble(str(error))}"
        raise SourceError("open_failed", sentence) from error
    return reader


def open_recording(source: RecordingSource, *, stall_s: float) -> RecordingReader:
    """Opens a recording; none of its images is ever dropped. Raises SourceError."""
    if not os.path.isfile(source.path):
        raise SourceError("no_file", f"{source.path}: there is no such file")
    rs = _library()
    for _ in range(_BEGUN - 1):
        reader = _begun(rs, source, stall_s)
        if reader.begins_whole():
            return reader
        reader.close()
    reader = _begun(rs, source, stall_s)
    reader.begins_whole()  # or it does begin with colours that have no depth
    return reader


def _begun(rs: Any, source: RecordingSource, stall_s: float) -> RecordingReader:
    complaints = Complaints.from_now(rs)
    config, pipeline = rs.config(), rs.pipeline()
    try:
        config.enable_device_from_file(source.path, repeat_playback=False)
        device = config.resolve(rs.pipeline_wrapper(pipeline)).get_device()
        _check_serial(attached_of(rs, device), source)
        _check_depth(device, source.path)
        playback = device.as_playback()
        playback.set_real_time(False)  # we pace it ourselves
        playback.pause()  # or it would begin before every stream is listened to
        profile = pipeline.start(config)
        # Beside us, as it returns only when images have gone through, and we are to take them.
        Thread(target=playback.resume, daemon=True).start()
    except RuntimeError as error:
        sentence = f"{source.path}: is not a RealSense recording, or is damaged"
        raise SourceError("open_failed", sentence) from error
    return RecordingReader(rs, pipeline, profile, source.path, stall_s, playback, complaints)


def _library() -> ModuleType:
    try:
        return loaded()
    except NoLibraryError as error:
        raise SourceError("no_library", str(error)) from error


# -- which camera, and how it is set up


def _chosen(rs: Any, source: RealSenseSource) -> Any:
    devices = list(rs.context().query_devices())
    found = [attached_of(rs, device) for device in devices]
    for device, camera in zip(devices, found, strict=True):
        if camera.serial == source.serial:
            check_camera(camera, source)
            _check_depth(device, naming.shown(source))
            return camera
    raise SourceError("no_camera", missing(source, found, plugged_in=plugged_in()))


def plugged_in(sys: Path = Path("/sys")) -> bool:
    """Whether the kernel sees a RealSense camera, which the library may not be allowed to open."""
    for file in (sys / "bus/usb/devices").glob("*/product"):
        with suppress(OSError):
            if "RealSense" in file.read_text(errors="replace"):
                return True
    return False


def missing(source: RealSenseSource, found: list[Attached], *, plugged_in: bool) -> str:
    """The sentence for a camera that is not among those found."""
    if not found and plugged_in:
        return (
            f"{naming.shown(source)} may not be opened: install the udev rules"
            " (docs/install/realsense.md) and re-plug it"
        )
    if not found:
        return f"{naming.shown(source)} is not there: plug it into a USB 3 port"
    others = ", ".join(f"{camera.serial} ({camera.name})" for camera in found)
    return (
        f"{naming.shown(source)} is not there, and {others} is not taken for it:"
        " plug the right one in, or change serial in the configuration"
    )


def check_camera(camera: Attached, source: RealSenseSource) -> None:
    """Raises SourceError for a camera that is there but cannot do its work."""
    if camera.usb.startswith(("1", "2")):
        raise SourceError(
            "open_failed",
            f"{naming.shown(source)} is connected by USB {camera.usb}, too slow for depth and"
            " colours: use a USB 3 port and cable",
        )


def depth_size(name: str) -> tuple[int, int]:
    """Width and height of the depth image for a camera of this name."""
    return next((size for model, size in DEPTH.items() if model in name), OTHER_DEPTH)


def _started(rs: Any, source: RealSenseSource, camera: Attached, stall_s: float) -> CameraReader:
    config, pipeline = rs.config(), rs.pipeline()
    config.enable_device(source.serial)
    stream, form = rs.stream, rs.format
    config.enable_stream(stream.color, *COLOR, form.bgr8, FPS)
    config.enable_stream(stream.depth, *depth_size(camera.name), form.z16, FPS)
    config.enable_stream(stream.infrared, 1, *depth_size(camera.name), form.y8, FPS)
    profile = pipeline.start(config)
    device = profile.get_device()
    _check_serial(attached_of(rs, device), source)
    _switch_emitter(rs, device.first_depth_sensor(), source)
    return CameraReader(rs, pipeline, profile, naming.shown(source), stall_s)


def _switch_emitter(rs: Any, sensor: Any, source: RealSenseSource) -> None:
    if sensor.supports(rs.option.emitter_enabled):
        sensor.set_option(rs.option.emitter_enabled, float(source.emitter))
    elif source.emitter:
        raise SourceError(
            "open_failed", f"{naming.shown(source)} has no infrared emitter: set emitter to false"
        )


def _check_serial(camera: Attached, source: RealSenseSource | RecordingSource) -> None:
    if source.serial is not None and camera.serial != source.serial:
        raise SourceError(
            "no_camera",
            f"{naming.shown(source)} should be camera {source.serial}, but it is {camera.serial}",
        )


def _check_depth(device: Any, name: str) -> None:
    with suppress(RuntimeError):
        device.first_depth_sensor()
        return
    raise SourceError("no_depth", f"{name} has no depth: a D415 or D435 is needed")


def _trouble(message: str) -> str:
    """What keeps a camera that is there from starting, from the library's own words."""
    lower = message.lower()
    if "busy" in lower:
        return "is in use by another program"
    if "access" in lower or "permission" in lower:
        return (
            "may not be opened: install the udev rules (docs/install/realsense.md) and re-plug it"
        )
    if "resolve" in lower:
        return "cannot give the images asked for: use a USB 3 port, and a D415 or D435"
    return f"cannot be started: {message.splitlines()[0] if message else 'no reason given'}"
