"""What is sent stays what it was, byte for byte, however delivery is built inside.

tests/data/on_the_wire.json was made by commit 2abcf55 (see tests/support/on_the_wire.py); the words
of the prompt that asks for a nod are others since.
"""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from kioskd.delivery.delivery_settings import Form, Protocol
from tests.support.on_the_wire import said

RECORD = json.loads((Path(__file__).parent / "data" / "on_the_wire.json").read_text("utf-8"))
ADDED_SINCE = re.compile(
    r',"(doorId|cameraId)":"[^"]*"|,"previous":(null|"[0-9a-f]{64}")|,"clockSynchronised":true'
    r'|,"x":\{"(seq|clockSynchronised)":[^{}]*\}'
    r"|(?<=kiosk-07/status)..(?=\{)",  # the length of the last will
    re.DOTALL,
)


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("protocol", get_args(Protocol))
def test_the_same_results_states_problems_and_prompts_are_the_same_bytes(
    tmp_path: Path, protocol: Protocol, form: Form
) -> None:
    now = json.loads(json.dumps(said(tmp_path, protocol, form)))
    assert ADDED_SINCE.search(str(now["liveness/v1/hq/kiosk-07/audit"]))
    then = RECORD[f"{protocol} {form}"]
    assert without_what_was_added(now) == without_what_was_added(then)


def without_what_was_added(said: object) -> object:
    if isinstance(said, str):
        return ADDED_SINCE.sub("", said)
    if isinstance(said, list):
        return [without_what_was_added(part) for part in said]
    if isinstance(said, dict):
        return {key: without_what_was_added(part) for key, part in said.items()}
    return said
