"""`kioskd evaluate` on recordings of a depth camera, as it is called.

The scenes are SYNTHETIC and drawn for the test; the camera's own library plays them.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models.making.scenes.attacks import Species
from tests.support.commands import Said, kioskd
from tests.support.patience import DEADLINE_S
from tests.support.scenes import GATE, recorded, scenes

ROOT = Path(__file__).parent.parent
FRAMES = 20  # a decision against takes 17: five differences first, then both windows
ATTACKS: tuple[Species, ...] = ("flat_photo", "bent_upright")
LIBUSB = "RealSense cameras need the system's libusb: apt-get install libusb-1.0-0"


@dataclass(frozen=True)
class DataSet:
    """A data set, and a configuration whose first door has 3D liveness and the other a challenge.

    `out` is for what is written.
    """

    folder: Path
    config: Path
    out: Path


@dataclass(frozen=True)
class Evaluated:
    told: str
    figures: dict[str, Any]

    @property
    def scheme(self) -> dict[str, Any]:
        (only,) = self.figures["schemes"]
        return dict(only)

    @property
    def opened_to(self) -> dict[str, int]:
        """Attacks that opened the door, by species."""
        return {group["name"]: group["errors"]["hits"] for group in self.scheme["species"]}

    @property
    def unanswered(self) -> dict[str, int]:
        """Presentations without response."""
        groups = [*self.scheme["species"], self.scheme["bona_fide"]]
        return {group["name"]: group["no_response"]["hits"] for group in groups}

    @property
    def unreadable(self) -> dict[str, int]:
        groups = [*self.scheme["species"], self.scheme["bona_fide"]]
        return {group["name"]: group["unreadable"] for group in groups}


def with_path(folder: Path, *arguments: str | Path) -> Said:
    """A command in a Python of its own, which looks for libraries in this folder first."""
    done = subprocess.run(
        [sys.executable, "-m", "kioskd", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
    )
    return Said(done.returncode, done.stdout, done.stderr)


def evaluated(data: DataSet, *arguments: str | Path, path: Path | None = None) -> Evaluated:
    """Of a data set in which something cannot be read; `path` as in `with_path`."""
    figures = data.out / "figures.json"
    written = ("--json", figures, "--html", data.out / "report.html")
    command = ("evaluate", data.folder, "-c", data.config, *written, *arguments)
    run = kioskd(*command) if path is None else with_path(path, *command)
    assert run.status == 1, run.err
    assert "could not be read; the figures are of the rest alone" in run.err
    return Evaluated(run.out, json.loads(figures.read_text()))


def configured(path: Path, recording: Path) -> Path:
    modes = ("secure_access_3d_liveness", "challenge")
    feed = {"kind": "realsense", "recording": str(recording), "pace": "fast"}
    config = {
        "site": "hq",
        "device": "kiosk",
        "mqtt": {"broker": "embedded"},
        "feeds": {f"feed-{n}": feed for n, _ in enumerate(modes)},
        "doors": {
            mode.replace("_", "-"): {"mode": mode, "feed": f"feed-{n}", "gate": dict(GATE)}
            for n, mode in enumerate(modes)
        },
    }
    path.write_text(json.dumps(config))  # JSON is YAML
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """A head, as a camera recorded it and cut off in the middle, and two attacks."""
    out = tmp_path_factory.mktemp("depth")
    folder = out / "visits"
    for label in ("bonafide", *(f"attack_{species}" for species in ATTACKS)):
        (folder / label).mkdir(parents=True)
    head = recorded(folder / "bonafide" / "head.db3", scenes(None, 3, FRAMES))
    for species in ATTACKS:
        recorded(folder / f"attack_{species}" / "sheet.db3", scenes(species, 3, FRAMES))
    cut = head.read_bytes()[: head.stat().st_size // 2]
    (folder / "bonafide" / "cut.db3").write_bytes(cut)
    return DataSet(folder, configured(out / "config.yaml", head), out)


@pytest.fixture(scope="module")
def found(data: DataSet) -> Evaluated:
    """What the door of 3D liveness, which stands first, makes of it."""
    return evaluated(data)


def test_3d_liveness_opens_to_the_head_and_to_no_sheet(found: Evaluated) -> None:
    assert found.scheme["scheme"] == "secure_access_3d_liveness"
    assert found.opened_to == {"bent_upright": 0, "flat_photo": 0}
    assert found.unanswered == {"bent_upright": 0, "flat_photo": 0, "bona fide": 0}
    live = found.scheme["bona_fide"]
    assert (live["presentations"], live["errors"]["hits"]) == (1, 0)
    assert found.scheme["after_frames"]["live"]["median"] >= 6
    assert found.scheme["frames"]["auc"] == 1.0
    assert list(found.figures["networks"]) == ["relief"]
    assert found.figures["thresholds"]["liveness_3d.minimum_valid_ratio"] == 0.6


def test_a_recording_that_was_cut_off_is_named_and_in_no_figure(found: Evaluated) -> None:
    (problem,) = found.figures["problems"]
    assert problem.startswith("bonafide/cut.db3: could not be read, and is in no figure")
    assert problem.endswith("cut.db3: is not a RealSense recording, or is damaged)")
    assert problem in found.told
    assert found.unreadable == {"bent_upright": 0, "flat_photo": 0, "bona fide": 1}
    assert found.scheme["no_response_reasons"]["bonafide"] == {}


def test_infrared_liveness_opens_to_the_head_alone(data: DataSet) -> None:
    found = evaluated(data, "--mode", "infrared_liveness")
    assert found.scheme["scheme"] == "infrared_liveness"
    assert set(found.opened_to.values()) == {0}
    assert found.unanswered["bona fide"] == 0
    assert found.figures["networks"] == {}


def test_rgb_with_3d_opens_to_no_sheet_though_its_picture_looks_alive(data: DataSet) -> None:
    colours = evaluated(data, "--mode", "secure_access_rgb_liveness", "--thumbnails")
    assert colours.opened_to == {"bent_upright": 1, "flat_photo": 1}
    assert "<img" in (data.out / "report.html").read_text()
    both = evaluated(data, "--mode", "secure_access_rgb_3d_liveness")
    assert both.scheme["scheme"] == "secure_access_rgb_3d_liveness, fused_multimodal"
    assert both.opened_to == {"bent_upright": 0, "flat_photo": 0}
    assert both.unanswered["bona fide"] == 0


def test_a_recording_by_kioskd_is_judged_by_its_depth_and_needs_no_library(
    data: DataSet, tmp_path: Path
) -> None:
    """Beside it a sheet in the library's own format, which this machine then cannot read."""
    run = kioskd("record", "feed-0", "-c", data.config, "--yes", "--to", tmp_path / "bonafide")
    assert run.status == 0, run.err
    shutil.copytree(data.folder / "attack_flat_photo", tmp_path / "attack_flat_photo")
    lacking = tmp_path / "lacking"
    lacking.mkdir()
    failure = "raise ImportError('libusb-1.0.so.0: cannot open shared object file')\n"
    (lacking / "pyrealsense2.py").write_text(failure)
    kept = DataSet(tmp_path, data.config, data.out)
    found = evaluated(kept, "--mode", "depth_liveness", path=lacking)
    live = found.scheme["bona_fide"]
    assert (live["presentations"], live["errors"]["hits"], live["no_response"]["hits"]) == (1, 0, 0)
    assert list(found.scheme["after_s"]) == ["live"]
    assert found.unreadable["flat_photo"] == 1
    (sentence,) = [problem for problem in found.figures["problems"] if "sheet.db3" in problem]
    assert LIBUSB in sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--mode", "sonar"], "no mode sonar is evaluated; there are secure_access_rgb_liveness,"),
        (["--door", "challenge"], "door challenge has another mode; those that are evaluated:"),
        (["--gate", "off"], "--gate off is for RGB liveness"),
        (["--scheme", "hybrid_unimodal"], "--scheme is of RGB liveness"),
    ],
)
def test_what_has_no_meaning_to_a_mode_is_told(
    data: DataSet, arguments: list[str], sentence: str
) -> None:
    run = kioskd("evaluate", data.folder, "-c", data.config, *arguments)
    assert run.status == 2
    assert sentence in run.err


def test_only_rgb_liveness_is_calibrated(data: DataSet) -> None:
    run = kioskd("calibrate", data.folder, "-c", data.config, "--bpcer", "5")
    assert run.status == 2
    assert "only RGB liveness is calibrated" in run.err
