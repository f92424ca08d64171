"""The answer of the last reading, in the state folder: `kioskd reload` asks by a signal."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kioskd.config.problem import Problem
from kioskd.private_file import replace_file
from kioskd.reload.reloaded import Reloaded

FILE = "reload.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """began_at: when the reading began, seconds on the machine's monotonic clock."""

    began_at: float
    answer: Reloaded


def keep(folder: Path, began_at: float, answer: Reloaded) -> None:
    """Raises OSError."""
    told = {"format": FORMAT, "beganAt": began_at, **answer.as_json}
    replace_file(folder / FILE, json.dumps(told).encode())


def kept(folder: Path) -> Kept | None:
    """The last answer; None where there is none that can be read. Raises PermissionError."""
    try:
        said = json.loads((folder / FILE).read_bytes())
        if said.pop("format") != FORMAT:
            return None
        return Kept(float(said.pop("beganAt")), _answer(**said))
    except PermissionError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _answer(
    *,
    before: str,
    after: str,
    applied: list[str],
    waiting: list[str],
    refused: list[dict[str, Any]],
    notes: list[str],
) -> Reloaded:
    problems = tuple(_problem(**each) for each in refused)
    return Reloaded(before, after, tuple(applied), tuple(waiting), problems, tuple(notes))


def _problem(*, file: str, line: int, column: int, key: str, detail: str) -> Problem:
    return Problem(str(file), int(line), int(column), str(key), str(detail))
