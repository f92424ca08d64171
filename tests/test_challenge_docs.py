"""docs/understand/challenges.md says what the code does: actions, keys, codes, prompts, diagram."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from kioskd.modes.challenges.challenge_mode import CODES
from kioskd.modes.challenges.challenge_phases import PROMPTS, TRANSITIONS, Phase
from kioskd.modes.challenges.challenge_settings import Engine, Extents, Unified
from kioskd.modes.challenges.fraud import FRAUDS
from kioskd.modes.challenges.kinds import ACTIONS, Challenge
from kioskd.modes.challenges.start import RESTLESS
from kioskd.modes.mode import diagram
from kioskd.prompts import FOLDER, languages

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "understand" / "challenges.md").read_text(encoding="utf-8")


def rows() -> dict[str, list[str]]:
    """The page's table rows that begin with a word in code marks: that word to the other cells."""
    found: dict[str, list[str]] = {}
    for row in PAGE.splitlines():
        if match := re.match(r"\| `([^`]+)` \| (.*) \|$", row):
            found.setdefault(match[1], [cell.strip() for cell in match[2].split(" | ")])
    return found


KEYS = [
    (field.name, str(getattr(settings, field.name)).replace("True", "true"))
    for settings in (Extents(), Engine(), Unified())
    for field in fields(settings)
]


@pytest.mark.parametrize(("key", "default"), KEYS)
def test_the_page_has_the_key_and_its_default(key: str, default: str) -> None:
    part = PAGE.partition("### Extents")[2] if key == "smile" else PAGE
    found = re.search(rf"^\| `{key}` \| `([^`]+)` \|", part, re.M)
    assert found is not None
    assert found[1] == default.replace("False", "false")


@pytest.mark.parametrize("kind", Challenge)
def test_the_page_has_the_action_and_its_name_on_the_wire(kind: Challenge) -> None:
    assert rows()[kind.value][1] == f"`{ACTIONS[kind]}`"
    head, *tail = kind.value.split("_")
    assert ACTIONS[kind] == head + "".join(map(str.title, tail)) + "Challenge"


def test_the_page_draws_the_table_that_runs() -> None:
    assert f"```mermaid\n{diagram(TRANSITIONS)}\n```" in PAGE


def test_every_phase_can_be_reached_and_left() -> None:
    reached = {str(after) for after in TRANSITIONS.values()}
    left = {str(before) for before, _ in TRANSITIONS}
    assert reached == left == {phase.value for phase in Phase}


def test_the_page_explains_every_code() -> None:
    for reason in (*CODES.values(), *FRAUDS.values(), *RESTLESS.values()):
        assert f"`{reason.value}`" in PAGE


def test_the_page_has_every_prompt_and_language() -> None:
    for prompt in PROMPTS.values():
        assert f"`{prompt}`" in PAGE
    for language in languages():
        assert f"`{language}.yaml`" in PAGE
        assert (FOLDER / f"{language}.yaml").is_file()


def test_the_scripts_the_page_names_are_there() -> None:
    for script in set(re.findall(r"scripts/\w+", PAGE)):
        assert (ROOT / script).is_file()
