"""Network cameras as they come: rare key frames, lost packets, times that cannot be.

Cameras and networks are real programs; each picture carries the time it was made at.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from feeds.feed_settings import FeedSettings, StreamSource
from tests.support import rtsp
from tests.support.broker import program
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port
from tests.support.watching import Watched, watched

PATIENT: dict[str, Any] = {
    "stall_s": 5.0,
    "hang_s": 10.0,
}  # where a busy machine must not look like a fault


def settings(port: int, stream: int | str = "", **how: Any) -> FeedSettings:
    source = StreamSource(f"{rtsp.url(port)}{stream}")
    return FeedSettings("door", source, retry_most_s=1.0, **how)


@contextmanager
def door_to(*camera: str, **how: Any) -> Iterator[Watched]:
    """A feed of a camera with these options."""
    port = free_port()
    with rtsp.camera(port, *camera), watched(settings(port, **how)) as door:
        yield door


@contextmanager
def door_over(*rule: str, camera: tuple[str, ...] = (), **how: Any) -> Iterator[Watched]:
    """A feed of a camera with these options, behind a wire that changes what it sends."""
    camera_port, port = free_port(), free_port()
    with (
        rtsp.camera(camera_port, *camera),
        rtsp.bad_wire(port, camera_port, *rule),
        watched(settings(port, **how)) as door,
    ):
        yield door


# -- key frames


LONG_S = 120.0  # a camera whose key frames are 10 s apart, on a busy machine


def filmed(folder: Path, codec: str, every_s: int, b_frames: int) -> Path:
    """25 s of a film with key frames so far apart."""
    path = folder / f"{codec}-{every_s}-{b_frames}.mp4"
    source = "testsrc2=size=160x120:rate=10:duration=25"
    apart = f"keyint={10 * every_s}:min-keyint={10 * every_s}:scenecut=0"
    encoding = {
        "h264": ("-c:v", "libx264", "-x264-params", apart),
        "h265": ("-c:v", "libx265", "-x265-params", f"{apart}:log-level=none"),
    }[codec]
    command = [program("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", source, *encoding]
    command += ["-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", str(b_frames), str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("films")
    kinds = [("h264", 1, 2), ("h264", 2, 0), ("h264", 4, 2), ("h264", 10, 0)]
    kinds += [("h265", 1, 0), ("h265", 2, 2), ("h265", 4, 0), ("h265", 10, 2)]
    return [filmed(folder, *kind) for kind in kinds]


@pytest.mark.parametrize("options", [(), ("--no-key-first",)])
def test_a_camera_with_rare_key_frames_comes_online(
    films: list[Path], options: tuple[str, ...]
) -> None:
    """Side by side, as each takes its time: to the second key frame if the first is not sent."""
    port = free_port()
    with rtsp.playing(port, *films, options=options), ExitStack() as stack:
        doors = [
            stack.enter_context(watched(settings(port, number or "", open_s=LONG_S, **PATIENT)))
            for number in range(len(films))
        ]
        for door in doors:
            assert door.frame(LONG_S).session == 0
            assert door.told == [("starting", "opening"), ("online", "")]


@pytest.mark.parametrize("options", [("--codec", "h264"), ("--codec", "h265", "--b-frames")])
def test_the_key_frame_that_a_camera_sends_at_connect_is_kept(options: tuple[str, ...]) -> None:
    """The next one would come long after every deadline. And nothing old is shown."""
    with door_to(*options, "--fps", "10", "--key-every", "3600", **PATIENT) as door:
        frames = [door.frame() for _ in range(5)]
        made = [rtsp.made_at(frame.color) for frame in frames]
        assert made == sorted(set(made))
        assert all(m <= frame.captured_at for m, frame in zip(made, frames, strict=True))


def test_a_camera_that_tells_its_parameters_only_beside_key_frames_comes_online() -> None:
    """None in the session's description, and the first key frame comes after six seconds."""
    with ExitStack() as stack:
        doors = [
            stack.enter_context(
                door_over(
                    *("untold", "0"),
                    camera=("--codec", codec, "--no-key-first", "--key-every", "6"),
                    open_s=LONG_S,
                    **PATIENT,
                )
            )
            for codec in ("h264", "h265")
        ]
        for door in doors:
            frame = door.frame(LONG_S)
            assert rtsp.made_at(frame.color) <= frame.captured_at
            assert door.told == [("starting", "opening"), ("online", "")]


def test_a_camera_without_key_frames_is_told_what_it_lacks() -> None:
    with door_to("--no-key-first", "--key-every", "3600", open_s=2.0) as door:
        door.until("stalled", "no_key_frame")
        assert door.feed.state.detail.endswith(
            "/camera is connected, but sent no key frame for 2 s: shorten the camera's"
            " key-frame interval (also called GOP or I-frame interval) to 1 or 2 s"
        )


def test_a_camera_that_falls_silent_before_its_first_picture_lacks_no_key_frame() -> None:
    camera_port, port = free_port(), free_port()
    with (
        rtsp.camera(camera_port, "--no-key-first", "--key-every", "3600"),
        rtsp.network(port, camera_port) as network,
        watched(settings(port, stall_s=0.5, open_s=20.0)) as door,
    ):
        while not (process := door.feed._process) or not door.feed._watch.is_open:
            assert door.feed.newest(0.1) is None
        assert not process.slot.seen
        network.freeze()
        door.until("stalled", "no_frames")


def test_a_camera_with_rare_key_frames_comes_back_after_it_was_gone() -> None:
    port = free_port()
    options = ("--no-key-first", "--key-every", "3")
    with watched(settings(port, open_s=DEADLINE_S)) as door:
        for _ in range(2):
            with rtsp.camera(port, *options):
                frame = door.frame()
                assert rtsp.made_at(frame.color) <= frame.captured_at
            door.until("offline", "open_failed")
        assert ("stalled", "no_frames") in door.told


def test_a_stream_whose_pictures_stop_is_a_stall_though_packets_go_on() -> None:
    """FFmpeg waits for a key frame as long as for the first."""
    with door_over("hollow", "60", open_s=DEADLINE_S) as door:
        door.frame()
        door.until("stalled", "no_frames")
        door.until_restarted(1)
        assert ("stalled", "hung") not in door.told


# -- packets


def test_a_camera_over_a_network_that_loses_packets_stays_online() -> None:
    port = free_port()
    source = StreamSource(rtsp.url(port), transport="udp")
    for codec in ("h264", "h265"):
        with (
            rtsp.camera(port, "--codec", codec, "--fps", "10", "--lose", "0.05"),
            watched(FeedSettings("door", source, **PATIENT)) as door,
        ):
            assert len({door.frame().session for _ in range(20)}) == 1
            assert door.told == [("starting", "opening"), ("online", "")]


# -- times


@pytest.mark.parametrize("seconds", ["1000", "-1000", "0.6", "-0.6"])
def test_one_picture_with_an_outlying_time_is_left_out_and_the_stream_goes_on(seconds: str) -> None:
    with door_over("once", "60", seconds, **PATIENT) as door:
        before = door.frame()
        late = door.feed.counts.late
        door.until_counted(lambda counts: counts.late > late)
        frames = [door.frame() for _ in range(10)]
        assert {frame.session for frame in frames} == {before.session}
        assert door.told == [("starting", "opening"), ("online", "")]
        for frame in frames:
            assert rtsp.made_at(frame.color) <= frame.captured_at


@pytest.mark.parametrize("seconds", ["1000", "-1000", "0.6"])
def test_times_that_jump_for_good_are_a_break_with_a_reason(seconds: str) -> None:
    with door_over("from", "60", seconds, **PATIENT) as door:
        before = door.frame()
        door.until("stalled", "time_jumped")
        assert "gave its images times that jumped" in door.feed.state.detail
        assert door.frame().session > before.session
        assert door.told[-1] == ("online", "")


def test_times_that_stand_still_are_none_and_pictures_go_on() -> None:
    with door_over("still", "60", **PATIENT) as door:
        door.frame()
        number = door.frame().number
        frame = door.frame_where(lambda frame: frame.number > number + 100)
        assert frame.session == 0
        assert door.told == [("starting", "opening"), ("online", "")]


# -- pictures


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_stream_that_changes_its_shape_is_opened_again_and_never_shown_stretched(
    codec: str,
) -> None:
    options = ("--codec", codec, "--fps", "10", "--sizes", "320x240,240x320", "--size-for", "6")
    with door_to(*options) as door:
        shapes = {door.frame().color.shape}
        door.until("stalled", "picture_changed")
        deadline = monotonic() + LONG_S
        while len(shapes) < 2:
            assert monotonic() < deadline, f"no other shape came; {door.told}"
            frame = door.feed.newest(0.2)
            shapes |= set() if frame is None else {frame.color.shape}
        assert shapes == {(240, 320, 3), (320, 240, 3)}


def test_a_stream_that_changes_its_codec_is_opened_again() -> None:
    """The camera goes on with H.265 in a session that it described as H.264."""
    port = free_port()
    with rtsp.camera(port, "--then-h265") as camera, watched(settings(port)) as door:
        before = door.frame().session
        camera.change()
        frame = door.frame_where(lambda frame: frame.session > before)
        assert rtsp.made_at(frame.color) <= frame.captured_at
        assert ("stalled", "no_frames") in door.told
