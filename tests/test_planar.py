"""How flat a face moves, told as stories of a portrait before SYNTHETIC rooms.

The head is drawn: its points go by its depth as well when it turns. None: it cannot be told.
"""

from collections.abc import Callable
from functools import cache, partial
from math import sin

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import resize, warp_affine
from models.observation import Box
from models.passive.moving import PLANAR_LIMIT, PlanarMeter, depth, taken_apart
from tests.support.eyes import astronaut
from tests.support.measured import Values, told
from tests.support.measured import is_silent as silent_under
from tests.support.measured import speaks as speaks_over
from tests.support.rooms import filmed, room

FACE: Box = (170.0, 60.0, 290.0, 220.0)  # about the astronaut's
AT = 60  # columns by which her picture stands to the right in the room's
Shown = tuple[ColorImage, Box]
speaks = partial(speaks_over, limit=PLANAR_LIMIT)
is_silent = partial(silent_under, limit=PLANAR_LIMIT)


@cache
def wall() -> ColorImage:
    """A room of 640 by 480 pixels."""
    return resize(room(), (640, 480), "linear")


@cache
def with_face(by: tuple[float, float], turned: float, cover: str = "head") -> ColorImage:
    """Her face before the wall, moved by pixels, and turned: by so many face widths of its depth.

    cover   "head": herself alone; "sheet": her whole picture, and what it shows is turned
    """
    middle, wide, high = (230.0, 140.0), 120.0, 160.0
    y, x = np.mgrid[0:340, 100:480].astype(np.float32)
    points = np.stack(((x - AT - by[0] - middle[0]) / wide, (y - by[1] - middle[1]) / high), axis=2)
    deep = depth(points.reshape(-1, 2)).reshape(x.shape)
    columns = (x - AT - by[0] - wide * turned * (deep - deep.min())).astype(np.float32)
    rows = (y - by[1]).astype(np.float32)
    picture = cv2.remap(astronaut(), columns, rows, cv2.INTER_LINEAR)
    if cover == "sheet":
        mask = (columns > 90) & (columns < 370) & (rows > 5) & (rows < 330)
    else:
        mask = (points[..., 0] / 0.6) ** 2 + (points[..., 1] / 0.6) ** 2 < 1.0
    found = wall().copy()
    found[0:340, 100:480][mask] = picture[mask]
    return found


def box_at(by: tuple[float, float]) -> Box:
    return FACE[0] + AT + by[0], FACE[1] + by[1], FACE[2] + AT + by[0], FACE[3] + by[1]


def sways(at: float) -> tuple[float, float]:
    """Pixels to the side, as of who stands and waits, or holds something up."""
    return round(20 * sin(3.0 * at)), 0.0


def turns(at: float) -> float:
    """As she sways: by some degrees, 0.06 of her width at the nose."""
    return round(0.06 * sin(3.0 * at), 3)


def living(at: float) -> Shown:
    return with_face(sways(at), turns(at)), box_at(sways(at))


def held(at: float) -> Shown:
    return with_face(sways(at), 0.0, "sheet"), box_at(sways(at))


def sees(
    story: Callable[[float], Shown], fps: float = 15.0, seconds: float = 1.6, every: int = 1
) -> Values:
    """What the meter says in each frame of a story, which is told by its seconds."""
    meter, found = PlanarMeter(), []
    for number in range(0, round(fps * seconds), every):
        picture, box = story(number / fps)
        found.append(measured(meter, picture, box, number / fps))
    return found


def measured(
    meter: PlanarMeter, picture: ColorImage, box: Box, at: float, track: int = 1, session: int = 0
) -> float | None:
    high, wide = picture.shape[:2]
    small = resize(picture, (wide // 2, high // 2), "area")
    return meter.measure(picture, small, box, track, session, at)


def test_a_head_that_turns_a_little_as_it_sways_is_not_flat() -> None:
    values = sees(living)
    assert told(values)
    assert max(told(values)) < 0.8


def test_a_picture_that_somebody_holds_is() -> None:
    assert speaks(sees(held))


def test_a_recording_of_a_head_that_turned_has_its_parallax_and_says_nothing() -> None:
    def played(at: float) -> Shown:
        return with_face(sways(at), turns(at), "sheet"), box_at(sways(at))

    assert is_silent(sees(played))


def test_who_does_not_move_cannot_be_told() -> None:
    assert not told(sees(lambda _: held(0.0)))
    assert not told(sees(lambda at: (with_face((0, 0), turns(at)), box_at((0, 0)))))


def test_a_box_that_trembles_is_no_face_that_moves() -> None:
    assert not told(sees(lambda at: (held(0.0)[0], box_at(sways(at)))))


def test_a_camera_that_moves_takes_all_along_and_cannot_tell() -> None:
    still = with_face((0, 0), 0.0)

    def pushed(at: float) -> Shown:
        return np.roll(still, int(sways(at)[0]), 1), box_at(sways(at))

    assert not told(sees(pushed))


def test_who_comes_closer_and_steps_back_cannot_be_told() -> None:
    still = with_face((0, 0), 0.0)

    def comes(at: float) -> Shown:
        zoom = 1.0 + 0.2 * sin(2.0 * at)
        x, y = (FACE[0] + FACE[2]) / 2 + AT, (FACE[1] + FACE[3]) / 2
        matrix = np.array([[zoom, 0.0, x - zoom * x], [0.0, zoom, y - zoom * y]])
        x1, y1, x2, y2 = box_at((0, 0))
        box = (x + zoom * (x1 - x), y + zoom * (y1 - y), x + zoom * (x2 - x), y + zoom * (y2 - y))
        return warp_affine(still, matrix, (640, 480), "reflect"), box

    assert not told(sees(comes))


@pytest.mark.parametrize("by", [0.35, 8.0])
def test_a_face_that_is_small_or_out_of_the_picture_cannot_be_told(by: float) -> None:
    def shown(at: float) -> Shown:
        picture, (x1, y1, x2, y2) = held(at)
        if by < 1.0:
            size = (round(640 * by), round(480 * by))
            return resize(picture, size, "area"), (x1 * by, y1 * by, x2 * by, y2 * by)
        return picture, (x1 - 60 * by, y1, x2 - 60 * by, y2)

    assert not told(sees(shown))


@pytest.mark.parametrize("box", [(0.0, 0.0, float("nan"), 1.0), (9.0, 9.0, 9.0, 9.0)])
def test_no_box_stops_it(box: Box) -> None:
    assert not told(sees(lambda at: (held(at)[0], box), seconds=0.5))


@pytest.mark.parametrize(("fps", "every"), [(5, 1), (10, 1), (30, 1), (60, 2), (30, 5)])
def test_at_any_frame_rate_and_where_frames_are_dropped(fps: float, every: int) -> None:
    assert is_silent(sees(living, fps, every=every))
    assert speaks(sees(held, fps, every=every))


def test_light_that_is_switched_speaks_against_nobody() -> None:
    def switched(at: float) -> Shown:
        picture, box = living(at)
        return np.asarray(picture * (0.5 if int(2 * at) % 2 else 1.0), np.uint8), box

    assert is_silent(sees(switched))


def test_a_camera_s_noise_speaks_against_nobody() -> None:
    def noisy(at: float) -> Shown:
        picture, box = living(at)
        grain = filmed(np.full((240, 320, 3), 128, np.uint8), int(15 * at))
        large = resize(grain, (640, 480), "linear").astype(np.int16) - 128
        return np.asarray(np.clip(picture + 2 * large, 0, 255), np.uint8), box

    values = sees(noisy)
    assert told(values)
    assert is_silent(values)


@pytest.mark.parametrize(
    "over",  # rows and columns of her box, in shares of it, that something worn covers
    [((-0.3, 0.2), (-0.2, 1.2)), ((0.8, 1.3), (-0.3, 1.3)), ((-0.1, 1.3), (-0.25, 0.12))],
    ids=["hat", "scarf", "long hair"],
)
def test_hats_scarves_and_hair_that_go_along_speak_against_nobody(
    over: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    def dressed(at: float) -> Shown:
        picture, box = living(at)
        x, y, wide, high = box[0], box[1], box[2] - box[0], box[3] - box[1]
        rows, columns = over
        top, bottom = (max(0, round(y + share * high)) for share in rows)
        left, right = (round(x + share * wide) for share in columns)
        found = picture.copy()
        cloth = resize(room(3), (right - left, bottom - top), "linear")
        found[top:bottom, left:right] = cloth // 2
        return found, box

    values = sees(dressed)
    assert told(values)
    assert is_silent(values)


@pytest.mark.parametrize("what", ["a picture on the wall", "a window"])
def test_what_hangs_beside_or_moves_outside_speaks_against_nobody(what: str) -> None:
    def beside(at: float) -> Shown:
        picture, box = living(at)
        found = picture.copy()
        shown = resize(astronaut(), (150, 150), "area")
        by = round(30 * at) if what == "a window" else 0
        found[40:190, 440:590] = np.roll(shown, by, 1)
        return found, box

    values = sees(beside)
    assert told(values)
    assert is_silent(values)


def test_who_walks_behind_changes_nothing() -> None:
    def crowded(at: float) -> Shown:
        picture, box = living(at)
        x = round(430 + 40 * sin(2.0 * at))
        picture[40:480, x : x + 90] = (60, 50, 45)
        return picture, box

    assert is_silent(sees(crowded))


def test_two_people_who_change_places_begin_anew() -> None:
    meter = PlanarMeter()
    for number in range(30):
        picture, box = held(number / 15)
        track, session = number % 2, number // 2 % 2
        assert measured(meter, picture, box, number / 15, track, session) is None


def test_what_was_told_stands_for_two_seconds_and_no_longer() -> None:
    meter, found = PlanarMeter(), []
    for number in range(75):
        picture, box = held(min(number, 25) / 15)  # then the hand rests
        found.append(measured(meter, picture, box, number / 15))
    assert found[25] is not None
    assert found[45] is not None
    assert found[-1] is None


def test_one_flat_move_after_some_with_parallax_does_not_speak_yet() -> None:
    def then_flat(at: float) -> Shown:
        turned = 0.15 * min(at, 0.4)  # she goes on, and turns no more
        by = (round(50.0 * at), 0.0)
        return with_face(by, turned), box_at(by)

    values = sees(then_flat)
    assert is_silent(values[:10])  # the first move without is told from 0.6 s on
    assert values[-1] is not None
    assert values[-1] > PLANAR_LIMIT


Moved = st.floats(-0.2, 0.2)


def spread() -> NDArray[np.float64]:
    steps = np.linspace(-0.5, 0.5, 9)
    x, y = np.meshgrid(steps, steps)
    return np.stack((x.ravel(), y.ravel()), axis=1)


@given(st.tuples(Moved, Moved), st.lists(Moved, min_size=4, max_size=4))
def test_whatever_one_affine_map_does_is_flat(shift: tuple[float, float], by: list[float]) -> None:
    points = spread()
    found = taken_apart(points, points @ np.reshape(by, (2, 2)) + shift)
    assert found.flat == pytest.approx(np.hypot(*shift), abs=1e-4)
    assert found.deep == pytest.approx(0.0, abs=1e-4)


@given(st.floats(0.06, 0.2), st.floats(0.0, 0.2), st.floats(0.0, 0.2))
def test_the_more_goes_by_depth_the_less_is_flat(shift: float, one: float, other: float) -> None:
    points = spread()

    def share(deep: float) -> float:
        moved = np.outer(depth(points) * deep + shift, (1.0, 0.0))
        return taken_apart(points, moved).share

    less, more = sorted((one, other))
    assert share(more) <= share(less) + 1e-6
