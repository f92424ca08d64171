"""When to try again."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Waiting times that double from `first` to `most` seconds, each jittered down by up to half.

    The jitter keeps a building's kiosks from all coming back in the same instant.
    """

    first: float = 0.5
    most: float = 30.0
    _next: float = field(init=False, default=0.0)

    def wait(self) -> float:
        self._next = min(self.most, 2 * self._next) if self._next else self.first
        return self._next * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._next = 0.0
