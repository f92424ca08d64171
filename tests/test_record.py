"""`kioskd record`: what the camera gave, as it gave it, for its owner only and not for ever."""

import json
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feeds import imaging
from feeds.feed_settings import FeedSettings, FileSource
from feeds.frame import Frame, Intrinsics, Rig
from feeds.recording import (
    HASTE,
    INDEX,
    Recorder,
    RecordingError,
    color_suffix,
    delete,
    is_recording,
    read_index,
    recordings,
    size,
)
from feeds.sources import FolderReader, VideoReader
from kioskd.commands.record import TELL_S, Limits, Loss, make_room
from kioskd.evaluation.dataset import read_data_set
from kioskd.evaluation.request import Settings, sight
from kioskd.evaluation.sight import roles
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.manifest import shipped
from models.perceive import Perceiver, PerceptionSettings
from models.session import Networks
from tests.support import pictures
from tests.support.eyes import shown_to
from tests.support.watching import watched

ROOT = Path(__file__).parent.parent
CLIPS = ROOT / "kioskd" / "demo" / "clips"
NEVER = Limits(minutes=1, gigabytes=1000, days=1000)


def record(
    folder: Path, *arguments: str, clip: Path = CLIPS / "live.mov", feed: str = "camera"
) -> subprocess.CompletedProcess[str]:
    """The command on a feed that shows a clip once, every frame of it."""
    config = folder / "config.yaml"
    config.write_text(
        "site: hq\ndevice: kiosk\nmqtt:\n  broker: embedded\nfeeds:\n  camera:\n"
        f"    kind: file\n    path: {json.dumps(str(clip))}\n    pace: fast\n"
        "doors:\n  main:\n    mode: secure_access_rgb_liveness\n    feed: camera\n"
    )
    command = [sys.executable, "-m", "kioskd", "record", feed, "-c", str(config)]
    command += ["--to", str(folder / "recordings"), *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording that the command made of the live clip."""
    folder = tmp_path_factory.mktemp("record")
    run = record(folder, "--yes")
    assert run.returncode == 0, run.stderr
    assert "faces, which are personal data" in run.stderr
    assert "the file is at its end" in run.stdout
    (found,) = recordings(folder / "recordings")
    return found


def test_every_pixel_is_as_the_camera_gave_it(recorded: Path) -> None:
    clip = VideoReader(FileSource(str(CLIPS / "live.mov")))
    entries = read_index(recorded)
    for entry in entries:
        shot = clip.read()
        assert shot is not None
        assert np.array_equal(imaging.read_image(str(recorded / entry.color)), shot.image)
    assert clip.read() is None
    assert [entry.number for entry in entries] == list(range(len(entries)))


def test_only_the_owner_may_look(recorded: Path) -> None:
    assert stat.S_IMODE(recorded.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in recorded.iterdir()}
    assert modes == {0o600}


def test_a_notice_says_what_lies_there(recorded: Path) -> None:
    assert "pictures of people" in (recorded / "NOTICE.txt").read_text()


def test_a_recording_is_shown_again_by_a_file_feed_in_its_own_time(recorded: Path) -> None:
    entries, reader = read_index(recorded), FolderReader(FileSource(str(recorded)))
    shots = list(iter(reader.read, None))
    assert [shot.position_s for shot in shots] == [
        entry.captured_at - entries[0].captured_at for entry in entries
    ]
    settings = FeedSettings("again", FileSource(str(recorded), pace="fast"))
    with watched(settings) as camera:
        frames = camera.until("offline", "finished")
    assert len(frames) == len(entries)
    assert np.array_equal(frames[0].color, shots[0].image)


def decided(frames: list[Frame]) -> list[tuple[object, ...]]:
    """What a door says of these frames, each of them judged."""
    mode = RgbMode(RgbSettings(), GateSettings(hybrid_margin_below=0.2))
    perceiver = Perceiver(Networks.load(roles(), "cpu"), PerceptionSettings())
    told: list[tuple[object, ...]] = []
    for shown in frames:
        if result := shown_to(mode, perceiver, shown).result:
            told.append((shown.number, result.verdict, result.state, result.attributes["liveness"]))
    return told


def test_a_recording_is_decided_as_the_live_feed_was(recorded: Path) -> None:
    live = FeedSettings("camera", FileSource(str(CLIPS / "live.mov"), pace="fast"))
    again = FeedSettings("camera", FileSource(str(recorded), pace="fast"))
    told = []
    for settings in (live, again):
        with watched(settings) as camera:
            told.append(decided(camera.until("offline", "finished")))
    assert told[0] == told[1]
    assert told[0]
    assert told[0][0][1] == "passed"


def test_a_recording_shows_where_the_camera_was_opened_anew(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r")
    for number, session in enumerate((3, 3, 4, 4, 4, 7)):
        recorder.add(replace(frame(number), session=session))
    recorder.close()
    with watched(FeedSettings("again", FileSource(str(tmp_path / "r"), pace="fast"))) as camera:
        frames = camera.until("offline", "finished")
    assert [shown.session - frames[0].session for shown in frames] == [0, 0, 1, 1, 1, 2]


# -- nothing is lost for want of time


def large(number: int) -> Frame:
    """Noise, which is slow to compress: 6 MB."""
    rng = np.random.default_rng(number)
    image = rng.integers(0, 256, (1080, 1920, 3)).astype(np.uint8)
    return replace(frame(number), color=image)


def test_in_haste_pictures_are_kept_without_compression_and_to_the_bit(tmp_path: Path) -> None:
    """Frames that come at once, as no machine compresses them; on a fast one none is in haste."""
    assert [color_suffix(waiting) for waiting in (0, HASTE, HASTE + 1)] == [".png", ".png", ".bmp"]
    frames = [large(number) for number in range(3)] * 4
    recorder = Recorder(tmp_path / "r")
    for shown in frames:
        recorder.add(shown)
    recorder.settle()
    assert recorder.waiting == 0
    assert recorder.bytes == size(tmp_path / "r")
    recorder.close()
    entries = read_index(tmp_path / "r")
    assert {Path(entry.color).suffix for entry in entries} <= {".png", ".bmp"}
    assert [entry.number for entry in entries] == [shown.number for shown in frames]
    for entry, shown in zip(entries, frames, strict=True):
        image = imaging.read_image(str(tmp_path / "r" / entry.color))
        assert np.array_equal(image, shown.color)


def test_what_a_writing_thread_stumbles_on_is_raised(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r")
    (tmp_path / "r" / "00000001.color.png").touch()  # in the place of the second picture
    recorder.add(frame(0))
    recorder.add(frame(1))
    with pytest.raises(FileExistsError):
        recorder.close()
    assert [entry.number for entry in read_index(tmp_path / "r")] == [0]


def test_a_loss_is_told_while_it_goes_on_and_not_again_without_more() -> None:
    loss = Loss(100.0)
    assert loss.told(captured=10, kept=5, now=100.0 + TELL_S / 2) == ""
    told = loss.told(captured=101, kept=70, now=100.0 + TELL_S)
    assert told.startswith("30 of 101 frames lost so far (29.7%): ")
    assert loss.told(captured=150, kept=119, now=100.0 + 3 * TELL_S) == ""
    assert loss.told(captured=200, kept=160, now=100.0 + 4 * TELL_S) != ""
    assert Loss(0.0).told(captured=10, kept=9, now=60.0) == ""  # it is still on its way


def test_a_recording_is_a_presentation_to_evaluate(recorded: Path) -> None:
    data = read_data_set(recorded.parent, label="bonafide")
    (presentation,) = data.presentations
    assert data.notes == ("there is no attack presentation: APCER, AUC and EER cannot be told",)
    (sighting,) = sight(data, Settings()).sightings
    entries = read_index(recorded)
    assert presentation.name == recorded.name
    assert [seen.at for seen in sighting.frames] == [
        entry.captured_at - entries[0].captured_at for entry in entries
    ]
    assert any(seen.faces for seen in sighting.frames)


def test_another_network_may_look_in_the_place_of_one_that_ships(recorded: Path) -> None:
    data = read_data_set(recorded.parent, label="bonafide")
    other = shipped().examining("texture", shipped().file("hybrid").path)
    ours, theirs = (
        [face.liveness.by_model for seen in looked.frames for face in seen.faces if face.liveness]
        for looked in (
            *sight(data, Settings()).sightings,
            *sight(data, Settings(), manifest=other).sightings,
        )
    )
    assert ours
    for own, examined in zip(ours, theirs, strict=True):
        assert own["texture"] != examined["texture"]
        assert own["hybrid"] == examined["hybrid"]


# -- nothing is recorded by accident


def test_without_a_yes_nothing_is_recorded(tmp_path: Path) -> None:
    run = record(tmp_path)
    assert run.returncode == 2
    assert "nothing was recorded" in run.stderr
    assert not (tmp_path / "recordings").exists()


def test_an_unknown_feed_is_named(tmp_path: Path) -> None:
    run = record(tmp_path, "--yes", feed="cellar")
    assert run.returncode == 2
    assert "no door has a feed called cellar; there are camera" in run.stderr


def test_a_feed_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    run = record(tmp_path, "--yes", "--minutes", "0.05", clip=tmp_path / "nothing.mov")
    assert run.returncode == 2
    assert "feeds.camera.path: no such video or folder" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "recordings").touch()
    run = record(tmp_path, "--yes")
    assert run.returncode == 1
    assert "recordings" in run.stderr
    assert "Traceback" not in run.stderr


# -- and nothing is kept for ever


def test_a_recording_ends_where_the_space_does(tmp_path: Path) -> None:
    run = record(tmp_path, "--yes", "--keep-gb", "0.001")
    assert run.returncode == 0, run.stderr
    assert "0.001 GB are full" in run.stdout
    (found,) = recordings(tmp_path / "recordings")
    assert 1e6 <= size(found) < 3e6


def made(folder: Path, age_s: float) -> Path:
    """A recording of one frame that was made so long ago."""
    recorder = Recorder(folder)
    recorder.add(frame())
    recorder.close()
    os.utime(folder, (time.time() - age_s,) * 2)
    return folder


def frame(number: int = 0) -> Frame:
    return Frame("camera", number, 0, float(number), 1.7e9 + number, pictures.picture(number))


def test_what_is_too_old_is_deleted(tmp_path: Path) -> None:
    old, new = made(tmp_path / "camera/old", 8 * 86_400), made(tmp_path / "camera/new", 60)
    assert make_room(tmp_path, Limits(1, 1000, 7), time.time()) == [old]
    assert not old.exists()
    assert new.exists()


def test_what_is_too_much_is_deleted_the_oldest_first(tmp_path: Path) -> None:
    folders = [made(tmp_path / f"camera/{age}", 10.0 * age) for age in (3, 2, 1)]
    two = 2 * size(folders[0]) / 1e9
    assert make_room(tmp_path, Limits(1, two, 7), time.time()) == folders[:1]
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_what_is_not_a_recording_of_ours_is_never_deleted(tmp_path: Path) -> None:
    foreign = tmp_path / "holiday"
    foreign.mkdir()
    (foreign / INDEX).write_text("{}\n")
    (foreign / "NOTICE.txt").write_bytes(b"\xff mine")
    os.utime(foreign, (0, 0))
    assert not is_recording(foreign)
    assert make_room(tmp_path, Limits(1, 0.0, 0.1), time.time()) == []
    with pytest.raises(ValueError, match="not a recording made by kioskd"):
        delete(foreign)
    assert (foreign / INDEX).exists()


# -- depth, and damage


def test_depth_and_infrared_are_kept_to_the_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    depth = rng.integers(0, 65_536, (48, 64)).astype(np.uint16)
    infrared = rng.integers(0, 256, (40, 60)).astype(np.uint8)
    rig = Rig(Intrinsics(64, 48, 60.0, 60.0, 32.0, 24.0))
    seen = Frame(
        *("camera", 5, 2, 1.5, 1.7e9, pictures.picture(3)),
        rig=rig,
        depth=depth,
        depth_gap_s=0.004,
        infrared=infrared,
        infrared_gap_s=0.002,
    )
    recorder = Recorder(tmp_path / "r")
    recorder.add(seen)
    recorder.close()
    (entry,) = read_index(tmp_path / "r")
    assert (entry.number, entry.session, entry.depth_gap_s) == (5, 2, 0.004)
    assert entry.depth is not None
    assert entry.infrared is not None
    assert np.array_equal(imaging.read_unchanged(str(tmp_path / "r" / entry.depth)), depth)
    assert np.array_equal(imaging.read_unchanged(str(tmp_path / "r" / entry.infrared)), infrared)
    assert json.loads((tmp_path / "r" / "rig.json").read_text())["color"]["fx"] == 60.0
    shown = list(iter(FolderReader(FileSource(str(tmp_path / "r"))).read, None))
    assert len(shown) == 1  # the colour image alone


def test_a_recording_that_was_cut_off_is_whole_up_to_there(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r")
    for number in range(3):
        recorder.add(frame(number))
    recorder.close()
    index = tmp_path / "r" / INDEX
    index.write_text(index.read_text()[:-20])
    assert [entry.number for entry in read_index(tmp_path / "r")] == [0, 1]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        "{}",
        '{"number": "0", "session": 0, "captured_at": 0, "wall_time": 0, "color": "a.png"}',
        '{"number": 0, "session": 0, "captured_at": 0, "wall_time": 0, "color": "../a.png"}',
        '{"number": 0, "session": 0, "captured_at": 0, "wall_time": 0, "color": 7}',
    ],
)
def test_a_damaged_index_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    recorder = Recorder(tmp_path / "r")
    recorder.add(frame())
    recorder.close()
    index = tmp_path / "r" / INDEX
    index.write_text(f"{line}\n{index.read_text()}")
    with pytest.raises(RecordingError, match=r"index\.jsonl line 1"):
        read_index(tmp_path / "r")


def test_no_recording_is_written_over_another(tmp_path: Path) -> None:
    made(tmp_path / "r", 0)
    with pytest.raises(FileExistsError):
        Recorder(tmp_path / "r")
