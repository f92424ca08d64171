"""Whether this machine's wall clock can be believed."""

import ctypes
import time
from dataclasses import dataclass

_STA_UNSYNC = 0x0040  # linux/timex.h
_STA_NANO = 0x2000  # the offset is in nanoseconds, and not in microseconds
_TIME_ERROR = 5  # return value of adjtimex(2) when the clock is not synchronised
_MADE = 1.76e9  # unix seconds: kioskd is younger than this, so a clock before it is wrong


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as `status`; the rest is room for the kernel."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


@dataclass(frozen=True, slots=True)
class ClockQuality:
    """What the kernel knows of the wall clock.

    synchronised  whether a time service keeps it; None if the kernel will not say
    offset_ms     by how much it is still being set right, milliseconds; positive: it is behind
    error_ms      by how much it may be wrong at most, as the time service reckons

    The latter two are None where no time service keeps it.
    """

    synchronised: bool | None = None
    offset_ms: float | None = None
    error_ms: float | None = None


UNKNOWN = ClockQuality()


def quality() -> ClockQuality:
    """What the kernel says now."""
    timex = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return UNKNOWN
    return UNKNOWN if state < 0 else _told(state, timex)


def _told(state: int, timex: _Timex) -> ClockQuality:
    if state == _TIME_ERROR or timex.status & _STA_UNSYNC:
        return ClockQuality(False)
    unit = 1e6 if timex.status & _STA_NANO else 1e3
    return ClockQuality(True, timex.offset / unit, timex.maxerror / 1e3)


def synchronised() -> bool | None:
    """Whether the kernel says that a time service keeps the clock; None if it will not say."""
    return quality().synchronised


def doubt(kept: bool | None, wall: float) -> str | None:
    """Why the wall clock cannot be believed, from `synchronised` and what it says; None if it can.

    wall  unix seconds
    """
    advice = "run `timedatectl set-ntp true`, or install chrony"
    if wall < _MADE:
        year = time.gmtime(wall).tm_year
        return f"the clock says that it is {year}, so {_COST}: set it, and {advice}"
    if kept is None:
        return f"the kernel does not say whether a time service keeps the clock; if not, {_COST}"
    return None if kept else f"no time service keeps the clock, so {_COST}: {advice}"


_COST = (
    "controllers may take every event for late and keep the door shut, and nothing is deleted from "
    "the audit log"
)
