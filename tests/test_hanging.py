"""`kioskd doctor` says how a picture hangs, by the face in it."""

from dataclasses import replace
from pathlib import Path

import pytest

from feeds.imaging import turned, write_video
from feeds.settings import FeedSettings, FileSource
from kioskd import hanging
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


def test_the_doctor_s_eye_looks_through_the_feed(tmp_path: Path) -> None:
    path = tmp_path / "upside-down.avi"
    write_video(str(path), [turned(image, 180) for image in live_clip(20)], fps=10)
    feed = FeedSettings("front", FileSource(str(path)))
    assert hanging.turn(feed) == 180
    assert hanging.turn(replace(feed, rotate=180)) == 0
    empty = FeedSettings("front", FileSource(str(ROOT / "tests/data/no_face.mp4")))
    assert hanging.turn(empty) is None
