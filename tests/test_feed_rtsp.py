"""A feed on a real RTSP camera over a real network that goes quiet, comes back, and dies.

The camera writes the time into each picture, so what is tested is the true age of what the
feed hands over, not the feed's own idea of it.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest

from feeds import imaging
from feeds.frame import Frame
from feeds.settings import FeedSettings, StreamSource
from tests.support import pictures, rtsp
from tests.support.watching import Watched, watched

PASSWORD = "s3cret-w0rd"
DECODING_S = 0.1  # encoder and decoder keep a picture for about one period, more when busy


def settings(url: str, open_s: float = 10.0) -> FeedSettings:
    return FeedSettings("door", StreamSource(url), open_s=open_s, retry_most_s=1.0)


@contextmanager
def door_behind_a_network() -> Iterator[tuple[Watched, rtsp.Program, rtsp.Program]]:
    """A feed, its camera, and the network between them."""
    camera_port, port = rtsp.free_port(), rtsp.free_port()
    with (
        rtsp.camera(camera_port) as camera,
        rtsp.network(port, camera_port) as network,
        watched(settings(rtsp.url(port))) as door,
    ):
        yield door, camera, network


def true_age_s(frame: Frame) -> float:
    """How old the picture was when the feed said it had been captured."""
    return frame.captured_at - rtsp.made_at(frame.color)


def test_frames_flow_and_say_truly_when_they_were_made() -> None:
    with door_behind_a_network() as (door, _, _):
        door.frame()
        frames = door.frames_for(1.5)
        assert len(frames) > 10
        assert all(0 <= true_age_s(frame) < 0.25 + DECODING_S for frame in frames)
        assert {frame.color.shape for frame in frames} == {(240, 320, 3)}
        assert door.told == [("starting", "opening"), ("online", "")]


def test_a_camera_may_send_over_udp() -> None:
    port = rtsp.free_port()
    source = StreamSource(rtsp.url(port), transport="udp")
    with rtsp.camera(port), watched(FeedSettings("door", source)) as door:
        assert 0 <= true_age_s(door.frame()) < 0.25 + DECODING_S


def test_what_a_short_silence_held_back_is_left_out_as_late() -> None:
    with door_behind_a_network() as (door, _, network):
        door.frame()
        door.frames_for(1.0)
        late = door.feed.counts.late
        network.freeze()
        door.frames_for(0.7)
        network.thaw()
        frames = door.frames_for(1.0)
        assert frames
        assert all(true_age_s(frame) < 0.25 + DECODING_S for frame in frames)
        assert door.feed.counts.late > late
        assert door.told[-1] == ("online", "")


def test_a_silent_network_is_a_stall_and_nothing_of_the_past_follows() -> None:
    with door_behind_a_network() as (door, _, network):
        before = door.frame()
        network.freeze()
        door.until("stalled", "no_frames")
        door.frames_for(1.0)
        thawed_at = monotonic()
        network.thaw()
        after = [door.frame(), *door.frames_for(1.0)]
        assert all(rtsp.made_at(frame.color) > thawed_at - 0.5 for frame in after)
        assert all(true_age_s(frame) < 0.25 + DECODING_S for frame in after)
        assert after[0].session > before.session
        assert after[0].number > before.number


def test_a_hung_camera_is_a_stall_and_comes_back() -> None:
    with door_behind_a_network() as (door, camera, _):
        door.frame()
        camera.freeze()
        door.until("stalled", "no_frames")
        camera.thaw()
        frame = door.frame()
        assert true_age_s(frame) < 0.25 + DECODING_S
        assert door.told[-1] == ("online", "")


def test_a_camera_that_dies_and_is_switched_on_again_comes_back() -> None:
    port = rtsp.free_port()
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
    port = rtsp.free_port()
    with rtsp.camera(port, "kiosk", PASSWORD):
        with watched(settings(rtsp.url(port, "kiosk", PASSWORD))) as door:
            door.frame()
            process = Path(f"/proc/{door.feed.capture_pid}")
            command = process.joinpath("cmdline").read_bytes()
        with watched(settings(rtsp.url(port, "kiosk", "wrong-" + PASSWORD))) as refused:
            refused.until("offline", "open_failed")
    assert PASSWORD.encode() not in command
    assert PASSWORD not in repr([*door.states, *refused.states])
    assert refused.states[-1].detail.startswith(f"rtsp://***@127.0.0.1:{port}/camera gives no")


@contextmanager
def motion_jpeg(fps: float, folder: Path) -> Iterator[str]:
    """The address of a camera that sends Motion JPEG over HTTP at its own rate."""
    over = Event()
    jpegs = [_jpeg(folder / f"{number}.jpg", number) for number in range(12)]

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=part")
            self.end_headers()
            count = 0
            while not over.wait(1 / fps):
                jpeg = jpegs[count % len(jpegs)]
                count += 1
                head = f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
                except OSError:
                    return

        def log_message(self, format: str, *args: object) -> None:
            pass

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


@pytest.mark.parametrize("fps", [10.0, 40.0])
def test_motion_jpeg_over_http_is_fresh_at_any_rate_though_its_times_are_made_up(
    fps: float, tmp_path: Path
) -> None:
    with motion_jpeg(fps, tmp_path) as url, watched(settings(url)) as door:
        door.frame()
        assert len(door.frames_for(2.0)) > 10
        assert door.feed.counts.late < 10
        assert door.told == [("starting", "opening"), ("online", "")]
        assert PASSWORD not in repr(door.states)


def test_the_tools_of_this_test_are_installed() -> None:
    """Says what to install, rather than letting every test above fail without a reason."""
    program = "import gi; gi.require_version('GstRtspServer', '1.0')"
    found = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True)
    assert found.returncode == 0, (
        "install python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base,"
        " gstreamer1.0-plugins-good and gstreamer1.0-plugins-ugly"
    )
