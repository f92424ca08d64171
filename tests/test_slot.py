"""The newest-wins slot: what the reader gets is whole, newest, and never waits for a lock."""

import os
import signal
import subprocess
import sys
from math import inf
from typing import get_args

import numpy as np
import pytest

from feeds.frame import ColorImage, DepthImage, Intrinsics, NoDepth, Rig
from feeds.planes import Planes
from feeds.slot import SIZE, Slot, SlotError

# Puts images of one grey value each, the value of their number, as fast as it can.
WRITER = """
import sys
import numpy as np
from feeds.frame import Intrinsics, Rig
from feeds.planes import Planes
from feeds.slot import Slot
rig = Rig(Intrinsics(640, 480, 600.0, 600.0, 320.0, 240.0))
slot = Slot(int(sys.argv[1]))
print("ready", flush=True)
number = 0
while True:
    image = np.full((480, 640, 3), number % 251, np.uint8)
    depth = np.full((480, 640), number, np.uint16)
    infrared = np.full((100 + number % 2 * 100, 200), number % 251, np.uint8)
    planes = None
    if number % 3 == 1:
        planes = Planes(rig, depth, None, float(number), infrared)
    elif number % 3 == 2:
        planes = Planes(rig, None, "absent", float(number), infrared)
    at = float(number)
    slot.put(image, planes, number=number, captured_at=at, wall_time=0.0, at=at)
    number += 1
"""


def grey(value: int, width: int = 8, height: int = 6) -> ColorImage:
    return np.full((height, width, 3), value, np.uint8)


def put(slot: Slot, number: int, image: ColorImage, planes: Planes | None = None) -> None:
    slot.put(image, planes, number=number, captured_at=number / 10, wall_time=1e9, at=number / 10)


def taken_planes(slot: Slot) -> Planes | None:
    taken = slot.take()
    assert taken is not None
    return taken.planes


def writer(slot: Slot) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(slot.fd)],
        stdout=subprocess.PIPE,
        pass_fds=(slot.fd,),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def killed(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_an_empty_slot_gives_nothing() -> None:
    slot = Slot.create()
    assert slot.take() is None
    slot.close()


def test_what_was_put_is_taken_once_with_all_that_was_written_beside_it() -> None:
    slot = Slot.create()
    slot.begin_session(3)
    put(slot, 7, grey(42))
    taken = slot.take()
    assert taken is not None
    assert (taken.number, taken.session, taken.captured_at, taken.wall_time) == (7, 3, 0.7, 1e9)
    assert np.array_equal(taken.image, grey(42))
    assert slot.take() is None
    slot.close()


def test_the_newest_wins() -> None:
    slot = Slot.create()
    for number in range(5):
        put(slot, number, grey(number))
    taken = slot.take()
    assert taken is not None
    assert (taken.number, int(taken.image[0, 0, 0]), slot.captured) == (4, 4, 5)
    slot.close()


def test_what_was_taken_stays_as_it_was_when_newer_images_come() -> None:
    slot = Slot.create()
    put(slot, 0, grey(1))
    taken = slot.take()
    assert taken is not None
    for number in range(1, 7):
        put(slot, number, grey(200))
    assert np.array_equal(taken.image, grey(1))
    slot.close()


def test_the_size_may_change_from_one_image_to_the_next() -> None:
    slot = Slot.create()
    for number, (width, height) in enumerate([(8, 6), (1920, 1080), (3840, 2160), (3, 2)]):
        put(slot, number, grey(number, width, height))
        taken = slot.take()
        assert taken is not None
        assert np.array_equal(taken.image, grey(number, width, height))
    slot.close()


def test_an_image_larger_than_the_slot_is_refused_with_both_sizes_named() -> None:
    slot = Slot.create()
    with pytest.raises(SlotError, match="4096x2161 are larger than 3840x2160"):
        put(slot, 0, grey(0, 4096, 2161))
    assert slot.take() is None
    slot.close()


def test_a_grey_image_is_refused() -> None:
    slot = Slot.create()
    with pytest.raises(SlotError, match="not a colour image"):
        put(slot, 0, np.zeros((6, 8), np.uint8))
    slot.close()


def test_a_reader_beside_a_racing_writer_never_sees_a_torn_or_an_older_image() -> None:
    slot = Slot.create()
    process = writer(slot)
    newest = -1
    images = 0
    while images < 300:
        taken = slot.take()
        if taken is None:
            continue
        images += 1
        assert taken.number > newest
        assert taken.captured_at == float(taken.number)
        assert (taken.image == taken.number % 251).all()
        assert (taken.planes is None) == (taken.number % 3 == 0)
        if taken.planes is not None:
            check_planes(taken.planes, taken.number)
        newest = taken.number
    killed(process)
    slot.close()


def check_planes(planes: Planes, number: int) -> None:
    """Whether they are whole and all of this number."""
    assert (planes.depth is None) == (number % 3 == 2)
    assert planes.depth is None or (planes.depth == number % 65536).all()
    assert planes.infrared is not None
    assert planes.infrared.shape == (100 + number % 2 * 100, 200)
    assert (planes.infrared == number % 251).all()
    assert planes.depth_gap_s == float(number)


def test_planes_are_taken_as_they_were_put() -> None:
    rig = Rig(
        Intrinsics(8, 6, 1.5, 2.5, 3.5, 4.5),
        Intrinsics(5, 4, 0.1, 0.2, 0.3, 0.4),
        tuple(map(float, range(9))),
        (14.75, -0.1, 1e-9),
    )
    depth = np.arange(48, dtype=np.uint16).reshape(6, 8) * 1000
    infrared = np.arange(20, dtype=np.uint8).reshape(4, 5)
    slot = Slot.create()
    put(slot, 0, grey(1), Planes(rig, depth, None, 0.004, infrared, inf))
    planes = taken_planes(slot)
    assert planes is not None
    assert planes.depth is not None
    assert planes.infrared is not None
    assert np.array_equal(planes.depth, depth)
    assert np.array_equal(planes.infrared, infrared)
    assert (planes.rig, planes.no_depth) == (rig, None)
    assert (planes.depth_gap_s, planes.infrared_gap_s) == (0.004, inf)
    slot.close()


@pytest.mark.parametrize("reason", get_args(NoDepth))
def test_without_depth_the_reason_is_taken_and_nothing_of_the_image_before(
    reason: NoDepth,
) -> None:
    rig = Rig(Intrinsics(8, 6, 1.0, 1.0, 4.0, 3.0))
    slot = Slot.create()
    for number in range(3):
        put(slot, number, grey(1), Planes(rig, np.ones((6, 8), np.uint16), None, 0.0))
    put(slot, 3, grey(2), Planes(rig, None, reason))
    planes = taken_planes(slot)
    assert planes is not None
    assert (planes.rig, planes.depth, planes.no_depth) == (rig, None, reason)
    assert (planes.depth_gap_s, planes.infrared, planes.infrared_gap_s) == (None, None, None)
    put(slot, 4, grey(2))
    assert taken_planes(slot) is None
    slot.close()


@pytest.mark.parametrize(
    "depth", [np.ones((6, 9), np.uint16), np.ones((3, 4), np.uint16), np.ones((6, 8), np.float32)]
)
def test_depth_of_another_size_or_kind_is_refused(depth: DepthImage) -> None:
    slot = Slot.create()
    with pytest.raises(SlotError, match="depth of another size"):
        put(slot, 0, grey(0), Planes(Rig(Intrinsics(8, 6, 1.0, 1.0, 4.0, 3.0)), depth))
    assert slot.take() is None
    slot.close()


def test_planes_that_do_not_fit_beside_their_image_are_refused() -> None:
    rig = Rig(Intrinsics(3840, 2160, 1.0, 1.0, 4.0, 3.0))
    planes = Planes(rig, np.ones((2160, 3840), np.uint16))
    slot = Slot.create()
    with pytest.raises(SlotError, match="3840x2160 with depth are larger"):
        put(slot, 0, grey(0, 3840, 2160), planes)
    slot.close()


def test_a_writer_killed_at_any_moment_leaves_a_slot_that_can_be_read() -> None:
    for _ in range(5):
        slot = Slot.create()
        process = writer(slot)
        while slot.captured < 20:
            pass
        killed(process)
        taken = slot.take()
        assert taken is not None
        assert (taken.image == taken.number % 251).all()
        assert slot.take() is None
        slot.close()


def test_the_slot_takes_no_memory_before_it_is_used_and_is_gone_when_closed() -> None:
    slot = Slot.create()
    assert os.fstat(slot.fd).st_size == SIZE
    assert os.fstat(slot.fd).st_blocks * 512 <= 8192
    fd = slot.fd
    slot.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_the_writer_knows_whether_the_reader_has_the_newest() -> None:
    slot = Slot.create()
    assert slot.all_taken
    put(slot, 0, grey(1))
    assert not slot.all_taken
    slot.take()
    assert slot.all_taken
    slot.close()
