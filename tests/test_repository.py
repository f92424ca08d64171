"""What holds for every tracked file, and for what the scripts stand on."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import get_args

import pytest

from kioskd import __version__
from kioskd.problems import ProblemCode
from tests.support.project import ROOT, shipped, texts

LARGEST = 11_000_000  # bytes: the identity network is the largest file
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
COMMANDS = (
    *("bootstrap", "demo", "test", "lock", "resolve", "roads", "fresh-root"),
    *("make_attack_clip", "make_clips", "draw_readme"),
)

# Put together here, so that this file does not hold what it looks for.
INDEX_HOSTS = ("pypi" + ".org", "pythonhost" + "ed.org", "artifact" + "ory", "dl.google" + ".com")
MACHINE_PATHS = ("/ro" + "ot/", "/home" + "/", "/wo" + "rk/", "/tmp" + "/w/", "/opt/py" + "pi")


def test_the_project_is_there_to_be_looked_at() -> None:
    names = {str(path.relative_to(ROOT)) for path in shipped()}
    assert {"README.md", "LICENSE", "NOTICE", "pyproject.toml", "scripts/demo"} <= names


@pytest.mark.parametrize("word", [*INDEX_HOSTS, *MACHINE_PATHS])
def test_no_file_names_a_package_index_or_a_place_on_somebodys_machine(word: str) -> None:
    assert [str(path) for path, text in texts() if word in text] == []


def test_the_version_that_is_packed_is_the_one_that_kioskd_says() -> None:
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert packed == __version__


def test_no_file_is_larger_than_it_needs_to_be() -> None:
    assert [str(path) for path in shipped() if path.stat().st_size > LARGEST] == []


def test_the_scripts_can_be_run() -> None:
    for path in (*(ROOT / "scripts" / name for name in COMMANDS), ROOT / ".ci" / "run"):
        assert path.stat().st_mode & 0o111 == 0o111, path
        assert path.read_text().startswith("#!"), path


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_each_requirement_is_one_version_with_hashes(path: Path) -> None:
    logical = path.read_text().replace("\\\n", " ").splitlines()
    lines = [line for line in logical if line and not line.lstrip().startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9-]+==[0-9][^ ]* ", line), line.split("--hash")[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line
        assert "://" not in line


def test_a_package_has_one_version_wherever_it_is_pinned() -> None:
    """So .venv may grow from one set to the next, and no install takes a version back."""
    versions: dict[str, set[str]] = {}
    for path in REQUIREMENTS:
        for name, version in (pin.split("==") for pin in pins(path) if path.stem != "opencv4"):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_a_door_for_the_gpu_has_what_one_for_the_cpu_has_but_another_build_of_the_runtime() -> None:
    cpu, gpu = (pins(ROOT / "requirements" / f"{name}.txt") for name in ("cpu", "gpu"))
    (only_cpu,) = cpu - gpu
    name, _, version = only_cpu.partition("==")
    assert name == "onnxruntime"
    assert f"onnxruntime-gpu=={version}" in gpu


def test_nothing_else_brings_a_runtime_or_an_opencv_with_windows() -> None:
    for path in REQUIREMENTS:
        names = {pin.partition("==")[0] for pin in pins(path)}
        assert not names & {"opencv-python", "opencv-contrib-python"}, path
        assert path.stem in ("cpu", "gpu") or not names & {"onnxruntime", "onnxruntime-gpu"}, path


def pins(path: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+==[^ ]+)", path.read_text(), re.MULTILINE))


def test_the_other_opencv_is_the_other_major_version() -> None:
    versions = {
        pin.partition("==")[2].partition(".")[0]
        for name in ("opencv4", "cpu")
        for pin in pins(ROOT / "requirements" / f"{name}.txt")
        if pin.startswith("opencv-python-headless==")
    }
    assert versions == {"4", "5"}


def test_each_problem_that_status_can_hold_is_explained_to_the_operator() -> None:
    manual = (ROOT / "docs" / "install" / "operations.md").read_text()
    for code in get_args(ProblemCode):
        assert f"| `{code}` |" in manual, code


def test_the_readme_opens_with_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"^ {4}(scripts/\w+)", readme, re.MULTILINE)
    assert commands[:2] == ["scripts/demo", "scripts/test"]


PLAIN = (  # what may be shipped under it needs no question
    "MIT License",
    "Apache License 2.0",
    "Creative Commons Attribution 4.0",
    "public domain",
)
MEDIA = re.compile(
    r"\.(mov|mp4|avi|mkv|webm|gif|png|jpe?g|svg|ico|wav|onnx|npy|npz|tflite|task|pth?|bin)$", re.I
)


def licences() -> dict[str, str]:
    """What NOTICE says, by the paths that it says it of, which may hold a *."""
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for heading, said in re.findall(r"^(\S[^\n]*(?:\n\S[^\n]*)*)\n((?: {4}.*\n)+)", notice, re.M):
        for path in re.findall(r"[^\s,:]+/[^\s,:]+", heading):
            found[path] = found.get(path, "") + " ".join(said.split())
    return found


def test_each_clip_picture_and_network_has_a_plain_licence_in_the_notice() -> None:
    told, names = licences(), [str(path.relative_to(ROOT)) for path in shipped()]
    media = [name for name in names if MEDIA.search(name)]
    assert len(media) > 30
    for name in media:
        said = [text for path, text in told.items() if fnmatch(name, path)]
        assert said, f"NOTICE says nothing of {name}"
        assert all(any(plain in text for plain in PLAIN) for text in said), name
    assert [path for path in told if not any(fnmatch(name, path) for name in media)] == []
