"""Tables and progress: readable in a terminal, plain everywhere else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from kioskd.terminal import table

ROOT = Path(__file__).parent.parent
HEAD = ("scheme", "EER")
ROWS = [("fused", "28.9 %"), ("[bold]web[/bold]", "-")]
PLAIN = ["  scheme               EER", "  fused             28.9 %", "  [bold]web[/bold]       -"]
SCRIPT = f"""
from kioskd.terminal import progress, table
with progress("Looking") as tell:
    for done in range(3):
        tell(done + 1, 3)
print(*table({HEAD}, {ROWS}), sep="\\n")
"""


def shown(**environment: str) -> str:
    """What somebody at a terminal of 30 columns sees."""
    ours, theirs = pty.openpty()
    told = {"TERM": "xterm", "COLUMNS": "30", "LANG": "C.UTF-8", **environment}
    command = [sys.executable, "-c", SCRIPT]
    run = subprocess.Popen(
        command, cwd=ROOT, stdout=theirs, stderr=theirs, env={**os.environ, **told}
    )
    os.close(theirs)
    found = b""
    try:
        while piece := os.read(ours, 4096):
            found += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert run.wait() == 0
    return found.decode()


def test_a_table_lines_up_and_shows_names_as_they_are() -> None:
    assert list(table(HEAD, ROWS)) == PLAIN


def test_a_table_is_never_cut_off_however_wide_it_is() -> None:
    name = "x" * 500
    assert list(table(HEAD, [(name, "1 %")]))[1] == f"  {name}  1 %"


def test_a_pipe_gets_text_alone() -> None:
    command = [sys.executable, "-c", SCRIPT]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == PLAIN
    assert run.stderr == ""


def test_a_terminal_shows_progress_and_a_head_that_stands_out() -> None:
    seen = shown()
    assert "Looking" in seen
    assert "100%" in seen
    assert "\x1b[1m" in seen
    assert PLAIN[2] in seen


def test_a_terminal_that_knows_no_styles_gets_none() -> None:
    assert "\x1b[1m" not in shown(TERM="dumb")
