"""The rest between two actions of a sequence: what the next one begins from. Pure.

Nobody comes back to where they looked before to within a few degrees. So a rest is wherever the
head stands still again and faces the camera, by the gate's own limits, with nothing going on in
the face; and the next action is measured from there, and from nothing else. The way back from a
movement of the head could be taken for a movement to the other side: half of it must be over, or
the head must have stood still for long enough to show that it stays.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from kioskd.modes.challenges.challenge_settings import Extents
from kioskd.modes.challenges.extent import degrees, extent
from kioskd.modes.challenges.kinds import ANGLES, Challenge
from kioskd.modes.challenges.reading import Reading
from kioskd.modes.challenges.start import RESTLESS, unmet
from kioskd.modes.gate import facing, failed
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from models.observation import HeadPose

STEADY_DEG = 4.0  # by which a head that stands still wavers, about each axis
BACK = 0.5  # of the farthest that the head went: at rest it is no farther out than this
STAYS_S = 1.0  # or has stood still for so long
RELATIVE = (Challenge.EYEBROW_RAISE, Challenge.BLINK)  # are told by what they were before


@dataclass(frozen=True, slots=True)
class Coming:
    """Somebody comes back from an action.

    done      the action
    rest      what it was measured from
    farthest  degrees to which it went, where it was a movement of the head
    """

    done: Challenge
    rest: Reading
    farthest: float = 0.0

    def seen(self, now: Reading) -> "Coming":
        """After one more frame."""
        if self.done not in ANGLES:
            return self
        return replace(self, farthest=max(self.farthest, degrees(self.done, now, self.rest)))

    def is_back(self, now: Reading) -> bool:
        """Whether half of the way back is over."""
        if self.done not in ANGLES:
            return True
        return degrees(self.done, now, self.rest) <= BACK * self.farthest

    def unrested(
        self, now: Reading, kinds: Collection[Challenge], extents: Extents, gate: GateSettings
    ) -> tuple[Reason, ...]:
        """Why nothing may begin from here; `kinds` are asked for or watched for."""
        pose = HeadPose(now.yaw, now.pitch, now.roll)
        refused = [*failed(facing(gate, pose)), *unmet(kinds, now)]
        if self.done in RELATIVE and not extent(self.done, now, self.rest, extents) <= 0.0:
            refused.append(RESTLESS[self.done])
        return tuple(dict.fromkeys(refused))


def is_steady(readings: Sequence[Reading]) -> bool:
    """Whether the head stands still in all of these."""
    axes = zip(*((each.yaw, each.pitch, each.roll) for each in readings), strict=True)
    return all(max(axis) - min(axis) <= STEADY_DEG for axis in axes)
