"""Head pose from the mesh: signs, sizes, and what it must not be moved by."""

from math import cos, radians, sin

import numpy as np
import pytest
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import warp_affine
from models.face.faces import Detector, small_copy
from models.mesh.bones import RIGID
from models.mesh.head_pose import angles, fitted, head_pose
from models.mesh.landmarks import MeshReading, read_mesh
from models.observation import HeadPose
from tests.support.eyes import astronaut, networks, president


def reading(image: ColorImage) -> MeshReading:
    eyes = networks("face", "mesh")
    small = small_copy(image, 320)
    face = Detector(eyes["face"]).detect(small, image.shape[1] / small.shape[1])[0]
    return read_mesh(eyes["mesh"], image, face.box, face.landmarks)


def pose(image: ColorImage) -> HeadPose:
    found = head_pose(reading(image).mesh)
    assert found is not None
    return found


def tilted(image: ColorImage, degrees: float) -> ColorImage:
    """The picture turned clockwise about the face."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    turn = np.array([[c, -s], [s, c]])
    centre = np.array([224.0, 118.0])
    matrix = np.column_stack((turn, centre - turn @ centre))
    return warp_affine(image, matrix, (512, 512), border="reflect")


def turned(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """The rigid face after a roll, a pitch and a yaw, by the definition of their signs.

    Axes: x to the subject's left, y down, z away from the camera.
    """
    y, p, r = (radians(angle) for angle in (yaw, pitch, roll))
    about_y = np.array([[cos(y), 0, -sin(y)], [0, 1, 0], [sin(y), 0, cos(y)]])
    about_x = np.array([[1, 0, 0], [0, cos(p), sin(p)], [0, -sin(p), cos(p)]])
    about_z = np.array([[cos(r), -sin(r), 0], [sin(r), cos(r), 0], [0, 0, 1]])
    return np.asarray(RIGID @ (about_y @ about_x @ about_z).T)


@pytest.mark.parametrize("yaw", [-60, -20, 0, 35])
@pytest.mark.parametrize("pitch", [-40, 0, 25])
@pytest.mark.parametrize("roll", [-30, 0, 15])
def test_a_turned_rigid_face_gives_its_angles_back(yaw: float, pitch: float, roll: float) -> None:
    points = 170.0 * turned(yaw, pitch, roll) + (300, 200, -50)
    rotation = fitted(points)
    assert rotation is not None
    found = angles(rotation)
    assert (found.yaw, found.pitch, found.roll) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_the_nose_points_where_the_signs_say() -> None:
    nose = RIGID[:, 2].argmin()
    assert turned(30, 0, 0)[nose, 0] > RIGID[nose, 0]  # to the subject's left
    assert turned(0, 30, 0)[nose, 1] < RIGID[nose, 1]  # up
    top = RIGID[:, 1].argmin()
    assert turned(0, 0, 30)[top, 0] > RIGID[top, 0]  # the top leans to the left shoulder


def test_a_person_who_looks_into_the_camera_is_frontal() -> None:
    found = pose(president())
    assert abs(found.yaw) < 5
    assert abs(found.pitch) < 6
    assert found.centre_pose_quality > 0.8


def test_the_mirrored_picture_turns_and_tilts_the_other_way() -> None:
    image = tilted(astronaut(), 12.0)
    squeezed = np.ascontiguousarray(image[:, ::-1])
    one, other = pose(image), pose(squeezed)
    assert other.yaw == pytest.approx(-one.yaw, abs=2.5)
    assert other.roll == pytest.approx(-one.roll, abs=2.5)
    assert other.pitch == pytest.approx(one.pitch, abs=2.5)


@pytest.mark.parametrize("degrees", [-30.0, 20.0])
def test_a_picture_turned_clockwise_tilts_to_the_subjects_left(degrees: float) -> None:
    assert pose(tilted(astronaut(), degrees)).roll == pytest.approx(
        pose(astronaut()).roll + degrees, abs=3
    )


def test_the_mesh_is_in_pixels_of_the_frame_however_the_face_is_tilted() -> None:
    upright, leaning = reading(astronaut()).mesh, reading(tilted(astronaut(), 25.0)).mesh
    right_eye, left_eye = upright[[33, 263], :2]
    assert 150 < right_eye[0] < 224 < left_eye[0] < 300
    c, s = cos(radians(25)), sin(radians(25))
    expected = (upright[:, :2] - (224, 118)) @ np.array([[c, s], [-s, c]]) + (224, 118)
    assert np.linalg.norm(leaning[:, :2] - expected, axis=1).mean() < 3


def test_the_mesh_network_knows_that_there_is_no_face() -> None:
    eyes = networks("face", "mesh")
    level = np.array([[60, 60], [120, 60], [90, 90], [65, 120], [115, 120]], np.float32)
    wall = np.full((200, 200, 3), 120, np.uint8)
    assert read_mesh(eyes["mesh"], wall, (40.0, 20.0, 140.0, 160.0), level).presence < 0.1
    assert reading(astronaut()).presence > 0.9


def test_centre_pose_quality_is_what_the_docs_say() -> None:
    def at(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> float:
        return HeadPose(yaw, pitch, roll).centre_pose_quality

    assert at(0) == 1.0
    assert at(0, roll=40) == 1.0
    assert at(20.9) == pytest.approx(0.59, abs=0.005)
    assert at(-20.9) == at(20.9) == pytest.approx(at(0, 20.9))
    assert at(90) == at(120) == at(0, -90) == pytest.approx(0.0, abs=1e-12)
    assert at(10, 10) < at(10) < at(5)


def test_points_that_are_no_face_have_no_pose() -> None:
    assert head_pose(np.zeros((478, 3), np.float32)) is None
    assert head_pose(np.full((478, 3), np.nan, np.float32)) is None


@pytest.mark.parametrize("lost", [float("nan"), float("inf"), -float("inf")])
def test_one_point_that_is_no_number_leaves_no_pose(lost: float) -> None:
    for axis in range(3):
        points = 170.0 * turned(20, 0, 0) + (300, 200, -50)
        points[7, axis] = lost
        assert fitted(points) is None


def test_points_on_a_line_or_in_one_place_have_no_pose_wherever_they_lie() -> None:
    along = np.linspace(-80, 80, len(RIGID))[:, None] * np.array([1.0, 2.0, -0.5])
    for place in ((0.0, 0.0, 0.0), (1234.5, 678.9, -50.0)):
        assert fitted(along + place) is None
        assert fitted(0.0 * along + place) is None


def test_a_mirrored_face_is_never_read_as_a_mirrored_turn() -> None:
    rotation = fitted(turned(20, 10, 5) * (-1.0, 1.0, 1.0))
    assert rotation is not None
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
