"""The clocks delivery lives by. Tests bring their own."""

import time
from typing import Protocol


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds on the clock that frames are stamped with."""
        ...

    def wall(self) -> float:
        """Unix seconds."""
        ...


class SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()
