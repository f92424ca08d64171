"""What health says of a door's pictures: the light of an hour, and how five people's faces lay."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from feeds.frame import Frame
from feeds.state import FeedState
from kioskd.event import Step
from kioskd.happenings import FrameJudged
from kioskd.health import Health, Light
from kioskd.metrics.health_teller import HealthTeller
from kioskd.metrics.hour_means import HourMeans
from kioskd.stream import Stream
from models.observation import Face, ImageQuality, Observation
from tests.support.stage import person

NOON = 1_700_000_000 // 3600 * 3600.0  # unix seconds, the beginning of an hour


class Door:
    """Pictures of 640 by 480, ten a second, of one grey."""

    def __init__(self) -> None:
        self.means = HourMeans()
        self.wall = NOON

    def show(self, grey: int, frames: int, *faces: Face) -> None:
        image = np.full((480, 640, 3), grey, np.uint8)
        for _ in range(frames):
            at = self.wall - NOON
            seen = Observation("feed", 0, 0, at, self.wall, 640, 480, faces)
            self.means.take(Frame("feed", 0, 0, at, self.wall, image), seen)
            self.wall += 0.1

    def next_hour(self) -> None:
        self.wall = (self.wall // 3600 + 1) * 3600
        self.show(0, 1)


def face(track: int, left: float, width: float = 64, sharpness: float | None = 0.6) -> Face:
    quality = None if sharpness is None else ImageQuality(sharpness, 0.5, 0.4)
    box = (left, 120, left + width, 120 + 96)
    return replace(person(track=track), box=box, quality=quality)


def test_the_light_is_that_of_pictures_with_a_face_once_the_hour_is_over() -> None:
    door = Door()
    door.show(10, 50)
    door.show(51, 50, face(1, 288))
    door.show(102, 50, face(1, 288))
    assert door.means.light is None
    door.next_hour()
    told = door.means.light
    assert told is not None
    assert (told.frames, told.mean) == (10, pytest.approx(0.3))
    assert (told.since, told.until) == pytest.approx((NOON + 5, NOON + 14.0))


def test_an_hour_in_which_nobody_came_leaves_the_last_word_as_it_was() -> None:
    door = Door()
    door.show(51, 20, face(1, 288))
    door.next_hour()
    before = door.means.light
    assert isinstance(before, Light)
    door.next_hour()
    assert door.means.light is before


def test_each_person_counts_once_however_long_they_stood_there() -> None:
    door = Door()
    door.show(51, 200, face(1, 448))
    for track in range(2, 6):
        door.show(51, 10, face(track, 128, sharpness=0.4))
    door.next_hour()
    told = door.means.faces
    assert told is not None
    assert told.people == 5
    assert told.x == pytest.approx((480 + 4 * 160) / 5 / 640)
    assert told.y == pytest.approx(168 / 480)
    assert told.width == pytest.approx(0.1)
    assert told.sharpness == pytest.approx((0.6 + 4 * 0.4) / 5)
    assert told.brightness == pytest.approx(0.4)


def test_fewer_than_five_people_are_told_of_with_those_who_come_later_and_never_alone() -> None:
    door = Door()
    for track in range(4):
        door.show(51, 10, face(track, 288))
    door.next_hour()
    assert door.means.faces is None
    door.show(51, 10, face(9, 288))
    door.next_hour()
    told = door.means.faces
    assert told is not None
    assert (told.people, told.since) == (5, NOON)
    assert told.until > NOON + 3600


def test_who_only_walks_by_is_nobody_and_a_face_without_measures_has_none() -> None:
    door = Door()
    for track in range(20):
        door.show(51, 4, face(track, 288))
    door.next_hour()
    assert door.means.faces is None
    for track in range(20, 25):
        door.show(51, 5, face(track, 288, sharpness=None))
    door.next_hour()
    told = door.means.faces
    assert told is not None
    assert (told.sharpness, told.brightness) == (None, None)


def test_health_says_them_of_each_door() -> None:
    told: list[Health] = []
    stream = Stream(lambda sentence: None)
    counts = SimpleNamespace(captured=9, taken=9)
    feed = SimpleNamespace(
        settings=SimpleNamespace(name="feed"),
        state=FeedState("feed", "online", "", "", NOON),
        counts=counts,
    )
    judges = [SimpleNamespace(door=name, feed=feed) for name in ("main", "side")]
    sources = SimpleNamespace(problems=dict, connected=lambda: True, layers=lambda: None)
    state: Any = SimpleNamespace(judges=judges, rows_waiting=0, sources=sources, fleet=None)
    teller = HealthTeller(state, stream, told.append)
    teller.start()
    image = np.full((480, 640, 3), 51, np.uint8)
    for wall in (NOON, NOON + 3600):
        seen = Observation("feed", 0, 0, wall, wall, 640, 480, (face(1, 288),))
        frame = Frame("feed", 0, 0, wall, wall, image)
        stream.tell(FrameJudged("main", frame, seen, Step("QUALITY"), wall, wall, wall))
    teller.stop()
    teller.join()
    lights = {door.door: door.light for door in told[-1].doors}
    assert lights == {"main": Light(NOON, NOON, 1, pytest.approx(0.2)), "side": None}  # type: ignore[arg-type]
