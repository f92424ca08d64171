"""The rules of snapshots: sealed to a key, or none are kept."""

from collections.abc import Iterator

from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value, note
from kioskd.config.sentences import shown
from kioskd.signing.aes_gcm import SealError
from kioskd.signing.sealed_to import public_key

AT = ("snapshots",)
ENABLED, RECIPIENT, DOORS = (*AT, "enabled"), (*AT, "recipient"), (*AT, "doors")
NO_KEY = (
    "needs recipient: pictures of people are sealed to a key that is not on this kiosk, or not"
    " kept; `kioskd snapshots key` makes one"
)
TOLD = (
    "pictures of people who are refused are kept: tell them so by a sign at the door, and see that"
    " you may (docs/install/snapshots.md)"
)


def problems(ask: Answers) -> Iterator[Problem]:
    if ask.true(*ENABLED):
        if ask.set(*RECIPIENT):
            yield note(ask.document, ENABLED, TOLD)
        else:
            yield at_key(ask.document, ENABLED, NO_KEY)
    if (text := ask.text(*RECIPIENT)) is not None:
        try:
            public_key(text)
        except SealError as error:
            yield at_value(ask.document, RECIPIENT, str(error))
    doors = set(ask.sections("doors"))
    for name in ask.words(*DOORS) or ():
        if name not in doors:
            yield at_value(ask.document, DOORS, f"names {shown(name)}, which is no door here")
