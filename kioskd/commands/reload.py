"""`kioskd reload`: the running daemon reads its configuration again, and says what came of it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from kioskd.commands.configuration import FAILED, OK, WRONG, state_dir
from kioskd.config.live import is_live
from kioskd.reload.asking import AskingError, ask
from kioskd.reload.reloaded import Reloaded


def run(path: Path, *, as_json: bool) -> int:
    """Exit status 0 where the file was taken, 2 where it was refused, 1 where nobody answers."""
    try:
        answer = ask(state_dir(path))
    except AskingError as error:
        print(error, file=sys.stderr)
        return FAILED
    if as_json:
        print(json.dumps(answer.as_json, ensure_ascii=False))
    else:
        tell(answer)
    return WRONG if answer.refused else OK


def tell(answer: Reloaded) -> None:
    """What came of it, for a terminal: what is refused goes to standard error."""
    for problem in answer.refused:
        print(problem, file=sys.stderr)
    if answer.refused:
        print("nothing was taken: the configuration of before stands", file=sys.stderr)
    else:
        print(*_lines(answer), sep="\n")


def _lines(answer: Reloaded) -> Iterator[str]:
    for key in answer.applied:
        yield f"{key}: holds now"
    for key in answer.waiting:
        with_what = ", with what its door rests on" if is_live(tuple(key.split("."))) else ""
        yield f"{key}: waits for a restart{with_what}"
    yield from answer.notes
    changed = answer.applied or answer.waiting
    yield f"configuration {answer.after}" + ("" if changed else ": nothing else was changed")
