"""The part of the daemon that keeps doors shut by the site's rules, whoever passed their mode.

After repeated attacks (lockout.py), outside a door's hours (opening_hours.py), and for a moment
after it opened. A passed result comes here last, on its judge's thread, before anybody is told.
What is counted is kept in the state folder, so that a restart ends no lockout; where it cannot be
kept it counts all the same until then. Where it cannot be read, an empty file among others, nobody
knows which doors were locked out: all are, for their longest time and from then on as after any.
"""

import math
import threading
from collections.abc import Callable, Iterable
from math import ceil
from pathlib import Path

from kioskd import log, time_service
from kioskd.config.config import Door
from kioskd.delivery.clock import Clock, SystemClock
from kioskd.event import Result
from kioskd.happenings import AttemptEnded
from kioskd.lockout import DoorLockout, as_bytes, attacked, ended, left_s, of_bytes
from kioskd.modes.reasons import Reason
from kioskd.private_file import replace_file
from kioskd.refused import RefusedError
from kioskd.worker import Worker

FILE = "lockout.json"
AFTER_ATTACKS = "after repeated attacks"
UNKNOWN = f"for {FILE} could not be read, and lockouts of before are not known"


class DoorGuard(Worker):
    """`trouble` is told which doors are locked out, and None when none is any more."""

    def __init__(
        self,
        path: Path,
        doors: Iterable[Door],
        trouble: Callable[[str | None], None],
        clock: Clock | None = None,
    ) -> None:
        super().__init__("door guard", watched=False)  # it may wait for a log that nobody reads
        self._path, self._rules = path, {door.name: door for door in doors}
        self._settings = {name: door.lockout for name, door in self._rules.items()}
        self._opened: dict[str, float] = {}  # when each was told to last, seconds, monotonic
        self._trouble, self._clock = trouble, clock or SystemClock()
        self._lock = threading.Lock()
        self._why = AFTER_ATTACKS  # are doors locked out
        self._doors = self._kept()
        self._told: str | None = None

    def check(self, door: str, result: Result) -> Result:
        """The same result, or one that opens nothing, and why."""
        if result.verdict != "passed":
            return result
        why = self._why_not(door)
        if why is not None:
            return result.refused(why.value)
        self._opened[door] = self._clock.monotonic()
        return result

    def use(self, door: Door) -> None:
        """The door goes by these from here on; on its judge's thread. What was counted stays."""
        self._rules[door.name], self._settings[door.name] = door, door.lockout

    def _why_not(self, door: str) -> Reason | None:
        rules = self._rules.get(door)
        if self._left_s(door) > 0.0:
            return Reason.LOCKED_OUT
        if rules is None:
            return None
        reading = self._clock.reading()
        doubted = time_service.doubt(reading.synchronised, reading.wall) is not None
        if rules.hours.limits and (doubted or not rules.hours.is_open(reading.wall)):
            return Reason.OUT_OF_HOURS
        since = self._clock.monotonic() - self._opened.get(door, -math.inf)
        return Reason.JUST_OPENED if since < rules.pause_s else None

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
            self.turn()  # what is told here is logged by another thread: a log may hang
        self.later(self._keep)

    def end_lockout(self, door: str) -> None:
        """Somebody has looked, and lets the door open again. Raises RefusedError."""
        settings = self._settings[door]
        if settings.ended_by != "command":
            told = f"a lockout of {door} ends by time alone: its lockout.ended_by is not command"
            raise RefusedError(409, "EndsByTime", told)
        with self._lock:
            known, at = self._doors.get(door, DoorLockout()), self._clock.wall()
            if left_s(known, at, settings) <= 0.0:
                raise RefusedError(409, "NotLockedOut", f"{door} is not locked out")
            self._doors[door] = ended(known, at)
        self.later(self._keep)
        self.later(self.turn)

    def turn(self) -> None:
        """Tell which doors are locked out, where that has changed; called now and then."""
        found = [f"{door} for {ceil(left)} s" for door, left in self._locked()]
        names = ", ".join(door for door, _ in self._locked()) or None
        if names != self._told:
            self._told = names
            told = f"locked out {self._why}: {', '.join(found)}"
            self._trouble(told if names is not None else None)
            self._why = self._why if names is not None else AFTER_ATTACKS

    def _locked(self) -> list[tuple[str, float]]:
        return [(door, left) for door in list(self._settings) if (left := self._left_s(door)) > 0.0]

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
            return self._all_locked()

    def _all_locked(self) -> dict[str, DoorLockout]:
        """Once: it is kept, so that the next start reads it, and ends with time as all do."""
        self._why = UNKNOWN
        self.later(self._keep)
        at, rules = self._clock.wall(), self._settings.items()
        return {
            name: DoorLockout((), at + rule.most_s, rule.most_s)
            for name, rule in rules
            if rule.attacks
        }

    def _keep(self) -> None:
        with self._lock:
            content = as_bytes(self._doors)
        try:
            replace_file(self._path, content)
        except OSError as error:
            log.logger().error("lockouts cannot be kept", file=FILE, detail=error.strerror)
