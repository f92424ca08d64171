"""A head that turns is hardly stretched, a picture held askew is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.challenges.trial import MOST_STRETCH as MOST
from models.mesh.bones import INDICES, RIGID
from models.mesh.stretch import stretch
from models.observation import Mesh


def placed(bones: NDArray[np.float64]) -> Mesh:
    points = np.zeros((478, 3), np.float32)
    points[INDICES] = bones
    return points


def turned(degrees: float) -> Mesh:
    """The rigid face of models.bones, turned about the vertical axis."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return placed(RIGID @ np.array(((cos, 0.0, sin), (0.0, 1.0, 0.0), (-sin, 0.0, cos))))


def askew(degrees: float) -> Mesh:
    """A picture of that face, turned as far."""
    return placed(RIGID * np.array((np.cos(np.radians(degrees)), 1.0, 0.0)))


FACING = turned(0.0)
MOST_STRETCH = MOST[Challenge.LEFT_TURN]


@pytest.mark.parametrize("degrees", [-24, -15, 15, 24])
def test_a_head_that_turns_as_asked_is_stretched_less_than_is_allowed(degrees: float) -> None:
    head = stretch(FACING, turned(degrees))
    assert head is not None
    assert 1.0 <= head <= MOST_STRETCH


@pytest.mark.parametrize("degrees", [35, 45, 60])
def test_a_picture_is_stretched_as_much_as_it_is_held_askew(degrees: float) -> None:
    picture = stretch(FACING, askew(degrees))
    assert picture is not None
    assert picture == pytest.approx(1.0 / np.cos(np.radians(degrees)), rel=1e-3)
    assert picture > MOST_STRETCH


def test_size_place_and_roll_do_not_count() -> None:
    roll = np.array(((0.8, 0.6, 0.0), (-0.6, 0.8, 0.0), (0.0, 0.0, 1.0)))
    moved = placed(300 * RIGID @ roll + 500)
    assert stretch(FACING, moved) == pytest.approx(1.0, abs=1e-4)


def test_points_that_cannot_tell_give_no_answer() -> None:
    assert stretch(np.zeros((478, 3), np.float32), FACING) is None
    assert stretch(FACING, np.zeros((478, 3), np.float32)) is None
    assert stretch(FACING, np.full((478, 3), np.nan, np.float32)) is None
