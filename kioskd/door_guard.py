"""The part of the daemon that counts attacks, and keeps doors shut that are locked out.

A passed result comes here last, on its judge's thread, before anybody is told. What is counted is
kept in the state folder, so that a restart ends no lockout; where it cannot be kept it counts all
the same until then.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil
from pathlib import Path

from kioskd import log
from kioskd.delivery.clock import Clock, SystemClock
from kioskd.event import Result
from kioskd.happenings import AttemptEnded
from kioskd.lockout import DoorLockout, as_bytes, attacked, left_s, of_bytes
from kioskd.lockout_settings import LockoutSettings
from kioskd.modes.reasons import Reason
from kioskd.private_file import replace_file
from kioskd.worker import Worker

FILE = "lockout.json"


class DoorGuard(Worker):
    """`trouble` is told which doors are locked out, and None when none is any more."""

    def __init__(
        self,
        path: Path,
        doors: Mapping[str, LockoutSettings],
        trouble: Callable[[str | None], None],
        clock: Clock | None = None,
    ) -> None:
        super().__init__("door guard")
        self._path, self._settings = path, dict(doors)
        self._trouble, self._clock = trouble, clock or SystemClock()
        self._lock = threading.Lock()
        self._doors = self._kept()
        self._log = log.logger()
        self._told: str | None = None

    def check(self, door: str, result: Result) -> Result:
        """The same result, or while the door is locked out one that opens nothing."""
        if result.verdict != "passed" or self._left_s(door) <= 0.0:
            return result
        reasons = (Reason.LOCKED_OUT.value, *result.reasons)
        return replace(result, verdict="undecided", emits=False, attributes={}, reasons=reasons)

    def attempt_ended(self, ended: AttemptEnded) -> None:
        """A listener: quick, and on the judge's thread."""
        settings = self._settings.get(ended.door)
        if settings is None or not ended.result.is_attack:
            return
        at = self._clock.wall()
        with self._lock:
            before = self._doors.get(ended.door, DoorLockout())
            now = attacked(before, at, settings)
            self._doors[ended.door] = now
        if now.until > before.until:
            self._log.warning("locked out", door=ended.door, seconds=round(now.length))
            self.turn()
        self.later(self._keep)

    def turn(self) -> None:
        """Tell which doors are locked out, where that has changed; called now and then."""
        found = [f"{door} for {ceil(left)} s" for door, left in self._locked()]
        names = ", ".join(door for door, _ in self._locked()) or None
        if names != self._told:
            self._told = names
            told = f"locked out after repeated attacks: {', '.join(found)}"
            self._trouble(told if names is not None else None)

    def _locked(self) -> list[tuple[str, float]]:
        return [(door, left) for door in self._settings if (left := self._left_s(door)) > 0.0]

    def _left_s(self, door: str) -> float:
        settings = self._settings.get(door)
        with self._lock:
            known = self._doors.get(door)
        if settings is None or known is None:
            return 0.0
        return left_s(known, self._clock.wall(), settings)

    def _kept(self) -> dict[str, DoorLockout]:
        try:
            return of_bytes(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.logger().warning("lockouts of before are not known", file=FILE, detail=str(error))
            return {}

    def _keep(self) -> None:
        with self._lock:
            content = as_bytes(self._doors)
        try:
            replace_file(self._path, content)
        except OSError as error:
            self._log.error("lockouts cannot be kept", file=FILE, detail=error.strerror)
