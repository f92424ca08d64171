"""docs/connect/mqtt.md shows payloads as they are and leaves out nothing that a reader may meet."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from kioskd.config import reference
from kioskd.delivery import message_sizes, wire
from kioskd.delivery.wire import SchemaName
from kioskd.event import ActionId, LivenessState
from kioskd.layers.layer import LEVELS
from kioskd.modes.catalogue import ACTIONS
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_phases import Phase
from kioskd.problems import ProblemCode
from tests.support.results import LIVE
from tests.support.schemas import check

EVENT = "0d5c1c4e-8a43-4a86-9a3e-1f4bd1c7a001"
PAGE = (Path(__file__).parent.parent / "docs" / "connect" / "mqtt.md").read_text(encoding="utf-8")
EXAMPLES: list[tuple[SchemaName, str]] = re.findall(r"^```json (\w+)\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_is_what_its_schema_says(name: SchemaName, example: str) -> None:
    check(name, json.loads(example))


def test_the_examples_use_codes_that_are_in_use() -> None:
    payloads = [json.loads(example) for _, example in EXAMPLES]
    reasons = {code for payload in payloads for code in payload.get("reasons", ())}
    assert reasons
    assert reasons <= {reason.value for reason in Reason}
    phases = {payload["phase"] for payload in payloads if "phase" in payload}
    assert phases
    assert phases <= {phase.value for phase in Phase}
    modes = {(payload.get("x") or payload).get("mode") for payload in payloads} - {None}
    assert modes
    assert modes <= reference.modes().keys()


def test_every_payload_has_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == set(get_args(SchemaName))


def test_every_topic_and_every_problem_is_on_the_page() -> None:
    topics = wire.Topics("p", "s", "d")
    told = (topics.action("c"), topics.state("c"), topics.diag("c"), topics.prompt("c"))
    for topic in (*told, topics.reply("c")):
        assert f"| `…/{{source}}/{topic.rsplit('/', 1)[1]}` |" in PAGE
    for topic in (topics.status, topics.health, topics.alarms, topics.audit, topics.probe):
        assert f"| `…/{topic.rsplit('/', 1)[1]}` |" in PAGE
    assert f"| `…/layers/{{{','.join(LEVELS)}}}` |" in PAGE
    for code in get_args(ProblemCode):
        assert f"| `{code}` |" in PAGE


ROWS: list[tuple[ActionId, str, str]] = re.findall(
    r"^\| `(\w+Liveness|\w+Activate|\w+Challenge)`[^|]* \| ([^|]+) \| ([^|]+) \|.*\|$", PAGE, re.M
)
SAMPLES: dict[str, str | float] = {
    "liveness": 0.9,
    "livenessConfirmed": "true",
    "smile": "true",
    "challengeConfirmed": "true",
}


def test_every_action_and_every_mode_that_sends_one_is_in_the_table() -> None:
    challenges = {action for action in ACTIONS if action.endswith("Challenge")}
    assert set(ACTIONS) - challenges <= {action for action, _, _ in ROWS}
    named = " ".join(mode for _, mode, _ in ROWS)
    modes = [mode for mode in reference.modes() if not mode.startswith("challenge")]
    assert [mode for mode in modes if f"`{mode}`" not in named] == []


@pytest.mark.parametrize(("action", "mode", "attributes"), ROWS)
def test_an_action_of_the_table_has_the_attributes_that_its_schema_asks_for(
    action: ActionId, mode: str, attributes: str
) -> None:
    said = {name: SAMPLES[name] for name in re.findall(r"`(\w+)`", attributes)}
    rgb = "livenessConfirmed" in said and action in ("rgbLiveness", "smileToActivate")
    state: LivenessState | None = "LIVENESS_CONFIRMED" if rgb else None
    result = replace(LIVE, action=action, attributes=said, state=state)
    sender = wire.Sender("hq", "kiosk-07", EVENT, "0.1.0")
    payload = wire.action(sender, result, wire.Issue(EVENT, 1, LIVE.captured_at, 1.2, 5.0))
    check("action", payload)
    check("action_compact", wire.compact_action(payload))


def test_the_sizes_on_the_page_are_those_that_are_sent() -> None:
    assert message_sizes.table(message_sizes.EXAMPLE, "door-3") in PAGE
