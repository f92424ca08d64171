"""Say the same thing seldom, however often it is so. Pure."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

EVERY_S = 10.0

T = TypeVar("T", bound=Hashable)


@dataclass(slots=True)
class _Said:
    at: float  # seconds, monotonic
    since: int = 0  # how often it was so after that


class Seldom(Generic[T]):
    """What is new is said at once, what goes on every EVERY_S, with how often it was so by then.

    say  called with the thing and how often it was so since it was last said
    """

    def __init__(self, say: Callable[[T, int], object]) -> None:
        self._say = say
        self._said: dict[T, _Said] = {}

    def note(self, what: T, now: float, times: int = 1) -> None:
        """It was so, `times` times; `now` in seconds on the monotonic clock."""
        if what in self._said:
            self._said[what].since += times
        else:
            self._said[what] = _Said(now)
            self._say(what, times)

    def tend(self, now: float) -> None:
        """Say what was kept back and is due. What was not so since may be new again."""
        for what, said in list(self._said.items()):
            if now - said.at < EVERY_S:
                continue
            del self._said[what]
            if said.since:
                self._said[what] = _Said(now)
                self._say(what, said.since)
