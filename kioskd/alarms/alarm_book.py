"""Which alarms ring, and when each last rang. Pure.

A cause must last for a moment before it rings, and be over for a while before it is said to be:
a camera that comes and goes is one alarm, and no storm of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kioskd.alarms.alarm import Alarm, AlarmCode
from kioskd.alarms.causes import Cause

HOLD_S = 3.0  # a cause that lasts so long rings
LONGER_S: Mapping[AlarmCode, float] = {"clock": 120.0}  # a time service takes its time at a start
QUIET_S = 10.0  # and one that is away for so long has ended


@dataclass(slots=True)
class _Sight:
    """A cause, since it was first seen. `…_at` on the monotonic clock, the others since 1970."""

    sentence: str
    first_at: float
    last_at: float
    first: float
    last: float
    rang: bool = False

    def seen(self, sentence: str, now: float, wall: float) -> None:
        self.sentence, self.last_at, self.last = sentence, now, wall


class AlarmBook:
    """Told of the causes now and then. It knows each cause once, so it never grows beyond them."""

    def __init__(self) -> None:
        self._sights: dict[Cause, _Sight] = {}
        self._ended: dict[Cause, Alarm] = {}

    def look(self, causes: Mapping[Cause, str], now: float, wall: float) -> list[Alarm]:
        """The alarms that begin or end with this look; `now` monotonic, `wall` since 1970."""
        for cause, sentence in causes.items():
            sight = self._sights.setdefault(cause, _Sight(sentence, now, now, wall, wall))
            sight.seen(sentence, now, wall)
        return [*self._over(now), *self._begun(now)]

    @property
    def alarms(self) -> list[Alarm]:
        """Those that ring, longest first, and of each of the others when it last rang."""
        rings = [_alarm(cause, sight) for cause, sight in self._sights.items() if sight.rang]
        still = {(one.code, one.door) for one in rings}
        rest = [alarm for cause, alarm in self._ended.items() if cause not in still]
        return [*sorted(rings, key=lambda one: one.began), *rest]

    def _begun(self, now: float) -> list[Alarm]:
        begun = []
        for cause, sight in self._sights.items():
            if not sight.rang and sight.last_at - sight.first_at >= LONGER_S.get(cause[0], HOLD_S):
                sight.rang = True
                begun.append(_alarm(cause, sight))
        return begun

    def _over(self, now: float) -> list[Alarm]:
        over = []
        for cause, sight in list(self._sights.items()):
            away_s = now - sight.last_at
            if not sight.rang and away_s > 0.0:
                del self._sights[cause]
            elif away_s >= QUIET_S:
                del self._sights[cause]
                ended = replace(_alarm(cause, sight), ended=max(sight.first, sight.last))
                self._ended.pop(cause, None)
                self._ended[cause] = ended
                over.append(ended)
        return over


def _alarm(cause: Cause, sight: _Sight) -> Alarm:
    code, door = cause
    return Alarm(code, sight.sentence, sight.first, door=door)
