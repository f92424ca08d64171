"""What the RealSense library complains of, kept in memory: some of it is told in no other way."""

import os
from dataclasses import dataclass
from functools import cache
from time import monotonic, monotonic_ns, sleep
from typing import Any

_PUSHED_S = 2.0  # enough for what was logged to be written
_NAP_S = 0.002


@cache
def _log(rs: Any) -> int:
    """A descriptor of what the library logs, of which there is one place per process.

    It has to be "info": asked for errors alone, this library writes nothing.
    """
    fd = os.memfd_create("kioskd-librealsense")
    rs.log_to_file(rs.log_severity.info, f"/proc/self/fd/{fd}")
    return fd


@dataclass(frozen=True, slots=True)
class Complaints:
    """What was logged by the process since some moment."""

    _rs: Any
    _fd: int
    _from: int  # bytes

    @classmethod
    def from_now(cls, rs: Any) -> "Complaints":
        fd = _log(rs)
        return cls(rs, fd, len(_written(rs, fd)))

    @property
    def text(self) -> str:
        return _written(self._rs, self._fd)[self._from :].decode(errors="replace")


def _written(rs: Any, fd: int) -> bytes:
    """All by now. What is logged is written when more follows, so something of ours does."""
    mark = f"kioskd {monotonic_ns()}"
    gives_up_at = monotonic() + _PUSHED_S
    while True:
        rs.log(rs.log_severity.info, mark)
        sleep(_NAP_S)
        written = os.pread(fd, os.fstat(fd).st_size, 0)
        if mark.encode() in written or monotonic() > gives_up_at:
            return written
