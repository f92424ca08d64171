"""Video in fields, really encoded so: told by name, and never a picture. OPENCV decodes it."""

import subprocess
from pathlib import Path

import pytest

from feeds import imaging
from feeds.feed_settings import FeedSettings, FileSource, StreamSource
from feeds.interlaced import interlaced
from feeds.opened_source import SourceError
from feeds.sources import VideoReader
from tests.support import rtsp
from tests.support.broker import program
from tests.support.ports import free_port
from tests.support.watching import watched

CODECS = {  # encoders that can do both, and the containers they go into
    "libx264": (".mp4", ("-x264-params", "interlaced=1")),
    "libx265": (".mkv", ("-x265-params", "interlace=tff:log-level=error")),
    "mpeg2video": (".ts", ("-flags", "+ildct+ilme", "-top", "1")),
    "mpeg4": (".avi", ("-flags", "+ildct+ilme")),
}


def clip(made: Path, codec: str, *options: str, filters: str = "null") -> Path:
    """A second and a half of a moving test picture."""
    source = ("-f", "lavfi", "-i", f"testsrc2=size=192x144:rate=25,{filters}")
    encoding = ("-t", "1.5", "-c:v", codec, *options, "-pix_fmt", "yuv420p", "-g", "10")
    command = [program("ffmpeg"), "-v", "error", *source, *encoding, str(made)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=120)
    return made


def in_fields(folder: Path, codec: str) -> Path:
    suffix, options = CODECS[codec]
    return clip(folder / f"fields{suffix}", codec, *options, filters="interlace=scan=tff")


@pytest.mark.parametrize("codec", CODECS)
def test_video_in_fields_is_named_and_no_picture_comes_of_it(codec: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"fields\.\w+ sends interlaced video.*progress") as told:
        VideoReader(FileSource(str(in_fields(tmp_path, codec))))
    assert told.value.code == "interlaced"


@pytest.mark.parametrize("codec", CODECS)
def test_whole_pictures_of_the_same_codec_are_played_from_the_first(
    codec: str, tmp_path: Path
) -> None:
    reader = VideoReader(FileSource(str(clip(tmp_path / f"whole{CODECS[codec][0]}", codec))))
    positions = []
    while (shot := reader.read()) is not None:
        assert shot.position_s is not None
        positions.append(shot.position_s)
    assert positions[:3] == pytest.approx([0.0, 0.04, 0.08], abs=0.002)
    assert len(positions) >= 36
    reader.close()


@pytest.mark.parametrize("codec", CODECS)
def test_a_header_that_is_cut_off_says_nothing(codec: str, tmp_path: Path) -> None:
    capture = imaging.open_file(str(in_fields(tmp_path, codec)))
    assert capture is not None
    whole = capture.header
    assert interlaced(capture.codec, whole)
    for length in range(len(whole)):
        interlaced(capture.codec, whole[:length])  # raises nothing
    assert not interlaced(capture.codec, b"")
    assert not interlaced("VP90", whole)
    capture.release()


def test_a_camera_that_sends_fields_is_never_online(tmp_path: Path) -> None:
    port = free_port()
    source = StreamSource(rtsp.url(port))
    with (
        rtsp.playing(port, in_fields(tmp_path, "libx264")),
        watched(FeedSettings("door", source, retry_most_s=0.5)) as door,
    ):
        frames = door.until("offline", "interlaced")
        door.until_restarted(2)
        assert not frames
        assert ("online", "") not in door.told
        assert "set the camera to progressive" in door.feed.state.detail
