"""Which attempts may have a picture: refused ones, and never one that was passed. Pure."""

from typing import get_args

from kioskd.event import Result
from kioskd.snapshots.snapshots_settings import Refusal

# Somebody was refused for whom they are, or for what was there before, though they passed.
_AFTER_PASSING: dict[str, Refusal] = {
    code: code
    for code in get_args(Refusal)
    if code in ("threat", "stranger", "not_admitted", "not_the_person", "locked_out")
}


def refusal(result: Result) -> Refusal | None:
    """What sort of refusal an attempt ended with; None: it was passed, or came to nothing.

    Of an attempt that was broken off, or whose time was over, nobody was refused. Nor is anybody
    told from outside its hours, just after an opening, or at a disabled door: that is the door's.
    """
    if result.verdict == "passed":
        return None
    if result.is_attack:
        return "attack"
    first = result.reasons[0] if result.reasons else ""
    if first in _AFTER_PASSING:
        return _AFTER_PASSING[first]
    return "failed" if result.verdict == "failed" else None
