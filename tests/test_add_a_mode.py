"""A mode is one folder and its place in the catalogue: docs/change/add-a-mode.md, to the letter.

A toy mode is put into a copy of the project as the page says, and everything else finds it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/change/add-a-mode.md").read_text("utf-8")
CONFIG = """\
site: hq
device: kiosk-1
mqtt: {broker: embedded}
feeds: {front: {kind: file, path: live.mov, pace: fast}}
doors: {main: {feed: front, mode: toy_light, light: %s}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the toy among its modes; what the page says to run was run."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("kioskd", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("feeds", "models"):
        (copy / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "tests/data/toy_mode", copy / "kioskd/modes/toy")
    catalogue = copy / "kioskd/modes/catalogue.py"
    text = catalogue.read_text("utf-8")
    for before, line in (
        ("from kioskd.modes.spec", "from kioskd.modes.toy import toy_spec\n"),
        ("    *depth_spec.SPECS,\n", "    toy_spec.SPEC,\n"),
    ):
        assert before in text
        text = text.replace(before, line + before, 1)
    catalogue.write_text(text, "utf-8")
    shutil.copy(ROOT / "kioskd/demo/clips/live.mov", copy)
    run(copy, "kioskd.config.reference")
    return copy


def run(project: Path, *command: str, expect: int = 0) -> str:
    """What `python -m COMMAND` prints in the project."""
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expect, done.stderr
    return done.stdout + done.stderr


def checked(project: Path, light: str, expect: int = 0) -> str:
    (project / "config.yaml").write_text(CONFIG % light, "utf-8")
    return run(project, "kioskd", "check", "-c", "config.yaml", expect=expect)


def test_check_knows_its_keys_their_limits_and_their_order(project: Path) -> None:
    checked(project, "{lit_frames: 7}")
    said = checked(project, "{lit_frames: 70}", expect=2)
    assert "doors.main.light.lit_frames: must be a whole number from 1 to 50 (found 70)" in said
    said = checked(project, "{dimmest: 0.95}", expect=2)
    assert "must not be above brightest, which is 0.9" in said
    assert "is not a known key, did you mean" in checked(project, "{lit_frame: 3}", expect=2)


def test_check_suggests_it_to_who_misspells_it(project: Path) -> None:
    (project / "config.yaml").write_text((CONFIG % "{}").replace("toy_light,", "toylight,"))
    said = run(project, "kioskd", "check", "-c", "config.yaml", expect=2)
    assert "did you mean 'toy_light'" in said


def test_the_schema_and_the_tables_have_it(project: Path) -> None:
    schema = json.loads(run(project, "kioskd", "schema"))
    doors = schema["properties"]["doors"]["patternProperties"]
    ((_, door),) = doors.items()
    assert "toy_light" in door["discriminator"]["mapping"]
    table = (project / "docs/install/configuration.md").read_text("utf-8")
    assert (
        "| `lit_frames` | frames, 1 to 50, default 5 | So many frames must be well lit. |" in table
    )


@pytest.mark.parametrize("name", ["action", "action_compact", "audit", "diag"])
def test_the_schemas_of_events_know_what_it_tells_the_door(project: Path, name: str) -> None:
    text = (project / f"kioskd/delivery/schemas/{name}.json").read_text("utf-8")
    assert '"toyLight"' in text


def test_evaluate_judges_it(project: Path) -> None:
    people = project / "data/bonafide/somebody"
    people.mkdir(parents=True, exist_ok=True)
    shutil.copy(project / "live.mov", people)
    checked(project, "{}")
    command = ("kioskd", "evaluate", "data", "-c", "config.yaml", "--json", "report.json")
    run(project, *command)
    (scheme,) = json.loads((project / "report.json").read_text("utf-8"))["schemes"]
    assert scheme["scheme"] == "toy_light"
    assert "toy_light" in run(project, "kioskd", "evaluate", "data", "--mode", "toy_light")


def test_a_door_runs_on_it(project: Path) -> None:
    program = (
        "import sys; from tests.support.eyes import live_clip, shown_to, networks, frame\n"
        "from kioskd.config.load import load; from pathlib import Path\n"
        "from kioskd.modes import catalogue; from models.perceive import Perceiver\n"
        "(door,) = load(Path('config.yaml')).doors\n"
        "mode = catalogue.make(door.mode, door.gate, lambda n: 0)\n"
        "eye = Perceiver(networks('face', 'mesh'))\n"
        "steps = [shown_to(mode, eye, frame(i, n)) for n, i in enumerate(live_clip(40))]\n"
        "print([s.result.action for s in steps if s.result], steps[-1].prompt)\n"
    )
    checked(project, "{}")
    (project / "tests").symlink_to(ROOT / "tests")
    (project / "door.py").write_text(program, "utf-8")
    assert run(project, "door") == "['toyLight'] done\n"


def test_the_page_names_the_files_that_change() -> None:
    named = ("kioskd/modes/catalogue.py", "docs/understand/modes.md", "docs/connect/mqtt.md")
    assert all(name in PAGE for name in named)
    assert "python -m kioskd.config.reference" in PAGE
