"""Keeps what a depth feed shows in the RealSense library's own format.

The depth that is kept is the one that was judged, aligned to the colours, so that a recording
played again shows the same frames. Whatever begins anew gets a file of its own.
"""

from contextlib import suppress
from errno import EIO, ENOENT
from math import isfinite
from pathlib import Path

from feeds.frame import Frame
from feeds.realsense.library import NoLibraryError
from feeds.realsense.recording_reader import KEPT
from feeds.realsense.recording_writer import RecordingWriter, Scene


class DepthRecording:
    """.db3 files in a folder: realsense-0.db3 for the first session of a feed, and so on.

    Raises OSError where they cannot be written.
    """

    def __init__(self, folder: Path, serial: str) -> None:
        self._folder = folder
        self._serial = serial
        self._writer: RecordingWriter | None = None
        self._like: tuple[object, ...] = ()
        self.files: list[Path] = []

    def add(self, frame: Frame) -> None:
        """Keeps a depth camera's frame; others are left out."""
        if frame.rig is None:
            return
        infrared = None if frame.infrared is None else frame.infrared.shape
        like = (frame.session, frame.rig, frame.color.shape, infrared)
        if self._writer is None or like != self._like:
            self.close()
            self._writer, self._like = self._begun(frame), like
        self._writer.add(_scene(frame))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @property
    def bytes(self) -> int:
        """What is on the disk by now."""
        size = 0
        for file in self.files:
            with suppress(FileNotFoundError):
                size += file.stat().st_size
        return size

    def _begun(self, frame: Frame) -> RecordingWriter:
        assert frame.rig is not None
        path = self._folder / f"realsense-{len(self.files)}.db3"
        self.files.append(path)
        try:
            return RecordingWriter(path, frame.rig, serial=self._serial, name=KEPT, aligned=True)
        except NoLibraryError as error:
            raise OSError(ENOENT, str(error), str(path)) from error
        except RuntimeError as error:  # an older library knows .bag alone
            sentence = "cannot be written: pyrealsense2 2.58 or newer is needed"
            raise OSError(EIO, sentence, str(path)) from error


def _scene(frame: Frame) -> Scene:
    gap_s = frame.depth_gap_s if frame.depth_gap_s is not None else frame.infrared_gap_s
    comparable = gap_s is not None and isfinite(gap_s)
    return Scene(
        color=frame.color,
        depth=frame.depth if comparable else None,
        infrared=frame.infrared,
        depth_lag_s=gap_s if comparable and gap_s is not None else 0.0,
        at_s=frame.captured_at,
    )
