"""What a face does, measured on drawn points and on real people."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from feeds.frame import Frame
from models.mesh.expression import Expression, expression, smile
from models.observation import Face, Measure, Wanted
from models.perceive import Perceiver, needs
from models.session import Networks
from tests.support.acting import Look, mesh
from tests.support.clips import DATA, images_of

ALL = frozenset({Measure.POSE, Measure.BLENDSHAPES, Measure.MOTION})


@pytest.fixture(scope="module")
def smiling() -> list[Face]:
    """A real person who smiles, and ceases to."""
    return followed(DATA / "smiling.mp4")


@pytest.fixture(scope="module")
def blinking() -> list[Face]:
    """The same who is at rest, blinks, and opens his mouth."""
    return followed(DATA / "asked" / "blink.mp4")


def followed(clip: Path) -> list[Face]:
    perceiver = Perceiver(Networks.load(needs(ALL), "cpu", 1))
    return [face for frame in frames(clip) for face in measured(perceiver, frame)]


def frames(clip: Path) -> Iterator[Frame]:
    for number, image in enumerate(images_of(clip)):
        yield Frame("clip", number, 0, number / 18.0, number / 18.0, image)


def measured(perceiver: Perceiver, frame: Frame) -> Iterator[Face]:
    seen = perceiver.look(frame)
    for face in seen.faces:
        yield perceiver.measure(frame, seen, Wanted(face.track_id, ALL)).faces[0]


def shown(face: Face) -> Expression:
    assert face.mesh is not None
    found = expression(face.mesh)
    assert found is not None
    return found


@pytest.mark.parametrize("look", [Look(), Look(mouth=0.7, eyes=(0.05, 0.4), eyebrows=0.5)])
def test_drawn_faces_measure_as_they_were_drawn(look: Look) -> None:
    found = expression(mesh(look))
    assert found is not None
    assert found.mouth_opening == pytest.approx(look.mouth, abs=1e-6)
    assert found.eyes == pytest.approx(look.eyes, abs=1e-6)
    assert found.eyebrows == pytest.approx((look.eyebrows, 2 * look.eyebrows), abs=1e-6)


def test_size_place_and_turn_do_not_count() -> None:
    look = Look(mouth=0.3, eyes=(0.2, 0.3), eyebrows=0.4)
    turn = np.array([[0.8, -0.6, 0.0], [0.36, 0.48, 0.8], [-0.48, -0.64, 0.6]], np.float32)
    moved = (2.5 * mesh(look) @ turn.T + np.float32(400.0)).astype(np.float32)
    found, drawn = expression(moved), expression(mesh(look))
    assert found is not None
    assert drawn is not None
    assert found.mouth_opening == pytest.approx(drawn.mouth_opening, abs=1e-4)
    assert found.eyes == pytest.approx(drawn.eyes, abs=1e-4)
    assert found.eyebrows == pytest.approx(drawn.eyebrows, abs=1e-4)


def test_what_is_no_face_has_no_expression() -> None:
    assert expression(np.zeros((478, 3), np.float32)) is None
    assert expression(np.full((478, 3), np.nan, np.float32)) is None


def test_a_smile_needs_both_sides() -> None:
    assert smile({"mouthSmileLeft": 0.4, "mouthSmileRight": 0.8}) == pytest.approx(0.4)
    assert smile({"mouthSmileLeft": 0.8, "mouthSmileRight": 0.4}) == pytest.approx(0.4)
    assert smile({"mouthSmileLeft": 0.4}) is None
    assert smile({}) is None


def test_a_persons_smile_is_seen(smiling: list[Face]) -> None:
    smiles = [smile(face.blendshapes or {}) or 0.0 for face in smiling]
    assert max(smiles[:12]) < 0.1
    assert min(smiles[25:50]) > 0.35
    assert max(smiles[-5:]) < 0.1


def test_a_persons_blink_is_seen(blinking: list[Face]) -> None:
    eyes = [max(shown(face).eyes) for face in blinking]
    assert min(eyes) < 0.1
    assert median(eyes) > 0.25


def test_a_mouth_that_smiles_is_not_an_open_one(smiling: list[Face], blinking: list[Face]) -> None:
    assert max(shown(face).mouth_opening for face in smiling) < 0.4
    assert max(shown(face).mouth_opening for face in blinking) > 0.7


def test_at_rest_a_measure_hardly_moves(blinking: list[Face]) -> None:
    rest = [shown(face) for face in blinking[:12]]
    assert np.ptp([one.eyebrows[0] for one in rest]) < 0.02
    assert np.ptp([one.mouth_opening for one in rest]) < 0.05
    assert np.ptp([one.eyes[0] for one in rest]) < 0.05


def test_somebody_who_stands_still_does_not_grow(smiling: list[Face]) -> None:
    zooms = [face.motion.zoom for face in smiling if face.motion and face.motion.zoom]
    assert len(zooms) > 50
    assert abs(float(np.log(zooms[:40]).sum())) < 0.1
