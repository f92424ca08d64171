"""The docs say what the code does: each key and default, code, scheme, and the table."""

import re
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import pytest

from kioskd.config import reference
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.catalogue import SPECS
from kioskd.modes.confirm import CautionSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Always, diagram
from kioskd.modes.pose import pose_phases
from kioskd.modes.reasons import SENTENCES, Reason
from kioskd.modes.rgb.rgb_mode import MODE
from kioskd.modes.rgb.rgb_phases import TRANSITIONS, Phase
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile import smile_phases
from kioskd.modes.smile_rgb import smile_rgb_phases
from kioskd.modes.spec import ModeSpec
from models.schemes import SCHEMES

DOCS = Path(__file__).parent.parent / "docs" / "understand"
GATE = (DOCS / "gate.md").read_text(encoding="utf-8")
MODES = (DOCS / "modes.md").read_text(encoding="utf-8")
MQTT = (DOCS.parent / "connect" / "mqtt.md").read_text(encoding="utf-8")
PAGES = "".join(path.read_text(encoding="utf-8") for path in DOCS.parent.glob("*/*.md"))


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
        if field.name not in ("attempt", "caution")
    ]


@pytest.mark.parametrize(("key", "default"), defaults(GateSettings()))
def test_gate_page_has_the_key_and_its_default(key: str, default: str) -> None:
    assert rows(GATE)[key][0] == f"`{default}`"


@pytest.mark.parametrize(
    ("key", "default"),
    [*defaults(RgbSettings()), *defaults(CautionSettings()), *defaults(AttemptSettings())],
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


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_each_mode_is_drawn_and_told_as_it_runs(spec: ModeSpec) -> None:
    assert f"```mermaid\n{diagram(spec.table)}\n```" in PAGES
    assert set(spec.prompts) <= {phase for phase, _ in spec.table}
    for attribute in {name for names in spec.attributes for name in names}:
        assert f'"{attribute}"' in PAGES
    for prompt in spec.prompts.values():
        assert f"`{prompt}`" in MQTT


TABLES = [pose_phases.TRANSITIONS, smile_phases.TRANSITIONS, smile_rgb_phases.TRANSITIONS]


@pytest.mark.parametrize("table", TABLES, ids=["pose", "smile", "smile and rgb"])
def test_the_other_modes_are_drawn_from_their_tables_too_and_have_no_dead_end(
    table: dict[tuple[StrEnum, StrEnum], StrEnum],
) -> None:
    assert f"```mermaid\n{diagram(table)}\n```" in MODES
    (first, _), *_ = table
    assert set(table.values()) == set(type(first)) == {phase for phase, _ in table}


@pytest.mark.parametrize(
    ("table", "passed", "before"),
    [
        (TABLES[0], pose_phases.Phase.POSE_CONFIRMED, pose_phases.Phase.WAIT_PROFILE),
        (TABLES[1], smile_phases.Phase.SMILE_CONFIRMED, smile_phases.Phase.SMILE),
        (TABLES[2], smile_rgb_phases.Phase.CONFIRMED, smile_rgb_phases.Phase.LIVENESS),
    ],
)
def test_success_has_one_way_in_and_one_way_out(
    table: dict[tuple[StrEnum, StrEnum], StrEnum], passed: StrEnum, before: StrEnum
) -> None:
    assert [source for (source, _), target in table.items() if target is passed] == [before]
    assert [cause for (source, cause) in table if source is passed] == [Always.SUBJECT_LEFT]


@pytest.mark.parametrize("mode", reference.modes())
def test_the_page_names_every_mode_that_a_door_may_have(mode: str) -> None:
    assert f"| `{mode}` |" in MODES


def test_every_phase_can_be_reached_and_left() -> None:
    assert set(TRANSITIONS.values()) == set(Phase)
    assert {phase for phase, _ in TRANSITIONS} == set(Phase)


def test_only_the_windows_reach_a_decision() -> None:
    confirming = [s for (s, _), t in TRANSITIONS.items() if t is Phase.LIVENESS_CONFIRMED]
    refusing = [s for (s, _), t in TRANSITIONS.items() if t is Phase.NOTLIVE_CONFIRMED]
    assert confirming == [Phase.LIVE_WINDOW]
    assert refusing == [Phase.FAKE_WINDOW]
