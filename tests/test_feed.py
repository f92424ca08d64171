"""A feed and its capture process, on real files: what comes out, whatever happens behind."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep, time

import numpy as np
import pytest

from feeds import imaging
from feeds.feed_settings import FeedSettings, FileSource
from feeds.process import CaptureProcess
from feeds.state import FeedCounts
from tests.support import pictures
from tests.support.patience import DEADLINE_S
from tests.support.watching import watched


def settings(path: Path, **source: object) -> FeedSettings:
    fields = {"path": str(path), "pace": "realtime", "repeat": "loop", **source}
    return FeedSettings("door", FileSource(**fields), hang_s=2.0)  # type: ignore[arg-type]


def gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int) -> None:
    deadline = monotonic() + DEADLINE_S
    while not gone(pid):
        assert monotonic() < deadline, f"process {pid} lives on"
        sleep(0.02)


def test_a_fast_file_gives_every_frame_in_order_however_slow_the_reader(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 12)
    with watched(settings(path, pace="fast", repeat="once")) as door:
        frames = []
        while (frame := door.feed.newest(DEADLINE_S)) is not None:
            frames.append(frame)
            if frame.number == 3:
                door.until_one_lies_ready()
        assert [pictures.number_in(frame.color) for frame in frames] == list(range(12))
        assert [frame.number for frame in frames] == list(range(12))
        assert door.told == [("starting", "opening"), ("online", ""), ("offline", "finished")]
        assert door.feed.state.detail == f"{path} was played to its end"
        assert door.feed.counts == FeedCounts(captured=12, taken=12)


def test_a_feed_is_opened_anew_when_it_is_asked_for_also_a_file_that_was_over(
    tmp_path: Path,
) -> None:
    path = pictures.video(tmp_path / "walk.avi", 12)
    with watched(settings(path, pace="fast", repeat="once")) as door:
        first = door.feed.newest(DEADLINE_S)
        assert first is not None
        door.feed.reopen()
        assert door.feed.state.phase == "starting"
        again = []
        while (frame := door.feed.newest(DEADLINE_S)) is not None:
            again.append(frame)
        assert [pictures.number_in(frame.color) for frame in again] == list(range(12))
        assert all(frame.session > first.session for frame in again)  # a mode sees the break
        assert again[0].number > first.number
        assert door.told[-1] == ("offline", "finished")
        door.feed.reopen()
        assert door.feed.newest(DEADLINE_S) is not None
        assert door.feed.counts.restarts == 2


def test_a_fast_file_has_its_own_time(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 5, fps=10)
    with watched(settings(path, pace="fast", repeat="once")) as door:
        frames = [door.frame() for _ in range(5)]
    steps = [after.captured_at - before.captured_at for before, after in pairwise(frames)]
    assert steps == pytest.approx([0.1] * 4)
    walls = [after.wall_time - before.wall_time for before, after in pairwise(frames)]
    assert walls == pytest.approx([0.1] * 4, abs=0.01)


def test_a_file_in_real_time_gives_frames_of_now_and_ends(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 10, fps=10)
    began_at, began_time = monotonic(), time()
    with watched(settings(path, repeat="once")) as door:
        frame = door.frame()
        assert began_at < frame.captured_at < monotonic()
        assert began_time - 1 < frame.wall_time < time() + 1  # a clock may be set meanwhile
        assert (frame.feed, frame.session, frame.color.shape) == ("door", 0, (48, 64, 3))
        frames = [frame, *door.until("offline", "finished")]
        numbers = [pictures.number_in(frame.color) for frame in frames]
        assert numbers == sorted(set(numbers))
        assert numbers[-1] == 9
        assert door.feed.newest(0.01) is None


def test_a_folder_of_images_is_a_feed_too(tmp_path: Path) -> None:
    path = pictures.folder(tmp_path / "walk", 4)
    with watched(settings(path, pace="fast", repeat="once", fps=5)) as door:
        frames = [door.frame() for _ in range(4)]
        door.until("offline", "finished")
    assert [pictures.number_in(frame.color) for frame in frames] == [0, 1, 2, 3]


def test_a_loop_begins_a_session_each_time_round_and_keeps_counting(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 4)
    with watched(settings(path, pace="fast")) as door:
        frames = [door.frame() for _ in range(10)]
    assert [frame.session for frame in frames] == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    assert [frame.number for frame in frames] == list(range(10))
    assert all(after.captured_at > before.captured_at for before, after in pairwise(frames))


def test_a_fast_file_that_ran_ahead_of_the_clock_never_goes_back_in_time(tmp_path: Path) -> None:
    """Else all that comes after a restart would be out of order, until the clock is there."""
    path = pictures.video(tmp_path / "walk.avi", 12, fps=2)
    with watched(settings(path, pace="fast")) as door:
        before = [door.frame() for _ in range(40)][-1]
        assert before.captured_at > monotonic()
        assert door.feed.capture_pid is not None
        os.kill(door.feed.capture_pid, signal.SIGKILL)
        after = door.frame_where(lambda frame: frame.session > before.session)
        later = door.frame()
    assert after.captured_at > before.captured_at
    assert later.captured_at - after.captured_at == pytest.approx(0.5)


def test_a_slow_reader_gets_the_newest_and_the_others_are_replaced(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 12, fps=50)
    deadline = monotonic() + DEADLINE_S
    with watched(settings(path)) as door:
        numbers = [door.frame().number]
        while len(numbers) < 5 or door.feed.counts.captured < door.feed.counts.taken + 5:
            assert monotonic() < deadline, numbers
            door.until_one_lies_ready()
            sleep(0.1)  # busy, while others come
            numbers.append(door.frame().number)
    assert all(after > before for before, after in pairwise(numbers))
    assert numbers[-1] >= len(numbers) + 4


def test_a_frame_that_lay_in_the_slot_while_the_camera_stalled_is_not_evidence(
    tmp_path: Path,
) -> None:
    with watched(settings(pictures.video(tmp_path / "walk.avi", 12))) as door:
        before = door.frame()
        assert door.feed.capture_pid is not None
        door.until_one_lies_ready()
        os.kill(door.feed.capture_pid, signal.SIGSTOP)
        sleep(1.2)  # more than stall_s
        assert door.feed.newest(0.0) is None
        assert door.frame().session > before.session


def test_a_killed_capture_process_is_started_again(tmp_path: Path) -> None:
    with watched(settings(pictures.video(tmp_path / "walk.avi", 12))) as door:
        before = door.frame()
        killed = door.feed.capture_pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        door.until("offline", "crashed")
        assert door.feed.state.detail == "the capture process was ended by signal 9 (Killed)"
        after = door.frame()
        assert door.told[-2:] == [("offline", "crashed"), ("online", "")]
        assert (after.session, after.number > before.number) == (before.session + 1, True)
        assert door.feed.counts.restarts == 1
        assert gone(killed)


def test_a_stopped_capture_process_is_a_stall_then_killed_then_replaced(tmp_path: Path) -> None:
    with watched(settings(pictures.video(tmp_path / "walk.avi", 12))) as door:
        before = door.frame()
        hung = door.feed.capture_pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        door.until("stalled", "no_frames")
        assert not gone(hung)
        door.until("stalled", "hung")
        assert gone(hung)
        assert door.frame().session == before.session + 1
        assert door.told[1:] == [
            ("online", ""),
            ("stalled", "no_frames"),
            ("stalled", "hung"),
            ("online", ""),
        ]


def test_a_frozen_video_is_a_stall_and_gives_one_frame_at_most(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "photo.avi", 100, still=True)
    with watched(settings(path)) as door:
        frames = [door.frame(), *door.until("stalled", "frozen")]
        assert len(frames) == 1
        assert door.feed.counts.repeated > 10
        door.until_restarted(1)
        assert ("stalled", "frozen") in door.told


def test_a_frozen_video_is_not_called_online_each_time_it_is_opened_again(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "photo.avi", 50, still=True)
    with watched(settings(path)) as door:
        door.until_restarted(1)
        door.frame()
        assert door.told.count(("online", "")) == 1
        assert door.told[-1] == ("stalled", "frozen")


def test_one_single_colour_is_no_picture_until_the_lens_is_uncovered(tmp_path: Path) -> None:
    path = pictures.folder(tmp_path / "walk", 2)
    for turn in range(20):  # two seconds under the cap, with an encoder's own unrest
        covered = np.full((48, 64, 3), 16 + turn % 2, np.uint8)
        imaging.write_image(str(path / f"00_{turn:02}.png"), covered)
    with watched(settings(path, fps=10, repeat="once")) as door:
        door.until("stalled", "blank")
        assert "take the cap off its lens" in door.feed.state.detail
        assert ("online", "") in door.told  # the first picture
        door.until("online")


def test_a_looped_photo_is_frozen(tmp_path: Path) -> None:
    path = pictures.folder(tmp_path / "photo", 1)
    with watched(settings(path, fps=25)) as door:
        assert len([door.frame(), *door.until("stalled", "frozen")]) == 1


def test_a_camera_that_thaws_is_online_again_in_a_session_of_its_own(tmp_path: Path) -> None:
    path = pictures.folder(tmp_path / "walk", 3)
    for turn in range(14):  # a second and a half of the same
        imaging.write_image(str(path / f"02-{turn:02}.png"), pictures.picture(2))
    imaging.write_image(str(path / "03.png"), pictures.picture(3))
    with watched(settings(path, fps=10, repeat="once")) as door:
        before = door.until("stalled", "frozen")
        after = [door.frame(), *door.until("offline", "finished")]
        assert [pictures.number_in(frame.color) for frame in before] == [0, 1, 2]
        assert [pictures.number_in(frame.color) for frame in after] == [3]
        assert after[0].session == before[-1].session + 1
        assert ("online", "") in door.told[3:]
        assert door.feed.counts.restarts == 0


def test_a_missing_file_is_told_once_and_tried_again_until_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "walk.avi"
    with watched(settings(path)) as door:
        door.until_restarted(2)
        assert door.told == [("starting", "opening"), ("offline", "no_file")]
        assert door.feed.state.detail == f"{path}: there is no such file or folder"
        pictures.video(path)
        door.frame()
        assert door.told[-1] == ("online", "")


def test_an_image_too_large_is_told(tmp_path: Path) -> None:
    (tmp_path / "poster").mkdir()
    imaging.write_image(str(tmp_path / "poster/1.png"), pictures.picture(3, 5000, 2000))
    with watched(settings(tmp_path / "poster", fps=1)) as door:
        door.until("offline", "too_large")
        assert "5000x2000 are larger than 3840x2160" in door.feed.state.detail


def test_stopping_ends_the_capture_process_even_a_hung_one(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi")
    with watched(settings(path)) as door:
        door.frame()
        pid = door.feed.capture_pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        door.feed.stop()
        assert gone(pid)
        assert door.feed.newest(0.05) is None


def test_feeds_do_not_touch_each_other(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 12)
    with watched(settings(path)) as door, watched(settings(path)) as gate:
        door.frame()
        gate.frame()
        assert door.feed.capture_pid is not None
        os.kill(door.feed.capture_pid, signal.SIGSTOP)
        door.until("stalled", "no_frames")
        gate.frame()
        assert gate.told == [("starting", "opening"), ("online", "")]


def test_no_file_descriptor_is_lost_over_restarts(tmp_path: Path) -> None:
    with watched(settings(pictures.video(tmp_path / "walk.avi", 12))) as door:
        door.frame()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            assert door.feed.capture_pid is not None
            os.kill(door.feed.capture_pid, signal.SIGKILL)
            door.until("offline", "crashed")
            door.frame()
        assert len(os.listdir("/proc/self/fd")) <= before


DAEMON = """
import sys
from feeds.feed import Feed
from feeds.feed_settings import FeedSettings, FileSource
feed = Feed(FeedSettings("door", FileSource(sys.argv[1], repeat="loop")))
feed.start()
while feed.newest(1.0) is None:
    pass
print(feed.capture_pid, flush=True)
while True:
    feed.newest(1.0)
"""


def test_a_killed_daemon_leaves_no_capture_process_behind(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 12)
    daemon = subprocess.Popen([sys.executable, "-c", DAEMON, str(path)], stdout=subprocess.PIPE)
    assert daemon.stdout is not None
    capture_pid = int(daemon.stdout.readline())
    os.kill(capture_pid, signal.SIGSTOP)  # so that it cannot notice by itself
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()
    wait_until_gone(capture_pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["at birth", "at work"])
def test_a_signal_to_the_whole_group_is_the_daemon_s_to_handle(
    number: signal.Signals, moment: str, tmp_path: Path
) -> None:
    """A capture process that ended first would be told as crashed by a daemon that stops."""
    with watched(settings(pictures.video(tmp_path / "walk.avi", 12))) as door:
        if moment == "at work":
            door.frame()
        pid = door.feed.capture_pid
        assert pid is not None
        os.kill(pid, number)
        for _ in range(12):
            door.frame()
        assert (door.feed.capture_pid, door.feed.counts.restarts) == (pid, 0)
        assert door.told == [("starting", "opening"), ("online", "")]
        door.feed.stop()
        assert gone(pid)


def test_the_settings_stand_in_no_command_line_and_in_no_environment(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "secret-name.avi", 12)
    with watched(settings(path)) as door:
        door.frame()
        process = Path(f"/proc/{door.feed.capture_pid}")
        command = process.joinpath("cmdline").read_bytes()
        assert command.endswith(b"feeds.capture\0door\0")
        assert b"secret-name" not in command + process.joinpath("environ").read_bytes()


def test_the_capture_process_is_told_no_secret_of_the_daemon_s_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MQTT_PASSWORD", "hunter2")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/kioskd.service")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    monkeypatch.setenv("TZ", "Europe/Zurich")
    with watched(settings(pictures.video(tmp_path / "walk.avi", 12))) as door:
        door.frame()
        environ = Path(f"/proc/{door.feed.capture_pid}/environ").read_bytes()
    names = {line.partition(b"=")[0] for line in environ.split(b"\0") if line}
    assert {b"TZ", b"PATH", b"PYTHONPATH"} <= names
    assert not names & {b"MQTT_PASSWORD", b"CREDENTIALS_DIRECTORY", b"NOTIFY_SOCKET"}
    assert b"hunter2" not in environ


SCARCE = """
import os, resource, sys
from feeds.process import CaptureProcess
from feeds.feed_settings import FeedSettings, FileSource
def opened():
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            found[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:
            pass  # the one by which they were listed; which number it had is Python's affair
    return found
settings = FeedSettings("door", FileSource(sys.argv[1], repeat="loop"))
def start():
    return CaptureProcess(settings, session=0, number=0, not_before=0.0)
start().stop()  # what Python keeps open for itself is open by now
before, failed, left = opened(), 0, 0
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
while True:
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(before) + left, hard))
    try:
        process = start()
    except OSError:
        failed, left = failed + 1, left + 1
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert opened() == before, (left, opened())
    else:
        process.stop()
        break
print(failed)
"""


def test_where_a_descriptor_is_lacking_none_is_lost(tmp_path: Path) -> None:
    """Whichever it is: one, then two, then three are left, until they are enough."""
    path = pictures.video(tmp_path / "walk.avi", 12)
    done = subprocess.run([sys.executable, "-c", SCARCE, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 6  # memory, and two ends of three pipes


def test_a_capture_process_that_sleeps_is_not_taken_for_one_that_lacks_a_processor(
    tmp_path: Path,
) -> None:
    """What works waits for a processor at most; what hangs in a driver sleeps."""
    path = pictures.video(tmp_path / "walk.avi", 12)
    with watched(settings(path, pace="fast")) as door:
        door.frame()
        process = door.feed._process
        assert process is not None
        wait_for(lambda: not process.starved)  # nobody takes its next image
        os.kill(process.pid, signal.SIGSTOP)
        wait_for(lambda: not process.starved)
    starting = CaptureProcess(settings(path), session=0, number=0, not_before=0.0)
    wait_for(lambda: starting.starved)  # Python and OpenCV are loaded
    starting.stop()
    assert not starting.starved


def wait_for(true: Callable[[], bool]) -> None:
    deadline = monotonic() + DEADLINE_S
    while not true():
        assert monotonic() < deadline
        sleep(0.001)


CLOSED = """
import os, sys
from feeds.feed import Feed
from feeds.feed_settings import FeedSettings, FileSource
told = os.dup(1)  # a number of its own, which nothing here takes
os.dup2(told, 9)
for fd in map(int, sys.argv[2].split(",")):
    os.close(fd)
os.close(told)
feed = Feed(FeedSettings("door", FileSource(sys.argv[1], repeat="loop")))
feed.start()
while (frame := feed.newest(1.0)) is None:
    pass
os.write(9, b"seen")
feed.stop()
"""


@pytest.mark.parametrize("closed", ["0", "1", "2", "0,1", "0,1,2"])
def test_a_camera_is_seen_from_a_process_without_standard_descriptors(
    closed: str, tmp_path: Path
) -> None:
    path = pictures.video(tmp_path / "walk.avi", 12)
    command = [sys.executable, "-c", CLOSED, str(path), closed]
    done = subprocess.run(command, capture_output=True, timeout=DEADLINE_S)
    assert done.stdout == b"seen"


@pytest.mark.parametrize("text", ["front\0door", "front\ndoor", "front\x1bdoor"])
def test_a_name_that_is_not_one_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a feed's name holds a line break"):
        FeedSettings(text, FileSource("clip.mp4"))
    with pytest.raises(ValueError, match="a feed's path holds a line break"):
        FeedSettings("door", FileSource(text))


def test_the_capture_process_is_light(tmp_path: Path) -> None:
    """It must start quickly, again and again, so no network or web library may creep in."""
    program = "import json, sys, feeds.handover; print(json.dumps(sorted(sys.modules)))"
    listed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(listed.stdout)}
    assert {"numpy", "cv2"} <= loaded
    assert not loaded & {"onnxruntime", "pydantic", "yaml", "paho", "structlog", "asyncio"}


def test_state_and_counts_may_be_read_from_another_thread(tmp_path: Path) -> None:
    read: list[tuple[str, int]] = []
    with watched(settings(pictures.video(tmp_path / "walk.avi", 12))) as door:
        door.frame()
        feed = door.feed
        reader = threading.Thread(target=lambda: read.append((feed.state.phase, feed.counts.taken)))
        reader.start()
        reader.join()
    assert read == [("online", 1)]
