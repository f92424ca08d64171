"""Shares with an interval, so that three refusals are no alarm. Pure."""

from dataclasses import dataclass
from math import log

from kioskd.fleet.interval import wilson

Z = 2.576  # of a two-sided interval of 99 %
TIMES = 2.0  # a door refuses more than the fleet if its rate is surely above so many times that
UNLIKELY = 1e-4  # that so many are refused in a row at a door as it was


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        """Within which the true share lies by 99 % (Wilson's score interval, 1927)."""
        if not self.whole:
            return 0.0, 1.0
        low, high = wilson(self.part, self.whole, Z)
        return max(0.0, low), min(1.0, high)  # beyond them by rounding alone


def above(door: Share, fleet: Share) -> bool:
    """Whether a door surely refuses far more than the whole fleet does."""
    return door.interval[0] > TIMES * (fleet.rate or 0.0)


def nobody_passes(in_a_row: int, before: Share) -> bool:
    """Whether so many refused one after the other can be no chance at this door.

    before  refused of all at this door before; its upper bound counts, so a new door has time
    """
    likely = min(0.99, before.interval[1])
    return in_a_row > 0 and in_a_row * log(likely) < log(UNLIKELY)
