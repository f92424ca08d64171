"""What can be read from files, and what is said of those that cannot."""

import subprocess
from pathlib import Path

import pytest

from feeds import imaging
from feeds.feed_settings import FileSource, Source, StreamSource, UsbSource
from feeds.opened_source import Reader, SourceError
from feeds.sources import opened
from tests.support import pictures
from tests.support.broker import program


def open_source(source: Source) -> Reader:
    return opened(source, open_s=5.0, stall_s=1.0)


def played(source: FileSource) -> list[tuple[int, float]]:
    """The numbers of the pictures and their times, as they were read."""
    reader = open_source(source)
    shots = []
    while (shot := reader.read()) is not None:
        assert shot.position_s is not None
        shots.append((pictures.number_in(shot.image), round(shot.position_s, 3)))
    reader.close()
    return shots


def refusal(source: Source) -> SourceError:
    with pytest.raises(SourceError) as raised:
        open_source(source)
    return raised.value


def test_a_video_is_read_to_its_end_with_its_own_times(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 4, fps=20)
    assert played(FileSource(str(path))) == [(0, 0.0), (1, 0.05), (2, 0.1), (3, 0.15)]


def test_a_rate_in_the_settings_overrides_the_file_s(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi", 3, fps=20)
    assert played(FileSource(str(path), fps=2)) == [(0, 0.0), (1, 0.5), (2, 1.0)]


def test_a_folder_is_shown_in_the_order_of_its_names_at_the_rate_asked_for(tmp_path: Path) -> None:
    path = pictures.folder(tmp_path / "walk", 3)
    imaging.write_image(str(path / "005.JPG"), pictures.picture(9))
    (path / "notes.txt").write_text("not shown")
    assert played(FileSource(str(path), fps=4)) == [(0, 0.0), (9, 0.25), (1, 0.5), (2, 0.75)]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    error = refusal(FileSource(str(tmp_path / "gone.mp4")))
    assert error.code == "no_file"
    assert str(error) == f"{tmp_path}/gone.mp4: there is no such file or folder"


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "letter.mp4").write_text("Dear Sir or Madam")
    error = refusal(FileSource(str(tmp_path / "letter.mp4")))
    assert str(error) == f"{tmp_path}/letter.mp4: is not a video that can be read"


def test_an_empty_file_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert refusal(FileSource(str(tmp_path / "empty.mp4"))).code == "open_failed"


def test_a_video_without_an_image_is_named(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "whole.avi", 10)
    start = path.read_bytes()
    (tmp_path / "cut.avi").write_bytes(start[: start.index(b"movi") + 4])
    with pytest.raises(SourceError, match=r"cut\.avi: (holds no image|is not a video)"):
        open_source(FileSource(str(tmp_path / "cut.avi"))).read()


def test_a_playlist_cannot_lead_to_the_network(tmp_path: Path) -> None:
    (tmp_path / "list.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
    )
    assert refusal(FileSource(str(tmp_path / "list.m3u8"))).code == "open_failed"


def test_a_folder_without_images_is_named(tmp_path: Path) -> None:
    error = refusal(FileSource(str(tmp_path)))
    assert str(error) == f"{tmp_path}: holds no image (bmp, jpeg, jpg, png, webp)"


def test_an_unreadable_image_in_a_folder_is_named_when_its_turn_comes(tmp_path: Path) -> None:
    path = pictures.folder(tmp_path / "walk", 2)
    (path / "01.png").write_bytes(b"\x89PNG and then nothing")
    reader = open_source(FileSource(str(path)))
    assert reader.read() is not None
    with pytest.raises(SourceError, match=r"walk/01\.png: is not an image"):
        reader.read()


def test_a_camera_that_is_not_there_is_named_as_the_operator_named_it() -> None:
    error = refusal(UsbSource(63))
    assert error.code == "no_camera"
    assert str(error).startswith("/dev/video63 is not there: plug the camera in")


def test_a_device_that_is_no_camera_is_refused() -> None:
    assert str(refusal(UsbSource("/dev/null"))) == (
        "/dev/null is not a camera that can deliver images"
    )


def test_a_usb_camera_outside_dev_is_refused(tmp_path: Path) -> None:
    path = pictures.video(tmp_path / "walk.avi")
    assert "is not a device under /dev" in str(refusal(UsbSource(str(path))))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "concat:/etc/passwd", "/etc/passwd"])
def test_an_address_off_the_list_is_never_opened(url: str) -> None:
    assert refusal(StreamSource(url)).code == "refused"


def test_a_network_camera_that_does_not_answer_is_named_without_its_password() -> None:
    error = refusal(StreamSource("rtsp://user:word@127.0.0.1:9/live"))
    assert error.code == "open_failed"
    assert str(error).startswith("rtsp://***@127.0.0.1:9/live is not there: 127.0.0.1 is on, but")


@pytest.mark.parametrize(
    ("aspect", "shape"), [("16/11", (144, 256)), ("12/11", (144, 192)), ("1/2", (288, 176))]
)
def test_pixels_that_are_not_square_are_made_so(
    aspect: str, shape: tuple[int, int], tmp_path: Path
) -> None:
    """CIF's half size, as anamorphic sub-streams have it, in three shapes of pixels."""
    path = encoded(tmp_path / "walk.mp4", "-vf", f"setsar={aspect}", "-c:v", "libx264")
    reader = open_source(FileSource(str(path)))
    shot = reader.read()
    assert shot is not None
    assert shot.image.shape == (*shape, 3)
    reader.close()


@pytest.mark.parametrize("suffix", ["gif", "3gp", "webm", "mkv", "wmv", "flv", "mpg"])
def test_a_video_is_read_whatever_its_container(suffix: str, tmp_path: Path) -> None:
    path = encoded(tmp_path / f"walk.{suffix}")
    reader = open_source(FileSource(str(path)))
    shots = [shot for shot in iter(reader.read, None) if shot is not None]
    assert len(shots) >= 8
    assert {shot.image.shape[0] for shot in shots} == {144}
    reader.close()


def encoded(made: Path, *options: str) -> Path:
    """Ten moving pictures of 176x144, by ffmpeg's own choice of codec for the name."""
    command = [
        program("ffmpeg"),
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=176x144:rate=25",
    ]
    command += ["-frames:v", "10", "-pix_fmt", "rgb8" if made.suffix == ".gif" else "yuv420p"]
    subprocess.run([*command, *options, str(made)], check=True, timeout=120)
    return made
