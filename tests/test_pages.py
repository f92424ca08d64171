"""The pages stand on shelves, the index names each of them, and no link to one leads nowhere."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from os.path import normpath
from pathlib import Path

import pytest

from tests.support.project import ROOT, texts

DOCS = Path("docs")
GLOSSARY = DOCS / "understand" / "glossary.md"
SHELVES = ("install", "connect", "understand", "measure", "change")
PAGES = [path for path, _ in texts() if path.suffix == ".md"]
TEXT = dict(texts())
OLD = Path("tests/data/first_config.yaml")  # kept as it stood, with the pages of its time


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_each_link_leads_to_a_file_and_to_a_heading_in_it(page: Path) -> None:
    for target, heading in links(TEXT[page]):
        file = Path(normpath(page.parent / target)) if target else page
        assert (ROOT / file).exists(), target
        if heading:
            assert heading in anchors(file), f"{file} has no heading for #{heading}"


def test_each_page_that_is_named_anywhere_is_there() -> None:
    named = {
        (str(path), name)
        for path, text in texts()
        if path != OLD
        for name in re.findall(r"(?<![\w./])docs/[\w/-]+\.md", text)
    }
    assert len(named) > 50  # else none is found any more
    assert [
        f"{path} names {name}" for path, name in sorted(named) if not (ROOT / name).exists()
    ] == []


def test_each_source_file_that_is_named_anywhere_is_there() -> None:
    named = {
        (str(path), name)
        for path, text in texts()
        for name in re.findall(r"(?<![\w./])(?:feeds|models|kioskd)/[\w/-]+\.(?:py|toml)\b", text)
    }
    assert len(named) > 50  # else none is found any more
    assert [
        f"{path} names {name}" for path, name in sorted(named) if not (ROOT / name).exists()
    ] == []


def test_each_page_stands_on_a_shelf() -> None:
    pages = {page for page in PAGES if DOCS in page.parents} - {DOCS / "README.md"}
    assert {page.parent for page in pages} == {DOCS / shelf for shelf in SHELVES}


def test_the_index_has_a_line_for_each_page_under_its_shelf() -> None:
    index = TEXT[DOCS / "README.md"]
    shelves = re.findall(r"^## (\w+)", index, re.MULTILINE)
    assert tuple(shelf.lower() for shelf in shelves) == SHELVES
    for shelf, part in zip(SHELVES, re.split(r"^## ", index, flags=re.MULTILINE)[1:], strict=True):
        lines = Counter(re.findall(r"^\| \[.*?\]\((.*?)\) \| ", part, re.MULTILINE))
        pages = [page for page in PAGES if page.parent == DOCS / shelf]
        assert lines == Counter(str(page.relative_to(DOCS)) for page in pages)


def test_the_glossary_is_in_order_and_each_word_leads_to_the_page_that_has_the_whole() -> None:
    _, *entries = re.split(r"^## ", TEXT[GLOSSARY], flags=re.MULTILINE)
    words = [entry.partition("\n")[0] for entry in entries]
    assert words == sorted(set(words), key=str.lower)
    for entry in entries:
        assert any(target for target, _ in links(entry)), entry


def links(text: str) -> Iterator[tuple[str, str]]:
    """Each link within the project: its file, "" for the page itself, and its heading, or ""."""
    yield from re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text)


@cache
def anchors(page: Path) -> set[str]:
    """What a link may name in a page: each heading as GitHub and GitLab write it in an address."""
    prose = re.sub(r"^```.*?^```", "", TEXT[page], flags=re.MULTILINE | re.DOTALL)
    found: Counter[str] = Counter()
    names = set()
    for heading in re.findall(r"^#+ (.*)$", prose, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        names.add(f"{plain}-{found[plain]}" if found[plain] else plain)
        found[plain] += 1
    return names
