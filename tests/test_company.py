"""What moves with a face, told as stories before SYNTHETIC rooms; None: it cannot be told."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import sin

import numpy as np
import pytest

from feeds.frame import ColorImage
from models.observation import Box
from models.passive.moving import COMPANY_LIMIT, CompanyMeter
from tests.support.measured import Values, told
from tests.support.measured import is_silent as silent_under
from tests.support.measured import speaks as speaks_over
from tests.support.rooms import ELSEWHERE, Somebody, filmed, room, with_sheet

ROOM = room()
WHO = Somebody()
Shown = tuple[ColorImage, Box]
speaks = partial(speaks_over, limit=COMPANY_LIMIT)
is_silent = partial(silent_under, limit=COMPANY_LIMIT)


def sees(
    story: Callable[[float], Shown], fps: float = 15.0, seconds: float = 3.0, every: int = 1
) -> Values:
    """What the meter says in each frame of a story, which is told by its seconds."""
    meter, found = CompanyMeter(), []
    for number in range(0, round(fps * seconds), every):
        picture, box = story(number / fps)
        found.append(meter.measure(filmed(picture, number), 1.0, box, 1, 0, number / fps))
    return found


def sways(at: float) -> int:
    """Pixels to the side, as of who stands and waits, or holds something up."""
    return round(7 * sin(3.0 * at))


def by(box: Box, x: float, y: float = 0.0) -> Box:
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def living(at: float) -> Shown:
    who = replace(WHO, x=WHO.x + sways(at))
    return who.before(ROOM), who.box


def held(at: float) -> Shown:
    return with_sheet(ROOM, WHO, 1.5, (sways(at), 0)), by(WHO.box, sways(at))


def test_the_room_behind_a_living_head_stays() -> None:
    values = sees(living)
    assert told(values)
    assert max(told(values)) < 0.0


def test_what_is_about_a_face_on_a_sheet_goes_with_it() -> None:
    assert speaks(sees(held))


def test_while_nothing_moves_it_cannot_be_told() -> None:
    assert not told(sees(lambda _: (WHO.before(ROOM), WHO.box)))
    assert not told(sees(lambda _: (with_sheet(ROOM, WHO), WHO.box)))


def test_a_box_that_trembles_is_no_face_that_moves() -> None:
    assert not told(sees(lambda at: (with_sheet(ROOM, WHO), by(WHO.box, sways(at)))))


def test_a_camera_that_moves_takes_all_along_and_cannot_tell() -> None:
    def pushed(at: float) -> Shown:
        return np.roll(WHO.before(ROOM), sways(at), 1), by(WHO.box, sways(at))

    assert not told(sees(pushed))


def test_a_screen_that_fills_the_picture_and_stirs_is_as_a_camera_that_moves() -> None:
    def stirs(at: float) -> Shown:
        return np.roll(WHO.before(ELSEWHERE), sways(at), 1), by(WHO.box, sways(at))

    assert not told(sees(stirs))


def test_before_a_bare_wall_it_cannot_be_told() -> None:
    wall = np.full_like(ROOM, 160)

    def before_it(at: float) -> Shown:
        who = replace(WHO, x=WHO.x + sways(at))
        return who.before(wall), who.box

    assert not told(sees(before_it))


@pytest.mark.parametrize(
    "dressed", [replace(WHO, hair=0.45), replace(WHO, hat=0.55), replace(WHO, scarf=True)]
)
def test_hair_hats_and_scarves_that_go_along_are_no_sheet(dressed: Somebody) -> None:
    def goes(at: float) -> Shown:
        who = replace(dressed, x=dressed.x + sways(at))
        return who.before(ROOM), who.box

    assert is_silent(sees(goes))


def test_somebody_who_walks_beside_is_no_sheet() -> None:
    def two(at: float) -> Shown:
        who, friend = (replace(WHO, x=x + sways(at)) for x in (WHO.x, 225.0))
        return who.before(friend.before(ROOM)), who.box

    assert is_silent(sees(two))


def test_a_crowd_that_moves_behind_is_no_sheet() -> None:
    def crowded(at: float) -> Shown:
        picture = ROOM
        for number, x in enumerate((60, 105, 215, 265)):
            picture = Somebody(x + 9 * sin(2 * at + number), 95, 26).before(picture)
        who = replace(WHO, x=WHO.x + sways(at))
        return who.before(picture), who.box

    assert is_silent(sees(crowded))


def test_a_window_in_which_something_moves_along_is_no_sheet() -> None:
    def lit(at: float) -> Shown:
        picture = ROOM.copy()
        picture[:, 190:] = np.roll(ELSEWHERE, sways(at), 1)[:, 190:]
        who = replace(WHO, x=WHO.x + sways(at))
        return who.before(picture), who.box

    assert is_silent(sees(lit))


@pytest.mark.parametrize(("fps", "every"), [(5, 1), (10, 1), (30, 1), (60, 1), (30, 5)])
def test_at_any_frame_rate_and_where_frames_are_dropped(fps: float, every: int) -> None:
    assert is_silent(sees(living, fps, every=every))
    assert speaks(sees(held, fps, every=every))


def test_light_that_is_switched_is_nothing_that_moves() -> None:
    def switched(at: float) -> Shown:
        picture, box = living(at)
        return filmed(picture, 0, 0.5 if int(2 * at) % 2 else 1.0), box

    assert is_silent(sees(switched))


def test_who_steps_back_and_comes_again_takes_nothing_along() -> None:
    def steps(at: float) -> Shown:
        who = replace(WHO, y=WHO.y + 8 * sin(at), wide=WHO.wide + 10 * sin(at))
        return who.before(ROOM), who.box

    assert is_silent(sees(steps, seconds=6.0))


def test_another_track_or_session_begins_anew() -> None:
    meter = CompanyMeter()
    for number in range(45):
        picture, box = held(number / 15)
        track, session = number % 2, number // 2 % 2
        assert meter.measure(picture, 1.0, box, track, session, number / 15) is None


def test_what_was_told_stands_for_a_second_and_no_longer() -> None:
    meter, found = CompanyMeter(), []
    for number in range(75):
        picture, box = held(min(number, 30) / 15)  # then the hand rests
        found.append(meter.measure(picture, 1.0, box, 1, 0, number / 15))
    assert found[30] is not None
    assert found[-1] is None
