"""Whether this machine's wall clock can be believed."""

import ctypes

_STA_UNSYNC = 0x0040  # linux/timex.h
_TIME_ERROR = 5  # return value of adjtimex(2) when the clock is not synchronised


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


def synchronised() -> bool | None:
    """Whether the kernel says that a time service keeps the clock; None if it will not say."""
    timex = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    return state != _TIME_ERROR and not timex.status & _STA_UNSYNC
