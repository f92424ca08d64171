"""Clips made from the shipped ones, by ffmpeg."""

import subprocess
from functools import cache
from pathlib import Path

from feeds.frame import ColorImage
from feeds.imaging import open_file
from tests.support.broker import program
from tests.support.patience import DEADLINE_S

DATA = Path(__file__).resolve().parents[1] / "data"


@cache
def images_of(clip: Path, most: int | None = None) -> tuple[ColorImage, ...]:
    """All images of a clip, or its first; nobody writes to them, for others have them too."""
    capture = open_file(str(clip))
    assert capture is not None, clip
    found: list[ColorImage] = []
    while (most is None or len(found) < most) and (image := capture.read()) is not None:
        image.setflags(write=False)
        found.append(image)
    capture.release()
    return tuple(found)


def as_h264(clip: Path, made: Path) -> Path:
    """The clip in H.264, as a network camera sends it: ten pictures a second, so that a machine
    that is busy with other tests decodes them in time too. A key frame comes every second.
    """
    _ffmpeg("-i", str(clip), "-r", "10", made=made, between_key_frames=10)
    return made


def again_and_again(clip: Path, made: Path, pictures: int, times: int) -> Path:
    """A clip's first pictures, as often as that, as a camera sends them (`as_h264`)."""
    loop = f"trim=end_frame={pictures},loop=loop={times - 1}:size={pictures}"
    shown = ("-vf", f"{loop},setpts=N/FRAME_RATE/TB", "-r", "10")
    _ffmpeg("-i", str(clip), *shown, made=made, between_key_frames=10)
    return made


def rare_key_frames(clip: Path, made: Path, pictures: int, times: int) -> Path:
    """As `again_and_again`, with one key frame, at its beginning."""
    loop = f"trim=end_frame={pictures},loop=loop={times - 1}:size={pictures}"
    shown = ("-vf", f"{loop},setpts=N/FRAME_RATE/TB", "-r", "10", "-sc_threshold", "0")
    _ffmpeg("-i", str(clip), *shown, made=made, between_key_frames=10_000)
    return made


def repeated(clip: Path, made: Path, times: int) -> Path:
    """An H.264 clip that begins with a key frame, over and over; nothing is encoded again."""
    command = [program("ffmpeg"), "-v", "error", "-stream_loop", str(times - 1), "-i", str(clip)]
    command += ["-c", "copy", str(made)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=DEADLINE_S)
    return made


def at_changing_rates(clip: Path, made: Path, pictures: int, times: int) -> Path:
    """The same at 10 pictures a second, then at 3, then at 20, a hundred pictures of each."""
    loop = f"trim=end_frame={pictures},loop=loop={times - 1}:size={pictures}"
    rate = "if(lt(mod(N\\,300)\\,100)\\,0.1\\,if(lt(mod(N\\,300)\\,200)\\,0.333\\,0.05))"
    times_of = f"setpts='if(eq(N\\,0)\\,0\\,PREV_OUTPTS+{rate}/TB)'"
    shown = ("-vf", f"{loop},{times_of}", "-fps_mode", "vfr")
    _ffmpeg("-i", str(clip), *shown, made=made, between_key_frames=10)
    return made


def one_after_the_other(first: Path, second: Path, made: Path) -> Path:
    """Two clips at 10 pictures a second, as one: two people after each other."""
    parts = ";".join(f"[{n}]fps=10,scale=960:540,setsar=1,format=yuv420p[{n}v]" for n in (0, 1))
    joined = ("-filter_complex", f"{parts};[0v][1v]concat=n=2:v=1")
    _ffmpeg("-i", str(first), "-i", str(second), *joined, made=made)
    return made


def side_by_side(left: Path, right: Path, made: Path) -> Path:
    """Two clips in one picture: two people before one camera."""
    crop = "crop=iw/2:ih:iw/4:0"
    _ffmpeg(
        *("-i", str(left), "-i", str(right)),
        *("-filter_complex", f"[0]{crop}[a];[1]{crop}[b];[a][b]hstack"),
        made=made,
    )
    return made


def still_video(picture: Path, made: Path, bit_rate: str) -> Path:
    """Four seconds of one picture at a constant bit rate, as a hung camera's encoder sends it."""
    rate = ("-b:v", bit_rate, "-minrate", bit_rate, "-maxrate", bit_rate, "-bufsize", bit_rate)
    command = [program("ffmpeg"), "-v", "error", "-loop", "1", "-framerate", "30"]
    command += ["-i", str(picture), "-t", "4", "-c:v", "libx264", "-preset", "ultrafast"]
    command += ["-tune", "zerolatency", *rate, "-nal-hrd", "cbr", "-g", "30"]
    command += ["-pix_fmt", "yuv420p", str(made)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=DEADLINE_S)
    return made


def _ffmpeg(*arguments: str, made: Path, between_key_frames: int = 15) -> None:
    encoding = ("-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-bf", "0")
    command = [program("ffmpeg"), "-v", "error", *arguments, *encoding]
    command += ["-g", str(between_key_frames), str(made)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=DEADLINE_S)
