"""What holds for every command in scripts/."""

import os
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.patience import DEADLINE_S
from tests.support.project import ROOT

COMMANDS = {
    path for path in (ROOT / "scripts").iterdir() if path.is_file() and os.access(path, os.X_OK)
}
IN_PYTHON = {path for path in COMMANDS if "python" in path.read_text().partition("\n")[0]}


@pytest.mark.parametrize("script", sorted(IN_PYTHON), ids=lambda script: script.name)
def test_one_in_python_tells_from_anywhere_what_it_is_for(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And does nothing else: some of them measure for hours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert (ended.value.code, list(tmp_path.iterdir())) == (0, [])
    assert f"usage: {script.name}" in capsys.readouterr().out


@pytest.mark.parametrize("script", sorted(COMMANDS - IN_PYTHON), ids=lambda script: script.name)
def test_one_for_the_shell_tells_from_anywhere_what_it_is_for(script: Path, tmp_path: Path) -> None:
    """And does nothing else: some of them install."""
    done = subprocess.run(
        [script, "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE_S
    )
    assert (done.returncode, done.stderr, list(tmp_path.iterdir())) == (0, "", [])
    assert f"scripts/{script.name}" in done.stdout


def test_those_in_python_are_linted_and_typed_like_the_rest() -> None:
    """Their names have no ending by which ruff and mypy would find them."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    for globs in (tools["ruff"]["extend-include"], tools["mypy"]["files"]):
        assert {path for glob in globs for path in ROOT.glob(glob)} >= IN_PYTHON


def test_they_share_one_header() -> None:
    """The environment's Python knows where the project is: no script looks for it by itself."""
    for script in IN_PYTHON:
        text = script.read_text()
        assert text.startswith('#!/usr/bin/env python3\n"""'), script
        assert "sys.path" not in text, script
