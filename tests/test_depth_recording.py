"""What a depth feed showed, kept and played again through a feed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from feeds.feed_settings import FeedSettings, RecordingSource
from feeds.frame import Frame
from feeds.imaging import write_image
from feeds.realsense.depth_recording import DepthRecording
from feeds.recording import Recorder, RecordingError, read_index, read_planes, read_rig
from tests.support.recordings import recording, scene
from tests.support.watching import watched


def shown(path: Path) -> list[Frame]:
    with watched(FeedSettings("door", RecordingSource(str(path), pace="fast"))) as door:
        return door.until("offline", "finished")


def kept(folder: Path, frames: list[Frame]) -> list[Path]:
    made = DepthRecording(folder, "821212060000")
    for frame in frames:
        made.add(frame)
    made.close()
    assert made.bytes == sum(path.stat().st_size for path in made.files)
    return made.files


def test_what_was_kept_is_shown_again_to_the_bit(tmp_path: Path) -> None:
    scenes = (scene(number, depth_lag_s=0.004) for number in range(25))
    frames = shown(recording(tmp_path / "door.db3", scenes))
    (file,) = kept(tmp_path, frames)
    again = shown(file)
    assert len(again) == len(frames) == 25
    for before, after in zip(frames, again, strict=True):
        assert before.depth is not None
        assert after.depth is not None
        assert before.infrared is not None
        assert after.infrared is not None
        assert np.array_equal(after.color, before.color)
        assert np.array_equal(after.depth, before.depth)
        assert np.array_equal(after.infrared, before.infrared)
        assert after.depth_gap_s == pytest.approx(before.depth_gap_s, abs=1e-5)
        assert before.rig is not None
        assert after.rig is not None
        assert after.rig.color == before.rig.color
        assert after.rig.infrared == before.rig.infrared
        assert after.rig.rotation == pytest.approx(before.rig.rotation)
        assert after.rig.translation == pytest.approx(before.rig.translation, abs=1e-3)
    steps = np.diff([frame.captured_at for frame in again])
    assert steps == pytest.approx(np.diff([frame.captured_at for frame in frames]), abs=1e-4)


def test_the_record_command_keeps_a_depth_feed_in_the_library_s_format(tmp_path: Path) -> None:
    path = recording(tmp_path / "door.db3", 12)
    config = tmp_path / "config.yaml"
    config.write_text(
        "site: hq\ndevice: kiosk\nmqtt:\n  broker: embedded\nfeeds:\n  vault:\n"
        f"    kind: realsense\n    recording: {path}\n    pace: fast\n"
        "doors:\n  main:\n    mode: secure_access_rgb_liveness\n    feed: vault\n"
    )
    run = subprocess.run(
        [
            *(sys.executable, "-m", "kioskd", "record", "vault", "-c", str(config)),
            *("--yes", "--to", str(tmp_path / "kept")),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    (file,) = (tmp_path / "kept").rglob("*.db3")
    before, after = shown(path), shown(file)
    assert [frame.color[0, 0, 0] for frame in after] == list(range(12))
    for old, new in zip(before, after, strict=True):
        assert old.depth is not None
        assert new.depth is not None
        assert np.array_equal(new.depth, old.depth)


def test_a_frame_without_depth_is_played_without_depth(tmp_path: Path) -> None:
    scenes = [scene(0), scene(1), scene(2, depth=None), scene(3)]
    (file,) = kept(tmp_path, shown(recording(tmp_path / "door.db3", scenes)))
    assert [frame.no_depth for frame in shown(file)] == [None, None, "absent", None]


def test_each_session_gets_a_file_of_its_own(tmp_path: Path) -> None:
    path = recording(tmp_path / "door.db3", 4)
    settings = FeedSettings("door", RecordingSource(str(path), pace="fast", repeat="loop"))
    with watched(settings) as door:
        frames = [door.frame() for _ in range(10)]
    files = kept(tmp_path, frames)
    assert [len(shown(file)) for file in files] == [4, 4, 2]


def test_a_recording_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    frames = shown(recording(tmp_path / "door.db3", 1))
    with pytest.raises(OSError, match=r"pyrealsense2 2\.58 or newer") as caught:
        DepthRecording(tmp_path / "nowhere", "1").add(frames[0])
    assert caught.value.filename == str(tmp_path / "nowhere/realsense-0.db3")


def in_folder(folder: Path, frames: list[Frame]) -> Path:
    recorder = Recorder(folder)
    for frame in frames:
        recorder.add(frame)
    recorder.close()
    return folder


def test_the_images_of_a_recording_give_its_planes_again(tmp_path: Path) -> None:
    frames = shown(recording(tmp_path / "door.db3", [scene(0), scene(1), scene(2, depth=None)]))
    folder = in_folder(tmp_path / "kept", frames)
    rig = read_rig(folder)
    assert rig is not None
    assert rig == frames[0].rig
    for frame, entry in zip(frames, read_index(folder), strict=True):
        again = read_planes(folder, entry, rig, frame.color.shape).beside(frame)
        assert (again.no_depth, again.depth_gap_s) == (frame.no_depth, frame.depth_gap_s)
        assert np.array_equal(again.depth, frame.depth)  # type: ignore[arg-type]
        assert np.array_equal(again.infrared, frame.infrared)  # type: ignore[arg-type]


def test_planes_of_another_size_or_kind_are_none(tmp_path: Path) -> None:
    (frame,) = shown(recording(tmp_path / "door.db3", 1))
    folder = in_folder(tmp_path / "kept", [frame])
    (entry,) = read_index(folder)
    assert entry.depth is not None
    assert entry.infrared is not None
    assert frame.rig is not None
    write_image(str(folder / entry.depth), frame.color)
    write_image(str(folder / entry.infrared), frame.color)
    planes = read_planes(folder, entry, frame.rig, frame.color.shape)
    assert (planes.depth, planes.no_depth, planes.infrared) == (None, "other_size", None)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"color": 1}'])
def test_a_damaged_geometry_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "rig.json").write_text(content)
    with pytest.raises(RecordingError, match="is no geometry of a depth camera"):
        read_rig(tmp_path)
