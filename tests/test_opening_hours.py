"""When a door may open: hours, days on which it stays shut, zones, and clocks in doubt."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from kioskd.opening_hours import HoursError, opening_hours

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = "mon-fri 07:00-19:00, sat 09:00-13:00, sun 22:00-02:00"


def open_at(moment: str, spans: str = WEEK, closed: str = "", zone: str = "Europe/Berlin") -> bool:
    at = datetime.fromisoformat(moment).replace(tzinfo=BERLIN).timestamp()
    return opening_hours(spans, closed, zone).is_open(at)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-27T06:59", False),  # a Friday
        ("2026-11-27T07:00", True),
        ("2026-11-27T18:59", True),
        ("2026-11-27T19:00", False),
        ("2026-11-28T08:00", False),
        ("2026-11-28T09:00", True),
        ("2026-11-29T21:59", False),
        ("2026-11-29T22:00", True),
        ("2026-11-30T01:59", True),  # Sunday's, on Monday
        ("2026-11-30T02:00", False),
    ],
)
def test_a_door_opens_within_its_hours(moment: str, expected: bool) -> None:
    assert open_at(moment) is expected


def test_a_day_may_stay_shut_with_the_night_that_follows() -> None:
    closed = "2026-11-29, 2026-12-25"
    assert not open_at("2026-11-29T23:00", closed=closed)
    assert not open_at("2026-11-30T01:00", closed=closed)
    assert open_at("2026-11-30T08:00", closed=closed)
    assert not open_at("2026-12-25T12:00", spans="", closed=closed)
    assert open_at("2026-12-26T12:00", spans="", closed=closed)


def test_hours_are_those_of_the_zone_also_in_summer() -> None:
    for moment in ("2026-07-01T07:30", "2026-12-01T07:30"):
        assert open_at(moment)
        assert not open_at(moment, zone="America/New_York")


def test_a_whole_day_and_days_over_the_week_s_end() -> None:
    assert open_at("2026-11-28T00:00", spans="sat 00:00-24:00")
    assert open_at("2026-11-28T23:59", spans="sat 00:00-24:00")
    assert not open_at("2026-11-29T00:00", spans="sat 00:00-24:00")
    for day, expected in (("28", True), ("29", True), ("30", True)):
        assert open_at(f"2026-11-{day}T12:00", spans="sat-mon 10:00-14:00") is expected
    assert not open_at("2026-12-01T12:00", spans="sat-mon 10:00-14:00")


def test_without_hours_it_is_always_open() -> None:
    assert not opening_hours(None, None, None).limits
    assert opening_hours(None, None, None).is_open(0.0)


@pytest.mark.parametrize(
    ("spans", "closed", "zone", "told"),
    [
        ("monday 07:00-19:00", None, None, "is no hours"),
        ("mon 7-19", None, None, "is no hours"),
        ("mox 07:00-19:00", None, None, "a day is one of"),
        ("mon 07:60-19:00", None, None, "from 00:00 to 24:00"),
        ("mon 07:00-25:00", None, None, "from 00:00 to 24:00"),
        ("mon 07:00-07:00", None, None, "ends when it begins"),
        ("mon 24:00-07:00", None, None, "begins with the day after"),
        (None, "25.12.2026", None, "is no date"),
        (None, None, "Europe/Nowhere", "is no time zone"),
        (None, None, "../../etc/passwd", "is no time zone"),
    ],
)
def test_what_is_no_hours_is_a_sentence(
    spans: str | None, closed: str | None, zone: str | None, told: str
) -> None:
    with pytest.raises(HoursError, match=told):
        opening_hours(spans, closed, zone)
