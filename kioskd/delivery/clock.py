"""The clocks delivery lives by. Tests bring their own."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kioskd import time_service
from kioskd.time_service import ClockQuality


@dataclass(frozen=True, slots=True)
class Reading:
    """The wall clock, and what speaks for it.

    wall          unix seconds
    zero          unix seconds at which the machine started, as this clock has it: only setting
                  the clock moves it, and no correction of its rate
    boot          the kernel's name for this start of the machine
    synchronised  a time service keeps it; None if the kernel will not say
    offset_ms, error_ms  as in ClockQuality
    """

    wall: float
    zero: float
    boot: str
    synchronised: bool | None
    offset_ms: float | None = None
    error_ms: float | None = None

    @property
    def quality(self) -> ClockQuality:
        return ClockQuality(self.synchronised, self.offset_ms, self.error_ms)


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds on the clock that frames are stamped with."""
        ...

    def wall(self) -> float:
        """Unix seconds."""
        ...

    def reading(self) -> Reading: ...


class SystemClock:
    def __init__(self) -> None:
        self._boot = _boot()

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def reading(self) -> Reading:
        # This clock counts the machine's sleep as well, as the wall clock does.
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        wall = time.time()
        told = time_service.quality()
        return Reading(
            wall,
            wall - since_boot,
            self._boot,
            told.synchronised,
            told.offset_ms,
            told.error_ms,
        )


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""  # each start of the daemon then counts as one of the machine
