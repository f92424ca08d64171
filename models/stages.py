"""How long each stage of perception takes, for `kioskd bench`."""

from collections import defaultdict
from collections.abc import Callable
from time import perf_counter


class Stages:
    """Seconds and calls per stage, added up. One per feed, read by whoever measures."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.clock = clock
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: defaultdict[str, int] = defaultdict(int)

    def timed(self, stage: str) -> "Timed":
        """Adds the time that its block takes to a stage."""
        return Timed(self, stage)


class Timed:
    """A block that is timed. Written with a generator it took three times as long itself."""

    def __init__(self, stages: Stages, stage: str) -> None:
        self._stages, self._stage = stages, stage

    def __enter__(self) -> None:
        self._start = self._stages.clock()

    def __exit__(self, *_: object) -> None:
        self._stages.seconds[self._stage] += self._stages.clock() - self._start
        self._stages.calls[self._stage] += 1
