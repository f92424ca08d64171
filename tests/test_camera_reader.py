"""What is read of a live depth camera; the hardware is a stand-in, the library is not."""

from collections.abc import Iterator
from time import monotonic

import pytest

from feeds.opened_source import Shot, SourceError
from feeds.planes import Planes
from feeds.realsense.camera_reader import CameraReader
from tests.support.depth_camera import FPS, DepthCamera
from tests.support.recordings import PLATE_MM, RIG, scene, seen_by_color


@pytest.fixture
def camera() -> Iterator[DepthCamera]:
    made = DepthCamera()
    yield made
    made.close()


def shots(camera: DepthCamera, reader: CameraReader, count: int) -> list[Shot]:
    """Gives scenes 0 to `count` to the camera and reads each but the first.

    The library's matching gives out the very first image alone, before it knows of depth.
    """
    camera.give(1, scene(0))
    found = []
    for number in range(1, count + 1):
        camera.give(number + 1, scene(number))
        shot = reader.read()
        assert shot is not None
        found.append(shot)
    return found


def planes(shot: Shot) -> Planes:
    assert shot.planes is not None
    return shot.planes


def test_images_carry_the_camera_s_own_time(camera: DepthCamera) -> None:
    reader = camera.reader()
    found = shots(camera, reader, 4)
    assert [shot.position_s for shot in found] == pytest.approx(
        [number / FPS for number in range(2, 6)]
    )
    assert all(shot.began_at <= shot.arrived_at <= monotonic() for shot in found)
    assert reader.period_s == pytest.approx(1 / FPS)


def test_live_depth_is_aligned_and_in_millimetres(camera: DepthCamera) -> None:
    (shot,) = shots(camera, camera.reader(), 1)
    seen = planes(shot)
    assert seen.rig.color == RIG.color
    assert seen.depth is not None
    y, x = seen_by_color(40, 105, PLATE_MM)
    assert seen.depth[round(y), round(x)] == PLATE_MM


def test_holding_what_was_read_does_not_starve_the_camera(camera: DepthCamera) -> None:
    """The library's frames come from a small pool; what we hold are copies."""
    held = shots(camera, camera.reader(), 60)
    assert [shot.image[0, 0, 0] for shot in held] == list(range(1, 61))
    assert all((shot.image == shot.image[0, 0]).all() for shot in held)
    assert len({planes(shot).depth.tobytes() for shot in held}) == 60  # type: ignore[union-attr]


def test_a_silent_camera_gives_nothing_once_patience_is_over(camera: DepthCamera) -> None:
    began_at = monotonic()
    assert camera.reader(stall_s=0.2).read() is None
    assert monotonic() - began_at >= 0.2


def test_a_camera_unplugged_in_mid_stream_is_a_fault(camera: DepthCamera) -> None:
    reader = camera.reader()
    shots(camera, reader, 3)
    camera.plugged_in = False
    with pytest.raises(SourceError, match="the camera was unplugged") as caught:
        reader.read()
    assert caught.value.code == "unplugged"


def test_a_camera_whose_depth_never_begins_is_a_fault(camera: DepthCamera) -> None:
    for number in range(1, 20):
        camera.give(number, scene(number, depth=None, infrared=None))
    with pytest.raises(SourceError, match="gives no images with depth"):
        camera.reader().await_first(0.3)


def test_the_first_whole_set_ends_the_wait_for_it(camera: DepthCamera) -> None:
    reader = camera.reader()
    for number in range(1, 4):
        camera.give(number, scene(number))
    reader.await_first(30.0)
    camera.give(4, scene(4))
    shot = reader.read()
    assert shot is not None
    assert planes(shot).depth is not None
