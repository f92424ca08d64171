"""Whether a camera shows again what it showed before: a recording that is played in a loop.

A camera's picture never comes twice, and neither does a movement: who does the same again does it
a little otherwise. So what is compared is how the picture changed over some seconds with how it
changed at each moment of the last minutes. Noise, another compression, other brightness or a shift
by some pixels alter the pictures of a recording, and hardly how they change. Where nothing moves
there is nothing to compare, and nothing is found.

    thumbnail  16 x 12 grey squares of the picture; every STEP_S the mean of those around
    change     of a thumbnail since CHANGE_S ago, without that of the whole's brightness, made to
               have length 1; nothing where it is below MOVES
    resemblance  of the last WINDOW_S with as long a time before: the mean cosine of their changes;
               1 for the same again, 0 for two times that have nothing in common

Pure: times are arguments. The thumbnails stay in memory and go nowhere; a face is a few squares
of one.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from feeds import imaging
from feeds.frame import ColorImage

Squares = NDArray[np.float32]  # (HIGH * WIDE,) of a thumbnail, 0 to 255, or of a change
Numbers = NDArray[np.float32]  # (N,)

WIDE, HIGH = 16, 12
LEAST_SIDE = 180  # pixels of the shorter side that are looked at: a larger picture costs no more
STEP_S = 0.1
NEAR_S = 0.2  # thumbnails so near to a step count for it, the nearer the more
CHANGE_S = 0.4
MOVES = 0.8  # grey levels by which the squares must change, root mean square
WINDOW_S = 6.0
MOVING_S = 2.0  # for so long of it something must move
MEMORY_S = 300.0
SHORTEST_S = 3.0  # what repeats itself sooner may be a fan or an escalator
ALIKE, OTHER = (
    0.85,
    0.6,
)  # resemblance from which it is the same again, and below which it surely is not
BEYOND = 0.15  # so much more alike than at lags below SHORTEST_S, or it is such a thing
FOUND_S = 1.0  # so long the same again, and it is a loop
OVER_S = 5.0  # so long something else moves, and it is none any more

_BACK, _SHORTEST, _SOONEST = (round(each / STEP_S) for each in (CHANGE_S, SHORTEST_S, 0.5))
_SQUARES = WIDE * HIGH


class LoopWatch:
    """One camera's. Whether it is `looped` stands until something else moves before it.

    resemblance  at the last step, the greatest with what was SHORTEST_S ago or longer
    """

    def __init__(self) -> None:
        self.looped, self.resemblance = False, 0.0
        self._near: deque[tuple[float, Squares]] = deque()
        self._before: deque[Squares | None] = deque([None] * _BACK, _BACK)
        self._past = _Past(round(MEMORY_S / STEP_S), round(WINDOW_S / STEP_S))
        self._step: int | None = None
        self._same = self._other = 0  # steps in a row

    def saw(self, image: ColorImage, at: float) -> bool:
        """The next picture, `at` seconds on a clock that does not go back; whether it is looped."""
        self._near.append((at, thumbnail(image)))
        last = int((at - NEAR_S) / STEP_S)
        first = last if self._step is None else max(self._step + 1, last - self._past.size)
        for step in range(first, last + 1):
            self._past.add(self._change(step * STEP_S))
            self._decide()
        self._step = max(last, self._step or last)
        return self.looped

    def _change(self, at: float) -> Squares:
        now, before = self._at(at), self._before[0]
        self._before.append(now)
        if now is None or before is None:
            return np.zeros(_SQUARES, np.float32)
        change = now - before
        change -= change.mean()
        length = float(np.linalg.norm(change))
        return change * np.float32(length > MOVES * _SQUARES**0.5) / np.float32(length or 1.0)

    def _at(self, at: float) -> Squares | None:
        """The thumbnail at a moment; None if there was no picture near it."""
        while self._near and self._near[0][0] <= at - NEAR_S:
            self._near.popleft()
        near = [(NEAR_S - abs(when - at), seen) for when, seen in self._near if when < at + NEAR_S]
        if not near:
            return None
        weights = np.array([weight for weight, _ in near], np.float32)
        return np.average([seen for _, seen in near], axis=0, weights=weights)

    def _decide(self) -> None:
        resemblance = self._past.resemblance(MOVING_S / STEP_S)
        self.resemblance = float(resemblance[_SHORTEST:].max())
        soon = float(resemblance[_SOONEST:_SHORTEST].max())
        same = self.resemblance >= max(ALIKE, soon + BEYOND)
        other = self._past.moves and self.resemblance < OTHER
        self._same = self._same + 1 if same else 0
        self._other = 0 if same else self._other + other
        if self._same * STEP_S >= FOUND_S:
            self.looped = True
        elif self._other * STEP_S >= OVER_S:
            self.looped = False


class _Past:
    """The changes of the last `size` steps, and how the last `window` of them fit to all before."""

    def __init__(self, size: int, window: int) -> None:
        self.size, self.moves = size, False  # moves: whether something did at the last step
        self._changes = np.zeros((size, _SQUARES), np.float32)  # a ring
        self._products = np.zeros((window, size), np.float32)  # a ring; of each step by lag
        self._together = np.zeros(size, np.float64)  # the sum of them all, by lag
        self._moving = np.zeros(
            size, np.float32
        )  # a ring: steps that moved in the window up to there
        self._turn = 0

    def add(self, change: Squares) -> None:
        self._turn += 1
        self._changes[self._turn % self.size] = change
        row = self._products[self._turn % len(self._products)]
        self._together -= row
        # Not @, for which NumPy's library wakes threads of its own, and waits for them in vain.
        row[:] = self._by_lag(np.einsum("ij,j->i", self._changes, change))
        self._together += row
        self.moves = bool(row[0] > 0.0)
        self._moving[self._turn % self.size] = self._together[0]

    def resemblance(self, least: float) -> Numbers:
        """By lag in steps; 0 where fewer than `least` steps moved, now or then."""
        then = self._by_lag(self._moving)
        enough = np.minimum(then, then[0]) > least - 0.5
        return np.where(enough, self._together / np.maximum(np.sqrt(then * then[0]), 1.0), 0.0)

    def _by_lag(self, ring: Numbers) -> Numbers:
        """What stands in a ring, the newest first."""
        return np.roll(ring[::-1], self._turn % self.size + 1)


def thumbnail(image: ColorImage) -> Squares:
    """Of a picture of any size; its green, which is most of what is bright."""
    step = max(1, min(image.shape[:2]) // LEAST_SIDE)
    few = np.ascontiguousarray(image[::step, ::step, 1])
    return imaging.resize(few, (WIDE, HIGH), "area").astype(np.float32).ravel()
