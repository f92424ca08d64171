"""Which libraries kioskd runs on is told, and that two are there that exclude each other."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from kioskd import libraries
from models import gpu
from tests.support.patience import DEADLINE_S
from tests.support.project import ROOT


def beside(folder: Path, package: str, release: str) -> Path:
    """A folder for the path, with what pip leaves of a package that it installed."""
    info = folder / f"{package.replace('-', '_')}-{release}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {release}\n")
    return folder


def test_this_environment_has_one_of_each() -> None:
    assert list(libraries.clashes()) == []
    assert libraries.opencv().startswith(
        f"opencv-python-headless {version('opencv-python-headless')}"
    )


@pytest.mark.parametrize("rival", ["opencv-python", "opencv-contrib-python"])
def test_two_opencvs_are_told_in_one_sentence_with_what_mends_it(
    rival: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(beside(tmp_path, rival, "4.9.0.80"))
    (told,) = libraries.clashes()
    pip = f"{sys.prefix}/bin/pip"
    both = f"opencv-python-headless {rival}"
    assert told.startswith(f"opencv-python-headless and {rival} are both installed")
    assert f"{pip} uninstall -y {both} && " in told
    kept = version("opencv-python-headless")
    assert told.endswith(f"{pip} install --no-deps opencv-python-headless=={kept}")


def test_of_two_runtimes_the_one_for_this_machine_is_to_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "onnxruntime-gpu" if libraries.there(["onnxruntime"]) else "onnxruntime"
    monkeypatch.syspath_prepend(beside(tmp_path, other, "1.23.0"))
    (told,) = libraries.clashes()
    fitting = "onnxruntime-gpu" if gpu.has_driver() else "onnxruntime"
    assert f"install --no-deps {fitting}==" in told


def test_a_start_tells_of_two_opencvs_in_the_log(tmp_path: Path) -> None:
    """And goes on: here to the embedded broker, which it lacks, and which ends it."""
    config = tmp_path / "config.yaml"
    config.write_text((ROOT / "config.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "kioskd").symlink_to(ROOT / "kioskd")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "amqtt.py").write_text("raise ImportError\n")
    rival = beside(tmp_path / "more", "opencv-python", "4.9.0.80")
    said = subprocess.run(
        [sys.executable, "-m", "kioskd", "run", "-c", config],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{rival}"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    assert said.returncode == 1
    assert "opencv-python-headless and opencv-python are both installed" in said.stderr
    assert "not started: " in said.stderr
