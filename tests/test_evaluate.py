"""`kioskd evaluate`, as it is called, on the clips that ship."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
CLIPS = ROOT / "kioskd" / "demo" / "clips"


def evaluate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kioskd", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's two clips, laid out as a data set."""
    folder = tmp_path_factory.mktemp("clips")
    for label, clip in (("bonafide", "live.mov"), ("attack_tablet", "attack.mp4")):
        (folder / "demo" / label / "webcam").mkdir(parents=True)
        shutil.copy(CLIPS / clip, folder / "demo" / label / "webcam" / clip)
    return folder


@pytest.fixture(scope="module")
def figures(clips: Path) -> dict[str, Any]:
    """What the demo's own configuration is worth on the demo's own clips."""
    file = clips / "figures.json"
    run = evaluate(clips / "demo", "-c", ROOT / "config.yaml", "--scheme", "all", "--json", file)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_the_default_scheme_opens_to_the_live_clip_and_not_to_the_attack(
    figures: dict[str, Any],
) -> None:
    (scheme,) = (s for s in figures["schemes"] if s["scheme"] == "hybrid_unimodal")
    (tablet,) = scheme["species"]
    assert (tablet["name"], tablet["errors"]["hits"], tablet["no_response"]["hits"]) == (
        "tablet",
        0,
        0,
    )
    assert (scheme["bona_fide"]["errors"]["hits"], scheme["bona_fide"]["presentations"]) == (0, 1)


def test_all_schemes_are_compared_in_one_run(figures: dict[str, Any]) -> None:
    from models.schemes import SCHEMES

    assert [scheme["scheme"] for scheme in figures["schemes"]] == list(SCHEMES)
