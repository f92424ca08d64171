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
DARK_PEOPLE = 0.4  # of a full day's, who stood there: on a holiday lamps are off for a few
PAST_HOURS = 5  # at least, of that time of day
LEAST_SCORE = 0.05
LEAST_REFUSED = 0.15
FULL = 0.5  # of a full day: on others doors are left to few, and in the dark

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
    found = [each for each in (_moved(past, now), _lamp(past, now)) if each]
    if not found and (lens := _lens(past, now)):
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
class _Shift:
    """How a figure of late lies beside the past. `sure`: more than chance, and worth a word."""

    now: float
    was: float
    sure: bool

    @property
    def by(self) -> float:
        return self.now - self.was


def _moved(past: Past, now: float) -> Drift | None:
    x, y, width = (_shift(past.looks, now, name) for name in ("x", "y", "width"))
    if x is None or y is None or width is None or not (x.sure or y.sure or width.sure):
        return None
    told = list(_away(x, "to the right", "to the left", "widths"))
    told += list(_away(y, "lower", "higher", "heights"))
    if width.sure:
        larger = "larger" if width.by > 0 else "smaller"
        told.append(f"are {abs(100 * (exp(width.by) - 1)):.0f} % {larger}")
    return Drift("moved", f"this camera moved: faces {' and '.join(told)} than in past weeks")


def _away(shift: _Shift, more: str, less: str, unit: str) -> Iterator[str]:
    if shift.sure:
        yield f"lie {abs(shift.by):.2f} picture {unit} further {more if shift.by > 0 else less}"


def _lens(past: Past, now: float) -> Drift | None:
    sharp = _shift(past.looks, now, "sharpness")
    if sharp is None or not sharp.sure or sharp.by > 0:
        return None
    return Drift(
        "lens",
        f"this lens is dirty or out of focus: faces have sharpness {sharp.now:.2f}, and had "
        f"{sharp.was:.2f} in past weeks, in the same place and light",
    )


def _lamp(past: Past, now: float) -> Drift | None:
    """Hours of the last day that were far darker than that time of day is, and who came then."""
    came = {each.until // HOUR_S: each.attempts for each in past.tried if each.until > now - DAY_S}
    dark: list[tuple[float, float]] = []
    people = 0
    for lit in past.lights:
        if now - DAY_S < lit.until <= now:
            usual = _usual_light(past.lights, lit.until, now)
            if usual is not None and lit.mean < DARK * usual:
                dark.append((lit.mean, usual))
                people += came.get(lit.until // HOUR_S + 1, 0)
    if len(dark) < DARK_HOURS or people < max(PEOPLE_LATE, DARK_PEOPLE * _full_day(past, now)):
        return None
    share = sum(mean for mean, _ in dark) / sum(usual for _, usual in dark)
    return Drift(
        "lamp",
        f"this lamp is dead: {len(dark)} hours of the last day had {100 * share:.0f} % of the "
        f"light that their time of day has, and {people} people came in them",
    )


def _usual_light(lights: Sequence[Lit], at: float, now: float) -> float | None:
    """In the middle of past hours of this time of day, give or take one; None: too few."""
    known = [
        lit.mean
        for lit in lights
        if LATE_S < now - lit.until <= PAST_S and _hours_apart(lit.until, at) <= 1.0
    ]
    return median(known) if len(known) >= PAST_HOURS else None


def _hours_apart(one: float, other: float) -> float:
    """Of two times of day."""
    apart = abs(one % DAY_S - other % DAY_S)
    return min(apart, DAY_S - apart) / HOUR_S


def _full_day(past: Past, now: float) -> float:
    """Attempts of a day of the past weeks that had more than three of four others."""
    days: dict[int, int] = {}
    for each in past.tried:
        if LATE_S < now - each.until <= PAST_S:
            day = int((now - each.until) // DAY_S)
            days[day] = days.get(day, 0) + each.attempts
    return sorted(days.values())[3 * len(days) // 4] if days else 0.0


def _shift(looks: Sequence[Look], now: float, name: str) -> _Shift | None:
    """Of late against groups of the past; None: too new, or too few people."""
    of_late = _of_late(looks, now)
    before = [
        value
        for group in _groups([look for look in looks if LATE_S < now - look.until <= PAST_S])
        if (value := _figure(group, name)) is not None
    ]
    value = None if of_late is None else _figure(of_late, name)
    if of_late is None or value is None or len(before) < GROUPS:
        return None
    was = median(before)
    spread = 1.4826 * median([abs(each - was) for each in before])  # a deviation, if normal
    limit = SURE * sqrt(spread**2 + PERSON[name] ** 2 / of_late.people)
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
    for look in looks:
        full = sum(one.people for one in taken) >= PEOPLE
        if full and look.until - taken[0].until >= DAY_S:
            yield _joined(taken)
            taken = []
        taken.append(look)
    if sum(one.people for one in taken) >= PEOPLE:
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
    if late.whole < FULL * _full_day(past, now):
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
