"""A fixed camera's background, told as stories before SYNTHETIC rooms.

What cannot be told is None; what is not missed is 0 or little. Neither speaks for anything.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from feeds.frame import ColorImage
from models.observation import Box
from models.passive.background import LIMIT, BackgroundMeter
from tests.support.rooms import ELSEWHERE, Somebody, filled, filmed, room, with_sheet

ROOM = room()
WHO = Somebody()
Values = list[float | None]
Picture = Callable[[float], ColorImage]  # of the seconds since a part of a story began


class Camera:
    """A fixed camera, and what its meter says of the face in each frame."""

    def __init__(self, fps: float = 15.0) -> None:
        self.fps, self.meter = fps, BackgroundMeter()
        self.number, self.at, self.session = 0, 100.0, 0

    def sees(
        self,
        picture: ColorImage | Picture,
        seconds: float = 1.0,
        faces: Sequence[Box] = (),
        gain: float = 1.0,
        every: int = 1,
    ) -> Values:
        """For so long; of the first of the faces. `every`: of so many frames one comes."""
        found: Values = []
        for step in range(0, round(seconds * self.fps), every):
            image = picture if isinstance(picture, np.ndarray) else picture(step / self.fps)
            found.append(self._frame(filmed(image, self.number, gain), faces))
            self.number += 1
            self.at += every / self.fps
        return found

    def _frame(self, image: ColorImage, faces: Sequence[Box]) -> float | None:
        self.meter.look(image, 1.0, self.at, self.session, faces)
        return self.meter.measure(image, 1.0, faces[0], faces[1:]) if faces else None


def settled(fps: float = 15.0) -> Camera:
    """One that has seen the empty room for a while."""
    camera = Camera(fps)
    camera.sees(ROOM, 4.0)
    return camera


def person(who: Somebody = WHO, picture: ColorImage = ROOM) -> ColorImage:
    return who.before(picture)


def held(who: Somebody = WHO, picture: ColorImage = ROOM, reach: float = 1.7) -> ColorImage:
    return with_sheet(picture, who, reach)


def coming_up(seconds: float = 1.0) -> Picture:
    """A screen that is moved up until it fills the picture."""
    return lambda at: filled(ROOM, WHO, min(1.0, at / seconds))


def speaks(values: Values) -> bool:
    return all(value is not None and value > LIMIT for value in values)


def is_silent(values: Values) -> bool:
    """It was told, and nothing is missed."""
    return all(value is not None and value <= LIMIT for value in values)


def cannot_tell(values: Values) -> bool:
    return bool(values) and all(value is None for value in values)


def test_beside_a_living_head_the_room_is_still_there() -> None:
    assert is_silent(settled().sees(person(), faces=[WHO.box]))


def test_beside_a_sheet_that_is_held_up_it_is_missed() -> None:
    assert speaks(settled().sees(held(), faces=[WHO.box]))


def test_behind_a_screen_that_fills_the_picture_it_is_gone() -> None:
    camera = settled()
    camera.sees(coming_up())
    assert speaks(camera.sees(person(WHO, ELSEWHERE), faces=[WHO.box]))


def test_without_a_background_nothing_can_be_told() -> None:
    assert cannot_tell(Camera().sees(held(), faces=[WHO.box]))
    camera = Camera()
    camera.sees(ROOM, 1.0)  # too short
    assert cannot_tell(camera.sees(held(), faces=[WHO.box]))


def test_a_room_in_which_something_moves_all_the_time_is_never_learned() -> None:
    rooms = [room(seed) for seed in range(3)]
    camera = Camera()
    camera.sees(lambda at: rooms[int(at) % 3], 12.0)
    assert cannot_tell(camera.sees(held(), faces=[WHO.box]))


@pytest.mark.parametrize("gain", [0.55, 0.8, 1.25])
def test_another_exposure_is_followed(gain: float) -> None:
    camera = settled()
    assert is_silent(camera.sees(person(), faces=[WHO.box], gain=gain))
    assert speaks(camera.sees(held(), faces=[WHO.box], gain=gain))


def lit_otherwise(picture: ColorImage) -> ColorImage:
    """The same room with a lamp at the other side, deep shadows, and what a window lets in."""
    light = np.geomspace(0.15, 1.3, picture.shape[1])[None, :, None]
    shadows = room(5).astype(np.float64) / 130.0
    return np.clip(picture * light * shadows, 0, 255).astype(np.uint8)


def shifted(picture: ColorImage) -> ColorImage:
    return np.roll(picture, (23, -31), (0, 1))


def half_there(before: ColorImage, after: ColorImage) -> Picture:
    """One scene turns into another within a second, as a camera is pushed aside."""
    return lambda at: np.asarray(before + min(1.0, at) * (after * 1.0 - before), np.uint8)


@pytest.mark.parametrize("changed", [lit_otherwise, shifted, lambda _: room(9)])
def test_after_light_or_camera_change_it_cannot_be_told_until_it_is_learned_anew(
    changed: Callable[[ColorImage], ColorImage],
) -> None:
    camera, other = settled(), changed(ROOM)
    camera.sees(other, 0.5)
    assert cannot_tell(camera.sees(person(WHO, other), faces=[WHO.box]))
    camera.sees(other, 4.0)
    assert is_silent(camera.sees(person(WHO, other), faces=[WHO.box]))
    assert speaks(camera.sees(held(WHO, other), faces=[WHO.box]))


@pytest.mark.parametrize("changed", [lit_otherwise, shifted, lambda _: room(9)])
def test_while_somebody_stands_there_too(changed: Callable[[ColorImage], ColorImage]) -> None:
    camera = settled()
    camera.sees(person(), faces=[WHO.box])
    values = camera.sees(person(WHO, changed(ROOM)), faces=[WHO.box])
    assert cannot_tell(values[2:])  # it looks every 0.1 s


def test_a_camera_that_is_moved_slowly_has_moved() -> None:
    camera = settled()
    camera.sees(half_there(ROOM, shifted(ROOM)), 1.0)
    assert cannot_tell(camera.sees(person(WHO, shifted(ROOM)), faces=[WHO.box]))


def test_a_light_that_is_switched_back_needs_no_learning() -> None:
    camera = settled()
    camera.sees(lit_otherwise(ROOM), 0.5)
    assert cannot_tell(camera.sees(held(WHO, lit_otherwise(ROOM)), faces=[WHO.box]))
    camera.sees(ROOM, 0.5)
    assert speaks(camera.sees(held(), faces=[WHO.box]))


def test_a_hand_over_the_lens_makes_it_forget_nothing() -> None:
    camera = settled()
    camera.sees(np.full_like(ROOM, 3), 2.0)
    assert cannot_tell(camera.sees(person(WHO, ELSEWHERE), faces=[WHO.box]))
    assert speaks(camera.sees(held(), faces=[WHO.box])[2:])  # it looks every 0.1 s


def test_in_the_dark_it_cannot_be_told() -> None:
    camera = settled()
    assert cannot_tell(camera.sees(held(), faces=[WHO.box], gain=0.1))


def test_another_session_or_another_size_begins_anew() -> None:
    camera = settled()
    camera.session = 1
    assert cannot_tell(camera.sees(held(), faces=[WHO.box]))
    camera = settled()
    smaller = np.ascontiguousarray(held()[:180])
    assert cannot_tell(camera.sees(smaller, faces=[WHO.box]))


def test_pictures_of_any_size_may_follow_each_other() -> None:
    camera = Camera()
    for high, wide in ((1, 1), (240, 320), (20, 30), (180, 320), (240, 320)):
        picture = np.ascontiguousarray(ROOM[:high, :wide])
        camera.sees(picture, 1.0)
        assert cannot_tell(camera.sees(picture, 0.2, faces=[(0.0, 0.0, 1.0, 1.0)]))


def test_a_crowd_behind_is_no_sheet() -> None:
    camera = settled()
    crowd = [Somebody(x=x, y=y, wide=26) for x, y in ((95, 95), (225, 100), (45, 90), (275, 92))]
    picture = ROOM
    for each in crowd:
        picture = each.before(picture)
    boxes = [each.box for each in crowd]
    for count in range(1, len(crowd) + 1):
        values = camera.sees(person(WHO, picture), faces=[WHO.box, *boxes[:count]])
        assert not any(value is not None and value > LIMIT for value in values)


@pytest.mark.parametrize(
    "dressed",
    [
        replace(WHO, hair=0.45),
        replace(WHO, hat=0.55),
        replace(WHO, scarf=True),
        replace(WHO, hair=0.35, hat=0.45, scarf=True),
    ],
)
def test_hair_hats_and_scarves_are_no_sheet(dressed: Somebody) -> None:
    assert is_silent(settled().sees(person(dressed), faces=[WHO.box]))


def test_a_picture_on_the_wall_belongs_to_the_room() -> None:
    hung = Somebody(x=60, y=70, wide=30)
    wall = with_sheet(ROOM, hung, 1.0)
    camera = Camera()
    camera.sees(wall, 4.0, faces=())
    assert is_silent(camera.sees(person(WHO, wall), faces=[WHO.box, hung.box]))
    assert speaks(camera.sees(held(WHO, wall), faces=[WHO.box, hung.box]))


def test_a_window_in_which_something_always_moves_costs_nobody() -> None:
    def outside(at: float) -> ColorImage:
        picture = ROOM.copy()
        picture[10:120, 195:300] = np.roll(room(3), int(40 * at), 1)[10:120, 195:300]
        return picture

    camera = Camera()
    camera.sees(outside, 6.0)
    values = camera.sees(lambda at: person(WHO, outside(at)), faces=[WHO.box])
    assert not any(value is not None and value > LIMIT for value in values)


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0, 60.0])
def test_at_any_frame_rate(fps: float) -> None:
    camera = settled(fps)
    assert is_silent(camera.sees(person(), faces=[WHO.box]))
    assert speaks(camera.sees(held(), faces=[WHO.box]))


def test_what_came_while_frames_were_dropped_is_not_known() -> None:
    camera = settled()
    camera.at += 1.0
    assert cannot_tell(camera.sees(person(WHO, ELSEWHERE), faces=[WHO.box]))


def test_where_only_some_frames_come_a_sheet_is_missed_all_the_same() -> None:
    camera = settled()
    assert is_silent(camera.sees(person(), faces=[WHO.box], every=6))
    assert speaks(camera.sees(held(), faces=[WHO.box], every=6))


def test_who_steps_back_and_comes_again_is_still_before_the_room() -> None:
    camera, back = settled(), Somebody(y=95, wide=28)
    for who in (WHO, back, WHO):
        assert is_silent(camera.sees(person(who), faces=[who.box]))
        camera.sees(ROOM, 5.0)


def test_two_people_who_change_places_are_both_before_the_room() -> None:
    camera = settled()
    left, right = Somebody(x=90), Somebody(x=235, y=120, wide=40)
    both = right.before(left.before(ROOM))
    for faces in ([left.box, right.box], [right.box, left.box]):
        values = camera.sees(both, faces=faces)
        assert not any(value is not None and value > LIMIT for value in values)
    changed = replace(left, x=235).before(replace(right, x=90).before(ROOM))
    faces = [replace(left, x=235).box, replace(right, x=90).box]
    values = camera.sees(changed, faces=faces)
    assert not any(value is not None and value > LIMIT for value in values)


def test_a_face_that_fills_the_picture_leaves_no_room_to_tell_by() -> None:
    near = Somebody(x=160, y=120, wide=150)
    assert cannot_tell(settled().sees(person(near), faces=[near.box]))


def test_a_chair_that_was_moved_becomes_part_of_the_room() -> None:
    camera = settled()
    furnished = ROOM.copy()
    furnished[60:150, 95:125] = room(4)[60:150, 95:125]
    furnished[60:150, 195:225] = room(4)[60:150, 195:225]
    camera.sees(furnished, 40.0)
    assert is_silent(camera.sees(person(WHO, furnished), faces=[WHO.box]))
