"""How often each of many may ask. Pure: the time is given."""

from collections import deque

MOST_KEPT = 10_000  # names; beyond, the one that asked longest ago is forgotten


class RateLimit:
    """At most `count` times in `within_s` seconds, for each name. Safe under the caller's lock only
    where two threads may ask for one name; at worst one too many is let through.
    """

    def __init__(self, count: int, within_s: float) -> None:
        self._count, self._within_s = count, within_s
        self._times: dict[str, deque[float]] = {}

    def admits(self, name: str, now: float) -> bool:
        """Whether it may ask once more now; if so it has asked."""
        times = self._times.pop(name, None) or deque(maxlen=self._count)
        self._times[name] = times
        while len(self._times) > MOST_KEPT:
            del self._times[next(iter(self._times))]
        if len(times) == self._count and now - times[0] < self._within_s:
            return False
        times.append(now)
        return True

    def prune(self, now: float) -> None:
        """Forget who has not asked for long."""
        for name, times in list(self._times.items()):
            if not times or now - times[-1] >= self._within_s:
                self._times.pop(name, None)
