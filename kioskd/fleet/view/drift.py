"""A door against its own past weeks: moved camera, dirty lens, dead lamp, other scores. Pure.

The rule stands in docs/install/fleet.md. What is of late is held against what was from three weeks
to three days ago, so that a fault does not become the measure of itself before somebody came.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import median
from typing import Literal

from kioskd.fleet.view.rates import Share

DAY_S = 86400.0
HOUR_S = 3600.0
LATE_S = 3 * DAY_S  # what is younger measures nothing
PAST_S = 21 * DAY_S  # what is older does not, either
PEOPLE_LATE = 5  # at least, of late: the fewer, the more must have changed
PEOPLE = 15  # at least, in each group of the past
GROUPS = 5  # of the past at least, or the door is too new
SURE = 4.5  # standard deviations
PERSON = {"x": 0.07, "y": 0.07, "width": 0.22, "sharpness": 0.09}  # one person beside another
LEAST = {"x": 0.05, "y": 0.05, "width": 0.15, "sharpness": 0.09}  # that is worth a word
DARK = 0.6  # of the light that this time of day had in the middle of the past days
DARK_HOURS = 3  # of the last day
DARK_PEOPLE = 0.3  # of that day's, who stood there
PAST_HOURS = 5  # at least, of that time of day
LEAST_SCORE = 0.05
LEAST_REFUSED = 0.15
FULL = 0.5  # of a day that had more people than most: on others, lamps are off for a few

Kind = Literal["moved", "lamp", "lens", "scores", "refusals"]


@dataclass(frozen=True, slots=True)
class Look:
    """What health said of faces: means over people, until a moment (unix seconds)."""

    until: float
    people: int
    x: float
    y: float
    width: float
    sharpness: float | None


@dataclass(frozen=True, slots=True)
class Lit:
    """What health said of an hour's light."""

    until: float
    mean: float


@dataclass(frozen=True, slots=True)
class Tried:
    """An hour's attempts. `score`: sum over those that passed, of them `passed`."""

    until: float
    attempts: int
    passed: int
    score: float
    score_squared: float


@dataclass(frozen=True, slots=True)
class Past:
    """All that is known of one door, oldest first."""

    looks: Sequence[Look] = ()
    lights: Sequence[Lit] = ()
    tried: Sequence[Tried] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed, in words for who goes there."""

    kind: Kind
    sentence: str


def drifts(past: Past, now: float) -> list[Drift]:
    """What is other than in the door's past weeks; scores and refusals where nothing says why."""
    people = _people(past.looks, now)
    found = [each for each in (_moved(people), _lamp(past, now)) if each]
    if not found and (lens := _lens(people)):
        found.append(lens)
    if not found:
        found += [each for each in (_scores(past, now), _refusals(past, now)) if each]
    return found


@dataclass(frozen=True, slots=True)
class _Group:
    """People of a day or more, at least PEOPLE."""

    people: int
    x: float
    y: float
    width: float
    sharpness: float | None


@dataclass(frozen=True, slots=True)
class _People:
    """Those of late beside groups of the past; None: too few came."""

    of_late: _Group | None
    groups: Sequence[_Group]


@dataclass(frozen=True, slots=True)
class _Shift:
    """How a figure of late lies beside the past. `sure`: more than chance, and worth a word."""

    now: float
    was: float
    sure: bool

    @property
    def by(self) -> float:
        return self.now - self.was


def _moved(people: _People) -> Drift | None:
    x, y, width = (_shift(people, name) for name in ("x", "y", "width"))
    if x is None or y is None or width is None or not (x.sure or y.sure or width.sure):
        return None
    told = list(_away(x, "further to the right", "further to the left", "widths"))
    told += list(_away(y, "lower", "higher", "heights"))
    if width.sure:
        larger = "larger" if width.by > 0 else "smaller"
        told.append(f"are {abs(100 * (exp(width.by) - 1)):.0f} % {larger}")
    return Drift("moved", f"this camera moved: faces {' and '.join(told)} than in past weeks")


def _away(shift: _Shift, more: str, less: str, unit: str) -> Iterator[str]:
    if shift.sure:
        yield f"lie {abs(shift.by):.2f} picture {unit} {more if shift.by > 0 else less}"


def _lens(people: _People) -> Drift | None:
    sharp = _shift(people, "sharpness")
    if sharp is None or not sharp.sure or sharp.by > 0:
        return None
    return Drift(
        "lens",
        f"this lens is dirty or out of focus: faces have sharpness {sharp.now:.2f}, and had "
        f"{sharp.was:.2f} in past weeks, in the same place and light",
    )


def _lamp(past: Past, now: float) -> Drift | None:
    """Hours of the last day that were far darker than that time of day is, and who came then."""
    if not _full(past, now):
        return None
    came = {each.until // HOUR_S: each.attempts for each in past.tried if each.until > now - DAY_S}
    dark = list(_dark(past.lights, now))
    people = sum(came.get(lit.until // HOUR_S + 1, 0) for lit, _ in dark)
    of_all = _came(past, now)
    if len(dark) < DARK_HOURS or people < max(PEOPLE_LATE, DARK_PEOPLE * of_all):
        return None
    share = sum(lit.mean for lit, _ in dark) / sum(usual for _, usual in dark)
    return Drift(
        "lamp",
        f"this lamp is dead: {len(dark)} hours of the last day had {100 * share:.0f} % of the "
        f"light that their time of day has, and {people} of {of_all} people came in them",
    )


def _dark(lights: Sequence[Lit], now: float) -> Iterator[tuple[Lit, float]]:
    """Hours of the last day that were dark for their time of day, each with what that has: the
    middle of the past weeks' hours of this time, give or take one.
    """
    known: dict[int, list[float]] = {}
    for lit in lights:
        if LATE_S < now - lit.until <= PAST_S:
            known.setdefault(_time_of_day(lit), []).append(lit.mean)
    for lit in lights:
        if now - DAY_S < lit.until <= now:
            hour = _time_of_day(lit)
            past = [mean for each in (-1, 0, 1) for mean in known.get((hour + each) % 24, ())]
            if len(past) >= PAST_HOURS and lit.mean < DARK * (usual := median(past)):
                yield lit, usual


def _time_of_day(lit: Lit) -> int:
    return int(lit.until % DAY_S // HOUR_S)


def _came(past: Past, now: float) -> int:
    """Attempts of the last day."""
    return sum(each.attempts for each in past.tried if now - DAY_S < each.until <= now)


def _full(past: Past, now: float) -> bool:
    """Whether at least half as many came in the last day as on one that had more than most."""
    days: dict[int, int] = {}
    for each in past.tried:
        if LATE_S < now - each.until <= PAST_S:
            day = int((now - each.until) // DAY_S)
            days[day] = days.get(day, 0) + each.attempts
    counts = sorted(days.values())
    return not counts or _came(past, now) >= FULL * counts[3 * len(counts) // 4]


def _people(looks: Sequence[Look], now: float) -> _People:
    past = [look for look in looks if LATE_S < now - look.until <= PAST_S]
    return _People(_of_late(looks, now), list(_groups(past)))


def _shift(people: _People, name: str) -> _Shift | None:
    """Of late against groups of the past; None: too new, or too few people."""
    found = (_figure(group, name) for group in people.groups)
    before = [value for value in found if value is not None]
    value = None if people.of_late is None else _figure(people.of_late, name)
    if people.of_late is None or value is None or len(before) < GROUPS:
        return None
    was = median(before)
    spread = 1.4826 * median([abs(each - was) for each in before])  # a deviation, if normal
    limit = SURE * sqrt(spread**2 + PERSON[name] ** 2 / people.of_late.people)
    return _Shift(value, was, abs(value - was) > max(LEAST[name], limit))


def _figure(group: _Group, name: str) -> float | None:
    value: float | None = getattr(group, name)
    return log(value) if name == "width" and value is not None and value > 0 else value


def _of_late(looks: Sequence[Look], now: float) -> _Group | None:
    """The people of the last day; where nobody was told of, of the last look before it."""
    known = [look for look in looks if 0 <= now - look.until < LATE_S]
    taken = [look for look in known if now - look.until < DAY_S] or known[-1:]
    return _joined(taken) if sum(one.people for one in taken) >= PEOPLE_LATE else None


def _groups(looks: Sequence[Look]) -> Iterator[_Group]:
    """Whole days of the past; several together where one had too few people."""
    taken: list[Look] = []
    people = 0
    for look in looks:
        if people >= PEOPLE and look.until - taken[0].until >= DAY_S:
            yield _joined(taken)
            taken, people = [], 0
        taken.append(look)
        people += look.people
    if people >= PEOPLE:
        yield _joined(taken)


def _joined(looks: Sequence[Look]) -> _Group:
    people = sum(look.people for look in looks)
    x, y, width = (
        sum(look.people * getattr(look, name) for look in looks) / people
        for name in ("x", "y", "width")
    )
    sharp = [(look.people, look.sharpness) for look in looks if look.sharpness is not None]
    known = sum(count for count, _ in sharp)
    sharpness = sum(count * each for count, each in sharp) / known if known else None
    return _Group(people, x, y, width, sharpness)


def _scores(past: Past, now: float) -> Drift | None:
    """The mean liveness of who passed, against the days of the past weeks."""
    late = [each for each in past.tried if now - DAY_S < each.until <= now]
    passed = sum(each.passed for each in late)
    days = list(_day_scores(past, now))
    if passed < PEOPLE or len(days) < GROUPS:
        return None
    mean = sum(each.score for each in late) / passed
    variance = max(0.0, sum(each.score_squared for each in late) / passed - mean**2)
    was = median(days)
    spread = 1.4826 * median([abs(each - was) for each in days])
    limit = max(LEAST_SCORE, SURE * sqrt(spread**2 + variance / passed))
    if abs(mean - was) <= limit:
        return None
    lower = "lower" if mean < was else "higher"
    return Drift(
        "scores",
        f"liveness scores lie {lower}: {mean:.2f} in the mean of the last day, {was:.2f} in past "
        "weeks, and neither place nor light nor sharpness says why",
    )


def _day_scores(past: Past, now: float) -> Iterator[float]:
    days: dict[int, tuple[int, float]] = {}
    for each in past.tried:
        if LATE_S < now - each.until <= PAST_S:
            day = int((now - each.until) // DAY_S)
            passed, score = days.get(day, (0, 0.0))
            days[day] = passed + each.passed, score + each.score
    yield from (score / passed for passed, score in days.values() if passed >= PEOPLE)


def _refusals(past: Past, now: float) -> Drift | None:
    """Of the last day, against the worst day of the past weeks and against all of them."""
    late = _refused(each for each in past.tried if now - DAY_S < each.until <= now)
    old = [each for each in past.tried if LATE_S < now - each.until <= PAST_S]
    before = _refused(old)
    if before.whole < PEOPLE * GROUPS or late.rate is None or before.rate is None:
        return None
    if not _full(past, now):
        return None
    worst = max(each.interval[0] for each in _days(old, now))
    if late.interval[0] < max(worst, before.interval[1]) + LEAST_REFUSED:
        return None
    return Drift(
        "refusals",
        f"{100 * late.rate:.0f} % of attempts of the last day came to nothing, more than on any "
        f"day of past weeks ({100 * before.rate:.0f} % in all)",
    )


def _days(tried: Sequence[Tried], now: float) -> Iterator[Share]:
    days: dict[int, list[Tried]] = {}
    for each in tried:
        days.setdefault(int((now - each.until) // DAY_S), []).append(each)
    yield from (_refused(each) for each in days.values())


def _refused(tried: Iterable[Tried]) -> Share:
    attempts = passed = 0
    for each in tried:
        attempts, passed = attempts + each.attempts, passed + each.passed
    return Share(attempts - passed, attempts)
