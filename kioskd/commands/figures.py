"""How a command that gives figures ends: what it wrote, and what the figures leave out."""

import sys
from collections.abc import Callable

from kioskd.commands.configuration import FAILED, OK


def written(write: Callable[[], object], unread: int) -> int:
    """Write the files asked for; the exit status, 1 where one could not be written.

    unread  labelled files or frames that could not be read: 1 too, for the figures are without them
    """
    try:
        write()
    except OSError as error:
        print(f"{error.filename}: cannot be written ({error.strerror})", file=sys.stderr)
        return FAILED
    if unread:
        text = f"{unread} labelled file(s) or frame(s) could not be read; the figures are"
        print(f"{text} of the rest alone", file=sys.stderr)
        return FAILED
    return OK
