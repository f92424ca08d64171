"""The README's picture shows what the shipped networks and the mode say of the demo's clips today.

Drawn again here. On another OpenCV, which reads and shrinks a little differently, it is nearly the
same. If one of these fails after networks or a mode changed: `scripts/draw_readme`.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.patience import DEADLINE_S
from tests.support.project import ROOT

SHIPPED = ROOT / "docs" / "picture.png"
SCRIPT = ROOT / "scripts" / "draw_readme"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("picture") / "picture.png"
    command = [sys.executable, str(SCRIPT), str(made)]
    subprocess.run(command, check=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
    return made


def facts(picture: Path) -> list[dict[str, Any]]:
    """What a picture says of itself that it shows, one of each half."""
    with Image.open(picture) as opened:
        told: list[dict[str, Any]] = json.loads(opened.info["Description"])
    return told


def pixels(picture: Path) -> np.ndarray[Any, np.dtype[np.int16]]:
    with Image.open(picture) as opened:
        return np.asarray(opened.convert("RGB"), np.int16)


def test_the_person_is_live_and_the_attack_is_not() -> None:
    assert [(half["words"], half["state"]) for half in facts(SHIPPED)] == [
        ("LIVE", "LIVENESS_CONFIRMED"),
        ("NOT LIVE", "NOTLIVE_CONFIRMED"),
    ]


def test_it_shows_what_the_networks_that_ship_say(drawn: Path) -> None:
    for ours, shipped in zip(facts(drawn), facts(SHIPPED), strict=True):
        assert ours.pop("scores") == pytest.approx(shipped.pop("scores"), abs=0.02)
        assert ours == shipped


def test_it_is_the_same_picture_when_it_is_drawn_again(drawn: Path) -> None:
    ours, shipped = pixels(drawn), pixels(SHIPPED)
    assert ours.shape == shipped.shape
    differing = np.abs(ours - shipped).max(axis=2)
    assert differing.mean() < 3
    assert (differing > 40).mean() < 0.01  # a digit, or a box a pixel beside, but no other frame


def test_the_readme_shows_it_after_its_first_words_and_tells_whoever_cannot_see_it() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.match(r"# kioskd\n\n(?:\w.*\n)+\n!\[([^]]+)\]\(docs/picture\.png\)", readme)
    assert shown is not None
    told = " ".join(shown[1].split())
    for half in facts(SHIPPED):
        assert half["words"] in told
        assert half["title"].lower() in told.lower()


def test_it_is_quickly_fetched() -> None:
    assert SHIPPED.stat().st_size < 200_000
