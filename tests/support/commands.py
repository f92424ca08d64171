"""A command of kioskd in the test's own process, where what it loads is loaded once for all."""

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from kioskd.cli import main


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str


def kioskd(*arguments: str | Path) -> Said:
    """What `kioskd ARGUMENTS` says; an exception that it does not expect is the test's."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments], prog_name="kioskd")
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())
