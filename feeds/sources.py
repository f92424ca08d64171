"""Opens what a feed's settings name, and reads it image by image.

A further kind of camera is a further class with `read` and `close`, and a line in `opened`.
"""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import assert_never

from feeds import hardware, imaging, knock, motion_jpeg, naming, vp8
from feeds.decoded import Decoded
from feeds.feed_settings import (
    FileSource,
    RealSenseSource,
    RecordingSource,
    Source,
    StreamSource,
    UsbSource,
)
from feeds.opened_source import Reader, Shot
from feeds.opened_source import SourceError as SourceError
from feeds.realsense import opening
from feeds.recording import RecordingError, is_recording, read_index
from feeds.urls import Address, UrlError, allowed, parts, redact

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})
FOLDER_FPS = 10.0  # of a folder of images whose settings name no rate
_KNOCK_S, _KNOCK_MORE_S = 4.0, 1.5  # how long is asked why; and beyond the time for opening
READ_GRACE_S = 0.5  # a read gives up so long after the feed counts as stalled
# A read that gives no image and took no time waited for nothing: so many in a row are an end.
_AT_ONCE_S, _ENDED_AFTER = 0.005, 40
_TELLING = ("H264", "HEVC")  # codecs whose decoders are set up anew for pictures of another size
_SILENT_AFTER = 2  # reads in a row in which nothing came


def opened(source: Source, *, open_s: float, stall_s: float) -> Reader:
    """Opens a source, however its device is called today. Raises SourceError."""
    match source:
        case UsbSource():
            return _opened_usb(source, stall_s)
        case StreamSource():
            return _opened_stream(source, open_s, stall_s)
        case FileSource():
            folder = os.path.isdir(source.path)
            return FolderReader(source) if folder else VideoReader(source)
        case RealSenseSource():
            return opening.open_camera(source, open_s=open_s, stall_s=stall_s)
        case RecordingSource():
            return opening.open_recording(source, stall_s=stall_s)
    assert_never(source)


class LiveReader:
    """A camera: images come when they come."""

    def __init__(
        self, capture: imaging.Capture, *, has_clock: bool, name: str, patience_s: float
    ) -> None:
        """An image may take `patience_s`."""
        self._capture = capture
        self._pictures = Decoded(capture, name)
        self._has_clock = has_clock
        self._name = name
        self._patience_s = patience_s
        self.period_s = None if capture.fps is None else 1.0 / capture.fps

    def read(self) -> Shot | None:
        return self._read_within(self._patience_s)

    def _read_within(self, limit_s: float) -> Shot | None:
        """The next image. A read that gives none is tried again, unless that is the end.

        A packet that was damaged on its way gives none, and the next may be whole. But at a
        stream's end there is nothing to wait for, and a camera that fell silent stays so.
        """
        gives_up_at = monotonic() + limit_s
        at_once = silent = 0
        while at_once < _ENDED_AFTER and silent < _SILENT_AFTER:
            began_at = monotonic()
            image = self._pictures.read()
            arrived_at = monotonic()
            if image is not None:
                position_s = self._pictures.position_s if self._has_clock else None
                return Shot(image, began_at, arrived_at, position_s)
            if arrived_at >= gives_up_at:
                self._given_up(limit_s)
                break
            took_s = arrived_at - began_at
            at_once = at_once + 1 if took_s < _AT_ONCE_S else 0
            silent = silent + 1 if took_s >= self._patience_s else 0
            sleep(_AT_ONCE_S)
        return None

    def _given_up(self, waited_s: float) -> None:
        """The time was over, but something came all along."""

    def close(self) -> None:
        self._capture.release()


class StreamReader(LiveReader):
    """A network camera. Its first image may take longer: what only changes comes before it."""

    def __init__(
        self,
        capture: imaging.Capture,
        *,
        has_clock: bool,
        name: str,
        patience_s: float,
        first_s: float,
    ) -> None:
        super().__init__(capture, has_clock=has_clock, name=name, patience_s=patience_s)
        self._first_s = first_s
        self._begun = False
        self._telling = capture.codec in _TELLING

    def read(self) -> Shot | None:
        shot = self._read_within(self._patience_s if self._begun else self._first_s)
        if self._telling and self._pictures.changed:
            raise SourceError("picture_changed", naming.picture_changed(self._name))
        self._begun = True
        return shot

    def _given_up(self, waited_s: float) -> None:
        if not self._begun:
            waited_s -= READ_GRACE_S
            raise SourceError("no_key_frame", naming.no_key_frame(self._name, waited_s))


def _opened_usb(source: UsbSource, stall_s: float) -> LiveReader:
    node = naming.node(source)
    device = os.path.realpath(node)  # a by-id name may lead to another node after re-plugging
    _check_device(node, device)
    if not source.virtual and (called := hardware.virtual(device)) is not None:
        raise SourceError("virtual_camera", naming.virtual(node, called))
    capture = imaging.open_device(
        device,
        width=source.width,
        height=source.height,
        fps=source.fps,
    )
    if capture is None:
        raise SourceError("open_failed", f"{node} is not a camera that can deliver images")
    return LiveReader(capture, has_clock=True, name=node, patience_s=stall_s + READ_GRACE_S)


def _check_device(node: str, device: str) -> None:
    if not device.startswith("/dev/"):
        raise SourceError("open_failed", f"{node} is not a device under /dev")
    try:
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        code = "no_camera" if error.errno in _GONE else "open_failed"
        raise SourceError(code, f"{node} {_why(error)}") from error


_GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)


def _why(error: OSError) -> str:
    match error.errno:
        case gone if gone in _GONE:
            return "is not there: plug the camera in; `kioskd devices` lists those that are"
        case errno.EACCES | errno.EPERM:
            return "may not be opened: add the user to the group video"
        case errno.EBUSY:
            return "is in use by another program"
    return f"cannot be opened: {error.strerror}"


def _opened_stream(source: StreamSource, open_s: float, stall_s: float) -> Reader:
    began_at = monotonic()
    try:
        url = allowed(source.url)
        address = parts(url)
    except UrlError as error:
        raise SourceError("refused", str(error)) from error
    patience_s = stall_s + READ_GRACE_S
    if url.startswith("http"):
        reader = motion_jpeg.opened(url, address, open_s=open_s, patience_s=patience_s)
        if reader is not None:
            return reader
    try:
        capture = imaging.open_capture(
            url,
            open_timeout_s=open_s,
            read_timeout_s=open_s + READ_GRACE_S,
            silence_s=patience_s,
            transport=source.transport,
        )
    except imaging.NoKeyFrameError as error:
        raise SourceError("no_key_frame", naming.no_key_frame(redact(url), open_s)) from error
    if capture is None:
        left_s = began_at + open_s + _KNOCK_MORE_S - monotonic()
        raise SourceError("open_failed", _why_not(url, address, min(left_s, _KNOCK_S)))
    return StreamReader(
        capture,
        has_clock=True,
        name=redact(url),
        patience_s=patience_s,
        first_s=open_s + READ_GRACE_S,
    )


def _why_not(url: str, address: Address, within_s: float) -> str:
    if address.scheme.startswith("http"):
        return f"{redact(url)} answers, but with no video that can be read: use its RTSP address"
    return f"{redact(url)} {knock.why(url, address, max(within_s, 0.5))}"


class VideoReader:
    """A video file, at its own rate or the one in the settings."""

    def __init__(self, source: FileSource) -> None:
        if not os.path.isfile(source.path):
            raise SourceError("no_file", f"{source.path}: there is no such file or folder")
        capture = imaging.open_file(os.path.abspath(source.path))
        if capture is None:
            raise SourceError("open_failed", f"{source.path}: is not a video that can be read")
        self._capture = capture
        self._pictures = Decoded(capture, source.path)
        self._pictures.look_ahead()
        self._sizes = vp8.Sizes(source.path) if capture.codec == vp8.CODEC else None
        self._fps = source.fps
        self.period_s = 1.0 / (source.fps or capture.fps or FOLDER_FPS)
        self._path = source.path
        self._count = 0
        self._position_s = 0.0

    def read(self) -> Shot | None:
        began_at = monotonic()
        image = self._pictures.read()
        if self._pictures.changed or (self._sizes is not None and self._sizes.changed()):
            sentence = naming.picture_changes(self._path, self._position_s)
            raise SourceError("picture_changed", sentence)
        if image is None:
            if self._count == 0:
                raise SourceError("open_failed", f"{self._path}: holds no image")
            return None
        self._position_s = self._next_position_s()
        self._count += 1
        return Shot(image, began_at, monotonic(), self._position_s)

    def close(self) -> None:
        self._capture.release()
        if self._sizes is not None:
            self._sizes.close()

    def _next_position_s(self) -> float:
        if self._fps is not None:
            return self._count * self.period_s
        if self._count == 0:
            return 0.0
        told_s = self._pictures.position_s
        return told_s if told_s > self._position_s else self._position_s + self.period_s


class FolderReader:
    """A folder of images: a recording as it was recorded, others in the order of their names."""

    def __init__(self, source: FileSource) -> None:
        self.period_s = 1.0 / (source.fps or FOLDER_FPS)
        folder = Path(source.path)
        recorded = source.fps is None and is_recording(folder)
        images = _recorded(folder) if recorded else _images(folder, self.period_s)
        if not images:
            kinds = ", ".join(sorted(suffix[1:] for suffix in IMAGE_SUFFIXES))
            raise SourceError("open_failed", f"{source.path}: holds no image ({kinds})")
        self._left = iter(images)

    def read(self) -> Shot | None:
        began_at = monotonic()
        if (shown := next(self._left, None)) is None:
            return None
        try:
            image = imaging.read_image(str(shown.path))
        except imaging.ImageFileError as error:
            raise SourceError("unreadable", str(error)) from error
        return Shot(image, began_at, monotonic(), shown.position_s, begins=shown.begins)

    def close(self) -> None:
        self._left = iter(())


@dataclass(frozen=True, slots=True)
class _Shown:
    """An image of a folder and when to show it; `begins` as in Shot."""

    path: Path
    position_s: float
    begins: bool = False


def _images(folder: Path, period_s: float) -> list[_Shown]:
    """The images that lie in a folder, and when to show each. Of a recording the colour ones."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    shown = [path for path in found if not path.stem.endswith((".depth", ".infrared"))]
    return [_Shown(path, number * period_s) for number, path in enumerate(shown)]


def _recorded(folder: Path) -> list[_Shown]:
    """As a camera gave them: where it was opened anew, that is to be seen too."""
    try:
        entries = read_index(folder)
    except RecordingError as error:
        raise SourceError("unreadable", str(error)) from error
    began_at = entries[0].captured_at if entries else 0.0
    sessions = [entry.session for entry in entries]
    return [
        _Shown(folder / e.color, e.captured_at - began_at, begins=e.session != before)
        for e, before in zip(entries, [*sessions[:1], *sessions], strict=False)
    ]
