"""The rule by which a rollout goes on, waits or is taken back. Pure. See docs/install/rollout.md.

Refused are attempts that ended in anything but `passed`. Their share among the kiosks that have
the new layer is held against that of the same kiosks before; how much it rose, against how much
that of the rest of the fleet did; and what it is, against the worst that these kiosks had before in
as many attempts one after the other. What the whole fleet meets (a bright afternoon) raises the
rest too; a door that always refuses many did so before; and one whose lamp is off on Sundays has
had Sundays. Attempts are not independent, and by the intervals alone most harmless rollouts were
taken back (docs/measure/fleet.md).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal

from kioskd.fleet.interval import wilson

LEAST = 20  # attempts of a share that is compared at all
RISK = 0.001  # of halting where nothing is wrong, for all the kiosks together, at one look
ALARM_RISK = 0.001  # the same of alarms
ENOUGH = 50  # attempts with the new layer, before it goes on

Says = Literal["goes on", "waits", "halts"]
# Of kiosks by name, together: attempts in each hour of their past that had any, in order.
Hours = Callable[[Sequence[str]], "Sequence[Share]"]


@dataclass(frozen=True, slots=True)
class Share:
    """So many `of` the attempts, or kiosks, `of` which `bad` is told."""

    bad: int
    of: int

    @property
    def enough(self) -> bool:
        return self.of >= LEAST

    def __str__(self) -> str:
        return f"{self.bad} of {self.of}"


@dataclass(frozen=True, slots=True)
class Told:
    """One kiosk that was told the layer.

    taken    its record says that it holds
    refused  why it was not taken; "" where it was, or nothing is known yet
    since    attempts since it was taken, of which refused; before: of its own past
    fresh    attempts since then, and since this part of the rollout began
    present  it was heard of in the last minutes
    alarms   that began since then; `silent`: it is not heard of any more
    rang     whether any began in as long a time before
    """

    name: str
    taken: bool
    refused: str
    since: Share
    before: Share
    fresh: int = 0
    present: bool = True
    alarms: tuple[str, ...] = ()
    rang: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the rule asks about.

    rest         attempts at the kiosks without the layer since the first one was told
    rest_before  of these kiosks' own past
    rest_alarms  kiosks of these at which an alarm began since then
    hours        asked only of those that seem to do harm
    """

    told: Sequence[Told]
    rest: Share
    rest_before: Share
    rest_alarms: Share
    waited: bool
    out_of_patience: bool
    hours: Hours


def judge(seen: Seen) -> tuple[Says, str]:
    """What is to be done, and why in a sentence."""
    for one in seen.told:
        if one.refused:
            return "halts", f"{one.name} does not take it: {one.refused}"
    if harm := _harm(seen):
        return "halts", harm
    missing = [one.name for one in seen.told if not one.taken]
    attempts = sum(one.fresh for one in seen.told)
    if not missing and attempts >= ENOUGH and seen.waited:
        return "goes on", f"{attempts} attempts at {len(seen.told)} kiosks, and no harm seen"
    why = []
    if missing:
        named = ", ".join(missing[:3]) + (" and others" if len(missing) > 3 else "")
        why.append(f"{len(missing)} have not answered ({named})")
    if attempts < ENOUGH:
        why.append(f"{attempts} attempts of the {ENOUGH} that are needed")
    if not seen.waited:
        why.append("its time is not over")
    told = "; ".join(why)
    if seen.out_of_patience and (missing or attempts < ENOUGH):
        return "halts", f"nobody can say what it does: {told}"
    return "waits", told


def above(share: Share, other: Share, risk: float) -> bool:
    """Whether the first lies above the second, but for `risk` of saying so where they are alike.

    By the lower end of Newcombe's interval of a difference (1998, method 10, without continuity
    correction), which is made of Wilson's intervals of both and holds for small counts too.
    """
    return share.of > 0 and other.of > 0 and _rise(share, other, risk).low > 0


@dataclass(frozen=True, slots=True)
class _Rise:
    """A difference of two shares, and the ends of its interval."""

    found: float
    low: float
    high: float


def _rise(share: Share, other: Share, risk: float) -> _Rise:
    z = NormalDist().inv_cdf(1 - risk)
    low, high = wilson(share.bad, share.of, z)
    other_low, other_high = wilson(other.bad, other.of, z)
    first, second = share.bad / share.of, other.bad / other.of
    found = first - second
    return _Rise(
        found,
        found - sqrt((first - low) ** 2 + (other_high - second) ** 2),
        found + sqrt((high - first) ** 2 + (second - other_low) ** 2),
    )


def rises_more(rise: tuple[Share, Share], other: tuple[Share, Share], risk: float) -> bool:
    """Whether a share, of (since, before), rose by more than another, but for `risk`.

    The interval of the difference of two rises is made of theirs as Newcombe's is of two shares'
    (Donner and Zou 2002).
    """
    first, second = _rise(*rise, risk), _rise(*other, risk)
    more = first.found - second.found
    return more - sqrt((first.found - first.low) ** 2 + (second.high - second.found) ** 2) > 0


def _harm(seen: Seen) -> str:
    """What is worse than it was and than elsewhere, in a sentence; "" where nothing is."""
    together = _sum([one.since for one in seen.told]), _sum([one.before for one in seen.told])
    if _worse(*together, [one.name for one in seen.told], seen, RISK / 2):
        return f"refused are {together[0]} attempts, before {together[1]}, elsewhere {seen.rest}"
    each = RISK / 2 / max(1, len(seen.told))
    for one in seen.told:
        if _worse(one.since, one.before, [one.name], seen, each):
            return f"{one.name} refuses {one.since} attempts, before {one.before}"
    rang = [one for one in seen.told if one.alarms]
    alarmed = Share(len(rang), len(seen.told))
    before = Share(sum(one.rang for one in seen.told), len(seen.told))
    other, where = (seen.rest_alarms, "elsewhere") if seen.rest_alarms.of else (before, "before")
    if above(alarmed, other, ALARM_RISK):
        named = ", ".join(sorted({code for one in rang for code in one.alarms})[:3])
        return f"alarms began at {alarmed} kiosks ({named}), {where} at {other}"
    return ""


def _worse(since: Share, before: Share, names: Sequence[str], seen: Seen, risk: float) -> bool:
    """Above its own past and the worst of it, and risen more than the rest; without a past, above
    the rest.
    """
    if not since.enough:
        return False
    if not before.enough:
        return seen.rest.enough and above(since, seen.rest, risk)
    if not above(since, before, risk):
        return False
    rest = seen.rest, seen.rest_before
    if all(one.enough for one in rest) and not rises_more((since, before), rest, risk):
        return False
    worst = worst_of(seen.hours(names), since.of)
    low, _ = wilson(since.bad, since.of, NormalDist().inv_cdf(1 - risk))
    return low * worst.of > worst.bad or not worst.of


def worst_of(hours: Sequence[Share], attempts: int) -> Share:
    """The hours one after the other, with so many attempts at least, that refused the largest
    share of them; all of them, where they have fewer. With no hours, nothing.
    """
    stretches = (one for one in _stretches(hours, attempts) if one.of)
    return max(stretches, key=lambda one: one.bad / one.of, default=_sum(hours))


def _stretches(hours: Sequence[Share], attempts: int) -> Iterator[Share]:
    """From each hour on the shortest that has so many attempts, as far as there are so many."""
    bad = of = first = 0
    for hour in hours:
        bad, of = bad + hour.bad, of + hour.of
        while of - hours[first].of >= attempts:
            bad, of, first = bad - hours[first].bad, of - hours[first].of, first + 1
        if of >= attempts:
            yield Share(bad, of)


def _sum(shares: Sequence[Share]) -> Share:
    return Share(sum(one.bad for one in shares), sum(one.of for one in shares))
