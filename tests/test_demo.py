"""`kioskd demo` for the person who sits before it; what it says to programs is in test_commands."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.support.broker import eventually
from tests.support.patience import DEADLINE_S
from tests.support.terminal import ROOT, Terminal, terminal

URL = re.compile(r"http://localhost:\d+/")
BOTH = ("live: live", "attack: NOT live", "That is all a door must know.")


def demo(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
    """The demo by somebody at a terminal, with a folder for what is temporary."""
    folder.mkdir(exist_ok=True)
    return terminal("demo", *arguments, environment={"TMPDIR": str(folder), **(environment or {})})


def told(one: Terminal) -> bool:
    return all(each in one.seen for each in BOTH)


def test_a_person_sees_both_clips_on_the_page_until_they_have_seen_enough(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    with demo(folder) as shown:
        (page,) = set(eventually(lambda: URL.findall(shown.seen)))
        eventually(lambda: "Enter or Ctrl-C ends the demo" in shown.seen)
        assert told(shown)
        with urlopen(f"{page}api/doors/attack-door", timeout=DEADLINE_S) as answer:
            attack = json.load(answer)
        assert "failed" in {attempt["verdict"] for attempt in attack["attempts"]}
        assert shown.process.poll() is None
        shown.type("\n")
        assert shown.process.wait(DEADLINE_S) == 0
    assert list(folder.iterdir()) == []


def test_ctrl_c_ends_it_as_well(tmp_path: Path) -> None:
    with demo(tmp_path) as shown:
        eventually(lambda: "Enter or Ctrl-C ends the demo" in shown.seen)
        shown.interrupt()
        assert shown.process.wait(DEADLINE_S) == 0
    assert "Traceback" not in shown.seen
    assert "Aborted" not in shown.seen


def test_before_nobody_it_serves_no_page_and_ends_by_itself(tmp_path: Path) -> None:
    with demo(tmp_path, environment={"CI": "true"}) as shown:
        assert shown.process.wait(DEADLINE_S) == 0
        eventually(lambda: told(shown))
    assert URL.search(shown.seen) is None


def test_for_a_program_there_is_nothing_but_json_at_a_terminal_too(tmp_path: Path) -> None:
    with demo(tmp_path, "--json") as shown:
        assert shown.process.wait(DEADLINE_S) == 0
        eventually(lambda: shown.seen.count("\n") == 2)
    events = [json.loads(line) for line in shown.seen.splitlines()]
    assert {event["sourceId"] for event in events} == {"live", "attack"}


def test_without_the_pages_libraries_it_is_the_demo_without_a_page(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text("import sys\nsys.modules['starlette'] = None\n")
    path = os.pathsep.join((str(blocked), str(ROOT)))
    with demo(tmp_path / "temporary", environment={"PYTHONPATH": path}) as shown:
        assert shown.process.wait(DEADLINE_S) == 0
        eventually(lambda: told(shown))
    assert URL.search(shown.seen) is None
