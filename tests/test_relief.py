"""Relief and infrared on SYNTHETIC scenes that were never trained with (models/making/scenes)."""

from dataclasses import replace
from functools import cache
from math import exp

import numpy as np
import pytest

from feeds.frame import Frame, NoDepth
from models.infrared.infrared import carried, read_infrared
from models.making.scenes.attacks import SPECIES, Species
from models.making.scenes.draws import HELD_OUT, draw
from models.making.scenes.render import project
from models.making.scenes.scene import Pose, drawn, placed, shots, subject
from models.making.scenes.stereo import D415, D435, Noise, StereoCamera, aligned
from models.observation import Infrared, Mesh, Relief
from models.relief import flat_face
from models.relief.measures import NAMES, measures
from models.relief.patch import lay_out
from models.relief.relief import read_relief
from tests.support.eyes import networks
from tests.support.scenes import CAMERA, POSE, portrait

RELIEF = networks("relief")["relief"]
SEED = HELD_OUT + 77


@cache
def frame_of(species: Species | None, camera: StereoCamera = CAMERA) -> tuple[Frame, Mesh]:
    """One whole frame of a person (None) or an attack, and where its mesh is."""
    random = np.random.default_rng(SEED)
    thing = subject(species, portrait(), random)
    (shot,) = shots(thing, POSE, camera, Noise(), random, 1)
    depth = aligned(shot.depth, camera)
    mesh = drawn(placed(thing, POSE).mesh, camera).astype(np.float32)
    frame = Frame("door", 0, 0, 100.0, 1.7e9, shot.color, camera.rig, depth)
    return replace(frame, depth_gap_s=0.0, infrared=shot.infrared, infrared_gap_s=0.0), mesh


def relief(species: Species | None, **changed: object) -> Relief:
    frame, mesh = frame_of(species)
    return read_relief(RELIEF, replace(frame, **changed), mesh)  # type: ignore[arg-type]


def infrared(species: Species | None, **changed: object) -> Infrared:
    frame, mesh = frame_of(species)
    landmarks = mesh[[468, 473, 4, 61, 291]]
    given = replace(frame, **changed)  # type: ignore[arg-type]
    return read_infrared(networks("face")["face"], given, mesh, landmarks)


# -- relief


@pytest.mark.parametrize("camera", [D435, D415], ids=["D435", "D415"])
@pytest.mark.parametrize("metres", [0.6, 1.2, 1.8])
def test_heads_never_trained_with_are_heads(metres: float, camera: StereoCamera) -> None:
    near = metres * 1000.0
    for number in range(SEED, SEED + 3):
        for sample in draw(number, 1, near, near + 1.0, None, camera).samples:
            patch = lay_out(sample.depth, sample.mesh.astype(np.float32), sample.camera.rig.color)
            values = measures(patch)
            assert values is not None
            assert RELIEF.run(values[None].astype(np.float32))[0].item() > 0.5
            assert patch.valid_ratio > 0.6


@pytest.mark.parametrize("species", [s for s in SPECIES if s != "dark_screen"])
def test_no_kind_of_attack_is_a_head(species: Species) -> None:
    found = relief(species)
    assert found.score is not None
    assert found.score < 0.1


def test_a_head_says_where_it_is_and_how_large() -> None:
    found = relief(None)
    assert found.score is not None
    assert found.score > 0.9
    assert found.distance_m == pytest.approx(0.6, abs=0.05)
    assert 0.8 < exp(found.by_measure["size"]) < 1.25
    assert found.by_measure["nose"] > 20.0
    assert found.valid_ratio > 0.8


def test_a_screen_without_depth_has_no_score() -> None:
    found = relief("dark_screen")
    assert found.score is None
    assert found.valid_ratio < 0.6


@pytest.mark.parametrize("why", ["absent", "empty", "repeated"])
def test_missing_depth_has_its_reason_and_no_score(why: NoDepth) -> None:
    found = relief(None, depth=None, no_depth=why)
    assert (found.score, found.no_depth) == (None, why)


def test_depth_of_another_size_is_not_looked_at() -> None:
    found = relief(None, depth=np.full((10, 10), 600, np.uint16))
    assert (found.score, found.no_depth) == (None, "other_size")


def test_a_camera_without_a_rig_is_no_depth_camera() -> None:
    assert relief(None, rig=None).no_depth == "no_camera"


@pytest.mark.parametrize("value", [0, 1, 600, 65535])
def test_depth_that_is_the_same_everywhere_is_no_head(value: int) -> None:
    frame, _ = frame_of(None)
    assert frame.depth is not None
    found = relief(None, depth=np.full_like(frame.depth, value))
    assert found.score is None or found.score < 0.1


@pytest.mark.parametrize("times", [0.1, 0.5, 2.0, 10.0])
def test_depth_in_wrong_units_is_no_head(times: float) -> None:
    frame, _ = frame_of(None)
    assert frame.depth is not None
    wrong = np.minimum(frame.depth * times, 65535).astype(np.uint16)
    found = relief(None, depth=wrong)
    assert found.score is None or found.score < 0.1


def test_a_hollow_face_is_no_head() -> None:
    frame, _ = frame_of(None)
    assert frame.depth is not None
    inside_out = np.where(frame.depth > 0, 1200 - np.minimum(frame.depth, 1199), 0)
    score = relief(None, depth=inside_out.astype(np.uint16)).score
    assert score is not None
    assert score < 0.1


@pytest.mark.parametrize("shift", [-3000.0, 0.0, 3000.0])
def test_a_mesh_outside_the_picture_never_raises(shift: float) -> None:
    frame, mesh = frame_of(None)
    assert read_relief(RELIEF, frame, mesh + np.float32(shift)).valid_ratio <= 1.0


def test_noise_is_never_a_head() -> None:
    frame, mesh = frame_of(None)
    assert frame.depth is not None
    for seed in range(20):
        noise = np.random.default_rng(seed).integers(400, 800, frame.depth.shape, np.uint16)
        score = read_relief(RELIEF, replace(frame, depth=noise), mesh).score
        assert score is None or score < 0.5


def test_the_measures_are_named_one_by_one() -> None:
    frame, mesh = frame_of(None)
    assert frame.depth is not None
    values = measures(lay_out(frame.depth, mesh, CAMERA.rig.color))
    assert values is not None
    assert len(values) == len(NAMES) == RELIEF.input[1]


def test_places_lie_on_the_same_part_of_every_face() -> None:
    weights = flat_face.blend()
    assert np.allclose(weights.sum(axis=1), 1.0)
    at = weights @ flat_face.mean()[: flat_face.MESHED, :2]
    assert np.abs(at - flat_face.places()).max() < 0.5


# -- the renderer


def test_a_scene_has_the_depth_that_geometry_says() -> None:
    random = np.random.default_rng(1)
    pose = Pose((0.0, 0.0, 800.0))
    thing = subject("flat_photo", portrait(), random)
    (shot,) = shots(thing, pose, D435, Noise(), random, 1)
    depth = aligned(shot.depth, D435)
    x, y = np.rint(project(placed(thing, pose).mesh, D435.rig.color)).astype(int)[4]
    assert float(depth[y, x]) == pytest.approx(800, abs=15)


def test_the_error_of_depth_grows_with_the_square_of_distance() -> None:
    spread = []
    for away in (700.0, 1400.0):
        random = np.random.default_rng(5)
        thing = subject("flat_photo", portrait(), random)
        (shot,) = shots(thing, Pose((0.0, 0.0, away)), D435, Noise(), random, 1)
        x, y = project(placed(thing, Pose((0.0, 0.0, away))).mesh, D435.eye)[4].astype(int)
        around = shot.depth[y - 8 : y + 9, x - 8 : x + 9].astype(float)
        spread.append(around[around > 0].std())
    assert 2.0 < spread[1] / spread[0] < 8.0


def test_the_same_number_is_always_the_same_scene() -> None:
    one, other = (draw(SEED, 1, 600.0, 700.0) for _ in range(2))
    assert one.species == other.species
    assert (one.samples[0].depth == other.samples[0].depth).all()


# -- infrared


def test_a_head_in_infrared_is_where_depth_says_and_looks_alive() -> None:
    found = infrared(None)
    assert found.missing is None
    assert found.score is not None
    assert found.score > 0.6


@pytest.mark.parametrize("species", ["flat_photo", "tablet", "bent_upright", "bent_across"])
def test_a_print_or_screen_in_infrared_does_not(species: Species) -> None:
    found = infrared(species)
    assert found.missing == "no_face" or (found.score is not None and found.score < 0.1)


@pytest.mark.parametrize(
    ("changed", "missing"),
    [({"rig": None}, "no_camera"), ({"infrared": None}, "absent"), ({"depth": None}, "no_depth")],
)
def test_infrared_is_not_judged_without_what_it_needs(
    changed: dict[str, object], missing: str
) -> None:
    found = infrared(None, **changed)
    assert (found.score, found.missing) == (None, missing)


def test_a_dark_infrared_image_holds_no_face() -> None:
    frame, _ = frame_of(None)
    assert frame.infrared is not None
    assert infrared(None, infrared=np.zeros_like(frame.infrared)).missing == "no_face"


def test_the_infrared_eye_sees_a_face_where_geometry_says() -> None:
    points = np.array(((424.0, 240.0), (500.0, 300.0)))
    at = carried(points, 600.0, CAMERA.rig)
    eye, color = CAMERA.eye, CAMERA.rig.color
    x = ((points[:, 0] - color.cx) / color.fx * 600.0 - CAMERA.rig.translation[0]) / 600.0
    assert at[:, 0] == pytest.approx(x * eye.fx + eye.cx)
