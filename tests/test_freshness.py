"""Stories of images arriving, and whether each shows the present."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.frame import ColorImage
from feeds.freshness import DRIFT, Freshness, Judgement

PERIOD_S = 0.04
STALL_S = 1.0


def picture(number: int) -> ColorImage:
    return np.full((16, 16, 3), number % 251, np.uint8)


class Camera:
    """Gives pictures to a Freshness; stream time starts at 90 s, ours at 1000 s."""

    def __init__(self, *, has_clock: bool = True) -> None:
        self.freshness = Freshness(STALL_S, PERIOD_S)
        self._has_clock = has_clock
        self._numbers: Iterator[int] = iter(range(10**6))

    def gives(
        self, made_s: float, arrives_s: float | None = None, *, read_for_s: float = 0.03
    ) -> Judgement:
        """A new picture made at `made_s` that arrives then, or later; seconds of the story."""
        return self.shows(picture(next(self._numbers)), made_s, arrives_s, read_for_s)

    def shows(
        self,
        image: ColorImage,
        made_s: float,
        arrives_s: float | None = None,
        read_for_s: float = 0.03,
    ) -> Judgement:
        arrived_at = 1000.0 + (made_s if arrives_s is None else arrives_s)
        position_s = 90.0 + made_s if self._has_clock else None
        return self.freshness.judge(image, arrived_at - read_for_s, arrived_at, position_s)

    def runs(self, from_s: float, to_s: float) -> list[str]:
        """Gives pictures at its rate, on time; the verdicts."""
        count = round((to_s - from_s) / PERIOD_S)
        return [self.gives(from_s + turn * PERIOD_S).verdict for turn in range(count)]


def running(for_s: float = 2.0) -> Camera:
    camera = Camera()
    camera.runs(0.0, for_s)
    return camera


def test_a_punctual_camera_is_fresh_from_the_second_image_on() -> None:
    verdicts = Camera().runs(0.0, 4.0)
    assert verdicts == ["late"] + ["fresh"] * 99


def test_a_camera_without_a_clock_is_fresh_once_its_rate_is_known() -> None:
    camera = Camera(has_clock=False)
    assert camera.gives(0.0, read_for_s=5.0).verdict == "late"
    assert camera.runs(0.04, 2.0) == ["late"] * 4 + ["fresh"] * 45
    assert camera.gives(2.0).captured_at == 1002.0


def test_without_a_clock_images_that_lay_ready_after_a_silence_are_late() -> None:
    camera = Camera(has_clock=False)
    camera.runs(0.0, 2.0)
    first = camera.gives(2.0, 2.7, read_for_s=0.7).verdict
    backlog = [
        camera.gives(2.0, 2.704 + 0.004 * turn, read_for_s=0.004).verdict for turn in range(16)
    ]
    assert (first, set(backlog)) == ("fresh", {"late"})
    assert camera.runs(2.98, 3.18) == ["fresh"] * 5


def test_a_pause_of_our_own_is_a_fault_as_well() -> None:
    """A capture process that was stopped finds a buffer full of the past when it goes on."""
    camera = Camera(has_clock=False)
    camera.runs(0.0, 2.0)
    assert camera.gives(2.0, 5.0, read_for_s=0.004).verdict == "blocked"


def test_a_file_is_never_late_nor_blocked() -> None:
    freshness = Freshness(STALL_S, PERIOD_S, live=False)
    times = [1000.0, 1000.04, 1000.04, 1007.0]
    verdicts = [
        freshness.judge(picture(turn), at, at, None).verdict for turn, at in enumerate(times)
    ]
    assert verdicts == ["fresh"] * 4


def test_a_clock_that_stands_still_is_no_clock() -> None:
    freshness = Freshness(STALL_S, PERIOD_S)
    verdicts = [
        freshness.judge(picture(turn), 1000.0 + turn, 1000.03 + turn, 0.0).verdict
        for turn in range(4)
    ]
    assert verdicts == ["late", "fresh", "fresh", "fresh"]


def test_an_image_delayed_by_the_network_keeps_the_time_it_was_made() -> None:
    camera = running()
    delayed = camera.gives(2.0, arrives_s=2.1)
    assert delayed.verdict == "fresh"
    assert delayed.captured_at == pytest.approx(1002.0, abs=0.001)


def test_images_that_waited_in_a_buffer_are_late() -> None:
    camera = running()
    burst = [camera.gives(2.0 + 0.04 * turn, 2.8 + 0.002 * turn) for turn in range(20)]
    ages = [0.8 - 0.038 * turn for turn in range(20)]
    assert [judgement.verdict for judgement in burst] == [
        "late" if age > 0.25 else "fresh" for age in ages
    ]
    assert camera.runs(2.84, 3.0) == ["fresh"] * 4


def test_a_backlog_that_comes_first_is_never_evidence() -> None:
    """A server that first sends the last second at once: nothing tells how old that is."""
    camera = Camera()
    backlog = [camera.gives(0.04 * turn, 1.0 + 0.005 * turn).verdict for turn in range(25)]
    assert set(backlog) == {"late"}
    assert camera.runs(1.2, 2.0) == ["late"] + ["fresh"] * 19


def test_an_image_whose_read_blocked_too_long_is_a_fault_whatever_it_shows() -> None:
    camera = running()
    assert camera.gives(3.5, read_for_s=1.5).verdict == "blocked"


def test_the_first_read_may_wait_for_a_key_frame() -> None:
    camera = Camera()
    assert camera.gives(0.0, read_for_s=5.0).verdict == "late"
    assert camera.gives(0.04).verdict == "fresh"


def test_a_stream_time_that_jumps_ahead_costs_one_image() -> None:
    camera = running()
    verdicts = [camera.gives(50.0 + t, arrives_s=2.0 + t).verdict for t in (0.0, 0.04, 0.08)]
    assert verdicts == ["late", "fresh", "fresh"]


def test_a_stream_time_that_jumps_back_makes_every_image_late_until_the_source_is_reopened() -> (
    None
):
    camera = running()
    verdicts = {camera.gives(-40.0 + t, arrives_s=2.0 + t).verdict for t in (0.0, 0.5, 1.0)}
    assert verdicts == {"late"}
    assert camera.freshness.starved_s(1003.0) > STALL_S
    assert not camera.freshness.frozen


def test_a_repeated_image_is_not_handed_over() -> None:
    camera = running()
    still = picture(250)
    verdicts = [camera.shows(still, 2.0 + t).verdict for t in (0.0, 0.04, 0.08)]
    assert verdicts == ["fresh", "repeated", "repeated"]
    assert camera.gives(2.12).verdict == "fresh"


def test_one_changed_pixel_makes_another_image() -> None:
    camera = running()
    still = picture(250)
    camera.shows(still, 2.0)
    changed = still.copy()
    changed[3, 5, 1] ^= 1  # off the coarse sample, which looks at every eighth pixel
    assert camera.shows(changed, 2.04).verdict == "fresh"


def test_a_change_of_size_is_another_image() -> None:
    camera = running()
    camera.shows(np.zeros((16, 16, 3), np.uint8), 2.0)
    assert camera.shows(np.zeros((8, 32, 3), np.uint8), 2.04).verdict == "fresh"


def test_a_frozen_camera_starves_and_is_called_frozen() -> None:
    camera = running()
    still = picture(250)
    for turn in range(60):
        camera.shows(still, 2.0 + 0.04 * turn)
    assert camera.freshness.frozen
    assert camera.freshness.starved_s(1004.36) == pytest.approx(2.36)


@pytest.mark.parametrize("drift", [-0.0002, 0.0002])
def test_a_crystal_that_runs_off_is_followed_for_an_hour(drift: float) -> None:
    camera = Camera()
    verdicts = [
        camera.gives(made_s * (1 + drift), arrives_s=made_s).verdict
        for made_s in np.arange(0.0, 3600.0, 0.4).tolist()
    ]
    assert verdicts[1:] == ["fresh"] * (len(verdicts) - 1)


@given(st.lists(st.floats(0.0, 3.0), min_size=2, max_size=60))
def test_after_one_prompt_image_no_image_is_fresh_that_is_too_old(delays: list[float]) -> None:
    """Whatever the network does: images stay in order, none comes before it was made."""
    camera = running()
    arrives_s = 2.0
    for turn, delay_s in enumerate(delays):
        made_s = 2.0 + turn * PERIOD_S
        arrives_s = max(arrives_s + 0.001, made_s + delay_s)
        judgement = camera.gives(made_s, arrives_s)
        if judgement.verdict == "fresh":
            slack_s = DRIFT * (arrives_s - 2.0) + 0.001
            assert arrives_s - made_s <= 0.25 + slack_s
            assert abs(judgement.captured_at - 1000.0 - made_s) <= slack_s
