"""Libraries that not every machine has, and the sentence that says how to get them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

OURS = ("feeds", "models", "kioskd")


@contextmanager
def extra(name: str, *libraries: str) -> Iterator[None]:
    """Around imports of what comes with this extra: without it the command ends with status 2.

    libraries  that come with it, where others that may be missing come with another; none: all
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library in OURS or (libraries and library not in libraries):
            raise
        advice = f"pip install 'kioskd[{name}]'"
        print(f"this command needs {library}, which is not installed: {advice}", file=sys.stderr)
        sys.exit(2)
