"""A feed on a real RTSP camera over a real network that goes quiet, comes back, and dies.

The camera writes the time into each picture, so what is tested is when it was really made, not
the feed's own idea of it. Nothing is held against a stop-watch: a network is frozen for long
enough that what it held back and what came afterwards cannot be mixed up.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from feeds import imaging
from feeds.feed_settings import FeedSettings, StreamSource
from feeds.frame import Frame
from tests.support import pictures, rtsp
from tests.support.ports import free_port
from tests.support.watching import Watched, watched

PASSWORD = "s3cret-w0rd"
HELD_BACK_S = 2.0  # how long a network is frozen
A_MOMENT_S = 0.75  # what is made so shortly before the thaw may be counted as prompt: LATEST_S,
# and half a second for a machine on which encoder and decoder wait for their turn


def settings(url: str, stall_s: float = 1.0) -> FeedSettings:
    return FeedSettings("door", StreamSource(url), stall_s=stall_s, retry_most_s=1.0)


@contextmanager
def door_behind_a_network(
    stall_s: float = 1.0,
) -> Iterator[tuple[Watched, rtsp.Program, rtsp.Program]]:
    """A feed, its camera, and the network between them."""
    camera_port, port = free_port(), free_port()
    with (
        rtsp.camera(camera_port) as camera,
        rtsp.network(port, camera_port) as network,
        watched(settings(rtsp.url(port), stall_s)) as door,
    ):
        yield door, camera, network


def assert_true_times(frames: list[Frame]) -> None:
    """They come in the order in which they were made, and none claims to be from before that."""
    assert frames
    made = [rtsp.made_at(frame.color) for frame in frames]
    assert made == sorted(set(made))
    for frame, made_at in zip(frames, made, strict=True):
        assert made_at <= frame.captured_at < monotonic()


def test_frames_flow_and_never_claim_to_be_older_than_they_are() -> None:
    with door_behind_a_network() as (door, _, _):
        frames = [door.frame() for _ in range(25)]
        assert_true_times(frames)
        assert {frame.color.shape for frame in frames} == {(240, 320, 3)}
        assert door.told[:2] == [("starting", "opening"), ("online", "")]


def test_a_camera_may_send_over_udp() -> None:
    port = free_port()
    source = StreamSource(rtsp.url(port), transport="udp")
    with rtsp.camera(port), watched(FeedSettings("door", source)) as door:
        assert_true_times([door.frame(), door.frame()])


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_the_time_of_a_stream_goes_on_from_its_first_image(codec: str) -> None:
    """It is watched for a while before it is believed, and would be again if it began anew."""
    port = free_port()
    with rtsp.camera(port, "--codec", codec):
        capture = imaging.open_capture(rtsp.url(port))
        assert capture is not None
        times = []
        for _ in range(20):
            assert capture.read() is not None
            times.append(capture.position_s())
        capture.release()
    assert times == sorted(times)
    assert times[0] < times[2]


def thawed(door: Watched, program: rtsp.Program) -> tuple[float, list[Frame]]:
    """Goes on after HELD_BACK_S: when, and the frames that follow."""
    sleep(HELD_BACK_S)
    thawed_at = monotonic()
    program.thaw()
    return thawed_at, [door.frame() for _ in range(20)]


def test_what_a_short_silence_held_back_is_left_out_as_late() -> None:
    with door_behind_a_network(stall_s=10.0) as (door, _, network):
        before = door.frame()
        late = door.feed.counts.late
        network.freeze()
        while door.feed.newest(0.5) is not None:
            pass  # what had come through
        thawed_at, after = thawed(door, network)
        assert_true_times(after)
        assert rtsp.made_at(after[0].color) > thawed_at - A_MOMENT_S
        assert door.feed.counts.late > late
        assert after[-1].session == before.session
        assert door.told == [("starting", "opening"), ("online", "")]


def test_a_silent_network_is_a_stall_and_nothing_of_the_past_follows() -> None:
    with door_behind_a_network() as (door, _, network):
        before = door.frame()
        network.freeze()
        door.until("stalled", "no_frames")
        thawed_at, after = thawed(door, network)
        assert_true_times(after)
        assert rtsp.made_at(after[0].color) > thawed_at - A_MOMENT_S
        assert after[0].session > before.session
        assert after[0].number > before.number


def test_a_hung_camera_is_a_stall_and_comes_back() -> None:
    with door_behind_a_network() as (door, camera, _):
        door.frame()
        camera.freeze()
        door.until("stalled", "no_frames")
        thawed_at, after = thawed(door, camera)
        assert_true_times(after)
        assert rtsp.made_at(after[0].color) > thawed_at - A_MOMENT_S
        assert door.told[-1] == ("online", "")


def test_a_camera_that_dies_and_is_switched_on_again_comes_back() -> None:
    port = free_port()
    with watched(settings(rtsp.url(port))) as door:
        door.until("offline", "open_failed")
        with rtsp.camera(port):
            door.frame()
        door.until("offline", "open_failed")
        assert ("stalled", "no_frames") in door.told
        with rtsp.camera(port):
            door.frame()
        assert door.told[-1] == ("online", "")


def test_a_camera_with_a_password_is_opened_and_the_password_never_told() -> None:
    port = free_port()
    with rtsp.camera(port, "--login", "kiosk", PASSWORD):
        with watched(settings(rtsp.url(port, "kiosk", PASSWORD))) as door:
            door.frame()
            process = Path(f"/proc/{door.feed.capture_pid}")
            command = process.joinpath("cmdline").read_bytes()
        with watched(settings(rtsp.url(port, "kiosk", "wrong-" + PASSWORD))) as refused:
            refused.until("offline", "open_failed")
    assert PASSWORD.encode() not in command
    assert PASSWORD not in repr([*door.states, *refused.states])
    place = f"rtsp://***@127.0.0.1:{port}/camera"
    assert refused.states[-1].detail.startswith(f"{place} refuses the user or the password (Basic)")


PAST, PRESENT = range(6), range(6, 12)  # numbers of pictures


@contextmanager
def motion_jpeg(fps: float, folder: Path, *, backlog: int = 0) -> Iterator[str]:
    """The address of a camera that sends Motion JPEG over HTTP at its own rate.

    Whoever connects gets so many pictures of the past first, as fast as they can be sent.
    """
    over = Event()
    jpegs = [_jpeg(folder / f"{number}.jpg", number) for number in range(12)]

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=part")
            self.end_headers()
            with suppress(OSError):
                for count in range(backlog):
                    self.show(PAST[count % 6])
                while not over.wait(1 / fps):
                    self.show(next(live))

        def show(self, number: int) -> None:
            jpeg = jpegs[number]
            head = f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    live = cycle(PRESENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/video?user=a&pwd={PASSWORD}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _jpeg(path: Path, number: int) -> bytes:
    imaging.write_image(str(path), pictures.picture(number, 320, 240))
    return path.read_bytes()


@pytest.mark.parametrize("fps", [4.0, 10.0, 40.0])
def test_motion_jpeg_over_http_is_fresh_at_any_rate_though_its_times_are_made_up(
    fps: float, tmp_path: Path
) -> None:
    with motion_jpeg(fps, tmp_path) as url, watched(settings(url)) as door:
        for _ in range(20):
            door.frame()
        assert door.told[:2] == [("starting", "opening"), ("online", "")]
        assert PASSWORD not in repr(door.states)


def test_what_motion_jpeg_held_back_before_we_connected_is_never_evidence(tmp_path: Path) -> None:
    with (
        motion_jpeg(15.0, tmp_path, backlog=400) as url,
        watched(settings(url)) as door,
    ):
        frames = [door.frame() for _ in range(20)]
        assert {pictures.number_in(frame.color) for frame in frames} <= set(PRESENT)
        assert door.feed.counts.late >= 400


def test_the_tools_of_this_test_are_installed() -> None:
    """Says what to install, rather than letting every test above fail without a reason."""
    program = "import gi; gi.require_version('GstRtspServer', '1.0')"
    found = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True)
    assert found.returncode == 0, (
        "install python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base,"
        " gstreamer1.0-plugins-good and gstreamer1.0-plugins-ugly"
    )
