"""Three rooms, one way; one door per library; modes without side effects."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from keyword import iskeyword
from pathlib import Path

import pytest

from kioskd.cli import main

ROOT = Path(__file__).parent.parent
ROOMS = ("feeds", "models", "kioskd")
DOORS = {
    "amqtt": "kioskd/delivery/embedded_broker.py",
    "click": "kioskd/cli.py",
    "cryptography": "kioskd/signing/library.py",
    "cv2": "feeds/imaging.py",
    "jinja2": "kioskd/evaluation/report_page.py",
    "matplotlib": "kioskd/evaluation/curves.py",
    "nats": "kioskd/fleet/nats_link.py",
    "onnxruntime": "models/session.py",
    "paho": "kioskd/delivery/mqtt.py",
    "prometheus_client": "kioskd/metrics/library.py",
    "psycopg": "kioskd/fleet/database/library.py",
    "pydantic": "kioskd/config/section.py",
    "pyrealsense2": "feeds/realsense/library.py",
    "rich": "kioskd/terminal.py",
    "scipy": "kioskd/evaluation/estimates.py",
    "sklearn": "kioskd/evaluation/error_measures.py",
    "sqlite3": "kioskd/delivery/database.py",
    "starlette": "kioskd/page/site.py",
    "structlog": "kioskd/log.py",
    "uvicorn": "kioskd/page/server.py",
    "yaml": "kioskd/config/strict_yaml.py",
}
MAKING = "models/making"  # how the networks are made, by hand; not in the wheel
SIDE_EFFECTS = {"open", "print", "input", "exec", "eval", "breakpoint"}


def sources(folder: str) -> Iterator[Path]:
    """The product's own Python files in a folder, as paths from the root."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT)
        if not name.is_relative_to(MAKING):
            yield name


@cache
def imported(path: Path) -> set[str]:
    """The packages that a file imports anywhere in it, first names only."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.partition(".")[0])
    return names


def loaded_by(*modules: str) -> set[str]:
    """First names of everything in memory after a fresh Python imported these."""
    script = f"import sys, {', '.join(modules)}\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in run.stdout.split()}


def module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def test_the_walls_drawn_in_pyproject_stand() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("room", "later"), [("feeds", {"models", "kioskd"}), ("models", {"kioskd"})]
)
def test_a_room_loads_nothing_of_the_rooms_after_it(room: str, later: set[str]) -> None:
    assert later.isdisjoint(loaded_by(*map(module, sources(room))))


def test_the_modes_load_no_library_but_numpy() -> None:
    assert loaded_by(*map(module, sources("kioskd/modes"))).isdisjoint(DOORS)


@pytest.mark.parametrize(("library", "door"), DOORS.items())
def test_each_library_has_one_door(library: str, door: str) -> None:
    files = (path for room in ROOMS for path in sources(room))
    assert [str(path) for path in files if library in imported(path)] == [door]


def test_no_library_comes_in_without_a_door() -> None:
    known = {*ROOMS, *DOORS, *sys.stdlib_module_names, "numpy"}
    strangers = {
        str(path): unknown
        for room in ROOMS
        for path in sources(room)
        if (unknown := imported(path) - known)
    }
    assert strangers == {}


@pytest.mark.parametrize("room", ["feeds", "models"])
def test_only_kioskd_logs(room: str) -> None:
    assert [path for path in sources(room) if "logging" in imported(path)] == []


def test_modes_do_nothing_but_compute() -> None:
    called = {
        (str(path), node.func.id)
        for path in sources("kioskd/modes")
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert {call for call in called if call[1] in SIDE_EFFECTS} == set()


MAY_READ_REPLIES = {
    "kioskd/happenings.py",  # where it is defined
    "kioskd/log_lines.py",
    "kioskd/page/kept.py",  # for a kiosk's screen
    "kioskd/page/page.py",
    "kioskd/delivery/replies.py",  # where it is told
}


def names(path: Path) -> set[str]:
    """Every name that a file uses, imports or asks an object for."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found.add(name)
            case ast.Constant(value=str(name)):
                found.add(name)
            case _:
                pass
    return found


def test_what_a_controller_answers_is_shown_and_nothing_decides_by_it() -> None:
    """Whoever is added above shows it to somebody, and has no hand in a decision or an event."""
    readers = {str(path) for room in ROOMS for path in sources(room) if "Replied" in names(path)}
    assert readers == MAY_READ_REPLIES
    assert MAY_READ_REPLIES.isdisjoint({"kioskd/judge.py", "kioskd/event.py", "kioskd/daemon.py"})
    assert not {path for path in readers if path.startswith(("kioskd/modes/", "models/", "feeds/"))}


def test_every_command_has_a_file_of_its_own() -> None:
    files = {path.stem for path in sources("kioskd/commands")}
    stems = (name.replace("-", "_") for name in main.commands)
    assert {f"{stem}_" if iskeyword(stem) else stem for stem in stems} <= files


def test_commands_load_a_configuration_in_one_way() -> None:
    loading = {
        str(path)
        for path in sources("kioskd/commands")
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "kioskd.config.load"
        if {alias.name for alias in node.names} & {"load", "ConfigError"}
    }
    assert loading == {"kioskd/commands/configuration.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_docstring_begins_with_a_sentence(room: str) -> None:
    """What it is, in words, before the list of its parts."""
    wordless = [
        f"{path}:{node.lineno}"
        for path in sources(room)
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        if (text := ast.get_docstring(node, clean=False)) is not None
        if not text.strip() or text.startswith("\n")
    ]
    assert wordless == []
