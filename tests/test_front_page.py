"""The README's first screen is true: each figure stands on the page that is named beside it."""

import re

import pytest

from tests.support.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST = README.partition("\n## ")[0]
MEASURED = [line for line in FIRST.splitlines() if "](docs/measure/" in line and line[0] == "|"]


def test_five_lines_say_what_was_measured() -> None:
    assert len(MEASURED) == 5


@pytest.mark.parametrize("line", MEASURED, ids=lambda line: line.split("**")[1])
def test_each_figure_stands_on_a_page_that_its_line_names(line: str) -> None:
    pages = [
        (ROOT / page).read_text(encoding="utf-8")
        for page in re.findall(r"\]\((docs/measure/[\w-]+\.md)\)", line)
    ]
    figures = re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?= %| ms| with)", line)
    assert figures
    for figure in figures:
        whole = rf"(?<![\d.]){re.escape(figure)}(?![\d.]*\d)"
        assert any(re.search(whole, page) for page in pages), figure


def test_it_says_that_there_is_no_certificate_before_anybody_has_to_ask() -> None:
    assert "ISO/IEC 30107-3" in FIRST
    assert "no laboratory" in FIRST


def test_whoever_wants_to_change_it_or_to_tell_of_a_weakness_finds_where() -> None:
    for page in ("CONTRIBUTING.md", "SECURITY.md"):
        assert f"]({page})" in README
    assert "Report a vulnerability" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
