"""Passive evidence over the whole road of a door: real pictures, the real networks, the mode.

The room is that of the demo's clip, its person taken out by what stands beside him; the tablet that
shows him is drawn. Both are SYNTHETIC.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import kioskd.demo
from feeds.frame import ColorImage, Frame
from feeds.imaging import resize
from kioskd.event import Result
from kioskd.judge import judged
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Measure, Wanted
from models.passive import background
from models.perceive import Perceiver, needs
from models.session import Networks
from tests.support.clips import images_of

CLIP = Path(kioskd.demo.__file__).parent / "clips" / "live.mov"
FPS = 15.0
# Rows and columns of the clip, 960 by 720, in which he sits.
HEAD, BODY = (slice(290, 620), slice(385, 655)), (slice(620, 720), slice(250, 850))
SHOWN = slice(0, 960)  # columns of it that the tablet shows
HELD = (600, 450)  # pixels of that on the tablet
BEZEL = 14
DIM = 0.5  # of its light: by day a screen is darker than the white door behind it


@cache
def clip() -> tuple[ColorImage, ...]:
    return images_of(CLIP)


@cache
def empty() -> ColorImage:
    """The clip's room; where he was, each row goes over from what is left of him to the right."""
    found = clip()[0].astype(np.float32)
    for rows, columns in (HEAD, BODY):
        left, right = found[rows, columns.start], found[rows, columns.stop]
        along = np.linspace(0.0, 1.0, columns.stop - columns.start)[None, :, None]
        found[rows, columns] = left[:, None] + along * (right - left)[:, None]
    return found.astype(np.uint8)


def on_a_tablet(picture: ColorImage) -> ColorImage:
    """Held before the room, from below its picture's upper end to beyond its lower one."""
    found, (wide, high) = empty().copy(), HELD
    top, left = found.shape[0] - high, (found.shape[1] - wide) // 2
    found[top - BEZEL :, left - BEZEL : left + wide + BEZEL] = 12
    found[top:, left : left + wide] = resize(picture[:, SHOWN], HELD, "area") * DIM
    return found


@dataclass
class Door:
    """A door that is shown pictures, what it came to, and what was missed of the room."""

    mode: RgbMode = field(default_factory=lambda: RgbMode(RgbSettings(), GateSettings()))
    results: list[Result] = field(default_factory=list)
    missed: list[float | None] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        roles = needs([Measure.POSE], ["fused_multimodal"])
        self.eye = Perceiver(Networks.load(roles, "cpu"))

    def sees(self, pictures: Iterable[ColorImage]) -> None:
        for picture in pictures:
            at = self.number / FPS
            seen, step = judged(self.mode, self.eye, Frame("f", self.number, 0, at, at, picture))
            self.number += 1
            self.results += [step.result] if step.result is not None else []
            passive = seen.faces[0].passive if seen.faces else None
            if passive is not None:
                self.missed.append(passive.values["background"])


@pytest.fixture
def door() -> Door:
    """One that has seen its room for five seconds, with nobody there."""
    found = Door()
    found.sees([empty()] * round(5 * FPS))
    return found


def test_a_living_person_misses_nothing_of_the_room_and_is_let_in(door: Door) -> None:
    door.sees(clip())
    assert door.missed
    assert all(value is not None and value <= background.LIMIT for value in door.missed)
    assert door.results[0].verdict == "passed"
    assert door.results[0].scores["background_against"] == 0.0


def test_his_picture_on_a_tablet_misses_it(door: Door) -> None:
    door.sees(map(on_a_tablet, clip()))
    assert door.missed
    assert all(value is not None and value > background.LIMIT for value in door.missed)
    assert door.results[0].scores["background_against"] == pytest.approx(1.0)


def test_at_a_door_that_saw_no_empty_room_it_cannot_be_told() -> None:
    door = Door()
    door.sees(map(on_a_tablet, clip()))
    assert door.missed
    assert all(value is None for value in door.missed)


@pytest.mark.parametrize("decides", [True, False])
def test_who_looks_on_is_told_of_the_room_that_the_door_knows(decides: bool) -> None:
    """Where nothing that decides asks for the picture as a whole, nothing is learned of it."""
    eye, told = Perceiver(Networks.load({"face"}, "cpu")), []
    passive = frozenset({Measure.PASSIVE})
    for number in range(round(5 * FPS)):
        at = number / FPS
        somebody = at >= 4.5
        picture = on_a_tablet(clip()[0]) if somebody else empty()
        frame = Frame("f", number, 0, at, at, picture)
        seen = eye.look(frame)
        if decides:
            seen = eye.measure(frame, seen, Wanted(None, passive))
        faces = eye.watch(frame, seen, passive).faces if somebody else ()
        told += [face.passive.values["background"] for face in faces if face.passive is not None]
    assert told
    if decides:
        assert all(value is not None and value > background.LIMIT for value in told)
    else:
        assert told == [None] * len(told)
