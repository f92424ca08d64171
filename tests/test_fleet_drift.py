"""The rule by which a moved camera, a dead lamp and a dirty lens are told, on hand-made weeks."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kioskd.fleet.view.drift import DAY_S, Lit, Look, Past, Tried, drifts
from kioskd.fleet.view.rates import Share, above, nobody_passes

NOW = 1_790_553_600.0  # 2026-09-28 00:00 UTC
DAYS = 20
HOURS = range(8, 18)  # people come in these
LOOK = Look(0.0, 20, 0.5, 0.45, 0.2, 0.6)
TRIED = Tried(0.0, 6, 5, 4.6, 4.24)


def weeks(
    look: Callable[[int, Look], Look] = lambda day, one: one,
    light: Callable[[int, int], float] = lambda day, hour: 0.4,
    tried: Callable[[int, Tried], Tried] = lambda day, one: one,
) -> Past:
    """A door of 60 a day; day 0 is the last, and each may be changed. No two days are alike."""
    looks, lights, attempts = [], [], []
    for day in range(DAYS, -1, -1):
        begins = NOW - (day + 1) * DAY_S
        apart = 0.004 * (-1) ** day
        for hour in HOURS:
            until = begins + hour * 3600 + 1800
            lights.append(Lit(until, light(day, hour)))
            attempts.append(replace(tried(day, TRIED), until=begins + (hour + 1) * 3600))
        for hour in (10, 14, 17):
            one = replace(LOOK, until=begins + hour * 3600, x=0.5 + apart, sharpness=0.6 + apart)
            looks.append(look(day, one))
    return Past(looks, lights, attempts)


def told(past: Past, now: float = NOW) -> list[tuple[str, str]]:
    return [(one.kind, one.sentence) for one in drifts(past, now)]


def kinds(past: Past) -> list[str]:
    return [one.kind for one in drifts(past, NOW)]


def test_a_door_as_it_was_has_nothing_to_tell() -> None:
    assert told(weeks()) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"x": 0.65}, "faces lie 0.15 picture widths further to the right than in past weeks"),
        ({"x": 0.35}, "faces lie 0.15 picture widths further to the left"),
        ({"y": 0.6}, "faces lie 0.15 picture heights lower"),
        ({"width": 0.13}, "faces are 35 % smaller"),
        ({"x": 0.65, "width": 0.3}, "further to the right and are 50 % larger"),
    ],
)
def test_a_moved_camera_is_told_with_where_faces_lie_now(
    more: dict[str, float], words: str
) -> None:
    past = weeks(look=lambda day, one: replace(one, **more) if day == 0 else one)  # type: ignore[arg-type]
    ((kind, sentence),) = told(past)
    assert kind == "moved"
    assert words in sentence
    assert sentence.startswith("this camera moved")


def test_a_dirty_lens_is_told_where_place_and_light_are_as_ever() -> None:
    past = weeks(look=lambda day, one: replace(one, sharpness=0.35) if day == 0 else one)
    ((kind, sentence),) = told(past)
    assert kind == "lens"
    assert "sharpness 0.35, and had 0.60" in sentence


def test_faces_that_are_sharper_than_ever_are_no_fault() -> None:
    assert (
        kinds(weeks(look=lambda day, one: replace(one, sharpness=0.9) if day == 0 else one)) == []
    )


def test_what_few_people_show_must_be_far_from_before() -> None:
    """Of five people the mean may lie so by chance; of sixty it may not."""

    def few(day: int, one: Look) -> Look:
        return replace(one, x=0.6, people=5 if one.until % DAY_S == 10 * 3600 else 0)

    many = weeks(look=lambda day, one: replace(one, x=0.6) if day == 0 else one)
    assert kinds(many) == ["moved"]
    seldom = weeks(look=lambda day, one: few(day, one) if day == 0 else one)
    looks = [one for one in seldom.looks if one.people]
    assert kinds(replace(seldom, looks=looks)) == []


def test_a_door_of_a_week_is_too_new() -> None:
    past = weeks(look=lambda day, one: replace(one, x=0.8) if day == 0 else one)
    young = [one for one in past.looks if NOW - one.until < 7 * DAY_S]
    assert kinds(replace(past, looks=young)) == []


def test_a_fault_goes_on_being_told_for_days() -> None:
    past = weeks(look=lambda day, one: replace(one, x=0.7) if day < 5 else one)
    assert kinds(past) == ["moved"]


def test_a_dead_lamp_is_told_by_the_hours_that_it_lit() -> None:
    past = weeks(light=lambda day, hour: 0.1 if day == 0 and hour >= 12 else 0.4)
    ((kind, sentence),) = told(past)
    assert kind == "lamp"
    assert "6 hours of the last day had 25 % of the light" in sentence


def test_the_dark_of_an_evening_is_not_that_of_a_lamp() -> None:
    """Every day is dark from five on; a sky with clouds takes a third of the light."""
    assert kinds(weeks(light=lambda day, hour: 0.02 if hour >= 16 else 0.4)) == []
    assert kinds(weeks(light=lambda day, hour: 0.28 if day == 0 else 0.4)) == []
    assert kinds(weeks(light=lambda day, hour: 0.1 if day == 0 and hour >= 16 else 0.4)) == []


def test_on_a_holiday_few_come_and_lamps_are_off() -> None:
    def quiet(day: int, one: Tried) -> Tried:
        return replace(one, attempts=1, passed=0, score=0.0) if day == 0 else one

    past = weeks(light=lambda day, hour: 0.05 if day == 0 else 0.4, tried=quiet)
    assert kinds(past) == []


def test_scores_that_sank_are_told_where_nothing_else_says_why() -> None:
    def worse(day: int, one: Tried) -> Tried:
        return replace(one, score=4.0, score_squared=3.22) if day == 0 else one

    ((kind, sentence),) = told(weeks(tried=worse))
    assert kind == "scores"
    assert "lie lower: 0.80 in the mean of the last day, 0.92 in past weeks" in sentence
    moved = weeks(look=lambda day, one: replace(one, x=0.7) if day == 0 else one, tried=worse)
    assert kinds(moved) == ["moved"]


def test_a_door_that_refuses_far_more_than_on_any_day_is_told() -> None:
    def refusing(day: int, one: Tried) -> Tried:
        return replace(one, passed=1, score=0.92, score_squared=0.85) if day == 0 else one

    ((kind, sentence),) = told(weeks(tried=refusing))
    assert kind == "refusals"
    assert sentence.startswith("83 % of attempts of the last day came to nothing")

    def every_week(day: int, one: Tried) -> Tried:
        return replace(one, passed=1, score=0.92, score_squared=0.85) if day % 7 == 0 else one

    assert kinds(weeks(tried=every_week)) == []


def test_nobody_at_all_came_and_nothing_is_told() -> None:
    assert drifts(Past(), NOW) == []
    old = weeks()
    assert drifts(old, NOW + 40 * DAY_S) == []


def test_three_refusals_are_no_alarm_and_three_hundred_are() -> None:
    fleet = Share(500, 10_000)
    assert not above(Share(3, 3), Share(4000, 10_000))
    assert not above(Share(3, 10), fleet)
    assert above(Share(30, 100), fleet)
    low, high = Share(3, 3).interval
    assert low < 0.4
    assert high == pytest.approx(1.0)


def test_the_interval_is_wilsons() -> None:
    """By hand: (0.1 + 0.03318) / 1.06636 = 0.12489, and 2.576 * 0.03265 / 1.06636 = 0.07887."""
    assert Share(10, 100).interval == pytest.approx((0.0460, 0.2038), abs=0.0001)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_a_door_that_refuses_everybody_is_known_by_how_seldom_it_refused_before() -> None:
    good, bad = Share(50, 1000), Share(600, 1000)
    assert not nobody_passes(3, good)
    assert nobody_passes(5, good)
    assert not nobody_passes(5, bad)
    assert nobody_passes(25, bad)
    assert not nobody_passes(20, Share(0, 0))  # nothing is known of it
