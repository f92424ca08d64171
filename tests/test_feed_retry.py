"""The back-off between two tries, and when a capture process is given up."""

from feeds.feed_settings import FeedSettings, UsbSource
from feeds.retry import Retry
from feeds.watch import Watch


def waits(retry: Retry, count: int) -> list[float]:
    times = []
    for _ in range(count):
        retry.failed(100.0)
        times.append(retry.at - 100.0)
    return times


def test_the_wait_doubles_from_the_first_to_the_longest() -> None:
    assert waits(Retry(0.5, 30.0, lambda: 1.0), 9) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_jitter_takes_away_up_to_half_but_never_goes_below_the_first_wait() -> None:
    assert waits(Retry(0.5, 30.0, lambda: 0.0), 8) == [0.5, 0.5, 1, 2, 4, 8, 15, 15]


def test_a_feed_that_was_stable_begins_anew() -> None:
    retry = Retry(0.5, 30.0, lambda: 1.0)
    waits(retry, 5)
    retry.online(100.0)
    retry.online(109.0)
    retry.failed(110.0)
    assert retry.at == 110.5


def test_a_feed_that_comes_and_goes_waits_longer_each_time() -> None:
    retry = Retry(0.5, 30.0, lambda: 1.0)
    waits(retry, 3)
    retry.online(100.0)
    retry.failed(109.0)
    assert retry.at == 113.0


def test_the_wait_stays_the_longest_however_often_it_failed() -> None:
    assert waits(Retry(0.5, 30.0, lambda: 1.0), 5000)[-1] == 30.0


def settings() -> FeedSettings:
    return FeedSettings("door", UsbSource(0), stall_s=1.0, hang_s=6.0, open_s=10.0)


def test_opening_may_take_its_time_and_then_some_to_give_up_by_itself() -> None:
    watch = Watch(settings(), started_at=100.0)
    assert not watch.hangs(beat_at=100.1, now=116.0)
    assert watch.hangs(beat_at=100.1, now=116.1)
    assert not watch.stalled(put_at=0.0, now=116.1)


def test_an_open_camera_is_stalled_when_nothing_fresh_came_for_stall_s() -> None:
    watch = Watch(settings(), started_at=100.0)
    watch.opened(101.0, patience_s=1.0)
    assert not watch.stalled(put_at=0.0, now=102.0)
    assert watch.stalled(put_at=0.0, now=102.1)
    assert not watch.stalled(put_at=105.0, now=106.0)
    assert watch.stalled(put_at=105.0, now=106.1)


def test_a_process_without_a_sign_of_life_for_hang_s_hangs() -> None:
    watch = Watch(settings(), started_at=100.0)
    watch.opened(101.0, patience_s=1.0)
    assert not watch.hangs(beat_at=105.0, now=111.0)
    assert watch.hangs(beat_at=105.0, now=111.1)


def test_a_slow_show_is_not_taken_for_a_hang() -> None:
    watch = Watch(settings(), started_at=100.0)
    watch.opened(101.0, patience_s=20.0)
    assert not watch.hangs(beat_at=105.0, now=125.9)
    assert watch.hangs(beat_at=105.0, now=126.1)
