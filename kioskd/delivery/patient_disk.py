"""Work on the audit log from the courier's thread: tried, told if refused, and left a while."""

from collections.abc import Callable
from typing import TypeVar

from kioskd.delivery.database import AuditError
from kioskd.delivery.delivery_context import Shared

PAUSE_S = 5.0  # before a failing disk is tried again

T = TypeVar("T")


class PatientDisk:
    def __init__(self, shared: Shared) -> None:
        self._clock = shared.clock
        self._problems = shared.problems
        self._again_at = self._clock.monotonic()
        self._failed = ""  # the work that was refused last

    @property
    def resting(self) -> bool:
        """It refused something a moment ago."""
        return self._clock.monotonic() < self._again_at

    def tried(self, name: str, work: Callable[[], T]) -> T | None:
        """What the work gives; None, a problem told and a pause if the disk fails.

        The problem ends when the work of the same name succeeds, or a record is written.
        """
        try:
            done = work()
        except AuditError as error:
            self._again_at = self._clock.monotonic() + PAUSE_S
            self._failed = name
            self._problems.set("audit", str(error))
            return None
        if self._failed == name:
            self._failed = ""
            self._problems.set("audit", None)
        return done
