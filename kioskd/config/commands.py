"""What `kioskd check` and `kioskd schema` do."""

import json
from pathlib import Path
from typing import Any

from kioskd.config import settings
from kioskd.config.as_user import UserError, become
from kioskd.config.load import check
from kioskd.config.problem import Problem

OK, BAD = 0, 2  # exit status; systemd does not start the daemon again after 2
SCHEMA_FILE = Path(__file__).with_name("config.schema.json")  # `kioskd schema`, for editors


def check_command(
    path: Path, user: str | None = None, *, as_json: bool = False
) -> tuple[int, list[str]]:
    """The exit status and the lines to show: every problem, or that all is well.

    With a `user` this process looks as that user from here on, for good.
    """
    try:
        told = "" if user is None else become(user)
    except UserError as error:
        problems: tuple[Problem, ...] = (Problem("--as", 0, 0, "", str(error)),)
        told = ""
    else:
        problems = check(path)
    status = BAD if any(problem.weight == "error" for problem in problems) else OK
    if as_json:
        return status, [json.dumps(_report(path, status, problems, told))]
    lines = [str(problem) for problem in problems]
    end = f"{path}: ok" + (f" ({told})" if told else "")
    return status, lines if status == BAD else [*lines, end]


def _report(path: Path, status: int, problems: tuple[Problem, ...], told: str) -> dict[str, object]:
    """For a program: `key` is the path of keys, line and column count from 1, 0 is the file."""
    return {
        "file": str(path),
        "ok": status == OK,
        "looked": told or None,
        "problems": [
            {
                "weight": problem.weight,
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "key": problem.path,
                "text": problem.text,
            }
            for problem in problems
        ],
    }


def schema() -> dict[str, Any]:
    """The JSON Schema of config.yaml."""
    return settings.schema()
