"""Networks that come while a door is at work are loaded beside its judge, and frames go on.

To read, verify and run a network for the first time takes from a tenth of a second to several. In
the judge's own thread a camera's frames would wait for it, and so would the watchdog.
"""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from kioskd.config.config import Perception
from models.manifest import shipped
from models.network_file import NetworkError, Role
from models.observation import Measure
from models.perceive import Perceiver
from models.session import Networks

T = TypeVar("T")
STOP_S = 2.0  # for what is being loaded when its judge ends: nothing can call that off


def as_configured(perception: Perception, roles: frozenset[Role]) -> Networks:
    """These networks, checked and loaded as the configuration says. Raises NetworkError."""
    manifest = shipped().with_added(perception.added)
    return Networks.load(roles, perception.provider, perception.threads, manifest)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """All is there that was asked for, or the reason why it is not.

    asked    what it was asked for
    failure  of a network, in a sentence
    error    a mistake of ours
    """

    asked: T
    failure: str | None = None
    error: Exception | None = None


class Loading(Generic[T]):
    """Of one judge. `done` is called with what came of each request, in a thread of this."""

    def __init__(self, perceiver: Perceiver, done: Callable[[Loaded[T]], object]) -> None:
        self._perceiver, self._done = perceiver, done
        self._threads: list[threading.Thread] = []

    def begin(self, asked: T, measures: Collection[Measure], schemes: Collection[str]) -> None:
        """Load what lacks for these, and say so when it is there."""
        self._threads = [each for each in self._threads if each.is_alive()]
        job = threading.Thread(
            target=self._load, args=(asked, measures, schemes), name="loading", daemon=True
        )
        self._threads.append(job)
        job.start()

    def end(self) -> None:
        """Wait for what is being loaded, but not for ever."""
        for job in self._threads:
            job.join(STOP_S)

    def _load(self, asked: T, measures: Collection[Measure], schemes: Collection[str]) -> None:
        try:
            self._perceiver.prepare(measures, schemes)
        except NetworkError as error:
            self._done(Loaded(asked, failure=str(error)))
        except Exception as error:  # for the judge to fail of, where it is seen
            self._done(Loaded(asked, error=error))
        else:
            self._done(Loaded(asked))
