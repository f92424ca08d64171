"""What holds for every tracked file, and for what the scripts stand on."""

import re
from pathlib import Path
from typing import get_args

import pytest

from kioskd.problems import ProblemCode
from tests.support.project import ROOT, shipped, texts

LARGEST = 11_000_000  # bytes: the identity network is the largest file
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
COMMANDS = ("bootstrap", "demo", "test", "lock", "fresh-root", "make_attack_clip", "draw_readme")

# Put together here, so that this file does not hold what it looks for.
INDEX_HOSTS = ("pypi" + ".org", "pythonhost" + "ed.org", "artifact" + "ory", "dl.google" + ".com")
MACHINE_PATHS = ("/ro" + "ot/", "/home" + "/", "/wo" + "rk/", "/tmp" + "/w/", "/opt/py" + "pi")


def test_the_project_is_there_to_be_looked_at() -> None:
    names = {str(path.relative_to(ROOT)) for path in shipped()}
    assert {"README.md", "LICENSE", "NOTICE", "pyproject.toml", "scripts/demo"} <= names


@pytest.mark.parametrize("word", [*INDEX_HOSTS, *MACHINE_PATHS])
def test_no_file_names_a_package_index_or_a_place_on_somebodys_machine(word: str) -> None:
    assert [str(path) for path, text in texts() if word in text] == []


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


def test_what_runs_is_part_of_the_demo_and_the_demo_of_what_is_tested() -> None:
    """So .venv may grow from one to the next, and no install takes a version back."""
    run, demo, evaluation, dev, build = (
        pins(ROOT / "requirements" / f"{name}.txt")
        for name in ("run", "demo", "evaluation", "dev", "build")
    )
    assert run < demo < dev
    assert run < evaluation < dev
    assert build < dev


def pins(path: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+==[^ ]+)", path.read_text(), re.MULTILINE))


def test_the_other_opencv_is_the_other_major_version() -> None:
    versions = {
        pin.partition("==")[2].partition(".")[0]
        for name in ("opencv4", "run")
        for pin in pins(ROOT / "requirements" / f"{name}.txt")
        if pin.startswith("opencv-python==")
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
