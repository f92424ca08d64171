"""What `kioskd check` and `kioskd schema` do."""

from pathlib import Path
from typing import Any

from kioskd.config import settings
from kioskd.config.load import check

OK, BAD = 0, 2  # exit status; systemd does not start the daemon again after 2
SCHEMA_FILE = Path(__file__).with_name("config.schema.json")  # `kioskd schema`, for editors


def check_command(path: Path) -> tuple[int, list[str]]:
    """The exit status and the lines to show: every problem, or that all is well."""
    problems = check(path)
    lines = [str(problem) for problem in problems]
    if any(problem.weight == "error" for problem in problems):
        return BAD, lines
    return OK, [*lines, f"{path}: ok"]


def schema() -> dict[str, Any]:
    """The JSON Schema of config.yaml."""
    return settings.schema()
