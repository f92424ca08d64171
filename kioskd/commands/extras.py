"""Libraries that not every machine has, and the sentence that says how to get them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

OURS = ("feeds", "models", "kioskd")


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Around imports of what comes with this extra: without it the command ends with status 2."""
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library in OURS:
            raise
        advice = f"pip install 'kioskd[{name}]'"
        print(f"this command needs {library}, which is not installed: {advice}", file=sys.stderr)
        sys.exit(2)
