"""`kioskd doctor` says how a picture hangs, by the face in it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from time import sleep

import pytest

from feeds.feed_settings import FeedSettings, FileSource, StreamSource
from feeds.imaging import encoded, turned, write_video
from kioskd.config.config import Door
from kioskd.doctor import hanging
from kioskd.doctor.camera_shows import look
from kioskd.doctor.diagnosis import Diagnosis
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.face.faces import Detector
from models.face.turn_needed import QUARTERS, turn_needed
from tests.support.eyes import ROOT, astronaut, live_clip, networks
from tests.support.network_camera import Asked, camera

FEED = FeedSettings("front", FileSource("."))
EYE = Detector(networks("face")["face"])


@pytest.mark.parametrize("quarter", QUARTERS)
def test_a_face_says_by_how_much_a_picture_must_be_turned(quarter: int) -> None:
    for image in (live_clip(10)[9], astronaut()):
        assert turn_needed(turned(image, quarter), EYE) == -quarter % 360


def test_where_nobody_is_nothing_says_how_it_hangs() -> None:
    assert turn_needed(live_clip(100)[99], EYE) is None


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("rotate", QUARTERS)
@pytest.mark.parametrize("hangs", QUARTERS)
def test_what_is_advised_puts_the_picture_upright(rotate: int, hangs: int, mirror: bool) -> None:
    """Whatever stands in the configuration now."""
    upright = astronaut()
    camera = turned(upright, -hangs % 360)
    now = replace(FEED, rotate=rotate, mirror=mirror)
    needed = turn_needed(turned(camera, rotate, mirror), EYE)
    assert needed is not None
    if not needed:
        assert rotate == hangs
        return
    advice = hanging.advice(now, needed)
    assert (f"set rotate: {hangs} under" if hangs else "set no rotate under") in advice
    assert ("upside down" in advice) == ((rotate - hangs) % 360 == 180)


def told(feed: FeedSettings) -> tuple[str, str]:
    """What the doctor says of a camera and of how its picture hangs: a verdict of each."""
    seen, hangs, *_ = look(Door("main", feed, GateSettings(), RgbSettings()))
    assert (seen.subject, hangs.subject) == ("camera front", "picture front")
    return seen.verdict, f"{hangs.verdict} {hangs.sentence}"


def test_the_doctor_looks_at_a_camera_once_and_sees_how_it_hangs(tmp_path: Path) -> None:
    path = tmp_path / "upside-down.avi"
    write_video(str(path), [turned(image, 180) for image in live_clip(20)], fps=10)
    feed = FeedSettings("front", FileSource(str(path)))
    seen, hangs = told(feed)
    assert seen == "ok"
    assert hangs.startswith("FAIL the picture seems to hang upside down")
    assert told(replace(feed, rotate=180)) == ("ok", "ok hangs upright, by the face in view")
    empty = FeedSettings("front", FileSource(str(ROOT / "tests/data/no_face.mp4")))
    assert told(empty)[1].startswith("note nobody was in view")


def test_a_camera_is_opened_once_for_both_looks() -> None:
    """Some cameras give their stream to one reader at a time, and few like to be asked again."""
    images = [encoded(turned(image, 90), ".jpg") for image in live_clip(40)]

    def stream(_: Asked) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=part\r\n\r\n"
        for image in cycle(images):
            yield b"--part\r\nContent-Type: image/jpeg\r\n\r\n" + image + b"\r\n"
            sleep(0.05)

    with camera(stream) as seen:
        source = StreamSource(f"http://127.0.0.1:{seen.port}/video")
        assert told(FeedSettings("front", source))[1].startswith("FAIL the picture seems to lie")
    assert len(seen.asked) == 1


def checks(folder: Path, gate: GateSettings) -> Diagnosis:
    """What the doctor says of the gate, of the clip's man."""
    path = folder / "clip.avi"
    write_video(str(path), live_clip(20), fps=10)
    feed = FeedSettings("front", FileSource(str(path)))
    *_, found = look(Door("main", feed, gate, RgbSettings()))
    assert found.subject == "gate main"
    return found


def test_the_doctor_says_each_value_with_its_limit_and_what_is_to_spare(tmp_path: Path) -> None:
    found = checks(tmp_path, GateSettings())
    assert found.verdict == "ok"
    assert found.sentence.startswith("whoever is in view passes: ")
    told = re.search(
        r"minimum_face_size_px ([\d.]+)(?: to [\d.]+)? px, at least ([\d.]+) px, in \d+ frames"
        r" \(([\d.]+) px to spare\)",
        found.sentence,
    )
    assert told is not None
    least, limit, spare = map(float, told.groups())
    assert least - limit == pytest.approx(spare, abs=0.11)


def test_the_doctor_begins_with_what_lacks_most(tmp_path: Path) -> None:
    found = checks(tmp_path, GateSettings(minimum_face_size_px=1000.0, minimum_sharpness=0.99))
    assert found.verdict == "note"
    first, second, *_ = found.sentence.removeprefix("whoever is in view fails ").split(": ", 1)
    assert first.startswith("2 of ")
    worst, next_worst = second.split("; ")[:2]
    assert {worst.split()[0], next_worst.split()[0]} == {
        "minimum_face_size_px",
        "minimum_sharpness",
    }
    assert worst.endswith("missing)")
