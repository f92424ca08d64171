"""How every command reads a configuration: whole, or not at all."""

import sys
from collections.abc import Callable
from pathlib import Path

from kioskd.config.load import Config, ConfigError, load
from kioskd.config.problem import Problem

OK, FAILED, WRONG = 0, 1, 2  # exit status of every command; kioskd/cli.py says what they mean


def on_standard_error(problem: Problem) -> None:
    print(problem, file=sys.stderr)


def configuration(path: Path, tell: Callable[[Problem], None] = on_standard_error) -> Config:
    """The configuration in a file. Where it has mistakes each is told, and the command ends."""
    try:
        return load(path)
    except ConfigError as error:
        for problem in error.problems:
            tell(problem)
        sys.exit(WRONG)
