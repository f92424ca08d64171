"""Asking the daemon of a state folder, by a signal, to read its configuration again."""

import os
import signal
import time
from pathlib import Path

from kioskd.reload import answer_file
from kioskd.reload.reloaded import Reloaded
from kioskd.reload.reloader import ANSWERED_S
from kioskd.state_dir import holder

LOOK_S = 0.02


class AskingError(Exception):
    """The daemon cannot be asked, in a sentence."""


class NobodyThereError(AskingError):
    """No daemon runs with this folder."""


def ask(folder: Path, wait_s: float = ANSWERED_S) -> Reloaded:
    """What the daemon answers. Raises AskingError.

    An answer counts only if the reading began after we asked: one that was under way may have read
    what stood in the file before.
    """
    try:
        pid = holder(folder)
        if pid is None:
            told = f"no kioskd runs with the state folder {folder}; a reload cannot change that"
            raise NobodyThereError(told)
        asked_at = time.monotonic()
        os.kill(pid, signal.SIGHUP)
        return _answer(folder, asked_at, wait_s)
    except (PermissionError, ProcessLookupError) as error:
        told = f"the kioskd of {folder} cannot be asked ({error.strerror}): ask as root or its user"
        raise AskingError(told) from error


def _answer(folder: Path, asked_at: float, wait_s: float) -> Reloaded:
    while time.monotonic() < asked_at + wait_s:
        said = answer_file.kept(folder)
        if said is not None and said.began_at >= asked_at:
            return said.answer
        time.sleep(LOOK_S)
    raise AskingError(f"kioskd has not answered within {wait_s:.0f} s: see its log")
