"""The way of the frame that decides: few files, each of them told, and every part entered once."""

import re
import sys
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
MOST = 20  # files that somebody has to open who follows one frame
QUESTIONS = 4  # the whole picture, its quality, what was done to it, liveness


@cache
def passed() -> Any:
    loader = SourceFileLoader("measure_files", str(ROOT / "scripts/measure_files"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = sys.modules[loader.name] = module_from_spec(spec)
    loader.exec_module(module)
    return module.passed()


def told() -> list[str]:
    page = (ROOT / "docs/change/design.md").read_text("utf-8")
    part = page.partition("### File by file")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE)


def test_the_frame_that_decides_passes_the_files_that_the_design_tells_of_and_few() -> None:
    assert sorted(told()) == passed().files
    assert len(passed().files) <= MOST


def test_it_is_looked_at_once_and_measured_once_for_each_question() -> None:
    assert passed().entered == {
        "judged": 1,
        "Perceiver.look": 1,
        "Perceiver.measure": QUESTIONS,
        "Course.step": 1 + QUESTIONS,
    }
