"""Debug lines of one door, for a minute: who forgets to end them has not filled the log.

They are asked for by the command `debug`, or by a file named debug-DOOR in the state folder, which
is taken away when it is seen: `touch` it again to go on.
"""

import time
from collections.abc import Callable, Collection
from pathlib import Path

LEASE_S = 60.0
FILE = "debug-"  # and the door's name


class DebugLeases:
    """Which doors are told of in debug lines, until when; from any thread."""

    def __init__(self, doors: Collection[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._doors, self._clock = frozenset(doors), clock
        self._until: dict[str, float] = {}  # seconds on the monotonic clock; only assigned to

    def lease(self, door: str) -> float:
        """A minute from now on, in seconds. Raises KeyError for a door that there is not."""
        if door not in self._doors:
            raise KeyError(door)
        self._until[door] = self._clock() + LEASE_S
        return LEASE_S

    def holds(self, door: object) -> bool:
        return isinstance(door, str) and self._clock() < self._until.get(door, 0.0)

    def look(self, folder: Path) -> list[str]:
        """Take the files that ask for a lease; the doors that were given one."""
        given = []
        for door in sorted(self._doors):
            try:
                (folder / f"{FILE}{door}").unlink()
            except OSError:
                continue
            self.lease(door)
            given.append(door)
        return given
