"""Named marks of a print or a screen, each found where it was drawn and nowhere else."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import read_image, resize
from kioskd.inspect.profiles import rules
from models.making.training.drawn_marks import MARKS
from models.mesh.bones import INDICES, RIGID
from models.observation import Mesh
from models.stills.mark_places import Evidence, of_liveness, of_marks
from models.stills.marks import OVAL, cut_border, deformation, missed, moire, reflection
from tests.support.clips import images_of
from tests.support.commands import kioskd
from tests.support.daemon import LIVE
from tests.support.eyes import president
from tests.support.stills import PORTRAIT, attacking, bands, eye, jpeg, judged, living

RULES = rules("selfie")


def people() -> list[ColorImage]:
    """The portrait is enlarged, since a grid is told from 122 pixels of a face on."""
    portrait = resize(read_image(str(PORTRAIT)), (1024, 1024), "linear")
    return [portrait, images_of(LIVE, 1)[0], president()]


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


def evidence(image: ColorImage) -> Mapping[str, Evidence]:
    seen = eye().look(image)
    return of_marks(image, seen.faces[0], seen.edges)


def in_the_face(heat: Evidence, left: bool) -> float:
    """The mean heat of the left or the right half of what is shown."""
    assert heat.heat is not None
    halves = np.array_split(heat.heat, 2, axis=1)
    return float(halves[0 if left else 1].mean())


def test_a_grid_is_shown_where_it_stands() -> None:
    image = people()[1]
    left, _, right, _ = eye().look(image).faces[0].box
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    wave = 14 * np.cos(2 * np.pi * (x * 0.31 + y * 0.17)) * (x > (left + right) / 2)
    found = evidence(np.clip(image + wave[..., None], 0, 255).astype(np.uint8))["moire"]
    assert in_the_face(found, left=False) > 5 * in_the_face(found, left=True)
    assert found.box == pytest.approx(eye().look(image).faces[0].box, abs=8)


def test_white_skin_is_shown_where_it_is() -> None:
    image = people()[1].copy()
    left, top, right, bottom = (round(side) for side in eye().look(image).faces[0].box)
    image[(top + bottom) // 2 : bottom, left : (left + right) // 2] = 255
    found = evidence(image)["reflection"]
    assert in_the_face(found, left=True) > 5 * in_the_face(found, left=False)


def test_a_cut_is_shown_as_an_outline_about_the_face() -> None:
    image, random = people()[1], np.random.default_rng(2)
    mesh = eye().look(image).faces[0].mesh
    assert mesh is not None
    outline = np.array(evidence(MARKS["cut_border"](image, mesh, random))["cut_border"].outline)
    oval = mesh[list(OVAL), :2]
    assert np.ptp(outline[:, 0]) == pytest.approx(np.ptp(oval[:, 0]) * 1.1, rel=0.25)
    assert outline.mean(axis=0) == pytest.approx(oval.mean(axis=0), abs=15)


def test_a_point_that_no_head_has_there_has_the_longest_line() -> None:
    mesh = turned(RIGID)
    assert max(np.hypot(*np.subtract(*line)) for line in missed(mesh)) < 0.1
    mesh[INDICES[3], :2] += 60
    lengths = [float(np.hypot(*np.subtract(*line))) for line in missed(mesh)]
    assert int(np.argmax(lengths)) == 3
    assert missed(np.zeros((478, 3), np.float32)) == ()


def test_what_the_score_of_liveness_hangs_on_is_where_it_rises_when_that_is_gone() -> None:
    image = people()[1].copy()
    box = eye().look(image).faces[0].box
    spot = (round(box[1]) + 10, round(box[0]) + 10)
    image[spot[0] : spot[0] + 9, spot[1] : spot[1] + 9] = (0, 0, 255)

    def score(asked: ColorImage) -> float:
        red = (asked == (0, 0, 255)).all(axis=2)
        return 0.9 - 0.01 * float(red.sum())

    found = of_liveness(image, box, score)
    assert found is not None
    assert found.heat is not None
    row, column = divmod(int(found.heat.argmax()), found.heat.shape[1])
    x1, y1, x2, y2 = found.box
    cell = ((x2 - x1) / found.heat.shape[1], (y2 - y1) / found.heat.shape[0])
    assert x1 + column * cell[0] == pytest.approx(spot[1], abs=cell[0] + 9)
    assert y1 + row * cell[1] == pytest.approx(spot[0], abs=cell[1] + 9)
    assert of_liveness(image, box, lambda _: 0.5) is None
    assert of_liveness(image, box, lambda _: None) is None


def test_the_report_shows_each_mark_that_is_against_a_picture(tmp_path: Path) -> None:
    (tmp_path / "attack.jpg").write_bytes(attacking())
    limits = ["--limit", "cut_border=9,0", "--limit", "reflection=9,-1", "--limit", "moire=9,-1"]
    kioskd("inspect", tmp_path, "--html", tmp_path / "r.html", "--thumbnails", *limits)
    told = (tmp_path / "r.html").read_text()
    for code in ("cut_border", "moire", "liveness"):
        assert f"Where {code} lies" in told, code
    kioskd("inspect", tmp_path, "--html", tmp_path / "bare.html", *limits)
    assert "data:image" not in (tmp_path / "bare.html").read_text()
