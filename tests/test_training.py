"""How training reads its data and judges its outcome; to train takes torch, and too long."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from feeds.imaging import resize, write_image
from models.liveness.bona_fide import LivenessReader
from models.making.training.data import BONA_FIDE, Face, Picture, find_faces, groups, listed
from models.making.training.judgement import THRESHOLD, equal_error, judged, row
from models.making.training.opinion import SUREST, taught, together
from models.making.training.views import jittered, plain, view
from models.network_file import Crop, NetworkError
from models.observation import Box
from models.schemes import LivenessModel, logit
from models.session import Networks
from tests.support.eyes import astronaut

MODELS = Path(__file__).parents[1] / "models"
BOX: Box = (170.0, 60.0, 290.0, 220.0)  # about the astronaut's face
INDEX = "path,label,species,notes,face_box\n"


def made(folder: Path, *places: str) -> None:
    for place in places:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        write_image(str(folder / place), astronaut())


def test_folders_say_source_and_species(tmp_path: Path) -> None:
    made(tmp_path, "rooms/bonafide/ann/1.png", "rooms/attack_print/ann/1.png")
    made(tmp_path, "crops/bonafide/lab/1.png", "crops/attack_replay/lab/1.png")
    found = {(p.source, p.species, p.tight) for p in listed(tmp_path)}
    assert found == {
        ("rooms", BONA_FIDE, False),
        ("rooms", "print", False),
        ("lab", BONA_FIDE, True),
        ("lab", "replay", True),
    }


def test_an_index_says_source_species_hold_and_face(tmp_path: Path) -> None:
    rows = (
        "bonafide/lab__ann/1.png,live,,webcam,\n"
        "attack_replay/lab__ann/1.png,spoof,replay-phone,hand adverse photo,10 20 30 40\n"
        "bonafide/rsface__live/1.png,live,,,\n"
    )
    (tmp_path / "INDEX.csv").write_text(INDEX + rows, encoding="utf-8")
    attack, live = listed(tmp_path)
    assert (live.source, live.species, live.held, live.box) == ("lab", BONA_FIDE, "", None)
    assert (attack.source, attack.species, attack.held) == ("lab", "phone", "hand")
    assert attack.box == (10, 20, 40, 60)


def test_what_cannot_be_used_is_left_out_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, "attack_print/lab__ann/good.png", "attack_print/lab__ann/other.png")
    (tmp_path / "attack_print/lab__ann/broken.png").write_bytes(b"no picture")
    blank = np.zeros((240, 320, 3), np.uint8)
    write_image(str(tmp_path / "attack_print/lab__ann/blank.png"), blank)
    boxes = {"good": "170 60 120 160", "other": "0 400 50 60", "broken": "", "blank": ""}
    rows = (f"attack_print/lab__ann/{n}.png,spoof,print,,{box}\n" for n, box in boxes.items())
    (tmp_path / "INDEX.csv").write_text(INDEX + "".join(rows), encoding="utf-8")
    faces = find_faces([tmp_path], [])
    assert [face.picture.path.name for face in faces] == ["good.png"]
    told = capsys.readouterr().out
    assert "broken.png cannot be read as a picture: left out" in told
    assert "1 faces; left out, for no face of the label's was found: lab 2" in told


@pytest.mark.parametrize("medium", ["", "print", "screen"])
def test_a_view_is_a_small_picture_of_the_same_face_and_the_same_from_a_seed(medium: str) -> None:
    face = Face(astronaut(), BOX, Picture(Path("a.png"), "lab", BONA_FIDE))
    crop = Crop(1.3, "square", "area")
    one, again, other = (
        view(face, crop, np.random.default_rng(seed), medium) for seed in (1, 1, 2)
    )
    assert one.shape == plain([face], crop)[0].shape == (80, 80, 3)
    assert (one == again).all()
    assert (one != other).any()


@pytest.mark.parametrize("side", [80, 112])
def test_a_network_sees_crops_of_its_own_side_cut_about_the_same_part(side: int) -> None:
    face = Face(astronaut(), BOX, Picture(Path("a.png"), "lab", BONA_FIDE))
    crop = Crop(1.3, "square", "area")
    shown = view(face, crop, np.random.default_rng(1), side=side)
    (cut,) = plain([face], crop, side)
    assert shown.shape == cut.shape == (side, side, 3)
    usual = resize(plain([face], crop)[0], (16, 16), "area").astype(float)
    assert np.abs(resize(cut, (16, 16), "area") - usual).mean() < 2.0  # of 255


def test_a_jittered_box_stays_about_the_face() -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        x1, y1, x2, y2 = jittered(BOX, random)
        assert abs((x1 + x2) / 2 - 230) <= 0.04 * 120 + 1e-9
        assert 0.92 * 160 - 1e-9 <= y2 - y1 <= 1.08 * 160 + 1e-9


def test_faces_are_grouped_by_source_and_species() -> None:
    faces = [
        Face(astronaut(), BOX, Picture(Path(f"{n}.png"), source, species))
        for n, (source, species) in enumerate(
            [("b", "print"), ("a", BONA_FIDE), ("b", "print"), ("b", BONA_FIDE)]
        )
    ]
    assert groups(faces) == {("a", BONA_FIDE): [1], ("b", BONA_FIDE): [3], ("b", "print"): [0, 2]}


def test_sources_are_judged_each_and_all_under_one_threshold() -> None:
    """Two cameras that each part people from attacks, but not at the same score."""
    limit = float(np.log(THRESHOLD / (1 - THRESHOLD)))
    values = np.array([2.0, 1.0, 4.0, 3.0]) + limit - 1.5
    source = np.array(["dark", "dark", "bright", "bright"])
    species = np.array([BONA_FIDE, "print", BONA_FIDE, "phone"])
    found = judged(values, source, species, species)
    assert (found.mean, found.worst, found.worst_eer) == (1.0, 1.0, 0.0)
    assert found.auc == pytest.approx(3 / 4)
    assert found.refused == 0.0
    assert found.accepted == {"phone": 1.0, "print": 0.0}
    assert "phone 100, print 0" in row("title", found)


def test_the_equal_error_of_scores_that_overlap_by_half() -> None:
    live = np.array([True, True, False, False])
    assert equal_error(live, np.array([3.0, 1.0, 2.0, 0.0])) == pytest.approx(0.5)
    assert equal_error(live, np.array([3.0, 2.0, 1.0, 0.0])) == 0.0


def test_what_networks_say_together_is_their_mean_and_none_outshouts_the_rest() -> None:
    said = [np.array(each, np.float32) for each in ([1.0, -100.0], [3.0, 2.0])]
    assert together(said).tolist() == [2.0, (2.0 - SUREST) / 2]


def test_a_teacher_is_asked_by_its_entry_and_a_wrong_one_is_a_sentence(tmp_path: Path) -> None:
    """Our own Hybrid network stands in for a third party's: its file, by an entry of its own."""
    file = MODELS / "hybrid" / "hybrid_2026nov.onnx"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    entry = (
        f"[networks.stand_in]\npath = '{file}'\nsha256 = '{digest}'\nsize = 80\ncolours = 'bgr'\n"
        "range = [0, 255]\noutput = 'logits'\nbona_fide = 1\nweight = 1.0\n"
        "crop = { scale = 2.7, shape = 'box', resize = 'linear' }\n"
    )
    path = tmp_path / "teacher.toml"
    path.write_text(entry, "utf-8")
    face = Face(astronaut(), BOX, Picture(Path("a.png"), "lab", BONA_FIDE))
    (said,) = taught([face], path)
    networks = Networks.load({"hybrid"}, "cpu")
    score = LivenessReader(networks).score("hybrid", face.image, face.box)
    assert score is not None
    assert said == pytest.approx([logit(score)], abs=1e-4)
    path.write_text(entry.replace(digest, "0" * 64), "utf-8")
    with pytest.raises(NetworkError, match=r"hybrid_2026nov\.onnx"):
        taught([face], path)


def test_the_context_network_does_not_care_for_white_and_exposure() -> None:
    """Its graph evens them; the other two see them."""
    networks = Networks.load({"context", "hybrid"}, "cpu")
    image = (astronaut() * 0.6).astype(np.uint8)
    cast = np.clip(image * np.array([1.3, 1.0, 0.8]), 0, 255).astype(np.uint8)

    def moved(model: LivenessModel) -> float:
        scores = [LivenessReader(networks).score(model, one, BOX) for one in (image, cast)]
        before, after = (logit(score) for score in scores if score is not None)
        return abs(after - before)

    assert moved("context") < 0.3 < moved("hybrid")
