"""`kioskd check`: every mistake of a configuration at once, before a daemon meets it."""

import json
import sys
from pathlib import Path

from kioskd.commands.configuration import OK, WRONG
from kioskd.config.as_user import UserError, become
from kioskd.config.load import check
from kioskd.config.problem import Problem


def run(path: Path, user: str | None = None, *, as_json: bool = False) -> int:
    """Print every problem, or that all is well. Exit status 0, or 2 where there is a mistake."""
    status, lines = checked(path, user, as_json=as_json)
    print(*lines, sep="\n", file=sys.stderr if status != OK and not as_json else sys.stdout)
    return status


def checked(path: Path, user: str | None = None, *, as_json: bool = False) -> tuple[int, list[str]]:
    """The exit status and the lines to show.

    With a `user` this process looks as that user from here on, for good.
    """
    try:
        told = "" if user is None else become(user)
    except UserError as error:
        problems: tuple[Problem, ...] = (Problem("--as", 0, 0, "", str(error)),)
        told = ""
    else:
        problems = check(path)
    status = WRONG if any(problem.weight == "error" for problem in problems) else OK
    if as_json:
        return status, [json.dumps(_report(path, status, problems, told))]
    lines = [str(problem) for problem in problems]
    end = f"{path}: ok" + (f" ({told})" if told else "")
    return status, lines if status == WRONG else [*lines, end]


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
