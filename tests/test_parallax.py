"""Parallax: what tells a head that turns from a flat picture that is moved."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.modes.pose.pose_settings import PoseSettings
from models.mesh.head_pose import head_pose
from models.mesh.parallax import parallax
from models.observation import Mesh
from tests.support.heads import portrait, turned

LEAST = PoseSettings().minimum_parallax


def shown(before: Mesh, after: Mesh) -> float:
    value = parallax(before, after)
    assert value is not None
    return value


@pytest.mark.parametrize(("start", "end"), [(0, 41), (20, 41), (-20, -41), (10, -41), (5, 60)])
def test_a_head_that_turns_shows_depth(start: float, end: float) -> None:
    assert shown(turned(portrait(), start), turned(portrait(), end)) > 1.4 * LEAST


def test_the_helper_turns_heads_the_way_that_the_pose_is_read() -> None:
    at_rest, left = head_pose(portrait()), head_pose(turned(portrait(), 30.0))
    assert at_rest is not None
    assert left is not None
    assert left.yaw - at_rest.yaw == pytest.approx(30.0, abs=3.0)


matrices = st.lists(st.floats(-2, 2), min_size=4, max_size=4).map(
    lambda values: np.array(values).reshape(2, 2)
)


@given(matrices, st.floats(-500, 500), st.floats(-500, 500))
def test_no_flat_motion_shows_any(flat: np.ndarray, right: float, down: float) -> None:
    """Shifting, scaling, tilting, turning, shearing: whatever a flat picture does far away."""
    moved = portrait().astype(np.float64)
    moved[:, :2] = moved[:, :2] @ flat + (right, down)
    assert shown(portrait(), moved) < 1e-6  # type: ignore[arg-type]


@pytest.mark.parametrize("yaw", [10, 30, 50])
@pytest.mark.parametrize("away", [2.0, 3.0, 6.0])
def test_a_flat_picture_turned_close_to_the_camera_stays_below_the_limit(
    yaw: float, away: float
) -> None:
    """With perspective; `away` is the distance in widths of the face."""
    flat = portrait() * np.array((1, 1, 0), np.float32)
    distance = away * float(np.ptp(flat[:, 0]))
    held = turned(flat, yaw)
    projected = held * (distance / (distance + held[:, 2:]))
    assert shown(flat, projected) < 0.9 * LEAST


def test_a_head_that_holds_still_shows_none_through_the_noise_of_the_mesh() -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, portrait().shape)
    noisy = portrait() + (noise * np.ptp(portrait()[:, 0])).astype(np.float32)
    assert shown(portrait(), noisy) < 0.5 * LEAST


def test_points_that_cannot_tell_say_nothing() -> None:
    broken = portrait().copy()
    broken[10] = np.nan
    line = portrait() * np.array((1, 0, 0), np.float32)
    assert parallax(broken, portrait()) is None
    assert parallax(portrait(), broken) is None
    assert parallax(line, portrait()) is None
    assert parallax(np.zeros_like(portrait()), portrait()) is None
