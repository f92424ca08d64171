"""A door runs without the libraries that only some commands need; those commands ask for them."""

import subprocess
import sys
from pathlib import Path

import pytest

from feeds.installation import to_add
from models import gpu

ROOT = Path(__file__).parent.parent
LIBRARIES = ("jinja2", "matplotlib", "rich", "scipy", "sklearn")


def without(libraries: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    """`kioskd` in a Python that cannot import these."""
    blocked = f"sys.modules.update(dict.fromkeys({libraries}))"
    script = f"import sys; {blocked}; from kioskd.cli import main; main({list(arguments)})"
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("library", LIBRARIES)
def test_evaluate_names_what_is_missing_and_how_to_get_it(library: str) -> None:
    said = without((library,), "evaluate", "nowhere")
    assert said.returncode == 2
    assert said.stderr == (
        f"this command needs {library}, which is not installed: {to_add('evaluation')}\n"
    )


def test_the_prices_of_a_gate_say_it_too() -> None:
    said = without(LIBRARIES, "evaluate", "nowhere", "--gate-prices", "prices.html")
    assert said.returncode == 2
    assert said.stderr.endswith(f"{to_add('evaluation')}\n")


def test_calibrate_says_it_too() -> None:
    said = without(LIBRARIES, "calibrate", "nowhere", "--bpcer", "5")
    assert said.returncode == 2
    assert said.stderr.endswith(f"{to_add('evaluation')}\n")


def test_try_says_it_before_it_starts_anything() -> None:
    for library in ("amqtt", "starlette", "uvicorn"):
        said = without((library,), "try", "tests/data/smiling.mp4")
        assert said.returncode == 2
        assert said.stdout == ""
        assert f"needs {library}, which is not installed" in said.stderr


def test_watch_says_it_too() -> None:
    said = without(("rich",), "watch", "-c", "config.yaml")
    assert said.returncode == 2
    assert said.stderr.endswith(f"{to_add('page')}\n")


@pytest.mark.parametrize("library", ["starlette", "uvicorn"])
def test_a_door_with_a_page_names_what_is_missing(library: str, tmp_path: Path) -> None:
    example = (ROOT / "config.yaml").read_text("utf-8")
    config = tmp_path / "config.yaml"
    config.write_text(example.replace("  enabled: false", "  enabled: true", 1), "utf-8")
    (tmp_path / "kioskd").symlink_to(ROOT / "kioskd")
    said = without((library,), "run", "-c", str(config))
    assert said.returncode == 2
    assert said.stderr.endswith(
        f"this command needs {library}, which is not installed: {to_add('page')}\n"
    )


def test_nothing_else_asks_for_them() -> None:
    assert without(LIBRARIES, "check", "-c", "config.yaml").returncode == 0
    demo = without(LIBRARIES, "demo", "--json")
    assert demo.returncode == 0, demo.stderr


def test_inspect_names_what_is_missing_for_a_table_and_for_a_report() -> None:
    said = without(("rich",), "inspect", "nowhere.jpg")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.endswith(f"{to_add('page')}\n")
    said = without(("jinja2",), "inspect", "nowhere.jpg", "--html", "report.html")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.endswith(f"{to_add('evaluation')}\n")


def test_without_a_runtime_every_command_names_the_one_for_this_machine() -> None:
    fitting = to_add("gpu" if gpu.has_driver() else "cpu")
    for command in (("doctor", "-c", "config.yaml"), ("inspect", "nowhere.jpg")):
        said = without(("onnxruntime",), *command)
        assert said.returncode == 2
        expected = f"kioskd needs an ONNX Runtime, and none is installed: {fitting}\n"
        assert said.stderr.endswith(expected)


def test_without_opencv_it_is_the_one_without_windows_that_is_named() -> None:
    said = without(("cv2",), "doctor", "-c", "config.yaml")
    assert said.returncode == 2
    assert said.stderr.startswith("kioskd needs OpenCV, which is not installed: ")
    assert said.stderr.endswith("pip install opencv-python-headless\n")
