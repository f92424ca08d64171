"""Whether a machine keeps up with its cameras, from the numbers of the frames that were judged."""

import pytest

from kioskd.overload import KEPT_UP, WHOLE_S, WINDOW_S, Load, Overload, Pace, SpareTime


def judged(every: int, took_s: float, frames: int = 400, fps: float = 30.0) -> Pace:
    """A judge that got to see each `every`th frame, and took so long for each."""
    pace = Pace()
    for number in range(0, frames, every):
        pace.judged(number, 50.0 + number / fps, took_s)
    return pace


def load(share: float, judge_s: float = 0.1, at: float = 100.0, span_s: float = WINDOW_S) -> Load:
    return Load(at, span_s, share, judge_s, 1 / 30)


def test_the_share_is_told_from_the_numbers_and_the_time_beside_the_cameras() -> None:
    load = judged(every=3, took_s=0.09).load()
    assert load is not None
    assert load.share == pytest.approx(1 / 3)
    assert load.judge_s == pytest.approx(0.09)
    assert load.period_s == pytest.approx(1 / 30)
    assert WINDOW_S - 0.1 <= load.span_s <= WINDOW_S
    assert load.behind


def test_a_machine_that_judges_every_frame_is_not_behind_however_long_it_takes() -> None:
    load = judged(every=1, took_s=0.033).load()
    assert load is not None
    assert load.share == 1.0
    assert not load.behind


def test_frames_that_come_in_bunches_are_no_load() -> None:
    """A network brings them so: the judge sees one of each bunch, and idles between."""
    load = judged(every=4, took_s=0.008).load()
    assert load is not None
    assert load.share == pytest.approx(1 / 4)
    assert not load.behind


def test_what_was_before_the_window_is_forgotten() -> None:
    pace = judged(every=3, took_s=0.09)
    for number in range(400, 800):
        pace.judged(number, 50.0 + number / 30, 0.01)
    load = pace.load()
    assert load is not None
    assert load.share == 1.0
    assert load.judge_s == pytest.approx(0.01)


def test_an_attempt_is_looked_at_from_its_first_frame_on() -> None:
    pace = judged(every=1, took_s=0.01, frames=90)
    for number in range(95, 125, 5):  # then something else takes the machine
        pace.judged(number, 50.0 + number / 30, 0.16)
    whole, late = pace.load(), pace.load_since(50.0 + 95 / 30)
    assert whole is not None
    assert late is not None
    assert not whole.behind
    assert late.share == pytest.approx(0.2)
    assert late.behind


def test_the_gap_that_broke_an_attempt_off_counts() -> None:
    pace = Pace()
    pace.judged(10, 50.0, 0.9)
    pace.judged(37, 50.9, 0.01)
    load = pace.load_since(50.0)
    assert load is not None
    assert load.share == pytest.approx(1 / 27)
    assert load.behind


@pytest.mark.parametrize("numbers", [[], [7], [7, 7], [7, 6]])
def test_where_there_is_nothing_to_compare_nothing_is_said(numbers: list[int]) -> None:
    pace = Pace()
    for step, number in enumerate(numbers):
        pace.judged(number, 50.0 + step, 1.0)
    assert pace.load() is None
    assert pace.load_since(0.0) is None


def test_a_feed_is_told_with_its_figures_and_what_to_do() -> None:
    told = Overload().sentence({"door-3": load(0.38), "door-4": load(1.0)}, 100.0)
    assert told is not None
    assert told.startswith(
        "the machine is too busy for feed door-3: 38 % of its frames are judged, as each takes "
        "100 ms and the camera gives one every 33 ms: lower the cameras' frame rate"
    )
    assert "door-4" not in told


def test_it_is_told_once_and_stays_until_the_feed_is_kept_up_with() -> None:
    overload = Overload()
    told = overload.sentence({"door-3": load(0.38)}, 100.0)
    assert overload.sentence({"door-3": load(0.5)}, 101.0) == told  # no news every turn
    assert overload.sentence({"door-3": load(0.8)}, 102.0) == told
    assert overload.sentence({"door-3": load(KEPT_UP)}, 103.0) is None


def test_a_moment_is_no_problem_and_a_camera_that_is_gone_none_of_the_machine() -> None:
    overload = Overload()
    assert overload.sentence({"door-3": load(0.38, span_s=WHOLE_S - 1)}, 100.0) is None
    assert overload.sentence({"door-3": None}, 100.0) is None
    assert overload.sentence({"door-3": load(0.38)}, 100.0) is not None
    assert overload.sentence({"door-3": load(0.38)}, 100.0 + WINDOW_S + 1) is None


def test_what_is_no_part_of_the_decision_is_done_where_it_fits_between_two_frames() -> None:
    spare = SpareTime()
    assert spare.enough(0.01, 0.04)
    spare.took(0.02)
    assert spare.enough(0.01, 0.04)
    assert not spare.enough(0.03, 0.04)


def test_one_slow_time_is_forgotten_but_a_frame_that_takes_all_the_time_leaves_none() -> None:
    spare = SpareTime()
    spare.took(1.0)
    said = [spare.enough(0.01, 0.04) for _ in range(100)]
    assert (said[0], said[-1]) == (False, True)
    assert not any(spare.enough(0.05, 0.04) for _ in range(100))
