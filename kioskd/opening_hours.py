"""When a door may open at all: hours of the week, days on which it stays shut. Pure.

    mon-fri 07:00-19:00, sat 09:00-13:00, sun 22:00-02:00

The last of these goes on into Monday. Times are those of a zone, with its summer time.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)")
MIDNIGHT = "24:00"


class HoursError(ValueError):
    """What stands there is no hours, no date or no zone; the message says what."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `begin` on the days, for so many minutes."""

    days: frozenset[int]
    begin: time
    minutes: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """spans   when the door may open; empty: always
    closed  days on which it stays shut: the day on which a span begins counts
    """

    spans: tuple[Span, ...] = ()
    closed: frozenset[date] = frozenset()
    zone: ZoneInfo | None = None  # None: the machine's own

    @property
    def limits(self) -> bool:
        return bool(self.spans or self.closed)

    def is_open(self, at: float) -> bool:
        """At that time, unix seconds."""
        here = datetime.fromtimestamp(at, self.zone)
        today = here.date()
        if not self.spans:
            return today not in self.closed
        days = (today, today - timedelta(days=1))
        return any(self._within(span, day, here) for day in days for span in self.spans)

    def _within(self, span: Span, day: date, here: datetime) -> bool:
        if day in self.closed or day.weekday() not in span.days:
            return False
        begin = datetime.combine(day, span.begin, here.tzinfo)
        minutes = (here.replace(tzinfo=None) - begin.replace(tzinfo=None)).total_seconds() / 60
        return 0 <= minutes < span.minutes


def opening_hours(spans: str | None, closed: str | None, zone: str | None) -> OpeningHours:
    """As they stand in config.yaml. Raises HoursError."""
    return OpeningHours(
        tuple(_span(each.strip()) for each in (spans or "").split(",") if each.strip()),
        frozenset(_date(each.strip()) for each in (closed or "").split(",") if each.strip()),
        None if zone is None else _zone(zone),
    )


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise HoursError(f"{text!r} is no hours; write mon-fri 07:00-19:00")
    first, last = found[1], found[2] or found[1]
    if first not in DAYS or last not in DAYS:
        raise HoursError(f"{text!r}: a day is one of {', '.join(DAYS)}")
    begin, end = _minutes(found[3], found[4], text), _minutes(found[5], found[6], text)
    if begin >= 24 * 60 or begin == end:
        raise HoursError(f"{text!r} ends when it begins, or begins with the day after")
    start = DAYS.index(first)
    count = (DAYS.index(last) - start) % 7 + 1
    days = frozenset((start + each) % 7 for each in range(count))
    return Span(days, time(begin // 60, begin % 60), (end - begin) % (24 * 60) or 24 * 60)


def _minutes(hours: str, minutes: str, text: str) -> int:
    found = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or found > 24 * 60:
        raise HoursError(f"{text!r}: a time goes from 00:00 to {MIDNIGHT}")
    return found


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HoursError(f"{text!r} is no date; write 2026-12-25") from None


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        told = f"{text!r} is no time zone that this machine knows; write Europe/Berlin"
        raise HoursError(told) from None
