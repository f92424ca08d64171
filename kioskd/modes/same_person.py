"""One person from the first frame of an attempt to the one that decides. Pure.

Who does what was asked must be who was asked. The look of the first fit frame (Measure.IDENTITY) is
what all later ones of the attempt are compared with, now and then while the person waits, and in
every frame while something is done, for what is done may be done by another: a picture of one
person, and then a second one who turns the head. Two looks in a row that are not of that person
end the attempt; the frame that decides must itself have been compared, and be alike.

A head in profile cannot be compared. It is compared for as long as it can be on the way there,
and where it went beyond that, again in the first frame in which it can be: until then nothing is
decided. So whoever is swapped in while nobody can tell must still look like the first one right
before and right after.

Where it must be known who somebody is, the attempt is bound to one look: every frame that counts is
compared, and only one that agrees may count. The look of the attempt is the mean of these, sharp
and frontal ones by more, so that who was shown to be live is who is recognised.

The looks live here until the attempt ends, and in its result, and nowhere else
(models/embedding.py).
"""

import math

from kioskd.modes.reasons import Reason
from models.embedding import Embedding
from models.observation import Conversation, Face, Measure, Observation, ask

ALIKE = 0.363  # likeness from which two looks are of one person: OpenCV's for this network;
# docs/measure/identity.md has what it comes to here
EVERY_S = 0.25  # of observation time, between two comparisons while nothing is done
FIRST_DEG = 20.0  # the head of the first look is turned so far at most, as the gate has it
MOST_DEG = 50.0  # and that of a later one: beyond it nothing was measured
LEAST_WEIGHT = 0.05  # of a look in the mean: even a blurred one is of the attempt
STRANGE = 2  # looks in a row of somebody else that end the attempt: one may be a blur


class SamePerson:
    """Of one feed. `closely`: compare in every frame, because something is being done."""

    def __init__(self) -> None:
        self.binds = False  # compare every frame that may count, and keep those that do
        self.fresh()

    def fresh(self) -> None:
        """Forget whoever was there: a new attempt begins."""
        self.closely = False
        self._first: Embedding | None = None
        self._now: tuple[Embedding, float] | None = None  # of the frame at hand, and its weight
        self._kept: list[tuple[Embedding, float]] = []
        self._compared_at = -math.inf
        self._strange = 0
        self._agreed = False

    def look(self, seen: Observation, face: Face) -> Conversation[Face]:
        """One more fit frame; the look is asked for where it is due and can be compared."""
        self._agreed, self._now = False, None
        if not self._due(seen, face):
            return face
        face = yield from ask(face, Measure.IDENTITY)
        if face.identity is not None:
            self._compared_at = seen.at
            self._compare(face.identity)
            self._now = face.identity, _weight(face)
        return face

    def keep(self) -> None:
        """The frame that was looked at last counts: its look is one of the attempt's."""
        if self.binds and self._now is not None and self._agreed:
            self._kept.append(self._now)

    @property
    def mean(self) -> Embedding | None:
        """The look in all frames that were kept; None where there are none."""
        return Embedding.mean(self._kept) if self._kept else None

    @property
    def other(self) -> bool:
        """Whether somebody else stands there."""
        return self._strange >= STRANGE

    @property
    def doubt(self) -> Reason | None:
        """Why this very frame must not decide; None where it may."""
        if self._agreed:
            return None
        return Reason.OTHER_PERSON if self._strange else Reason.NOT_COMPARED

    def _due(self, seen: Observation, face: Face) -> bool:
        if face.pose is None:  # where the five points tell that the head is frontal, nobody asked
            return self.binds and face.landmarks is not None
        most = FIRST_DEG if self._first is None else MOST_DEG
        if not max(abs(face.pose.yaw), abs(face.pose.pitch)) <= most:
            return False
        if self._first is None or self.closely or self.binds or self._strange:
            return True
        return seen.at - self._compared_at >= EVERY_S

    def _compare(self, now: Embedding) -> None:
        if self._first is None:
            self._first = now
        self._agreed = self._first.likeness(now) >= ALIKE
        self._strange = 0 if self._agreed else self._strange + 1


def _weight(face: Face) -> float:
    """How much a look says, 0..1: a sharp one of a face that is towards the camera says more."""
    sharp = 0.0 if face.quality is None else face.quality.sharpness
    towards = 0.0 if face.centre_pose_quality is None else face.centre_pose_quality
    return max(LEAST_WEIGHT, sharp * towards)
