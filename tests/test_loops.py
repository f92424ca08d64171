"""A recording in a loop is found, however it was changed; what only looks alike is not.

The scenes are synthetic, but for the clip that ships: things that wander over a dim room.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from feeds import loops
from feeds.feed_settings import FeedSettings, StreamSource
from feeds.frame import ColorImage
from feeds.loops import LoopWatch
from tests.support.loops import CHANGES, Shown, clip, twice, watched
from tests.support.network_camera import camera
from tests.support.watching import watched as watching
from tests.test_motion_jpeg import HEADS, sends

Numbers = NDArray[np.float64]
LIVE = Path("kioskd/demo/clips/live.mov")
RATE = 12.0
HEIGHT, WIDTH = 144, 192
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]


def wandering(seconds: float, seed: int, noise: float = 2.0) -> list[Shown]:
    """Three things that go about as they like before a textured wall, and a sensor's noise."""
    random = np.random.default_rng(seed)
    wall = 80.0 + 40.0 * np.sin(COLUMNS / 9.0) * np.cos(ROWS / 7.0)
    steps = random.normal(0.0, 5.0, (round(seconds * RATE), 3, 2))
    ways = np.cumsum(steps, axis=0) + random.uniform(30.0, 110.0, (3, 2))
    return [(_picture(wall, places, random, noise), n / RATE) for n, places in enumerate(ways)]


def _picture(
    wall: Numbers, places: Numbers, random: np.random.Generator, noise: float
) -> ColorImage:
    grey = wall + random.normal(0.0, noise, wall.shape)
    for size, (row, column) in zip((18.0, 24.0, 14.0), places % (HEIGHT, WIDTH), strict=True):
        grey += 90.0 * np.exp(-((ROWS - row) ** 2 + (COLUMNS - column) ** 2) / (2 * size**2))
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize("name", ["as it is", "JPEG of quality 20", "all of it a little"])
def test_the_same_again_is_found_though_it_was_changed(name: str) -> None:
    resemblance, found = watched(twice(wandering(10.0, seed=1), CHANGES[name]))
    assert resemblance > loops.ALIKE
    assert found is not None
    assert 10.0 < found < 19.5


def test_a_person_before_a_webcam_is_found_when_the_clip_that_ships_comes_again() -> None:
    shown = clip(str(LIVE))
    assert watched(shown)[1] is None
    again = [*twice(shown, CHANGES["brighter, x 1.2 + 20"])]
    _, found = watched(twice(again, CHANGES["JPEG of quality 50"]))
    assert found is not None


def test_what_moves_as_it_likes_is_no_loop() -> None:
    resemblance, found = watched(wandering(40.0, seed=2))
    assert found is None
    assert resemblance < loops.OTHER


@pytest.mark.parametrize("noise", [0.0, 3.0, 15.0])
def test_an_empty_room_is_no_loop_however_much_it_resembles_itself(noise: float) -> None:
    random = np.random.default_rng(3)
    wall, nobody = np.full((HEIGHT, WIDTH), 90.0), np.zeros((3, 2))
    still = [(_picture(wall, nobody, random, noise), n / RATE) for n in range(round(12 * RATE))]
    resemblance, found = watched(still)
    assert (found, resemblance < 0.2) == (None, True)


@pytest.mark.parametrize("period_s", [0.7, 2.0])
def test_what_repeats_itself_in_the_world_is_no_loop(period_s: float) -> None:
    """A sign that blinks, a fan, an escalator."""

    def shown() -> Iterator[Shown]:
        for n in range(round(25 * RATE)):
            at = n / RATE
            lit = 60.0 * np.sin(2 * np.pi * (at / period_s - COLUMNS / 60.0))
            yield np.repeat((128 + lit).astype(np.uint8)[:, :, None], 3, axis=2), at

    assert watched(shown())[1] is None


def test_it_is_over_once_something_else_moves_and_not_while_nothing_does() -> None:
    watch, first = LoopWatch(), wandering(9.0, seed=4)
    for image, at in twice(first, CHANGES["as it is"]):
        watch.saw(image, at)
    assert watch.looped
    ended = 18.1
    for n in range(120):
        assert watch.saw(first[-1][0], ended + n / RATE)
    other = [(image, ended + 10.0 + at) for image, at in wandering(14.0, seed=5)]
    held = [watch.saw(image, at) for image, at in other]
    assert held[0]
    assert not held[-1]
    assert held.index(False) / RATE > loops.OVER_S - 1.0


def test_a_camera_that_was_away_for_an_hour_is_looked_at_afresh() -> None:
    watch = LoopWatch()
    for image, at in twice(wandering(9.0, seed=6), CHANGES["as it is"]):
        watch.saw(image, at + (3600.0 if at > 9.0 else 0.0))
    assert not watch.looped


def test_it_remembers_minutes_and_no_more() -> None:
    """Bounded: what is kept of a picture are 192 numbers."""
    past = LoopWatch()._past
    kept = past._changes.nbytes + past._products.nbytes
    assert kept < 4e6
    assert past.size * loops.STEP_S == pytest.approx(loops.MEMORY_S)


def test_a_feed_whose_camera_shows_a_loop_gives_no_frame(tmp_path: Path) -> None:
    with camera(sends(tmp_path, *HEADS["as it should be"])) as there:
        url = f"http://127.0.0.1:{there.port}/video"
        settings = FeedSettings("door", StreamSource(url), stall_s=5.0)
        with watching(settings) as door:
            door.frame()
            looped = door.feed._loops.looped = True
            frames = door.until("stalled", "looped")
            counts = door.feed.counts
            for _ in range(5):
                assert door.feed.newest(0.1) is None
            assert looped
            assert len(frames) <= 1
            assert door.feed.counts.captured > counts.captured
            assert door.feed.state.detail.startswith(f"{url} shows again what it showed")
            door.feed._loops.looped = False
            door.frame()
            assert door.feed.state.phase == "online"
