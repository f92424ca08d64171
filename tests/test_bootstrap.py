"""What scripts/bootstrap says where it cannot go on: one sentence, and nothing that looks done."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port
from tests.support.project import ROOT


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script needs of a checkout, without an environment."""
    copy = tmp_path_factory.mktemp("checkout")
    for folder in ("scripts", "requirements"):
        shutil.copytree(ROOT / folder, copy / folder)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def bootstrap(checkout: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """How it ended, and what it wrote; the package index is a port at which nobody listens."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    nobody = f"http://127.0.0.1:{free_port()}/simple"
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": nobody, "PIP_NO_CACHE_DIR": "1"}
    done = subprocess.run(
        [checkout / "scripts" / "bootstrap", *arguments],
        env=plain | pip | {"PIP_RETRIES": "0"} | environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_set_that_does_not_exist_is_answered_with_those_that_do(checkout: Path) -> None:
    status, said = bootstrap(checkout, "pages")
    assert status == 1
    assert said.count("\n") == 1
    assert "run, page, sessions, metrics" in said
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("KIOSKD_RUNTIME", "tpu", "KIOSKD_RUNTIME must be cpu or gpu (it is 'tpu').\n"),
        (
            "KIOSKD_PYTHON",
            "/bin/false",
            "KIOSKD_PYTHON (/bin/false) is no Python 3.11 to 3.14 with venv: "
            "name another, or none.\n",
        ),
    ],
)
def test_a_wish_that_cannot_be_met_is_told_before_anything_is_made(
    variable: str, value: str, sentence: str, checkout: Path
) -> None:
    assert bootstrap(checkout, "run", **{variable: value}) == (1, sentence)
    assert not (checkout / ".venv").exists()


def old_python(folder: Path) -> Path:
    """A python3 that takes itself for 3.10, as Ubuntu 22.04 has it."""
    folder.mkdir()
    shim = folder / "python3"
    claim = "import sys; sys.version_info = (3, 10, 12, 'final', 0); exec(sys.argv[-1])"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{claim}" "$@"\n')
    shim.chmod(0o755)
    return shim


def test_an_old_python_is_passed_over_or_told(checkout: Path, tmp_path: Path) -> None:
    old = old_python(tmp_path / "bin")
    assert subprocess.run([old, "-c", "print(sys.version_info[:2])"], capture_output=True).stdout
    status, said = bootstrap(checkout, "run", KIOSKD_PYTHON=str(old))
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith(f"KIOSKD_PYTHON ({old}) is no Python 3.11 to 3.14 with venv")
    path = f"{old.parent}{os.pathsep}{os.environ['PATH']}"
    _, said = bootstrap(checkout, "run", KIOSKD_RUNTIME="cpu", PATH=path)
    made = re.match(r"Making \.venv with Python 3\.(\d+)", said)
    assert made is not None
    assert 11 <= int(made[1]) <= 14


def test_what_was_cut_short_is_made_anew_and_without_the_network_it_says_so(checkout: Path) -> None:
    environment = checkout / ".venv"
    environment.mkdir(exist_ok=True)
    (environment / ".unpacking").touch()  # as it is while pip writes, and stays if that is killed
    status, said = bootstrap(checkout, "run", KIOSKD_RUNTIME="cpu")
    assert status == 1
    first, *_, last = said.splitlines()
    assert first == ".venv is half made, since an install was cut short: making it anew."
    assert not (environment / ".unpacking").exists()
    assert last.startswith(
        "The requirements were not installed: the package index did not answer with what is needed."
    )
    assert not (environment / ".ready").exists()
