"""Listens to FFmpeg's own talk, for the one thing that OpenCV does not pass on.

OpenCV gives every image of a stream or file in the size of the first: where the size or shape of
the pictures changes in the middle, they come stretched. But FFmpeg tells on standard output each
time it sets a decoder up, which it does again for another size.
"""

import ctypes
import os

_SET_UP = b"chosen by get_format"
_LEVEL = "48"  # AV_LOG_DEBUG, at which it is told
_STANDARD_OUTPUT = 1


class DecoderLog:
    """Standard output of this process, kept in memory; for one that needs it for nothing else."""

    def __init__(self) -> None:
        """To be made before OpenCV is loaded, which reads the level then."""
        os.environ["OPENCV_FFMPEG_LOGLEVEL"] = _LEVEL
        self._fd = os.memfd_create("kioskd-ffmpeg")
        os.dup2(self._fd, _STANDARD_OUTPUT)
        self._flush = ctypes.CDLL(None).fflush
        self._end = b""

    def told(self) -> bool:
        """Whether a decoder was set up since the last call. What was said is then forgotten."""
        self._flush(None)
        size = os.lseek(_STANDARD_OUTPUT, 0, os.SEEK_CUR)
        if size == 0:
            return False
        said = self._end + os.pread(self._fd, size, 0)
        os.lseek(_STANDARD_OUTPUT, 0, os.SEEK_SET)
        os.ftruncate(self._fd, 0)
        self._end = said[1 - len(_SET_UP) :]
        return _SET_UP in said


_log: DecoderLog | None = None


def listen() -> None:
    """Takes standard output, from now on."""
    global _log
    _log = DecoderLog()


def set_up() -> bool:
    """Whether a decoder was set up since the last call; False where nobody listens."""
    return _log is not None and _log.told()
