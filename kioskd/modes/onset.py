"""Did what was asked for come about as muscles bring it about, or was it there at once?

One rule for every action of every mode that asks for one. A photograph that takes another's place
is done in one frame, whatever the frame rate: what an action makes of its way from rest in one
frame, and in a second, is limited. The way is laid out in the mesh's own shape, so a box that
jumps counts for nothing, and a lost frame makes no action sudden by itself.

docs/measure/challenges.md and docs/measure/pose-and-smile.md have it on people and on pictures.
"""

from kioskd.modes.reasons import Reason
from models.mesh.way import Way
from models.observation import Mesh

# Of the way to what was asked for. A cut takes it whole, at every frame rate, and so does a blank
# behind which a picture is changed. People on film took 0.55 of it in a frame at 24 to 30 frames a
# second, and in a second 10 of such ways turning the head, 12 smiling, 18 with mouth and brows,
# which have not far to go.
MOST_AT_ONCE = 0.85
MOST_PER_S, MOST_PER_S_NEAR = 12.0, 20.0


class Onset:
    """How one action of one face came about, from its last rest on."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        """Forget all of it: nothing has rested yet."""
        self._way = Way()

    def rests(self, at: float, mesh: Mesh) -> None:
        """A frame of the rest before the action."""
        self._way.rests(at, mesh)

    def goes(self, at: float, mesh: Mesh) -> None:
        """A frame since."""
        self._way.goes(at, mesh)

    def doubt(self, most_per_s: float = MOST_PER_S) -> Reason | None:
        """Why what is done by now counts for nothing; None: it came as actions come.

        One of which that cannot be told did not. `most_per_s`: ways that one frame may make, taken
        for a second.
        """
        leap = self._way.leap()
        came = leap is not None and leap.share <= MOST_AT_ONCE and leap.per_s <= most_per_s
        return None if came else Reason.SUDDEN
