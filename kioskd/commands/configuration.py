"""How every command reads a configuration: whole, or not at all."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kioskd.commands.exit_status import FAILED, OK, WRONG
from kioskd.config.load import Config, ConfigError, load
from kioskd.config.load import state_dir as state_dir_in
from kioskd.config.load import state_dir_of as state_dir_in_content
from kioskd.config.problem import Problem

__all__ = ["FAILED", "OK", "WRONG", "configuration"]


def on_standard_error(problem: Problem) -> None:
    print(problem, file=sys.stderr)


def configuration(path: Path, tell: Callable[[Problem], None] = on_standard_error) -> Config:
    """The configuration in a file. Where it has mistakes each is told, and the command ends."""
    with _mistakes_told(tell):
        return load(path)


def state_dir(path: Path, tell: Callable[[Problem], None] = on_standard_error) -> Path:
    """Where the daemon of a file keeps its state; the rest of the file may have mistakes."""
    with _mistakes_told(tell):
        return state_dir_in(path)


def state_dir_of(content: bytes, path: Path) -> Path:
    """As `state_dir`, of a content that the file does not have yet."""
    with _mistakes_told(on_standard_error):
        return state_dir_in_content(content, path)


@contextmanager
def _mistakes_told(tell: Callable[[Problem], None]) -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        for problem in error.problems:
            tell(problem)
        sys.exit(WRONG)
