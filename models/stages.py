"""How long each stage of perception takes, for `kioskd bench`."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Stages:
    """Seconds and calls per stage, added up. One per feed, read by whoever measures."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: defaultdict[str, int] = defaultdict(int)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds the time that its block takes to a stage."""
        start = perf_counter()
        yield
        self.seconds[stage] += perf_counter() - start
        self.calls[stage] += 1
