"""The rows of the fault suite, by name: each is a function that breaks something and counts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.findings import Findings


@dataclass(frozen=True)
class Asked:
    """How much of a row is asked for.

    folder  the row's own, empty
    kills   of the daemon
    hours   that the soak lasts
    times   how many mutated inputs, each
    long_s  how long a fault lasts
    """

    folder: Path
    kills: int = 200
    hours: float = 0.02
    times: int = 1000
    long_s: float = 4.0


Row = Callable[[Asked], Findings]
ROWS: dict[str, Row] = {}


def row(name: str) -> Callable[[Row], Row]:
    """Enters the function below by this name; its docstring says what is broken."""

    def entered(made: Row) -> Row:
        ROWS[name] = made
        return made

    return entered
