"""Did what was asked for come about as muscles bring it about, or is it a picture's doing?

One rule for every action of every mode that asks for one. A photograph that takes another's place
is done in one frame, whatever the frame rate: what an action makes of its way from rest in one
frame, and in a second, is limited. The way is laid out in the mesh's own shape, so a box that
jumps counts for nothing, and a lost frame makes no action sudden by itself. One that fades into
another, or is pushed over it, is told by the picture itself (models/passage.py), and so is one that
stands still, as a recording does before it is started.

docs/measure/challenges.md and docs/measure/pose-and-smile.md have it on people and on pictures.
"""

import math
from collections import deque

from kioskd.modes.reasons import Reason
from models.mesh.way import MOST, Way
from models.observation import Mesh, Passage

# Of the way to what was asked for. A cut takes it whole, at every frame rate, and so does a blank
# behind which a picture is changed. People on film took 0.55 of it in a frame at 24 to 30 frames a
# second, and in a second 10 of such ways turning the head, 12 smiling, 18 with mouth and brows,
# which have not far to go.
MOST_AT_ONCE = 0.85
MOST_PER_S, MOST_PER_S_NEAR = 12.0, 20.0

# Nor may a frame that makes much of it have what stands about the face jump as well: with a
# photograph comes its own wall. Exchanged ones made 1.7 times their usual change and more, but one;
# in a hand that sways nothing else made more than 1.0.
MUCH_AT_ONCE, MOST_AROUND = 0.6, 1.5

# A still picture changes by noise alone: over 0.4 s 0.98 to 1.03 times as much as from frame to
# frame. People on film 1.2 times and more; at 10 frames a second 0.9, but by more grey levels than
# a sensor's noise has.
STILL_STIR, STILL_GRAIN = 1.1, 2.5
# Half way a cross-fade on a stand leaves 0.05 of the change, in a hand that sways mostly less than
# 0.09, and one picture pushed over another up to 0.15; people leave 0.10 and 0.23 at least.
LEAST_MIXED, LEAST_PUSHED = 0.09, 0.17
# A photograph that a hand moves is, once shifted back, the same to 0.22 of the change; of people
# who do something 0.43 is left at least.
LEAST_MOVED = 0.32


def is_still(passage: Passage | None) -> bool:
    """Whether it is a still picture that was looked at of late."""
    if passage is None or passage.stir is None or passage.grain is None:
        return False
    return passage.stir < STILL_STIR and passage.grain < STILL_GRAIN


class Onset:
    """How one action of one face came about, from its last rest on."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        """Forget all of it: nothing has rested yet."""
        self.way = Way()
        self._jumps: deque[tuple[float, float]] = deque(maxlen=MOST)
        self._rested_at = self._at = -math.inf
        self.passage: Passage | None = None

    def rests(self, at: float, mesh: Mesh) -> None:
        """A frame of the rest before the action."""
        self._rested_at = at
        self._jumps.clear()
        self.way.rests(at, mesh)

    def goes(self, at: float, mesh: Mesh, passage: Passage | None) -> None:
        """A frame since."""
        self._at, self.passage = at, passage
        if passage is not None and passage.jump is not None:
            self._jumps.append((at, passage.jump))
        self.way.goes(at, mesh)

    def doubt(self, most_per_s: float = MOST_PER_S) -> Reason | None:
        """Why what is done by now counts for nothing; None: it came as actions come.

        One of which that cannot be told did not. `most_per_s`: ways that one frame may make, taken
        for a second.
        """
        leap = self.way.leap()
        if leap is None or not (leap.share <= MOST_AT_ONCE and leap.per_s <= most_per_s):
            return Reason.SUDDEN
        if leap.share > MUCH_AT_ONCE and self._jumped(leap.at):
            return Reason.SUDDEN
        return self._laid_over()

    def blended(self) -> Reason | None:
        """BLENDED where one picture is seen to be laid over another; None says nothing yet.

        For the frame in which what was asked for is first there: the nearer the two ends of a
        cross-fade are, the less a hand that sways has moved between them.
        """
        found = self._laid_over()
        return found if found is Reason.BLENDED else None

    @property
    def jumped(self) -> bool:
        """Whether the room jumped in the latest frame: of a blink, which may be over in one."""
        return self._jumped(self._at)

    def _jumped(self, at: float) -> bool:
        """Whether the room jumped with the face in the frame of that time."""
        return any(jump > MOST_AROUND for when, jump in self._jumps if when == at)

    @property
    def lasts_s(self) -> float:
        """Seconds from the last of the rest to the latest frame since."""
        return self._at - self._rested_at

    def _laid_over(self) -> Reason | None:
        """Whether one picture was laid over another, as the latest frame tells."""
        if self.passage is None:
            return Reason.NOT_MEASURED
        blend = self.passage.since(self.lasts_s)
        if blend is not None and not blend.moved >= LEAST_MOVED:
            return Reason.PLANAR_MOTION
        if blend is None or not blend.frames:
            return Reason.SUDDEN  # nothing was seen half way
        faces = blend.mixed >= LEAST_MIXED and blend.pushed >= LEAST_PUSHED
        return None if faces else Reason.BLENDED
