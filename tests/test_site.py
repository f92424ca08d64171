"""What `scripts/site` has mkdocs build: every page, its pictures, and links that lead somewhere."""

import json
import re
import runpy
import sys
from os.path import normpath
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import ROOT, shipped

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "make_site"))


def make_site(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["make_site", *map(str, arguments)])
    return int(SCRIPT["main"]())


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    SCRIPT["write_sources"](folder)
    return folder


def settings(sources: Path) -> str:
    return (sources / "mkdocs.yml").read_text()


def test_each_page_of_docs_stands_once_in_the_navigation(sources: Path) -> None:
    named = re.findall(r'"([\w/-]+\.md)"', settings(sources).rpartition("nav: ")[2])
    pages = [
        path.relative_to(ROOT / "docs")
        for path in shipped()
        if path.suffix == ".md"
        if (ROOT / "docs") in path.parents
    ]
    assert sorted(named) == sorted({"pages.md", *map(str, pages)})


def test_the_shelves_are_those_of_the_index_in_its_order(sources: Path) -> None:
    shelves = re.findall(r"^## (\w+)", (ROOT / "docs" / "README.md").read_text(), re.MULTILINE)
    front, *others = json.loads(settings(sources).rpartition("nav: ")[2])
    assert list(front) == ["kioskd"]
    assert [title for shelf in others for title in shelf] == shelves


def test_each_link_and_picture_leads_to_a_file_of_the_site(sources: Path) -> None:
    found = [
        (page.relative_to(sources), target)
        for page in sources.rglob("*.md")
        if "search:\n  exclude: true" not in (text := page.read_text())
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
    ]
    assert len(found) > 300  # else none is found any more
    assert [
        f"{page}: {target}"
        for page, target in found
        if not (sources / normpath(page.parent / target)).is_file()
    ] == []


def test_a_file_that_a_page_names_is_shown_as_it_is(sources: Path) -> None:
    shown = (sources / "docs" / "source" / "config.yaml.md").read_text()
    assert (ROOT / "config.yaml").read_text().strip() in shown


def test_nothing_is_asked_of_another_host(sources: Path) -> None:
    assert "font: false" in settings(sources)
    assert "://" not in settings(sources)


def test_what_a_page_would_load_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<a href="https://a.example/">no</a><link rel="canonical" href="https://b.example/">'
        '<script src="https://c.example/x.js"></script><img src=//d.example/y.png>'
    )
    (tmp_path / "x.css").write_text("@font-face { src: url(https://e.example/z.woff2) }")
    assert list(SCRIPT["loaded_from_elsewhere"](tmp_path)) == [
        "https://c.example/x.js",
        "//d.example/y.png",
        "https://e.example/z.woff2",
    ]


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (
            ["1. one", "   more", "", "       code", "2. two"],
            ["1. one", "    more", "", "        code", "", "2. two"],
        ),
        (
            ["* one", "  more", "", "text", "", "    code"],
            ["* one", "    more", "", "text", "", "    code"],
        ),
        (["1. a", "", "   b", "2. c", "3. d"], ["1. a", "", "    b", "", "2. c", "3. d"]),
        (["```sh of", "* one", "  two", "```"], ["```sh", "* one", "  two", "```"]),
    ],
)
def test_what_belongs_to_a_lists_item_stays_in_it(lines: list[str], read: list[str]) -> None:
    assert list(SCRIPT["lists"](lines)) == read


def test_a_heading_that_comes_again_has_its_address_on_github() -> None:
    lines = ["## Keys", "```sh name", "## Keys", "```", "## Keys", "### Keys"]
    assert list(SCRIPT["headings"](lines)) == [
        *lines[:4],
        "## Keys { #keys-1 }",
        "### Keys { #keys-2 }",
    ]


def test_a_link_to_a_folder_is_its_words_alone() -> None:
    page: Any = SCRIPT["page"]
    assert (
        page("docs/README.md", "[tests](../tests), [us](README.md#a)") == "tests, [us](pages.md#a)"
    )


def test_a_folder_that_holds_something_else_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letters").write_text("mine")
    assert make_site(monkeypatch, tmp_path) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path} holds something else than a site: name another folder\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]
