"""A camera that hangs on its side, upside down or mirrored: its pictures come upright."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from feeds import imaging
from feeds.feed_settings import FeedSettings, FileSource
from feeds.frame import ColorImage, Frame, Intrinsics, Rig
from feeds.mount import turned_rig, upright
from feeds.opened_source import Shot
from feeds.planes import Planes
from feeds.recording import Recorder
from kioskd.config.load import ConfigError, load
from tests.support.recordings import RIG
from tests.support.watching import watched

Points = NDArray[np.float64]
MOUNTS = list(product((0, 90, 180, 270), (False, True)))
CORNERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))  # clockwise from the top left
MIRRORED = (1, 0, 3, 2)  # the corners of a mirrored picture, by those of the picture


def picture() -> ColorImage:
    """40 wide and 24 high, each quarter in the colour of its corner."""
    image = np.zeros((24, 40, 3), np.uint8)
    image[:12, :20], image[:12, 20:], image[12:, 20:], image[12:, :20] = CORNERS
    return image


def hung(rotate: int, mirror: bool) -> FeedSettings:
    return FeedSettings("door", FileSource("."), rotate=rotate, mirror=mirror)


def corners(image: ColorImage) -> list[tuple[int, ...]]:
    return [tuple(image[y, x].tolist()) for y, x in ((0, 0), (0, -1), (-1, -1), (-1, 0))]


@pytest.mark.parametrize(("rotate", "mirror"), MOUNTS)
def test_a_picture_is_turned_clockwise_and_then_mirrored(rotate: int, mirror: bool) -> None:
    shot = upright(Shot(picture(), 1.0, 2.0, 3.0), hung(rotate, mirror))
    assert (shot.began_at, shot.arrived_at, shot.position_s) == (1.0, 2.0, 3.0)
    assert shot.image.shape == ((24, 40, 3) if rotate % 180 == 0 else (40, 24, 3))
    moved = [CORNERS[(corner - rotate // 90) % 4] for corner in range(4)]
    assert corners(shot.image) == ([moved[corner] for corner in MIRRORED] if mirror else moved)


def test_the_picture_of_an_upright_camera_is_not_even_copied() -> None:
    shot = Shot(picture(), 1.0, 2.0, 3.0, Planes(RIG))
    assert upright(shot, hung(0, False)) is shot


POINTS = np.array(((-60.0, 40.0, 900.0), (30.0, -80.0, 1100.0), (90.0, 60.0, 1400.0)))  # mm, colour


def spots(points: Points, eye: Intrinsics) -> NDArray[np.int_]:
    """(N, 2) row and column in which an eye sees points in its own axes."""
    x, y, z = points.T
    seen = np.stack((eye.fy * y / z + eye.cy, eye.fx * x / z + eye.cx), axis=1)
    rounded: NDArray[np.int_] = np.rint(seen).astype(int)
    return rounded


def from_color(rig: Rig, points: Points) -> Points:
    moved: Points = (points - rig.translation) @ np.reshape(rig.rotation, (3, 3))
    return moved


def three_points() -> Planes:
    """What a depth camera sees of three points: their depth, and infrared 1, 2 and 3."""
    assert RIG.infrared is not None
    depth, infrared = np.zeros((240, 320), np.uint16), np.zeros((120, 212), np.uint8)
    for number, (row, column) in enumerate(spots(POINTS, RIG.color)):
        depth[row, column] = POINTS[number, 2]
    for number, (row, column) in enumerate(spots(from_color(RIG, POINTS), RIG.infrared), 1):
        infrared[row, column] = number
    return Planes(RIG, depth, None, 0.01, infrared, 0.02)


@pytest.mark.parametrize(("rotate", "mirror"), MOUNTS)
def test_all_eyes_of_a_depth_camera_turn_together(rotate: int, mirror: bool) -> None:
    """What depth says of a pixel leads to the same point in the infrared image."""
    shot = Shot(np.zeros((240, 320, 3), np.uint8), 1.0, 2.0, 3.0, three_points())
    turned = upright(shot, hung(rotate, mirror))
    planes = turned.planes
    assert planes is not None
    assert planes.depth is not None
    assert planes.infrared is not None
    assert (planes.depth_gap_s, planes.infrared_gap_s) == (0.01, 0.02)
    color, eye = planes.rig.color, planes.rig.infrared
    assert eye is not None
    assert turned.image.shape[:2] == planes.depth.shape == (color.height, color.width)
    assert planes.infrared.shape == (eye.height, eye.width)
    rows, columns = planes.depth.nonzero()
    z = planes.depth[rows, columns].astype(np.float64)
    x, y = (columns - color.cx) / color.fx * z, (rows - color.cy) / color.fy * z
    found = {}
    for depth, (row, column) in zip(
        z, spots(from_color(planes.rig, np.stack((x, y, z), axis=1)), eye), strict=True
    ):
        found[depth] = planes.infrared[row - 1 : row + 2, column - 1 : column + 2].max()
    assert found == {900.0: 1, 1100.0: 2, 1400.0: 3}


@pytest.mark.parametrize("mirror", [False, True])
def test_turned_all_the_way_round_a_rig_is_what_it_was(mirror: bool) -> None:
    rig = turned_rig(RIG, 0, mirror)
    for _ in range(4):
        rig = turned_rig(rig, 90, False)
    rig = turned_rig(rig, 0, mirror)
    assert (rig.color, rig.infrared) == (RIG.color, RIG.infrared)
    assert rig.rotation == pytest.approx(RIG.rotation)
    assert rig.translation == pytest.approx(RIG.translation)


def test_a_quarter_turn_swaps_the_sides_of_an_eye() -> None:
    eye = turned_rig(RIG, 90, False).color
    assert eye == Intrinsics(240, 320, 301.0, 300.0, 119.0, 160.0)


def shown(folder: Path, rotate: int, mirror: bool) -> Frame:
    """The one frame of a feed of a folder with one picture."""
    settings = FeedSettings("door", FileSource(str(folder), pace="fast"))
    with watched(replace(settings, rotate=rotate, mirror=mirror)) as door:
        return door.frame()


def test_what_a_turned_camera_showed_is_recorded_upright(tmp_path: Path) -> None:
    """So it is not turned again when it is shown."""
    imaging.write_image(str(tmp_path / "0.png"), picture())
    frame = shown(tmp_path, 90, True)
    assert corners(frame.color) == [CORNERS[corner] for corner in (0, 3, 2, 1)]
    recorder = Recorder(tmp_path / "kept")
    recorder.add(frame)
    recorder.close()
    assert np.array_equal(shown(tmp_path / "kept", 0, False).color, frame.color)


CONFIG = """\
site: hq
device: kiosk
mqtt:
  broker: embedded
feeds:
  front:
    kind: usb
    device: 0
    {key}
doors:
  main:
    mode: secure_access_rgb_liveness
    feed: front
"""


def written(folder: Path, key: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(CONFIG.format(key=key))
    return path


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_feed_is_told_how_its_camera_hangs(tmp_path: Path, rotate: int) -> None:
    (door,) = load(written(tmp_path, f"rotate: {rotate}\n    mirror: true")).doors
    assert (door.feed.rotate, door.feed.mirror) == (rotate, True)


def test_a_camera_hangs_upright_unless_told_otherwise(tmp_path: Path) -> None:
    (door,) = load(written(tmp_path, "fps: 15")).doors
    assert (door.feed.rotate, door.feed.mirror) == (0, False)


@pytest.mark.parametrize("value", ["45", "360", "-90", "'90'", "false", "90.0", "left"])
def test_another_turn_is_refused_with_those_there_are(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, f"rotate: {value}"))
    (problem,) = raised.value.problems
    assert "9:13: feeds.front.rotate: must be a whole number from 0 to 270" in str(problem)
    assert "a multiple of 90" in str(problem)
