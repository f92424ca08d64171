"""`kioskd doctor` says how a picture hangs, by the face in it."""

from dataclasses import replace
from pathlib import Path

import pytest

from feeds.imaging import turned, write_video
from feeds.settings import FeedSettings, FileSource
from kioskd.doctor import hanging
from kioskd.doctor.camera import look
from kioskd.modes.rgb_settings import RgbSettings
from models.detect import Detector
from models.mounting import QUARTERS, turn_needed
from tests.support.eyes import ROOT, astronaut, live_clip, networks

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
    camera, picture = look(feed, RgbSettings())
    assert (camera.subject, picture.subject) == ("camera front", "picture front")
    return camera.verdict, f"{picture.verdict} {picture.sentence}"


def test_the_doctor_looks_at_a_camera_once_and_sees_how_it_hangs(tmp_path: Path) -> None:
    path = tmp_path / "upside-down.avi"
    write_video(str(path), [turned(image, 180) for image in live_clip(20)], fps=10)
    feed = FeedSettings("front", FileSource(str(path)))
    camera, picture = told(feed)
    assert camera == "ok"
    assert picture.startswith("FAIL the picture seems to hang upside down")
    assert told(replace(feed, rotate=180)) == ("ok", "ok hangs upright, by the face in view")
    empty = FeedSettings("front", FileSource(str(ROOT / "tests/data/no_face.mp4")))
    assert told(empty)[1].startswith("note nobody was in view")
