"""`kioskd evaluate`, as it is called: on the clips that ship, and on what no set should hold."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kioskd.cli import main
from models.schemes import SCHEMES
from tests.support import pictures
from tests.support.commands import kioskd

ROOT = Path(__file__).parent.parent
CLIPS = ROOT / "kioskd" / "demo" / "clips"


@dataclass(frozen=True)
class Evaluated:
    told: str
    figures: dict[str, Any]
    page: str


def evaluated(data: Path, out: Path, *arguments: str | Path, status: int = 0) -> Evaluated:
    """A run: what it printed, and the two files it wrote."""
    figures, page = out / "figures.json", out / "report.html"
    run = kioskd("evaluate", data, "--json", figures, "--html", page, *arguments)
    assert run.status == status, run.err
    return Evaluated(run.out, json.loads(figures.read_text()), page.read_text())


def data_set(folder: Path, **clips: str) -> Path:
    """The demo's clips by label, laid out as a data set."""
    for label, clip in clips.items():
        (folder / "demo" / label / "webcam").mkdir(parents=True)
        shutil.copy(CLIPS / clip, folder / "demo" / label / "webcam" / clip)
    return folder / "demo"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """What the demo's own configuration is worth on the demo's own clips."""
    folder = tmp_path_factory.mktemp("clips")
    clips = data_set(folder, bonafide="live.mov", attack_tablet="attack.mp4")
    return evaluated(clips, folder, "-c", ROOT / "config.yaml", "--scheme", "all")


def test_the_default_scheme_opens_to_the_live_clip_and_not_to_the_attack(both: Evaluated) -> None:
    (scheme,) = (s for s in both.figures["schemes"] if s["scheme"] == "fused_multimodal")
    (tablet,) = scheme["species"]
    assert tablet["name"] == "tablet"
    assert (tablet["errors"]["hits"], tablet["no_response"]["hits"]) == (0, 0)
    live = scheme["bona_fide"]
    assert (live["presentations"], live["errors"]["hits"], live["no_response"]["hits"]) == (1, 0, 0)
    assert scheme["after_frames"]["live"]["median"] >= 6


def test_every_presentation_has_a_row(both: Evaluated) -> None:
    (scheme,) = (s for s in both.figures["schemes"] if s["scheme"] == "fused_multimodal")
    live, attack = sorted(scheme["rows"], key=lambda row: row["label"] == "attack")
    assert (live["presentation"], live["outcome"]) == ("bonafide/webcam/live.mov", "live")
    assert (attack["species"], attack["outcome"]) == ("tablet", "attack")
    for row in (live, attack):
        assert row["attempts"] >= 1
        assert row["frames"] >= row["fit_frames"] > 0
        assert 0 < row["after_s"] <= row["seconds"]
        assert row["unread"] == 0
        (liveness,) = (each for each in row["measured"] if each.startswith("liveness: "))
        assert ", at least 0.6, in " in liveness
    assert live["mean_score"] > 0.5 > attack["mean_score"]
    assert scheme["clips"]["eer"] == 0.0
    assert (scheme["clips"]["bona_fide"], scheme["clips"]["attack"]) == (1, 1)


def test_where_no_network_of_a_scheme_is_installed_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a package from which somebody took them; faked, for here they are installed."""
    monkeypatch.setattr("kioskd.evaluation.request.missing_for", lambda scheme: ("hybrid",))
    data = data_set(tmp_path, bonafide="live.mov")
    run = kioskd("evaluate", data)
    assert run.status == 2
    assert run.err.splitlines()[-1] == (
        "nothing can judge: the networks of fused_multimodal are not installed"
    )


def test_all_schemes_are_compared_in_one_run(both: Evaluated) -> None:
    assert [scheme["scheme"] for scheme in both.figures["schemes"]] == list(SCHEMES)
    for scheme in SCHEMES:
        assert f"{scheme}, presentation by presentation" in both.told
        assert scheme in both.page


def test_rates_come_with_counts_and_intervals(both: Evaluated) -> None:
    assert "APCER tablet" in both.told
    assert "0.0 % [0.0, 97.5] 0/1" in both.told


def test_what_a_frame_costs_grows_with_the_networks_that_are_asked(both: Evaluated) -> None:
    cost = {scheme["scheme"]: scheme["cpu_ms"] for scheme in both.figures["schemes"]}
    assert cost["context_multimodal"] > cost["hybrid_unimodal"] > 0


def test_the_page_needs_nothing_from_elsewhere_and_shows_nobody(both: Evaluated) -> None:
    assert re.findall(r"https?://|<script|<link|url\((?!#)|<img", both.page) == []
    assert both.page.count("<svg") == 2 + 2 * len(SCHEMES)
    assert "DET" in both.page
    assert "reliability" in both.page or "bona fide in truth" in both.page


def test_the_worst_errors_are_shown_only_when_asked_for(tmp_path: Path) -> None:
    """The live clip, said to be an attack, is the worst error there can be."""
    clips = data_set(tmp_path, attack_print="live.mov")
    config = ("-c", ROOT / "config.yaml")
    plain = evaluated(clips, tmp_path, *config)
    assert plain.figures["schemes"][0]["species"][0]["errors"]["hits"] == 1
    assert "<img" not in plain.page
    shown = evaluated(clips, tmp_path, *config, "--thumbnails")
    assert 'src="data:image/jpeg;base64,/9j/' in shown.page


def test_a_photograph_alone_is_judged_by_its_one_frame(tmp_path: Path) -> None:
    """The gate is on: its face counts from the first detection, for there is no second."""
    for label in ("bonafide", "attack_print"):
        (tmp_path / "data" / label).mkdir(parents=True)
        shutil.copy(ROOT / "tests/data/astronaut.png", tmp_path / "data" / label / "portrait.png")
    found = evaluated(tmp_path / "data", tmp_path, "-c", ROOT / "config.yaml")
    assert "no face was found" not in found.told
    rows = found.figures["schemes"][0]["rows"]
    assert [(row["still"], row["frames"], row["fit_frames"]) for row in rows] == [(True, 1, 0)] * 2
    assert all("face_too_small" in row["reasons"] for row in rows)


# -- bad input


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """One good clip among everything that can be wrong with a file."""
    folder = tmp_path_factory.mktemp("bad")
    data = data_set(folder, bonafide="live.mov")
    attack = data / "attack_print"
    for name in ("empty", "cut", "text", "nobody", "wall"):
        (attack / name).mkdir(parents=True)
    (attack / "empty" / "empty.mp4").touch()
    (attack / "cut" / "cut.mp4").write_bytes((CLIPS / "attack.mp4").read_bytes()[:20_000])
    (attack / "text" / "1.jpg").write_text("this is no image")
    (attack / "text" / "notes.txt").write_text("nor is this")
    pictures.video(attack / "nobody" / "nobody.avi")
    pictures.folder(attack / "wall" / "pictures")
    (data / "stray.png").touch()
    return evaluated(data, folder, "-c", ROOT / "config.yaml", status=1)


def test_what_shows_nobody_is_non_response_and_what_cannot_be_read_is_in_no_figure(
    bad: Evaluated,
) -> None:
    (group,) = bad.figures["schemes"][0]["species"]
    assert (group["presentations"], group["unreadable"]) == (2, 3)
    assert (group["no_response"]["hits"], group["no_response"]["of"]) == (2, 2)
    assert (group["errors"]["hits"], group["errors"]["of"]) == (0, 2)
    outcomes = [row["outcome"] for row in bad.figures["schemes"][0]["rows"]]
    assert sorted(outcomes) == ["live", "none", "none", *["unreadable"] * 3]


def test_a_species_of_which_nothing_can_be_read_has_no_figure(tmp_path: Path) -> None:
    """Not 0.0 %, and never exit status 0."""
    (tmp_path / "data" / "attack_print").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "data" / "attack_print" / f"{number}.mp4").write_text("no video")
    run = kioskd("evaluate", tmp_path / "data")
    assert run.status == 1
    assert "3 labelled file(s) or frame(s) could not be read" in run.err
    (row,) = [line for line in run.out.splitlines() if "APCER print" in line]
    assert "%" not in row
    assert row.split()[2:] == ["-", "-", "0", "3"]


@pytest.mark.parametrize(
    "sentence",
    [
        r"empty\.mp4: could not be read, and is in no figure",
        r"cut\.mp4: could not be read, and is in no figure",
        r"1\.jpg: is not an image",
        r"print/text: could not be read, and is in no figure",
        r"nobody\.avi: no face was found, counted as non-response",
        r"wall/pictures: no face was found, counted as non-response",
        r"notes\.txt: is neither an image nor a video by its name, left out",
        r"stray\.png: no folder above it is called bonafide or attack_SPECIES, left out",
    ],
)
def test_every_fault_is_named_in_every_report(bad: Evaluated, sentence: str) -> None:
    assert re.search(sentence, bad.told)
    assert re.search(sentence, bad.page)
    assert any(re.search(sentence, problem) for problem in bad.figures["problems"])


def test_with_one_class_only_the_rest_is_told(tmp_path: Path) -> None:
    clips = data_set(tmp_path, bonafide="live.mov")
    found = evaluated(clips, tmp_path, "-c", ROOT / "config.yaml")
    assert "there is no attack presentation: APCER, AUC and EER cannot be told" in found.told
    assert found.figures["schemes"][0]["frames"]["auc"] is None
    assert found.figures["schemes"][0]["bona_fide"]["errors"]["of"] == 1
    assert "No curves: one of the classes is missing" in found.page


def test_the_tables_of_the_page_on_accuracy_are_printed_on_request(tmp_path: Path) -> None:
    clips = data_set(tmp_path, bonafide="live.mov", attack_tablet="attack.mp4")
    run = kioskd("evaluate", clips, "-c", ROOT / "config.yaml", "--markdown")
    rows = [line for line in run.out.splitlines() if line.startswith("|")]
    assert rows[0].startswith("| scheme | APCER tablet | BPCER | no response tablet |")
    assert rows[2].startswith("| `fused_multimodal` | 0.0 % [0.0, 97.5] 0/1 | 0.0 %")
    assert len({row.count("|") for row in rows[:3]}) == 1


@pytest.mark.parametrize("command", ["evaluate", "calibrate", "record"])
def test_the_page_has_every_option(command: str) -> None:
    page = (ROOT / "docs" / "measure" / "evaluation.md").read_text(encoding="utf-8")
    options = [p.opts[0] for p in main.commands[command].params if p.opts[0].startswith("-")]
    missing = [option for option in options if option not in page and option != "-c"]
    assert missing == []


def test_an_empty_folder_or_none_is_an_error_and_no_trace(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        run = kioskd("evaluate", path)
        assert run.status == 2
        assert str(path) in run.err


def test_an_unknown_scheme_or_door_is_named(tmp_path: Path) -> None:
    data_set(tmp_path, bonafide="live.mov")
    run = kioskd("evaluate", tmp_path, "--scheme", "sonar_unimodal")
    assert run.status == 2
    assert "sonar_unimodal" in run.err
    run = kioskd("evaluate", tmp_path, "-c", ROOT / "config.yaml", "--door", "cellar")
    assert run.status == 2
    assert "no door called cellar; it has main" in run.err
