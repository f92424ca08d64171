"""RealSense feeds, on generated recordings played through real feeds and capture processes."""

import os
import signal
from itertools import pairwise
from math import inf
from pathlib import Path
from time import monotonic, time
from typing import Any

import numpy as np
import pytest

from feeds.feed_settings import FeedSettings, FileSource, RealSenseSource, RecordingSource
from feeds.frame import Frame, Intrinsics, Rig
from feeds.installation import to_add
from feeds.opened_source import SourceError
from feeds.realsense import library, opening
from feeds.realsense.camera_reader import millimetres
from feeds.realsense.library import Attached
from tests.support import pictures
from tests.support.recordings import (
    HOLE,
    PLATE,
    PLATE_MM,
    RIG,
    SERIAL,
    WALL_MM,
    recording,
    scene,
    seen_by_color,
)
from tests.support.watching import Watched, watched

BAG = Path(__file__).parent / "data/generated.bag"


def settings(path: Path, **source: Any) -> FeedSettings:
    fields = {"path": str(path), "pace": "fast", **source}
    return FeedSettings("door", RecordingSource(**fields))


def all_of(door: Watched) -> list[Frame]:
    return door.until("offline", "finished")


def number_of(frame: Frame) -> int:
    """The scene's number."""
    return int(frame.color[0, 0, 0])


# -- what comes out


def test_every_scene_arrives_once_in_order_with_its_planes(tmp_path: Path) -> None:
    with watched(settings(recording(tmp_path / "door.db3", 30))) as door:
        frames = all_of(door)
    assert [number_of(frame) for frame in frames] == list(range(30))
    assert door.told[-1] == ("offline", "finished")
    for frame in frames:
        assert frame.depth is not None
        assert frame.infrared is not None
        assert (frame.depth.dtype.name, frame.depth.shape) == ("uint16", (240, 320))
        assert frame.color[5, 5].tolist() == [number_of(frame), 100, 200]
        assert (frame.no_depth, frame.depth_gap_s, frame.infrared_gap_s) == (None, 0.0, 0.0)
        recorded = scene(number_of(frame)).infrared
        assert recorded is not None
        assert np.array_equal(frame.infrared, recorded)


def test_the_rig_is_the_one_recorded(tmp_path: Path) -> None:
    with watched(settings(recording(tmp_path / "door.db3"))) as door:
        rig = door.frame().rig
    assert rig is not None
    assert (rig.color, rig.infrared) == (RIG.color, RIG.infrared)
    assert rig.rotation == pytest.approx(RIG.rotation)
    assert rig.translation == pytest.approx(RIG.translation, abs=1e-3)


def test_depth_lies_over_the_colours_and_not_over_the_infrared(tmp_path: Path) -> None:
    with watched(settings(recording(tmp_path / "door.db3"))) as door:
        depth = door.frame().depth
    assert depth is not None
    rows, columns = PLATE
    inside = [(rows.start + 5, columns.start + 5), (rows.stop - 5, columns.stop - 5), (40, 105)]
    for row, column in inside:
        y, x = seen_by_color(row, column, PLATE_MM)
        assert depth[round(y), round(x)] == PLATE_MM
    for row, column in [(rows.start - 6, 105), (60, columns.stop + 6)]:
        y, x = seen_by_color(row, column, WALL_MM)
        assert abs(int(depth[round(y), round(x)]) - WALL_MM) <= 20


def test_a_hole_is_no_data_and_never_a_distance(tmp_path: Path) -> None:
    with watched(settings(recording(tmp_path / "door.db3"))) as door:
        depth = door.frame().depth
    assert depth is not None
    rows, _ = HOLE
    y, x = seen_by_color((rows.start + rows.stop - 1) / 2, 105, PLATE_MM)
    assert depth[round(y), round(x)] == 0
    seen = depth[depth > 0]
    assert ((seen == PLATE_MM) | (abs(seen.astype(int) - WALL_MM) <= 20)).all()


def test_depth_in_tenths_of_millimetres_becomes_millimetres(tmp_path: Path) -> None:
    fine = np.full((120, 212), 10_004, np.uint16)
    scenes = [scene(0, depth=fine), scene(1, depth=fine + 2)]
    path = recording(tmp_path / "door.db3", scenes, units_m=0.0001)
    with watched(settings(path)) as door:
        depths = [frame.depth for frame in all_of(door)]
    assert [np.unique(depth[depth > 0]).tolist() for depth in depths if depth is not None] == [
        [1000],
        [1001],
    ]


def test_millimetres_beyond_sixteen_bits_are_no_data() -> None:
    raw = np.array([[0, 1, 6553, 6554, 65535]], np.uint16)
    assert millimetres(raw, 0.01).tolist() == [[0, 10, 65530, 0, 0]]


def test_a_bag_of_an_older_library_is_played(tmp_path: Path) -> None:
    """Its colours stand as RGB. pyrealsense2 2.57, the last to write .bag, wrote it."""
    with watched(settings(BAG)) as door:
        frames = all_of(door)
    assert [frame.color[3, 4].tolist() for frame in frames] == [[n, 100, 200] for n in range(4)]
    for frame in frames:
        assert frame.depth is not None
        assert frame.infrared is not None
        assert set(np.unique(frame.depth[frame.depth > 0])) <= set(range(990, 1010))
        assert (frame.infrared == number_of(frame)).all()
    broken = tmp_path / "broken.bag"
    broken.write_bytes(BAG.read_bytes()[:30_000])
    with watched(settings(broken)) as door:
        door.until("offline", "open_failed")
        assert "is damaged" in door.feed.state.detail


def test_in_real_time_frames_are_of_now_at_the_camera_s_rate(tmp_path: Path) -> None:
    path = recording(tmp_path / "door.db3", 20, fps=10)
    with watched(settings(path, pace="realtime")) as door:
        frames = all_of(door)
    assert abs(time() - frames[-1].wall_time) < 5
    assert monotonic() - frames[-1].captured_at < 5
    assert frames[-1].captured_at - frames[0].captured_at >= 1.7


def test_a_loop_begins_a_session_each_time_round(tmp_path: Path) -> None:
    with watched(settings(recording(tmp_path / "door.db3", 4), repeat="loop")) as door:
        frames = [door.frame() for _ in range(10)]
    assert [frame.session for frame in frames] == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    assert [number_of(frame) for frame in frames] == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert all(after.captured_at > before.captured_at for before, after in pairwise(frames))


def test_opening_a_recording_again_and_again_never_hangs_nor_loses_or_reorders(
    tmp_path: Path,
) -> None:
    """The library's own threads race at each opening."""
    path = recording(tmp_path / "door.db3", 15)
    with watched(settings(path, repeat="loop")) as door:
        numbers = [number_of(door.frame()) for _ in range(15 * 30)]
        assert numbers == list(range(15)) * 30
        assert door.feed.counts.restarts == 0


def test_a_killed_capture_process_is_replaced_and_depth_comes_again(tmp_path: Path) -> None:
    path = recording(tmp_path / "door.db3", 30)
    with watched(settings(path, pace="realtime", repeat="loop")) as door:
        before = door.frame()
        assert door.feed.capture_pid is not None
        os.kill(door.feed.capture_pid, signal.SIGKILL)
        door.until("offline", "crashed")
        after = door.frame()
    assert (after.session, after.depth is not None) == (before.session + 1, True)


def test_other_feeds_have_no_planes_and_never_load_the_library(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 12)
    with watched(FeedSettings("door", FileSource(str(path), repeat="loop"))) as door:
        frame = door.frame()
        assert (frame.rig, frame.depth, frame.infrared, frame.no_depth) == (None,) * 4
        maps = Path(f"/proc/{door.feed.capture_pid}/maps").read_text()
    assert "cv2" in maps
    assert "realsense" not in maps


# -- the configured camera or none


@pytest.fixture(scope="module")
def cameras() -> list[Attached]:
    """Those that happen to be on the machine that runs the tests."""
    return library.attached()


def test_a_camera_that_is_missing_is_told_and_nothing_takes_its_place(
    cameras: list[Attached],
) -> None:
    source = RealSenseSource("000000000000")
    with watched(FeedSettings("door", source, retry_first_s=0.1)) as door:
        door.until("offline", "no_camera")
        assert door.feed.state.detail == opening.missing(
            source, cameras, plugged_in=opening.plugged_in()
        )
        door.until_restarted(2)
        assert door.feed.counts.captured == 0


def test_a_missing_camera_s_sentence_names_those_that_are_there_instead() -> None:
    source = RealSenseSource("821212060000")
    assert opening.missing(source, [], plugged_in=False) == (
        "RealSense camera 821212060000 is not there: plug it into a USB 3 port"
    )
    assert "may not be opened: install the udev rules" in opening.missing(
        source, [], plugged_in=True
    )
    other = Attached("111", "Intel RealSense D415", "3.2")
    assert "and 111 (Intel RealSense D415) is not taken for it" in opening.missing(
        source, [other], plugged_in=True
    )


def test_the_kernel_tells_whether_any_such_camera_is_plugged_in(tmp_path: Path) -> None:
    devices = tmp_path / "bus/usb/devices"
    (devices / "1-1").mkdir(parents=True)
    (devices / "1-1/product").write_text("USB Keyboard\n")
    assert not opening.plugged_in(tmp_path)
    (devices / "2-1").mkdir()
    (devices / "2-1/product").write_text("Intel(R) RealSense(TM) Depth Camera 435\n")
    assert opening.plugged_in(tmp_path)


def test_a_camera_on_usb_2_is_refused() -> None:
    source = RealSenseSource("1")
    opening.check_camera(Attached("1", "Intel RealSense D435", "3.2"), source)
    opening.check_camera(Attached("1", "Intel RealSense D435", ""), source)
    with pytest.raises(SourceError, match=r"is connected by USB 2\.1, too slow"):
        opening.check_camera(Attached("1", "Intel RealSense D435", "2.1"), source)


def test_each_model_has_its_own_depth_size() -> None:
    assert opening.depth_size("Intel RealSense D415") == (1280, 720)
    assert opening.depth_size("Intel RealSense D435I") == (848, 480)
    assert opening.depth_size("Intel RealSense D455") == (848, 480)


def test_a_recording_of_another_camera_is_refused(tmp_path: Path) -> None:
    path = recording(tmp_path / "door.db3", serial="111")
    with watched(settings(path, serial=SERIAL)) as door:
        door.until("offline", "no_camera")
        assert door.feed.state.detail == f"{path} should be camera {SERIAL}, but it is 111"
        assert door.feed.counts.captured == 0


def test_a_recording_of_the_configured_camera_is_played(tmp_path: Path) -> None:
    path = recording(tmp_path / "door.db3")
    with watched(settings(path, serial=SERIAL)) as door:
        assert len(all_of(door)) == 6


def test_a_camera_without_depth_is_refused_and_its_colours_are_not_shown(tmp_path: Path) -> None:
    path = recording(tmp_path / "door.db3", with_depth=False)
    with watched(settings(path)) as door:
        door.until("offline", "no_depth")
        assert str(path) in door.feed.state.detail
        assert door.feed.counts.captured == 0


# -- bad input


def test_sets_before_the_first_depth_are_left_out(tmp_path: Path) -> None:
    scenes = [scene(0, depth=None, infrared=None), scene(1, depth=None), scene(2), scene(3)]
    with watched(settings(recording(tmp_path / "door.db3", scenes))) as door:
        frames = all_of(door)
    assert [number_of(frame) for frame in frames] == [2, 3]


def test_an_image_without_depth_of_its_own_has_none_instead_of_an_old_one(tmp_path: Path) -> None:
    scenes = [scene(0), scene(1), scene(2, depth=None), scene(3)]
    with watched(settings(recording(tmp_path / "door.db3", scenes))) as door:
        frames = all_of(door)
    assert [(number_of(frame), frame.no_depth) for frame in frames] == [
        (0, None),
        (1, None),
        (2, "absent"),
        (3, None),
    ]
    assert (frames[2].depth, frames[2].depth_gap_s) == (None, None)
    assert frames[2].rig == frames[1].rig


def test_depth_that_stops_is_told_in_each_image_and_then_is_a_fault(tmp_path: Path) -> None:
    scenes = [scene(n) if n < 5 else scene(n, depth=None) for n in range(60)]
    with watched(settings(recording(tmp_path / "door.db3", scenes))) as door:
        frames = door.until("stalled", "depth_stopped")
    assert "gives images but no new depth" in door.feed.state.detail
    assert {frame.no_depth for frame in frames[:5]} == {None}
    assert {frame.no_depth for frame in frames[5:]} == {"absent"}
    assert 25 <= len(frames[5:]) <= 31  # a second


def test_depth_that_stands_still_is_no_depth_and_then_a_fault(tmp_path: Path) -> None:
    still = scene(0).depth
    scenes = (scene(number, depth=still) for number in range(60))
    with watched(settings(recording(tmp_path / "door.db3", scenes))) as door:
        frames = door.until("stalled", "depth_stopped")
    assert frames[0].depth is not None
    assert {(frame.no_depth, frame.depth is None) for frame in frames[1:]} == {("repeated", True)}


def test_depth_of_nothing_but_zeros_is_empty(tmp_path: Path) -> None:
    nothing = np.zeros((120, 212), np.uint16)
    scenes = [scene(0), scene(1, depth=nothing), scene(2, depth=nothing), scene(3)]
    with watched(settings(recording(tmp_path / "door.db3", scenes))) as door:
        frames = all_of(door)
    assert [frame.no_depth for frame in frames] == [None, "empty", "empty", None]
    assert frames[1].depth is None


@pytest.mark.parametrize("lag_s", [0.1, -0.1])
def test_depth_that_lags_is_old_or_absent_in_every_frame(lag_s: float, tmp_path: Path) -> None:
    scenes = (scene(number, depth_lag_s=lag_s) for number in range(20))
    with watched(settings(recording(tmp_path / "door.db3", scenes))) as door:
        frames = all_of(door)
    assert len(frames) > 10
    for frame in frames:
        assert frame.no_depth == "absent" or (frame.depth_gap_s or 0.0) > 1 / 30


def test_the_gap_between_colours_and_depth_is_told(tmp_path: Path) -> None:
    scenes = (scene(number, depth_lag_s=0.010) for number in range(10))
    with watched(settings(recording(tmp_path / "door.db3", scenes))) as door:
        gaps = [frame.depth_gap_s for frame in all_of(door)]
    assert gaps == pytest.approx([0.010] * 10, abs=1e-6)


@pytest.mark.parametrize("units_m", [1.0, 0.05, 1e-6])
def test_units_that_cannot_be_are_refused(units_m: float, tmp_path: Path) -> None:
    with watched(settings(recording(tmp_path / "door.db3", units_m=units_m))) as door:
        door.until("offline", "wrong_units")
        assert f"in steps of {units_m:g} m" in door.feed.state.detail
        assert door.feed.counts.captured == 0


def test_a_camera_that_does_not_tell_its_lens_is_refused(tmp_path: Path) -> None:
    blind = Rig(Intrinsics(320, 240, 0.0, 0.0, 160.0, 120.0), RIG.infrared)
    with watched(settings(recording(tmp_path / "door.db3", rig=blind))) as door:
        door.until("offline", "open_failed")
        assert "does not tell its lens" in door.feed.state.detail


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.95])
def test_a_truncated_recording_is_a_fault_with_a_sentence(kept: float, tmp_path: Path) -> None:
    path = recording(tmp_path / "door.db3")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with watched(settings(path)) as door:
        door.until("offline", "open_failed")
        assert door.feed.state.detail == f"{path}: is not a RealSense recording, or is damaged"
        assert door.feed.counts.captured == 0


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_recording_damaged_in_its_middle_is_told_after_what_could_be_read(
    share: float, tmp_path: Path
) -> None:
    path = recording(tmp_path / "door.db3", 40)
    content = bytearray(path.read_bytes())
    at = int(share * len(content))
    content[at : at + 300] = b"\xff" * 300
    path.write_bytes(content)
    with watched(settings(path)) as door:
        frames = door.until("offline", "unreadable")
        assert "is damaged and cannot be read to its end" in door.feed.state.detail
        assert ("offline", "finished") not in door.told
    assert 0 < len(frames) < 40


def test_images_timed_by_two_clocks_are_shown_with_an_endless_gap(tmp_path: Path) -> None:
    scenes = (scene(number, two_clocks=True) for number in range(6))
    with watched(settings(recording(tmp_path / "door.db3", scenes))) as door:
        frames = all_of(door)
    assert [number_of(frame) for frame in frames] == list(range(6))
    assert {(frame.depth_gap_s, frame.infrared_gap_s) for frame in frames} == {(inf, inf)}


def test_a_recording_without_an_image_or_without_colours_is_a_fault(tmp_path: Path) -> None:
    empty = recording(tmp_path / "empty.db3", [])
    colourless = recording(tmp_path / "grey.db3", [scene(n, color=None) for n in range(5)])
    for path in (empty, colourless):
        with watched(settings(path)) as door:
            # The library itself crashes on such a file once in a great while; the feed tries again.
            while (state := door.feed.state).phase != "offline" or state.reason == "crashed":
                assert door.feed.newest(0.1) is None
            assert str(path) in state.detail
            assert state.reason != "bug"


def test_a_missing_recording_is_told(tmp_path: Path) -> None:
    with watched(settings(tmp_path / "none.db3")) as door:
        door.until("offline", "no_file")
        assert door.feed.state.detail == f"{tmp_path / 'none.db3'}: there is no such file"


# -- a machine without the library: a stand-in that fails to load as the real one does


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        (
            "ImportError('libusb-1.0.so.0: cannot open shared object file')",
            "RealSense cameras need the system's libusb: apt-get install libusb-1.0-0",
        ),
        (
            "ModuleNotFoundError('No module named pyrealsense2')",
            f"RealSense cameras need the package pyrealsense2: {to_add('realsense')}",
        ),
        ("ImportError('libudev')", "pyrealsense2 cannot be loaded: libudev"),
    ],
)
def test_a_library_that_cannot_be_loaded_gets_a_sentence_with_what_to_install(
    failure: str, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recording(tmp_path / "door.db3", 1)
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking/pyrealsense2.py").write_text(f"raise {failure}\n")
    monkeypatch.syspath_prepend(str(tmp_path / "lacking"))  # which the capture process inherits
    with watched(settings(path)) as door:
        door.until("offline", "no_library")
        assert door.feed.state.detail == advice
