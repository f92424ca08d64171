"""What an installer must know of a camera's pictures before a door relies on them. Pure."""

import numpy as np

from feeds import naming
from feeds.frame import Frame
from feeds.pace import LEAST_RATE

SEVERAL = 5  # pictures
LONG_S = 1.0
DULL = 6.0  # levels of standard deviation; a scene in light has 30 and more


class Pictures:
    """Several pictures of one camera, put in as they come."""

    def __init__(self) -> None:
        self.first: Frame | None = None
        self._last: Frame | None = None
        self._count = 0
        self._deviation = 0.0  # of the picture with the most in it

    def add(self, frame: Frame) -> None:
        if self.first is None or frame.session != self.first.session:
            self.first, self._count = frame, 0
        self._last = frame
        self._count += 1
        self._deviation = max(self._deviation, float(np.std(frame.color[::8, ::8])))

    @property
    def whole(self) -> bool:
        """Whether enough was seen."""
        return self._count >= SEVERAL and self._long_s >= LONG_S

    @property
    def rate(self) -> float | None:
        """Pictures per second, by the times at which they were taken; None of too few."""
        if self.first is None or self._last is None or self._long_s <= 0 or self._count < 3:
            return None
        return (self._last.number - self.first.number) / self._long_s

    @property
    def fault(self) -> str:
        """What is wrong with the pictures and what to do; "" if nothing is."""
        if self._deviation < DULL:
            return (
                "shows hardly anything, it is dark or of one colour: take the cap off its lens,"
                " switch its privacy mask off, add light"
            )
        rate = self.rate
        if rate is None:
            return "gives too few pictures to tell more: look at its cable and its frame rate"
        return naming.too_slow(rate) if rate < LEAST_RATE else ""

    @property
    def _long_s(self) -> float:
        if self.first is None or self._last is None:
            return 0.0
        return self._last.captured_at - self.first.captured_at
