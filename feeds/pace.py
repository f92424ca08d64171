"""How many pictures a second a camera really gives. Pure: times are arguments."""

from collections import deque
from itertools import pairwise
from statistics import median

LEAST_RATE = 5.0  # pictures/s; below, a door sees too little of a person to decide anything
_LEARNT_FROM = 3  # intervals


class Pace:
    """The usual interval between pictures, which a single silence does not change."""

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque(maxlen=8)

    def note(self, arrived_at: float) -> None:
        self._arrivals.append(arrived_at)

    @property
    def rate(self) -> float | None:
        """Pictures per second; None until that can be said."""
        intervals = [after - before for before, after in pairwise(self._arrivals)]
        if len(intervals) < _LEARNT_FROM:
            return None
        return 1.0 / max(median(intervals), 0.001)

    @property
    def too_slow(self) -> bool:
        return self.rate is not None and self.rate < LEAST_RATE
