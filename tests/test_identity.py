"""Looks are compared, by the shipped network on real pictures, and given to nobody."""

import ast
import copy
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import turned
from models.embedding import Embedding
from models.identity.looks import POINTS, laid_over
from models.observation import Face, Measure, Wanted
from models.perceive import Perceiver, needs
from tests.support.eyes import ROOT, astronaut, frame, live_clip, networks
from tests.support.photographs import turning_head

LOOKS = frozenset({Measure.POSE, Measure.IDENTITY})
NUMBERS = np.arange(1.0, 129.0, dtype=np.float32)


def look(image: ColorImage) -> Face:
    """The largest face of a picture that is shown twice, with its look."""
    eye = Perceiver(networks(*sorted(needs(LOOKS))))
    for number in range(2):
        shown = frame(image, number)
        seen = eye.look(shown)
    return eye.measure(shown, seen, Wanted(seen.faces[0].track_id, LOOKS)).faces[0]


def likeness(one: ColorImage, other: ColorImage) -> float:
    first, second = look(one).identity, look(other).identity
    assert first is not None
    assert second is not None
    return first.likeness(second)


def test_one_person_is_more_alike_than_two() -> None:
    live = live_clip(60)
    assert likeness(live[5], live[59]) > 0.6
    assert likeness(live[5], astronaut()) < 0.25
    assert likeness(turning_head()[3], astronaut()) < 0.25


def test_a_mirrored_or_smaller_picture_is_still_the_same_person() -> None:
    mirrored = turned(astronaut(), 0, mirror=True)
    smaller = np.ascontiguousarray(astronaut()[::2, ::2])
    assert likeness(astronaut(), mirrored) > 0.6
    assert likeness(astronaut(), smaller) > 0.6


def test_a_face_is_laid_over_the_points_of_the_network_however_it_stands() -> None:
    c, s = np.cos(0.4), np.sin(0.4)
    stands = (2.5 * POINTS @ np.array(((c, s), (-s, c))) + (310.0, 95.0)).astype(np.float32)
    matrix = laid_over(stands)
    assert matrix is not None
    assert np.allclose(stands @ matrix[:, :2].T + matrix[:, 2], POINTS, atol=1e-3)


@pytest.mark.parametrize("points", [np.full((5, 2), 7.0), np.full((5, 2), np.nan)])
def test_points_that_are_no_face_have_no_look(points: np.ndarray) -> None:
    assert laid_over(points.astype(np.float32)) is None


def test_a_network_that_was_not_loaded_leaves_the_look_out() -> None:
    eye = Perceiver(networks("face", "mesh"))
    for number in range(2):
        shown = frame(astronaut(), number)
        seen = eye.look(shown)
    wanted = Wanted(seen.faces[0].track_id, frozenset({Measure.IDENTITY}))
    assert eye.measure(shown, seen, wanted).faces[0].identity is None


@pytest.mark.parametrize("values", [np.zeros(128), np.full(128, np.nan), np.full(128, np.inf)])
def test_numbers_without_a_direction_are_no_embedding(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="direction"):
        Embedding(values.astype(np.float32))


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_an_embedding_is_not_written_down(write: "type") -> None:
    with pytest.raises(TypeError):
        write(Embedding(NUMBERS))


def test_an_embedding_shows_none_of_its_numbers() -> None:
    face = replace(look(astronaut()), mesh=None)
    for text in (repr(Embedding(NUMBERS)), str(Embedding(NUMBERS)), repr(face.identity)):
        assert text == "Embedding(...)"
    assert "Embedding(...)" in repr(face)


def test_a_look_is_read_by_the_rule_of_one_person_and_by_what_matches_and_by_nothing_else() -> None:
    """The import wall keeps the class away; this keeps away the attribute of a face."""
    readers = {
        path.relative_to(ROOT)
        for room in ("kioskd", "models", "feeds")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("identity", "likeness")
        if not (isinstance(node.value, ast.Name) and node.value.id == "models")
    }
    matching = ("matching", "reference_picture", "enrolled", "enrolment")
    allowed = {Path("kioskd/modes/same_person.py"), Path("kioskd/inspect/inspection.py")}
    allowed |= {Path(f"kioskd/identity/{name}.py") for name in matching}
    allowed.add(Path("kioskd/commands/people.py"))  # who is enrolled already
    # people.likeness, the limit; no look
    allowed |= {Path(f"kioskd/config/{name}.py") for name in ("config_keys", "build")}
    assert readers <= allowed
