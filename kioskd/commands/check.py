"""`kioskd check`: every mistake of a configuration at once, before a daemon meets it."""

import json
import sys
from pathlib import Path

from kioskd.commands.configuration import OK, WRONG, configuration
from kioskd.config.as_user import UserError, become
from kioskd.config.config import Door
from kioskd.config.load import check
from kioskd.config.problem import Problem
from kioskd.modes.catalogue import spec_of
from kioskd.modes.whose_numbers import whose_numbers


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
    gates = _gates(path) if status == OK else {}
    if as_json:
        return status, [json.dumps(_report(path, status, problems, told, gates))]
    lines = [str(problem) for problem in problems]
    if status == WRONG:
        return status, lines
    asked = [f"{path}: door {door} asks for {said}" for door, said in gates.items()]
    return status, [*lines, *asked, f"{path}: ok" + (f" ({told})" if told else "")]


def _gates(path: Path) -> dict[str, str]:
    """By door, what its gate asks for, and whose numbers these are."""
    return {door.name: _gate(door) for door in configuration(path).doors}


def _gate(door: Door) -> str:
    spec = spec_of(door.mode)
    # Where an action is asked for, the gate is the action's, whatever judges colours beside it.
    schemes = () if spec.joins else spec.needs(door.mode).schemes
    return whose_numbers(door.gate, spec.gate.defaults, schemes)


def _report(
    path: Path, status: int, problems: tuple[Problem, ...], told: str, gates: dict[str, str]
) -> dict[str, object]:
    """For a program: `key` is the path of keys, line and column count from 1, 0 is the file."""
    return {
        "file": str(path),
        "ok": status == OK,
        "looked": told or None,
        "gates": gates,
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
