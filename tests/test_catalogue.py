"""Every mode that a door may name is made, sees what it asks for, and is drawn and explained."""

import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from feeds.frame import ColorImage, Frame
from kioskd.config import reference
from kioskd.config.load import Door, load
from kioskd.modes import catalogue
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import SlipError, drive
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_phases import Cause
from kioskd.modes.smile.smile_settings import SmileSettings
from models.observation import Observation, Wanted
from models.perceive import Perceiver, needs
from tests.support.clips import DATA, images_of
from tests.support.eyes import networks

FPS = 30.0
SUITED = {"minimum_face_size_px": 120, "hybrid_margin_below": 0.2}
FEED = "feeds: {front-door: {kind: realsense, serial: '821212060000'}}"  # fit for every mode


def door(folder: Path, mode: str) -> Door:
    """A door of this mode, all at its defaults but for a gate that suits the clip."""
    path = folder / "config.yaml"
    known = reference.modes()[mode].keys["gate"].keys
    gate = [f"{key}: {value}" for key, value in SUITED.items() if key in known]
    door = f"doors: {{main: {{mode: {mode}, feed: front-door, gate: {{{', '.join(gate)}}}}}}}\n"
    path.write_text(f"site: hq\ndevice: k\nmqtt: {{broker: localhost}}\n{FEED}\n{door}")
    return load(path, {}).doors[0]


@cache
def smiles() -> tuple[ColorImage, ...]:
    """Every third image of the clip of a real person who looks, then smiles."""
    return images_of(DATA / "smiling.mp4", 72)[::3]


def frames() -> Iterator[Frame]:
    for number, image in enumerate(smiles()):
        at = 3 * number / FPS
        yield Frame("front-door", number, 0, 100.0 + at, 1.7e9 + at, image)


@pytest.mark.parametrize("mode", reference.modes())
def test_a_mode_asks_for_nothing_but_what_its_networks_were_loaded_for(
    mode: str, tmp_path: Path
) -> None:
    """Only the networks that the catalogue names are there; every measure asked for is filled."""
    one = door(tmp_path, mode)
    wants = catalogue.needs(one.mode)
    eye = Perceiver(networks(*sorted(needs(wants.measures, wants.schemes))))
    machine = catalogue.make(one.mode, one.gate, secrets.randbelow)
    asked: list[Wanted] = []
    for frame in frames():

        def measure(seen: Observation, wanted: Wanted, frame: Frame = frame) -> Observation:
            asked.append(wanted)
            seen = eye.measure(frame, seen, wanted)
            if wanted.track_id is None:  # of the picture as a whole: it is remembered, no more
                return seen
            (face,) = seen.faces
            assert all(getattr(face, measure.value) is not None for measure in wanted.measures)
            return seen

        drive(machine, eye.look(frame), measure)
    measures = frozenset().union(*(wanted.measures for wanted in asked))
    assert measures <= wants.measures
    schemes = {wanted.plan.scheme for wanted in asked if wanted.plan}
    joins = catalogue.BY_NAME[mode].joins  # asked for once an action may begin
    assert schemes <= wants.schemes if joins else schemes == wants.schemes


@pytest.mark.parametrize("mode", reference.modes())
def test_a_new_mode_is_made_for_each_feed(mode: str, tmp_path: Path) -> None:
    one = door(tmp_path, mode)
    first, second = (catalogue.make(one.mode, one.gate, secrets.randbelow) for _ in range(2))
    assert first is not second
    assert type(first) is type(second)


def test_a_slip_of_a_machine_names_machine_phase_and_cause() -> None:
    mode = SmileMode(SmileSettings(), GateSettings(), lambda _: 0)
    with pytest.raises(SlipError, match=r"SmileMode .* phase IDLE by SMILE_HELD \(smiled for"):
        mode.move(Cause.SMILE_HELD)
