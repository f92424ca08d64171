"""Stories of images arriving, and whether each shows the present."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.frame import ColorImage
from feeds.freshness import DRIFT, DRIFTED_S, LATEST_S, Freshness, Judgement

PERIOD_S = 0.04
STALL_S = 1.0


def picture(number: int) -> ColorImage:
    image = np.full((16, 16, 3), number % 251, np.uint8)
    image[:, 8:] ^= 128  # one single colour is no picture
    return image


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


def test_a_punctual_camera_is_fresh_as_soon_as_a_backlog_would_have_shown() -> None:
    verdicts = Camera().runs(0.0, 4.0)
    assert set(verdicts[:7]) == {"late"}  # 7 periods are STEADY_FOR_S
    assert set(verdicts[7:]) == {"fresh"}


@pytest.mark.parametrize("fps", [10, 15, 25, 60])
def test_an_even_stream_is_believed_within_half_a_second(fps: int) -> None:
    camera = Camera()
    verdicts = [camera.gives(turn / fps).verdict for turn in range(fps)]
    assert "fresh" in verdicts[: fps // 2 + 1]


def test_an_uneven_stream_is_watched_for_longer() -> None:
    camera = Camera()
    verdicts = [
        camera.gives(PERIOD_S * turn, PERIOD_S * turn + 0.01 * (turn % 2)).verdict
        for turn in range(50)
    ]
    assert set(verdicts[:20]) == {"late"}  # 20 images are CATCH_UP_S
    assert set(verdicts[21:]) == {"fresh"}


def test_a_key_frame_of_the_past_and_what_follows_it_at_once_are_never_evidence() -> None:
    """A camera that sends all since its last key frame, ten seconds ago, and then goes on."""
    camera = Camera()
    past = [camera.gives(PERIOD_S * turn, 10.0 + 0.001 * turn).verdict for turn in range(250)]
    assert set(past) == {"late"}
    assert camera.runs(10.28, 11.0)[-8:] == ["fresh"] * 8


@pytest.mark.parametrize("first_s", [-60.0, -0.1, 0.1, 60.0])
def test_a_first_image_with_a_wrong_time_makes_no_later_one_late(first_s: float) -> None:
    """Some decoders give the first image after connecting one."""
    camera = Camera()
    camera.gives(first_s, 0.0)
    assert camera.runs(PERIOD_S, 2.0)[-24:] == ["fresh"] * 24


def test_a_first_image_that_is_given_the_time_of_the_second_delays_nothing() -> None:
    camera = Camera()
    camera.gives(0.0, -PERIOD_S)
    verdicts = camera.runs(0.0, 4.0)
    assert set(verdicts[:7]) == {"late"}
    assert set(verdicts[7:]) == {"fresh"}


def test_images_of_one_time_out_of_a_buffer_are_believed_no_sooner() -> None:
    camera = Camera()
    past = [camera.gives(0.0, 10.0 + 0.001 * turn).verdict for turn in range(50)]
    assert set(past) == {"late"}
    assert set(camera.runs(10.28, 10.5)) == {"late"}


def test_a_camera_without_a_clock_is_fresh_once_its_rate_is_known() -> None:
    camera = Camera(has_clock=False)
    assert camera.gives(0.0, read_for_s=5.0).verdict == "late"
    assert camera.runs(0.04, 2.0) == ["late"] * 8 + ["fresh"] * 41
    assert camera.gives(2.0).captured_at == 1002.0


@pytest.mark.parametrize("fps", [2, 5, 15, 30, 60])
def test_without_a_clock_cameras_of_any_rate_are_fresh(fps: int) -> None:
    camera = Camera(has_clock=False)
    verdicts = [camera.gives(turn / fps, read_for_s=0.8 / fps).verdict for turn in range(100)]
    assert verdicts == ["late"] * 9 + ["fresh"] * 91


def test_without_a_clock_images_that_come_in_pairs_are_fresh_if_they_were_waited_for() -> None:
    """So it looks on a wireless network: every other image lies ready behind the one before."""
    camera = Camera(has_clock=False)
    verdicts = []
    for turn in range(40):
        verdicts.append(camera.gives(0.08 * turn, read_for_s=0.07).verdict)
        verdicts.append(camera.gives(0.08 * turn + 0.002, read_for_s=0.001).verdict)
    assert verdicts[10:] == ["fresh", "late"] * 35


def from_a_buffer(camera: Camera, from_s: float, each_s: list[float]) -> set[str]:
    """Gives old images that each take so long to read; the verdicts."""
    verdicts: set[str] = set()
    at = from_s
    for read_for_s in each_s:
        at += read_for_s
        verdicts.add(camera.gives(-50.0, at, read_for_s=read_for_s).verdict)
    return verdicts


@pytest.mark.parametrize("has_clock", [False, True])
@pytest.mark.parametrize(
    "each_s",
    [
        [0.004] * 400,
        [0.0001] * 400,
        [0.012] * 400,  # slow enough to look like waiting, too fast for any camera
        ([0.004] * 19 + [0.05]) * 20,  # the network paused now and then
        [0.3] + [0.001] * 400,
    ],
)
def test_a_backlog_at_connect_is_never_evidence_where_there_is_no_clock(
    each_s: list[float], has_clock: bool
) -> None:
    """With a clock: one that stands still, which is none."""
    camera = Camera(has_clock=has_clock)
    assert from_a_buffer(camera, 0.0, each_s) == {"late"}
    assert not camera.freshness.proven
    camera = Camera(has_clock=False)
    from_a_buffer(camera, 0.0, each_s)
    began_s = sum(each_s)
    assert camera.runs(began_s + 0.04, began_s + 1.0)[-10:] == ["fresh"] * 10


def test_without_a_clock_what_a_silence_held_back_is_late_and_so_is_what_ended_it() -> None:
    camera = Camera(has_clock=False)
    camera.runs(0.0, 2.0)
    assert camera.gives(2.0, 2.7, read_for_s=0.66).verdict == "late"
    assert from_a_buffer(camera, 2.7, [0.004] * 16) == {"late"}
    verdicts = camera.runs(2.8, 3.2)
    assert verdicts == ["late"] * 2 + ["fresh"] * 8


def test_without_a_clock_a_burst_is_late_until_it_is_over_even_if_it_pauses() -> None:
    camera = Camera(has_clock=False)
    camera.runs(0.0, 2.0)
    assert from_a_buffer(camera, 2.0, [0.66, *[0.002, 0.02] * 12]) == {"late"}


def test_without_a_clock_a_camera_that_skipped_some_images_goes_on() -> None:
    camera = Camera(has_clock=False)
    camera.runs(0.0, 2.0)
    assert camera.gives(2.7, read_for_s=0.7).verdict == "late"
    assert camera.runs(2.74, 3.14) == ["late"] * 3 + ["fresh"] * 7


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
        freshness.judge(picture(turn), at - 0.03, at, 0.0).verdict
        for turn, at in enumerate(np.arange(1000.0, 1001.0, PERIOD_S).tolist())
    ]
    assert verdicts == ["late"] * 9 + ["fresh"] * 16


def test_a_clock_that_stops_makes_no_image_of_a_burst_prompt() -> None:
    camera = running()
    verdicts = {
        camera.gives(1.96, 2.0 + 0.004 * turn, read_for_s=0.004).verdict for turn in range(200)
    }
    assert verdicts == {"late"}


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
    assert camera.runs(1.2, 3.0)[-24:] == ["fresh"] * 24


def replayed(camera: Camera, speed: float, for_s: float = 10.0) -> list[str]:
    """The verdicts of so many seconds of the past at this speed, a little unevenly, to the end."""
    noise = np.random.default_rng(7).uniform(0.0, 0.005, 2000)
    lag_s = for_s * (1 - 1 / speed)
    verdicts: list[str] = []
    for turn in range(round(for_s / PERIOD_S)):
        made_s = turn * PERIOD_S
        arrives_s = lag_s + made_s / speed + float(noise[turn])
        verdicts.append(camera.gives(made_s, arrives_s).verdict)
    return verdicts


@pytest.mark.parametrize("speed", [1.05, 1.1, 1.2, 1.3, 1.6, 3.0])
def test_a_backlog_replayed_faster_than_it_was_made_is_never_evidence(speed: float) -> None:
    camera = Camera()
    assert set(replayed(camera, speed)) == {"late"}
    assert camera.runs(10.0, 12.0)[-24:] == ["fresh"] * 24


@pytest.mark.parametrize("speed", [1.01, 1.02, 1.03])
def test_a_backlog_replayed_hardly_faster_is_noticed_after_a_while(speed: float) -> None:
    assert "drifted" in replayed(Camera(), speed, for_s=40.0)


def test_a_backlog_replayed_at_its_own_speed_cannot_be_told() -> None:
    """The limit docs/install/feeds.md tells of; if this fails, it has fallen."""
    assert set(replayed(Camera(), 1.0)[21:]) == {"fresh"}


def test_an_image_whose_read_blocked_too_long_is_a_fault_whatever_it_shows() -> None:
    camera = running()
    assert camera.gives(3.5, read_for_s=1.5).verdict == "blocked"


def test_the_first_read_may_wait_for_a_key_frame() -> None:
    camera = Camera()
    assert camera.gives(0.0, read_for_s=5.0).verdict == "late"
    assert camera.runs(0.04, 2.0)[-24:] == ["fresh"] * 24


@pytest.mark.parametrize("off_s", [-1e6, -50.0, -0.3, 0.3, 50.0, 1e6])
def test_one_image_with_an_outlying_time_is_late_and_no_other(off_s: float) -> None:
    camera = running()
    assert camera.gives(2.0 + off_s, arrives_s=2.0).verdict == "late"
    assert set(camera.runs(2.04, 4.0)) == {"fresh"}


@pytest.mark.parametrize("off_s", [-50.0, -0.3, 0.3, 50.0])
def test_every_other_image_may_have_an_outlying_time(off_s: float) -> None:
    camera = running()
    verdicts = [
        camera.gives(2.0 + PERIOD_S * turn + off_s * (turn % 2), 2.0 + PERIOD_S * turn).verdict
        for turn in range(40)
    ]
    assert verdicts == ["fresh", "late"] * 20


@pytest.mark.parametrize("off_s", [-50.0, 0.3, 50.0])
def test_a_stream_time_that_jumps_and_stays_there_is_a_break(off_s: float) -> None:
    """What was held back might hide behind a time of its own, so it is not learnt anew here."""
    camera = running()
    times = (2.0 + PERIOD_S * np.arange(4)).tolist()
    verdicts = [camera.gives(at + off_s, arrives_s=at).verdict for at in times]
    assert verdicts == ["late", "late", "jumped", "jumped"]


def test_a_camera_that_left_images_out_while_the_network_was_slow_is_no_break() -> None:
    camera = running()
    late = [camera.gives(2.0 + PERIOD_S * turn, 2.9 + 0.001 * turn).verdict for turn in range(5)]
    assert set(late) == {"late"}
    assert set(camera.runs(2.92, 4.0)) == {"fresh"}


@pytest.mark.parametrize("fps", [5, 12.5, 50])
def test_a_stream_that_changes_its_rate_goes_on(fps: float) -> None:
    camera = running()
    verdicts = {camera.gives(2.0 + turn / fps, read_for_s=0.8 / fps).verdict for turn in range(40)}
    assert verdicts == {"fresh"}


def test_a_repeated_image_is_not_handed_over() -> None:
    camera = running()
    still = picture(250)
    verdicts = [camera.shows(still, 2.0 + t).verdict for t in (0.0, 0.04, 0.08)]
    assert verdicts == ["fresh", "repeated", "repeated"]
    assert camera.gives(2.12).verdict == "fresh"


@pytest.mark.parametrize("buffers", [2, 3, 4])
def test_a_hung_driver_that_gives_its_buffers_in_turn_is_frozen(buffers: int) -> None:
    camera = running()
    verdicts = [
        camera.shows(picture(200 + turn % buffers), 2.0 + PERIOD_S * turn).verdict
        for turn in range(40)
    ]
    assert verdicts == ["fresh"] * buffers + ["repeated"] * (40 - buffers)
    assert camera.freshness.frozen


def test_a_file_may_return_to_an_image_it_has_shown() -> None:
    freshness = Freshness(STALL_S, PERIOD_S, live=False)
    verdicts = [freshness.judge(picture(n), 1.0, 1.0, None).verdict for n in (1, 2, 1, 1)]
    assert verdicts == ["fresh", "fresh", "fresh", "repeated"]


def test_one_changed_pixel_makes_another_image() -> None:
    camera = running()
    still = picture(250)
    camera.shows(still, 2.0)
    changed = still.copy()
    changed[3, 5, 1] ^= 1  # off the coarse sample, which looks at every eighth pixel
    assert camera.shows(changed, 2.04).verdict == "fresh"


def test_a_change_of_size_is_another_image() -> None:
    camera = running()
    camera.shows(picture(7), 2.0)
    assert camera.shows(picture(7).reshape(8, 32, 3), 2.04).verdict == "fresh"


def test_a_frozen_camera_starves_and_is_called_frozen() -> None:
    camera = running()
    still = picture(250)
    for turn in range(60):
        camera.shows(still, 2.0 + 0.04 * turn)
    assert camera.freshness.frozen
    assert camera.freshness.starved_s(1004.36) == pytest.approx(2.36)


@pytest.mark.parametrize("drift", [-0.0001, 0.0001])
def test_a_camera_whose_crystal_is_off_works_all_day(drift: float) -> None:
    """Reopened 34 times, each time to be measured anew."""
    day_s, period_s = 86_400.0, 0.9
    camera, reopened, not_fresh, worst_s = Camera(), 0, 0, 0.0
    for made_s in np.arange(0.0, day_s, period_s).tolist():
        judgement = camera.gives(made_s * (1 + drift), arrives_s=made_s)
        if judgement.verdict == "drifted":
            camera, reopened = Camera(), reopened + 1
        if judgement.verdict == "fresh":
            worst_s = max(worst_s, abs(judgement.captured_at - 1000.0 - made_s))
        else:
            not_fresh += 1
    assert reopened == 34
    assert not_fresh <= 4 * (reopened + 1)
    assert worst_s < 0.001


@pytest.mark.parametrize("growth", [0.0001, 0.0002, 0.0004, 0.002, 0.02])
def test_a_lag_that_grows_slowly_ends_before_it_is_twice_the_latest(growth: float) -> None:
    """It cannot be told from a camera's slow clock, so what is put down to that is bounded."""
    camera, oldest_s, verdicts = Camera(), 0.0, []
    for made_s in np.arange(0.0, 3600.0, 0.1).tolist():
        lag_s = growth * made_s
        verdicts.append(camera.gives(made_s, arrives_s=made_s + lag_s).verdict)
        if verdicts[-1] == "fresh":
            oldest_s = max(oldest_s, lag_s)
        if verdicts[-1] == "drifted" or verdicts[-30:] == ["late"] * 30:
            break
    assert "fresh" in verdicts
    assert verdicts[-1] != "fresh"
    assert oldest_s <= LATEST_S + DRIFTED_S + 0.001


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


def test_one_single_colour_is_blank_whether_it_changes_or_not() -> None:
    camera = running()
    for turn, level in enumerate((0, 0, 90, 255)):
        image = np.full((16, 16, 3), level, np.uint8)
        assert camera.shows(image, 2.0 + turn * PERIOD_S).verdict == "blank"
    assert camera.freshness.blank
    assert not camera.freshness.frozen
    assert camera.freshness.starved_s(1003.0) > 0.9
    assert camera.gives(2.16).verdict == "fresh"
    assert not camera.freshness.blank


def test_a_camera_must_show_several_different_pictures_before_one_counts() -> None:
    camera = Camera()
    for turn in range(30):
        assert camera.shows(picture(1), turn * PERIOD_S).verdict != "fresh"
    assert camera.shows(picture(2), 1.20).verdict == "late"
    assert camera.shows(picture(2), 1.24).verdict == "repeated"
    assert camera.shows(picture(3), 1.28).verdict == "fresh"
