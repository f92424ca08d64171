"""Video files whose pictures change their size in the middle, made by ffmpeg."""

import re
import subprocess
from pathlib import Path

import pytest

from feeds.feed_settings import FeedSettings, FileSource
from feeds.opened_source import SourceError
from feeds.sources import opened
from feeds.vp8 import frame_size, is_shown
from tests.support.broker import program
from tests.support.watching import watched

KINDS = {
    "ts": ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"),
    "h265": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:bframes=0"),
    "avi": ("-c:v", "mjpeg"),
    "mpg": ("-c:v", "mpeg2video", "-bf", "0"),
    "webm": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"),
}
HALF = 10  # pictures of each size


def part(path: Path, size: str) -> Path:
    source = f"testsrc2=size={size}:rate=25"
    command = [program("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", source]
    command += ["-frames:v", str(HALF), "-pix_fmt", "yuv420p", *KINDS[path.suffix[1:]]]
    subprocess.run([*command, str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def joined(folder: Path, kind: str, *sizes: str) -> Path:
    """A video of ten pictures in each of these sizes, its parts put together undecoded."""
    parts = [part(folder / f"{number}.{kind}", size) for number, size in enumerate(sizes)]
    whole = folder / f"whole.{kind}"
    if kind in ("ts", "h265", "mpg"):  # such files may be put together as they are
        whole.write_bytes(b"".join(each.read_bytes() for each in parts))
        return whole
    listed = folder / f"{kind}.txt"
    listed.write_text("".join(f"file {each.name}\n" for each in parts))
    command = [program("ffmpeg"), "-v", "error", "-f", "concat", "-i", str(listed), "-c", "copy"]
    subprocess.run([*command, str(whole)], check=True, stdin=subprocess.DEVNULL)
    return whole


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_changes_its_size_is_told_and_never_shown_stretched(
    kind: str, tmp_path: Path
) -> None:
    path = joined(tmp_path, kind, "320x240", "240x320")
    with watched(FeedSettings("door", FileSource(str(path), pace="fast"))) as door:
        frames = door.until("stalled", "picture_changed")
        assert HALF - 2 <= len(frames) <= HALF
        assert {frame.color.shape for frame in frames} == {(240, 320, 3)}
        assert re.fullmatch(
            rf"{path} changes the size, shape or kind of its pictures 0\.[34] s after its start"
            " and cannot be shown beyond: make them alike, as by"
            " `ffmpeg -i FILE -vf scale=1280:720 OTHER`",
            door.feed.state.detail,
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_put_together_in_one_size_is_played_to_its_end(
    kind: str, tmp_path: Path
) -> None:
    path = joined(tmp_path, kind, "320x240", "320x240")
    with watched(FeedSettings("door", FileSource(str(path), pace="fast"))) as door:
        assert len(door.until("offline", "finished")) >= 2 * HALF - 2


def test_an_evaluation_hears_of_vp8_too(tmp_path: Path) -> None:
    """Read in the process itself, where FFmpeg's own talk is not listened to."""
    path = joined(tmp_path, "webm", "320x240", "240x320")
    reader = opened(FileSource(str(path)), open_s=5.0, stall_s=1.0)
    for _ in range(HALF):
        assert reader.read() is not None
    with pytest.raises(SourceError, match="changes the size, shape or kind of its pictures"):
        reader.read()
    reader.close()


def test_what_is_no_vp8_key_frame_has_no_size() -> None:
    key = bytes((0x10, 2, 0, 0x9D, 0x01, 0x2A, 0x40, 0x41, 0xF0, 0x80))
    assert frame_size(key) == (320, 240)  # however it is to be scaled
    assert is_shown(key)
    for packet in (b"", key[:9], b"\x11" + key[1:], key[:3] + bytes(3) + key[6:]):
        assert frame_size(packet) is None
    assert not any(map(is_shown, (b"", b"\x00" + key[1:])))
