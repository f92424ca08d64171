"""What covers a face is told by area: sunglasses, masks, and what people hold before themselves."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import read_image, resize
from kioskd.inspect.profiles import Profile, rules
from models.making.training.occluders import OCCLUDERS
from models.observation import Mesh
from models.stills import areas
from models.stills.areas import AREAS, covered, described
from tests.support.clips import images_of
from tests.support.daemon import LIVE
from tests.support.eyes import president
from tests.support.stills import PORTRAIT, bands, eye, jpeg, judged, selfie

DOUBT = 0.6
HIDES = {
    "surgical_mask": ("nose", "mouth"),
    "scarf": ("mouth",),
    "sunglasses": ("right_eye", "left_eye"),
    "cap": ("forehead",),
}


def people() -> list[tuple[ColorImage, Mesh]]:
    images = (
        read_image(str(PORTRAIT)),
        images_of(LIVE, 1)[0],
        president(),
    )
    found = [(image, eye().look(image).faces[0].mesh) for image in images]
    return [(image, mesh) for image, mesh in found if mesh is not None]


@pytest.mark.parametrize("person", range(3))
def test_a_bare_face_is_covered_nowhere(person: int) -> None:
    image, mesh = people()[person]
    told = covered(image, mesh)
    assert told.keys() == AREAS.keys()
    assert all(score is not None and score < DOUBT for score in told.values()), told


@pytest.mark.parametrize("kind", HIDES)
def test_what_is_drawn_over_a_face_is_told_where_it_lies(kind: str) -> None:
    random, told = np.random.default_rng(3), []
    for image, mesh in people():
        for _ in range(8):
            made, _ = OCCLUDERS[kind](image, mesh, random)
            found = covered(made, mesh)
            told.append(max(found[area] or 0.0 for area in HIDES[kind]))
    assert np.mean(np.array(told) >= DOUBT) >= 0.9, sorted(told)


def test_clear_glasses_are_no_cover() -> None:
    random, told = np.random.default_rng(4), []
    for image, mesh in people():
        for _ in range(5):
            made, _ = OCCLUDERS["glasses"](image, mesh, random)
            found = covered(made, mesh)
            told.append(max(found["right_eye"] or 0.0, found["left_eye"] or 0.0))
    assert np.mean(np.array(told) < DOUBT) >= 0.8, sorted(told)


def test_a_selfie_in_sunglasses_is_rejected_and_told_to_take_them_off() -> None:
    mesh = eye().look(selfie()).faces[0].mesh
    assert mesh is not None
    made, _ = OCCLUDERS["sunglasses"](selfie(), mesh, np.random.default_rng(1))
    found = judged(jpeg(made))
    assert {bands(found)["right_eye"], bands(found)["left_eye"]} <= {"reject", "doubt"}
    assert found.recommendation == "reject"
    told = next(each.sentence for each in found.against if each.code.endswith("_eye"))
    assert told.endswith("take off what covers it, and keep hair and hands away")


def test_an_area_that_could_not_be_told_is_doubted() -> None:
    """As of somebody far to the side, or with a hand before most of the face."""
    profiles: tuple[Profile, ...] = ("selfie", "door")
    for profile in profiles:
        assert {rules(profile)[area].judge(None).band for area in AREAS} == {"doubt"}


def test_areas_lie_on_their_own_side_and_are_each_others_mirror() -> None:
    _, mesh = people()[0]
    middle = {area: mesh[list(around), 0].mean() for area, around in AREAS.items()}
    for part in ("eyebrow", "eye", "cheek"):  # the subject's right is at the left of the picture
        assert middle[f"right_{part}"] < middle["nose"] < middle[f"left_{part}"]
    names = list(AREAS)
    for at, other in enumerate(areas._mirrored()):
        assert areas._mirrored()[other] == at
        swapped = names[at].replace("left_", "?").replace("right_", "left_").replace("?", "right_")
        assert names[other] == swapped


def test_the_same_face_of_more_pixels_is_described_alike() -> None:
    image, mesh = people()[0]
    by = 5
    large = resize(image, (by * image.shape[1], by * image.shape[0]), "linear")
    shift = (by - 1) / 2
    one = described(image, mesh)
    other = described(large, np.asarray(mesh * by + (shift, shift, 0), np.float32))
    assert one is not None
    assert other is not None
    assert np.abs(one.numbers - other.numbers).max() < 0.12


def test_an_area_outside_the_picture_cannot_be_told() -> None:
    image, mesh = people()[0]
    low = round(float(mesh[list(AREAS["mouth"]), 1].min())) - 1
    told = covered(np.ascontiguousarray(image[:low]), mesh)
    assert told["mouth"] is None
    assert told["forehead"] is not None


def test_a_mesh_that_is_none_gives_no_answer() -> None:
    nowhere = np.zeros((478, 3), np.float32)
    assert set(covered(selfie(), nowhere).values()) == {None}
    nowhere[:] = np.nan
    assert set(covered(selfie(), nowhere).values()) == {None}


def test_the_card_names_the_file_that_ships() -> None:
    card = areas.FILE.with_name("README.md").read_text()
    digest = hashlib.sha256(Path(areas.FILE).read_bytes()).hexdigest()
    assert re.findall(r"`([0-9a-f]{64})`", card) == [digest]
    assert f"`{areas.FILE.name}`" in card
