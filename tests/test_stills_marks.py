"""Named marks of a print or a screen, each found where it was drawn and nowhere else."""

from pathlib import Path

import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import read_image, resize
from kioskd.inspect.profiles import rules
from models.making.training.drawn_marks import MARKS
from models.mesh.bones import INDICES, RIGID
from models.observation import Mesh
from models.stills.marks import cut_border, deformation, moire, reflection
from tests.support.clips import DATA, images_of
from tests.support.commands import kioskd
from tests.support.daemon import LIVE
from tests.support.stills import PORTRAIT, bands, eye, jpeg, judged, living

RULES = rules("selfie")


def people() -> list[ColorImage]:
    """The portrait is enlarged, since a grid is told from 122 pixels of a face on."""
    portrait = resize(read_image(str(PORTRAIT)), (1024, 1024), "linear")
    return [portrait, images_of(LIVE, 1)[0], images_of(DATA / "single_face.mp4", 1)[0]]


def drawn(mark: str, times: int = 6) -> list[tuple[float | None, float | None]]:
    """Before and after."""
    random, found = np.random.default_rng(2), []
    for image in people():
        seen = eye().look(image)
        mesh = seen.faces[0].mesh
        assert mesh is not None
        for _ in range(times):
            after = eye().look(MARKS[mark](image, mesh, random))
            found.append((seen.marks[mark], after.marks.get(mark)))
    return found


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_that_is_drawn_raises_its_own_number(mark: str) -> None:
    told = [(a, b) for a, b in drawn(mark) if a is not None and b is not None]
    assert len(told) >= 6
    assert np.mean([after > before for before, after in told]) >= 0.65, told


@pytest.mark.parametrize("mark", MARKS)
def test_nobody_living_has_one(mark: str) -> None:
    for image in people():
        assert RULES[mark].judge(eye().look(image).marks[mark]).band == "accept"


def test_a_clear_grid_is_rejected_by_name() -> None:
    image = people()[0]
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    grid = 14 * np.cos(2 * np.pi * (x * 0.31 + y * 0.17))[..., None]
    found = bands(judged(jpeg(np.clip(image + grid, 0, 255).astype(np.uint8), 97), "door"))
    assert found["moire"] != "accept"


def test_a_grid_is_found_at_several_scales() -> None:
    image = resize(people()[0], (2048, 2048), "linear")
    box = eye().find(image)[0].box
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    for pitch in (4.0, 6.0, 8.0):
        grid = 10 * np.cos(2 * np.pi * (x * 0.8 + y * 0.6) / pitch)[..., None]
        told = moire(np.clip(image + grid, 0, 255).astype(np.uint8), box)
        assert told is not None
        assert told > RULES["moire"].doubt, pitch


def turned(points: np.ndarray) -> Mesh:
    """A mesh whose points on bone are these, turned, shifted and far larger."""
    cos, sin = np.cos(0.4), np.sin(0.4)
    turn = np.array(((cos, 0, sin), (0, 1, 0), (-sin, 0, cos)))
    mesh = np.zeros((478, 3), np.float32)
    mesh[INDICES] = points @ turn.T * 170 + (300, 200, 10)
    return mesh


def test_a_head_is_not_deformed_however_it_is_turned_and_a_flattened_one_is() -> None:
    head = deformation(turned(RIGID))
    assert head is not None
    assert head < 1e-3
    squeezed = deformation(turned(RIGID * (0.6, 1.0, 1.0)))
    assert squeezed is not None
    assert squeezed > 0.15
    assert deformation(np.zeros((478, 3), np.float32)) is None
    assert deformation(np.full((478, 3), np.nan, np.float32)) is None


def test_white_skin_of_glare_is_a_share_of_the_skin() -> None:
    image = people()[1]
    mesh = eye().look(image).faces[0].mesh
    assert mesh is not None
    assert reflection(np.full_like(image, 255), mesh) == 1.0
    assert reflection(np.zeros_like(image), mesh) == 0.0


def test_an_outline_that_leaves_the_picture_cannot_be_told() -> None:
    image = people()[1]
    seen = eye().look(image).faces[0]
    assert seen.mesh is not None
    assert cut_border(image, seen.mesh) is not None
    low = round(seen.box[3])
    assert cut_border(np.ascontiguousarray(image[:low]), seen.mesh) is None


def test_a_mark_that_cannot_be_told_stops_nobody() -> None:
    """It is no evidence for life either: the networks and the rules of the face are."""
    for mark in MARKS:
        assert RULES[mark].judge(None).band == "accept"
    assert judged(living(), "door").recommendation == "accept"


def test_the_report_shows_where_a_border_lies(tmp_path: Path) -> None:
    image, random = people()[0], np.random.default_rng(2)
    mesh = eye().look(image).faces[0].mesh
    assert mesh is not None
    framed = [jpeg(MARKS["border_edge"](image, mesh, random)) for _ in range(4)]
    (tmp_path / "bare.jpg").write_bytes(jpeg(image))
    for number, content in enumerate(framed):
        (tmp_path / f"{number}.jpg").write_bytes(content)
    kioskd("inspect", tmp_path, "--html", tmp_path / "r.html", "--thumbnails")
    told = [bands(judged(content))["border_edge"] != "accept" for content in framed]
    assert any(told)
    assert (tmp_path / "r.html").read_text().count("<line ") == 3 * sum(told)
