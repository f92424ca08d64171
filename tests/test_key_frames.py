"""How far apart key frames are is counted in the stream itself, sent by a real camera server."""

from pathlib import Path

import pytest

from feeds.feed_settings import StreamSource
from feeds.key_frames import NOTHING, KeyFrames, watched
from tests.support import rtsp
from tests.support.clips import as_h264
from tests.support.daemon import LIVE
from tests.support.ports import free_port

LOOK_S = 4.0  # in a stream that shows a file in the file's own time


def seen(url: str) -> KeyFrames:
    return watched(StreamSource(url), open_s=10.0, look_s=LOOK_S)


def test_the_interval_is_that_of_the_stream_s_own_times(tmp_path: Path) -> None:
    """A file's times go with its pictures, however busy the machine that shows it is."""
    port = free_port()
    with rtsp.playing(port, as_h264(LIVE, tmp_path / "live.mp4")):
        found = seen(rtsp.url(port))
    assert found.interval_s == pytest.approx(1.0, abs=0.01)  # as_h264 codes one a second
    assert not found.all


def test_the_longest_interval_counts_as_the_first_may_be_out_of_turn() -> None:
    assert KeyFrames((0.0, 0.4, 2.4, 4.4), 5.0, 120).interval_s == pytest.approx(2.0)


@pytest.mark.parametrize("at_s", [(), (0.0,)])
def test_of_fewer_than_two_key_frames_no_interval_is_told(at_s: tuple[float, ...]) -> None:
    assert KeyFrames(at_s, 8.0, 200).interval_s is None


def test_a_stream_in_which_each_picture_is_whole_is_told_from_one_with_a_single_picture() -> None:
    assert KeyFrames((0.0, 0.1, 0.2), 0.3, 3).all
    assert not KeyFrames((0.0,), 8.0, 1).all


def test_where_nothing_listens_nothing_is_known() -> None:
    assert seen(rtsp.url(free_port())) == NOTHING


def test_an_address_that_is_no_camera_s_is_not_opened(tmp_path: Path) -> None:
    assert seen(f"file://{tmp_path}") == NOTHING


def test_a_camera_that_asks_for_a_login_gives_nothing_without_it_and_all_with_it() -> None:
    port = free_port()
    with rtsp.camera(port, "--login", "viewer", "s3cret-w0rd"):
        assert seen(rtsp.url(port)) == NOTHING
        assert seen(rtsp.url(port, "viewer", "s3cret-w0rd")).packets > 0
