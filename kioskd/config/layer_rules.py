"""The rule of layers: whoever trusts a fleet has its keys in a file."""

from collections.abc import Iterator

from kioskd.config import files
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, note

AT = ("layers",)
TRUST = (*AT, "trust")
LOOSEN = (
    "lets whoever holds the fleet's key have doors opened more easily, in every key that does not"
    " stand here; write the limits that matter most into this file"
)


def problems(ask: Answers) -> Iterator[Problem]:
    file = ask.file(*TRUST)
    if file is not None and (wrong := files.wrong_file(file)):
        yield note(ask.document, TRUST, f"{wrong}: until it is there no layer is taken")
    if ask.true(*AT, "may_loosen"):
        if ask.set(*TRUST):
            yield note(ask.document, (*AT, "may_loosen"), LOOSEN)
        else:
            told = "needs trust: without it no layer is taken"
            yield at_key(ask.document, (*AT, "may_loosen"), told)
