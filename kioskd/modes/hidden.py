"""Is what an action is read from hidden? Then nothing can be told of it, and nothing counts. Pure.

A mesh has a mouth behind a mask, too, and eyes behind lamps that mirror in glasses, and what they
do there is the network's guess. So while a mouth or eyes are asked for something they are looked at
themselves now and then (models/cover.py), and lids in every frame in which they seem shut. Whoever
does nothing, and may have done it behind a mask, a beard or a hand, is told so, and is undecided:
that nothing was done is not known. What seems to be done where nothing can be seen is no action.

A mask hides nose and mouth; of a mouth alone the network errs, so that somebody whose smile is seen
passes, however much beard stands about it.

A picture with holes hides all but what acts behind them: to what looks for things that lie over a
face it is a thing with holes. So the half of the face that is not asked for anything must not seem
covered either, over all looks of the attempt.
"""

import math

from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.reasons import Reason
from models.observation import Cover

EVERY_S = 0.25  # of observation time, between two looks while nothing is done
STALE_S = 0.6  # after which what a look said is forgotten
DOUBTFUL, COVERED = 0.6, 0.9  # likelihoods, as for stills (docs/understand/stills.md)
DAZZLING = 0.05  # share of an eye: shut ones of ten people had 0.00, open ones 0.02
MOUTHS = frozenset({Challenge.SMILE, Challenge.MOUTH_OPENING})
TOLD_OF = MOUTHS | {Challenge.BLINK, Challenge.EYEBROW_RAISE}  # the actions of the face alone
UPPER = ("forehead", "right_eyebrow", "left_eyebrow", "right_eye", "left_eye")
LOWER = ("right_cheek", "left_cheek", "nose", "mouth")


class Hidden:
    """What the looks at one face said, of one attempt."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        """Forget the attempt before."""
        self._cover: Cover | None = None  # what was seen last
        self._now: Cover | None = None  # in this very frame
        self._at = -math.inf
        self._looks = 0
        self._halves = {UPPER: 0.0, LOWER: 0.0}  # likelihoods that they are covered, added up

    def due(self, at: float) -> bool:
        """Whether to look again in this frame, though nothing is done in it."""
        return not at - self._at < EVERY_S

    def look(self, at: float, cover: Cover | None) -> None:
        """One more frame of the face; None where nobody looked, or could."""
        self._now = cover
        if cover is not None:
            self._cover, self._at = cover, at
            self._looks += 1
            for half in self._halves:
                self._halves[half] += sum(_likely(cover, area) for area in half) / len(half)
        elif at - self._at > STALE_S:
            self._cover = None

    def instead(self, kind: Challenge) -> Reason | None:
        """Why it is not known whether an action that was not seen was done; None: it was not."""
        cover = self._cover
        if cover is None or kind not in TOLD_OF:
            return None
        if kind in MOUTHS and _likely(cover, "mouth") >= DOUBTFUL:
            return Reason.MOUTH_COVERED
        if kind is Challenge.BLINK and (_dazzled(cover) or _behind_glasses(cover)):
            return Reason.EYES_COVERED
        return self._sheet(kind)

    def forbids(self, kind: Challenge) -> Reason | None:
        """Why an action that seems to be done in this frame is none; None: it may be one."""
        if kind not in TOLD_OF:
            return None
        cover = self._now if kind is Challenge.BLINK else self._cover
        if cover is None:
            return Reason.NOT_MEASURED
        if kind is Challenge.BLINK and _dazzled(cover):
            return Reason.EYES_COVERED
        masked = _likely(cover, "mouth") >= COVERED and _likely(cover, "nose") >= DOUBTFUL
        if kind in MOUTHS and masked:
            return Reason.MOUTH_COVERED
        return self._sheet(kind)

    def _sheet(self, kind: Challenge) -> Reason | None:
        """Whether the half of the face that is asked for nothing seems covered."""
        half = UPPER if kind in MOUTHS else LOWER
        seems = self._looks > 0 and self._halves[half] / self._looks >= DOUBTFUL
        return Reason.FACE_COVERED if seems else None


def _likely(cover: Cover, area: str) -> float:
    """That it is covered; 0 where it is not in the picture."""
    return cover.covered.get(area) or 0.0


def _behind_glasses(cover: Cover) -> bool:
    """Whether both eyes may lie behind dark glasses, or a hand."""
    return min(_likely(cover, "right_eye"), _likely(cover, "left_eye")) >= DOUBTFUL


def _dazzled(cover: Cover) -> bool:
    """Whether a lamp mirrors before either eye: a blink is of both."""
    return max(cover.glare) > DAZZLING
