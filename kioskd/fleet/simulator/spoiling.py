"""What goes wrong between a kiosk and the record, on purpose and by a seed. Pure."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from kioskd.fleet.simulator.kiosk import Said
from kioskd.fleet.simulator.story import HOUR_S

OUTAGE_S = (60.0, 4 * 3600.0)  # how long a kiosk has no broker
LATE_S = (1.0, 600.0)  # by how much a row comes after those that follow it
AGAIN_S = (0.0, 3600.0)  # after which it comes once more
CLOCKS_S = (-(10.0**9), -86400.0, -3600.0, 3600.0, 86400.0)  # by which a clock may be off


@dataclass(frozen=True, slots=True)
class Shares:
    """How much is spoilt.

    outages  of hours, those in which a kiosk loses its broker; all it says comes later, in order
    late     of rows, those that come after some that follow them
    again    of rows, those that come twice
    lost     of rows, those that never come
    forged   of rows, those beside which another comes that the kiosk did not sign
    clocks   of kiosks, those whose clock is off by an hour, a day or thirty years
    """

    outages: float = 0.0
    late: float = 0.0
    again: float = 0.0
    lost: float = 0.0
    forged: float = 0.0
    clocks: float = 0.0


def clock_off_s(seed: int, name: str, share: float) -> float:
    """By how much a kiosk's clock is off."""
    rng = Random(f"{seed}/{name}/clock")
    return rng.choice(CLOCKS_S) if rng.random() < share else 0.0


def spoilt(course: Iterable[Said], shares: Shares, rng: Random) -> Iterator[Said]:
    """One kiosk's words as they reach the broker, in order of time, each with what was done to it.

    `lost` ones come too, marked so: whoever sends leaves them out and counts them.
    """
    waiting: list[tuple[float, int, Said]] = []
    order = count()
    outages = _Outages(shares.outages, rng)

    def due(until: float) -> Iterator[Said]:
        while waiting and waiting[0][0] <= until:
            at, _, said = heapq.heappop(waiting)
            yield replace(said, at=at)

    for said in course:
        yield from due(said.at)
        for at, word in _fates(said, shares, rng):
            heapq.heappush(waiting, (max(at, outages.over_at(at)), next(order), word))
        yield from due(said.at)
    yield from due(float("inf"))


def _fates(said: Said, shares: Shares, rng: Random) -> Iterator[tuple[float, Said]]:
    """What becomes of one word: when it comes, and how."""
    if said.what != "row":
        yield said.at, said
        return
    if rng.random() < shares.lost:
        yield said.at, replace(said, spoilt="lost")
        return
    if rng.random() < shares.late:
        yield said.at + rng.uniform(*LATE_S), replace(said, spoilt="late")
    else:
        yield said.at, said
    if rng.random() < shares.again:
        yield said.at + LATE_S[1] + rng.uniform(*AGAIN_S), replace(said, spoilt="again")
    if rng.random() < shares.forged:
        yield said.at, replace(said, body=_forged(said.body), spoilt="forged")


def _forged(body: bytes) -> bytes:
    """The row with another verdict, under the signature of the true one."""
    changed = body.replace(b'"verdict":"undecided"', b'"verdict":"passed"')
    return changed if changed != body else body.replace(b'"seq":', b'"seq":9', 1)


class _Outages:
    """Hours in which the broker is away for a while."""

    def __init__(self, share: float, rng: Random) -> None:
        self._share, self._rng = share, rng
        self._hour, self._from, self._over = -1, 0.0, 0.0

    def over_at(self, at: float) -> float:
        """When what is said at that moment can leave."""
        if at < self._over:
            return self._over if at >= self._from else at
        if (hour := int(at // HOUR_S)) > self._hour:
            self._hour = hour
            if self._rng.random() < self._share:
                self._from = hour * HOUR_S + self._rng.random() * HOUR_S
                self._over = self._from + self._rng.uniform(*OUTAGE_S)
        return self._over if self._from <= at < self._over else at
