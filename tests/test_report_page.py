"""The page of an evaluation: names of files as they are, curves of what was measured."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from kioskd.evaluation.decide import Judging
from kioskd.evaluation.report import Report, full_report
from kioskd.evaluation.report_page import page
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from tests.support.sightings import sighting

BY = Judging(RgbSettings(), GateSettings(), "on")
NASTY = "</style><script>alert('a & b')</script>"


@dataclass
class Read(HTMLParser):
    """A page as a browser reads it: its tags, and the words between them."""

    tags: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def report(name: str = "clip") -> Report:
    """Two people, and three attacks of which one opens the door."""
    spread = [n / 100 for n in range(60, 90)]
    data = [
        sighting("bonafide", spread, name="live"),
        sighting("bonafide", [0.55, 0.65] * 15, name="doubtful"),
        sighting("attack", [0.05] * 30, species="print", name="print"),
        sighting("attack", [0.3] * 30, species="tablet", name="tablet"),
        sighting("attack", [0.95] * 30, species="mask", name=name),
    ]
    return full_report(f"set {name}", data, [BY], {"hybrid": f"file {name}"}, {}, [f"note {name}"])


def read(text: str) -> Read:
    found = Read()
    found.feed(text)
    found.close()
    return found


def test_a_name_that_looks_like_html_is_shown_and_does_nothing() -> None:
    found = read(page(report(NASTY)))
    assert "script" not in found.tags
    told = "".join(found.words)
    for shown in (f"set {NASTY}", f"file {NASTY}", f"note {NASTY}"):
        assert shown in told


def test_the_mistake_and_the_rates_stand_in_the_tables() -> None:
    told = " ".join("".join(read(page(report())).words).split())
    assert "100.0 % [2.5, 100.0] 1/1" in told
    assert re.search(r"clip\d* frame \d+ ?attack, mask", told)


def test_the_same_figures_make_the_same_page() -> None:
    assert page(report()) == page(report())


@pytest.mark.parametrize(
    "title", ["attacks accepted (APCER)", "bona fide refused (BPCER)", "bona fide in truth"]
)
def test_every_axis_says_what_it_shows(title: str) -> None:
    assert title in read(page(report())).words


def test_colours_are_the_pages_own() -> None:
    """So the curves are readable on a dark page too."""
    text = page(report())
    charts = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert re.findall(r"#[0-9a-f]{6}\b", charts) == []
    named = set(re.findall(r"var\((--\w+)\)", charts))
    assert named <= set(re.findall(r"(--\w+):", text))
    assert {"--live", "--fake", "--c0"} <= named
