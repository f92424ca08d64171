"""The docs say what the code does: each key and default, code, scheme, and the table."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.gate import GateSettings
from kioskd.modes.reasons import SENTENCES, Reason
from kioskd.modes.rgb import MODE
from kioskd.modes.rgb_phases import TRANSITIONS, Phase
from kioskd.modes.rgb_settings import RgbSettings
from kioskd.modes.table import diagram
from models.schemes import SCHEMES

DOCS = Path(__file__).parent.parent / "docs"
GATE = (DOCS / "gate.md").read_text(encoding="utf-8")
MODES = (DOCS / "modes.md").read_text(encoding="utf-8")


def rows(page: str) -> dict[str, list[str]]:
    """The page's table rows that begin with a word in code marks: that word to the other cells."""
    found: dict[str, list[str]] = {}
    for line in page.splitlines():
        if match := re.match(r"\| `([^`]+)` \| (.*) \|$", line):
            found[match[1]] = [cell.strip() for cell in match[2].split(" | ")]
    return found


def defaults(settings: object) -> list[tuple[str, str]]:
    return [
        (field.name, str(getattr(settings, field.name)).replace("False", "false"))
        for field in fields(settings)  # type: ignore[arg-type]
        if field.name != "attempt"
    ]


@pytest.mark.parametrize(("key", "default"), defaults(GateSettings()))
def test_gate_page_has_the_key_and_its_default(key: str, default: str) -> None:
    assert rows(GATE)[key][0] == f"`{default}`"


@pytest.mark.parametrize(
    ("key", "default"), [*defaults(RgbSettings()), *defaults(AttemptSettings())]
)
def test_modes_page_has_the_key_and_its_default(key: str, default: str) -> None:
    assert rows(MODES)[key][0] == f"`{default}`"


@pytest.mark.parametrize("reason", Reason)
def test_gate_page_has_the_code_and_its_sentence(reason: Reason) -> None:
    assert rows(GATE)[reason.value][0] == reason.sentence


def test_every_code_in_use_is_on_the_page_and_no_other() -> None:
    table = GATE.partition("## Reason codes")[2]
    assert list(rows(table)) == [reason.value for reason in Reason]
    assert set(SENTENCES) == set(Reason)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_modes_page_has_the_scheme_and_its_models(scheme: str) -> None:
    assert rows(MODES)[scheme][0] == ", ".join(SCHEMES[scheme].models)


def test_the_picture_is_drawn_from_the_table_that_runs() -> None:
    assert f"```mermaid\n{diagram(TRANSITIONS)}\n```" in MODES
    assert MODE in MODES


def test_every_phase_can_be_reached_and_left() -> None:
    assert set(TRANSITIONS.values()) == set(Phase)
    assert {phase for phase, _ in TRANSITIONS} == set(Phase)


def test_only_the_windows_reach_a_decision() -> None:
    confirming = [s for (s, _), t in TRANSITIONS.items() if t is Phase.LIVENESS_CONFIRMED]
    refusing = [s for (s, _), t in TRANSITIONS.items() if t is Phase.NOTLIVE_CONFIRMED]
    assert confirming == [Phase.LIVE_WINDOW]
    assert refusing == [Phase.FAKE_WINDOW]
