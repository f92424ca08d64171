"""When to try again. Pure but for the dice, which can be loaded."""

import random
from collections.abc import Callable

STABLE_S = 10.0  # online for so long: the next fault begins the back-off anew
_MOST_DOUBLINGS = 30


class Retry:
    """Exponential back-off, jittered so that many feeds do not knock on one camera at once."""

    def __init__(
        self, first_s: float, most_s: float, chance: Callable[[], float] = random.random
    ) -> None:
        """`chance` gives numbers from 0 to 1."""
        self.at = 0.0  # when to try again, monotonic seconds
        self._first_s = first_s
        self._most_s = most_s
        self._chance = chance
        self._failures = 0
        self._online_since: float | None = None

    def online(self, now: float) -> None:
        """The feed gives frames at `now`."""
        if self._online_since is None:
            self._online_since = now

    def failed(self, now: float) -> None:
        """The feed ended at `now`: sets the time of the next try."""
        if self._online_since is not None and now - self._online_since >= STABLE_S:
            self._failures = 0
        self._online_since = None
        wait_s = min(self._most_s, self._first_s * 2.0 ** min(self._failures, _MOST_DOUBLINGS))
        self._failures += 1
        self.at = now + max(self._first_s, wait_s * (0.5 + 0.5 * self._chance()))
