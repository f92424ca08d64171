"""`kioskd evaluate --gate-prices`, as it is called: on real clips, and on what it must refuse."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from feeds import imaging
from kioskd.commands.price_gate import PAGE
from kioskd.modes.gate_settings import FUSED_FACE_PX
from tests.support.commands import Said, kioskd
from tests.support.eyes import live_clip
from tests.support.project import ROOT

CLIPS = ROOT / "kioskd" / "demo" / "clips"
NASTY = "<script>alert('a & b')<script>.mp4"


@dataclass(frozen=True)
class Priced:
    said: Said
    figures: dict[str, Any]
    page: str

    def key(self, name: str, scheme: int = 0) -> dict[str, Any]:
        (found,) = [key for key in self.figures["schemes"][scheme]["keys"] if key["key"] == name]
        return dict(found)

    def at(self, name: str, value: float | str | None) -> dict[str, Any]:
        (found,) = [price for price in self.key(name)["together"] if price["value"] == value]
        return dict(found)


def small(path: Path, frames: int = 45) -> Path:
    """The person of the live clip, smaller: a face of about 115 px."""
    images = [imaging.resize(image, (600, 450), "area") for image in live_clip(frames)]
    imaging.write_video(str(path), images, fps=18)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person at 115 px, an attack at 170 px, and a file that is no video."""
    folder = tmp_path_factory.mktemp("prices") / "data"
    for label in ("bonafide", "attack_tablet"):
        (folder / label / "webcam").mkdir(parents=True)
    small(folder / "bonafide" / "webcam" / "small.avi")
    shutil.copy(CLIPS / "attack.mp4", folder / "attack_tablet" / "webcam")
    (folder / "attack_tablet" / NASTY).write_text("no video")
    return folder


@pytest.fixture(scope="module")
def priced(data: Path) -> Priced:
    """Three keys of it: the page, and the figures."""
    page, figures = data.parent / "prices.html", data.parent / "prices.json"
    asked = ("minimum_face_size_px", "maximum_drift", "numbers")
    options = [each for key in asked for each in ("--gate-key", key)]
    said = kioskd("evaluate", data, "--gate-prices", page, "--json", figures, *options)
    return Priced(said, json.loads(figures.read_text(), parse_constant=refused), page.read_text())


def refused(word: str) -> NoReturn:
    raise AssertionError(f"{word} is no JSON")


def test_a_person_at_115_px_is_let_in_at_100_and_is_the_price_of_150(priced: Priced) -> None:
    at_100, at_150 = (priced.at("minimum_face_size_px", px)["living"] for px in (100.0, 150.0))
    assert (at_100["opened"]["hits"], at_100["away"]["hits"]) == (1, 0)
    assert (at_150["none"]["hits"], at_150["away"]["hits"], at_150["away"]["of"]) == (1, 1, 1)
    assert at_150["away"]["low"] == pytest.approx(0.2065, abs=1e-4)  # Wilson's, of 1 in 1


def test_the_attack_at_170_px_is_called_one_until_it_is_too_small(priced: Priced) -> None:
    called = {
        price["value"]: (price["attacks"]["called"]["hits"], price["attacks"]["none"]["hits"])
        for price in priced.key("minimum_face_size_px")["together"]
    }
    assert called[150.0] == (1, 0)
    assert called[200.0] == (0, 1)


def test_safrs_numbers_cost_the_person_too(priced: Priced) -> None:
    assert priced.at("numbers", "safr")["living"]["away"]["hits"] == 1


def test_the_shipped_value_is_marked_with_what_it_costs(priced: Priced) -> None:
    assert priced.key("minimum_face_size_px")["shipped"] == FUSED_FACE_PX
    words = " ".join(re.sub(r"<[^>]+>", "", priced.page).split())
    assert "At 100 px, as shipped and configured. With the other keys as they are it" in words
    assert priced.page.count('<tr class="marked">') == 2 * 3  # in both tables of three keys


def test_the_page_needs_nothing_from_elsewhere_and_shows_nobody(priced: Priced) -> None:
    assert re.findall(r"https?://|<script|<link|url\((?!#)|<img", priced.page) == []
    assert priced.page.count("<svg") == 2 * 3  # a key of two words has no curve


def test_colours_are_the_pages_own_and_curves_differ_without_them(priced: Priced) -> None:
    charts = "".join(re.findall(r"<svg.*?</svg>", priced.page, re.DOTALL))
    assert re.findall(r"#[0-9a-f]{6}\b", charts) == []
    assert set(re.findall(r"var\((--\w+)\)", charts)) <= set(re.findall(r"(--\w+):", priced.page))
    assert "stroke-dasharray" in charts


def test_what_cannot_be_read_is_named_counted_and_ends_with_status_1(priced: Priced) -> None:
    assert (priced.said.status, priced.figures["unread"]) == (1, 1)
    assert priced.figures["presentations"] == {"bonafide": 1, "attack": 1}
    assert any("could not be read" in problem for problem in priced.figures["problems"])
    assert "1 labelled file(s) or frame(s) could not be read" in priced.said.err


def test_it_says_how_long_it_took_and_that_so_few_are_too_few(priced: Priced) -> None:
    assert re.search(r"It took \d+ s to look at \d+ frames and \d+ s to replay", priced.said.out)
    assert "TOO FEW to choose by" in priced.said.out
    assert "TOO FEW to choose by" in priced.page


def test_a_folder_gets_the_page_under_its_own_name(data: Path, tmp_path: Path) -> None:
    one = data / "bonafide"
    key = ("--gate-key", "minimum_face_size_px", "--label", "bonafide")
    said = kioskd("evaluate", one, "--gate-prices", tmp_path, *key, "--markdown")
    assert said.status == 0, said.err
    assert (tmp_path / PAGE).is_file()
    rows = [line for line in said.out.splitlines() if line.startswith("|")]
    assert rows[0].startswith("| key | value | in a word | living kept out by it |")
    assert rows[2].startswith("| minimum_face_size_px | 100 px | nothing here |")
    assert "There is no attack here" not in said.out  # which the page says
    assert "cannot be told" in (tmp_path / PAGE).read_text()


def test_a_configuration_marks_its_own_value_beside_the_shipped_one(
    data: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    text = (ROOT / "config.yaml").read_text().replace("kioskd/demo", f"{ROOT}/kioskd/demo")
    config.write_text(
        text.replace("    gate:\n", "    gate:\n      minimum_face_size_px: 150\n", 1)
    )
    page, figures = tmp_path / "prices.html", tmp_path / "prices.json"
    options = ("-c", config, "--gate-key", "minimum_face_size_px", "--json", figures)
    said = kioskd(
        "evaluate", data / "bonafide", "--label", "bonafide", "--gate-prices", page, *options
    )
    assert said.status == 0, said.err
    found = Priced(said, json.loads(figures.read_text()), page.read_text())
    key = found.key("minimum_face_size_px")
    assert (key["configured"], key["shipped"]) == (150.0, 100.0)
    assert "At 150 px, as configured" in found.page
    assert "At 100 px, as shipped" in found.page
    assert "1 of 1 living presentation (100.0 %, 20.7 to 100.0)" in found.page


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ("--gate-key", "minimum_height"),
            "the gate has no key minimum_height; it has face_policy",
        ),
        (
            ("--gate-key", "hybrid_margin_left"),
            "not asked: hybrid_margin_left: room for the hybrid",
        ),
        (("--gate", "off"), "--gate-prices needs the gate"),
        (("--mode", "depth_liveness"), "--gate-prices is for RGB liveness"),
        (("--html", "x.html"), "--gate-prices writes a page of its own"),
    ],
)
def test_what_has_no_meaning_is_refused_in_a_sentence(
    data: Path, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    said = kioskd("evaluate", data, "--gate-prices", tmp_path / "page.html", *options)
    assert said.status == 2
    assert said.err.startswith(sentence)
    assert list(tmp_path.iterdir()) == []


def test_a_page_for_which_there_is_no_folder_is_refused_before_anything_is_looked_at(
    data: Path, tmp_path: Path
) -> None:
    said = kioskd("evaluate", data, "--gate-prices", tmp_path / "nowhere" / "page.html")
    assert said.status == 2
    assert "there is no folder" in said.err


def test_without_a_labelled_file_there_is_nothing_to_price(tmp_path: Path) -> None:
    said = kioskd("evaluate", tmp_path, "--gate-prices", tmp_path / "page.html")
    assert said.status == 2
    assert "holds no presentation with a label" in said.err


def test_a_key_alone_goes_with_prices_only(data: Path) -> None:
    said = kioskd("evaluate", data, "--gate-key", "maximum_drift")
    assert said.status == 2
    assert "--gate-key goes with --gate-prices PAGE.html" in said.err
