"""Whether the machine keeps up with its cameras. Pure: times are arguments.

Frames are numbered as the camera gave them, so a judge sees from the numbers how many were
replaced by newer ones before it could look. That alone does not speak of load: a network may
bring frames in bunches. Where the judge was at work for most of the time too, it does.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

WINDOW_S = 10.0  # of a camera's time, looked back over
WHOLE_S = 5.0  # of it must have been seen before a problem is told
BEHIND = 0.75  # of the frames: fewer judged, and attempts take longer or break off
KEPT_UP = 0.9  # of them: enough for the problem to be over
BUSY = 0.5  # of the time
FADES = 0.95  # what is left of a duration that was measured, with each frame that it is not again
FEWEST = 5  # frames of the camera, to speak of an attempt at all


@dataclass(frozen=True, slots=True)
class Load:
    """What a judge made of the frames that its camera gave over some time.

    at        when the last of them was captured, seconds
    span_s    the time they cover
    share     of them that were judged, 0 to 1
    judge_s   spent on a judged one, seconds
    period_s  between two that the camera gave, seconds
    """

    at: float
    span_s: float
    share: float
    judge_s: float
    period_s: float

    @property
    def behind(self) -> bool:
        """Whether the machine is too busy for this camera."""
        busy = self.share * self.judge_s >= BUSY * self.period_s
        return busy and self.share < BEHIND and self.span_s >= FEWEST * self.period_s


@dataclass(frozen=True, slots=True)
class _Judged:
    number: int
    at: float
    took_s: float


class Pace:
    """The frames of one feed that were judged lately. It belongs to the judge's thread."""

    def __init__(self) -> None:
        self._judged: deque[_Judged] = deque()
        self._took_s = 0.0  # all of them together

    def judged(self, number: int, at: float, took_s: float) -> None:
        """A frame by its number and the time of its capture, and how long it took."""
        self._judged.append(_Judged(number, at, took_s))
        self._took_s += took_s
        while at - self._judged[0].at > WINDOW_S:
            self._took_s -= self._judged.popleft().took_s

    def load(self) -> Load | None:
        """Over the last WINDOW_S; None while there is nothing to compare."""
        if not self._judged:
            return None
        return _load(self._judged[0], self._judged[-1], len(self._judged), self._took_s)

    def load_since(self, at: float) -> Load | None:
        """Since the frame that was captured then, but no longer than WINDOW_S."""
        since = [judged for judged in self._judged if judged.at >= at]
        if not since:
            return None
        return _load(since[0], since[-1], len(since), sum(each.took_s for each in since))


class SpareTime:
    """Whether there is time, before a camera's next frame, for what is no part of the decision."""

    def __init__(self) -> None:
        self._takes_s = 0.0  # when it was done last, and less with each time that it was not

    def took(self, seconds: float) -> None:
        """So long, when it was done."""
        self._takes_s = seconds

    def enough(self, spent_s: float, period_s: float) -> bool:
        """After so long on a frame, of a camera that gives one in so long."""
        enough = spent_s + self._takes_s <= period_s
        if not enough:
            self._takes_s *= FADES  # one slow time is no reason never to try again
        return enough


class Overload:
    """Which feeds the machine is too busy for: told once, until they are kept up with again."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def sentence(self, loads: Mapping[str, Load | None], now: float) -> str | None:
        """What to tell at `now` (monotonic seconds) of each feed's latest load; None: nothing."""
        for feed, load in loads.items():
            if load is None or now - load.at > WINDOW_S or load.share >= KEPT_UP:
                self._told.pop(feed, None)
            elif feed not in self._told and load.behind and load.span_s >= WHOLE_S:
                self._told[feed] = _sentence(feed, load)
        return "; ".join(self._told.values()) + f": {ADVICE}" if self._told else None


ADVICE = (
    "lower the cameras' frame rate or image size, give this machine fewer doors, "
    "or stop what else runs on it"
)


def _sentence(feed: str, load: Load) -> str:
    percent, took, gap = 100 * load.share, 1000 * load.judge_s, 1000 * load.period_s
    return (
        f"the machine is too busy for feed {feed}: {percent:.0f} % of its frames are judged, as "
        f"each takes {took:.0f} ms and the camera gives one every {gap:.0f} ms"
    )


def _load(first: _Judged, last: _Judged, count: int, took_s: float) -> Load | None:
    """The last frame only ends the time: what came after it is not known yet."""
    given, span_s = last.number - first.number, last.at - first.at
    if given <= 0 or span_s <= 0.0 or count < 2:
        return None
    judged = count - 1
    return Load(last.at, span_s, judged / given, (took_s - last.took_s) / judged, span_s / given)
