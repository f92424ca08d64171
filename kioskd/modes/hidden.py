"""Is what an action is read from hidden? Then nothing can be told of it, and nothing counts. Pure.

A mesh has a mouth behind a mask, too, and eyes behind lamps that mirror in glasses, and what they
do there is the network's guess. So while a mouth or eyes are asked for something they are looked at
themselves now and then (models/cover.py), and lids in every frame in which they seem shut. Whoever
does nothing, and may have done it behind a mask, a beard or a hand, is told so, and is undecided:
that nothing was done is not known. What seems to be done where nothing can be seen is no action.

A mask hides nose and mouth; of a mouth alone the network errs, so that somebody whose smile is seen
passes, however much beard stands about it.
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
TOLD_OF = MOUTHS | {Challenge.BLINK}


class Hidden:
    """What the looks at one face said, of one attempt."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        """Forget the attempt before."""
        self._cover: Cover | None = None  # what was seen last
        self._now: Cover | None = None  # in this very frame
        self._at = -math.inf

    def due(self, at: float) -> bool:
        """Whether to look again in this frame, though nothing is done in it."""
        return not at - self._at < EVERY_S

    def look(self, at: float, cover: Cover | None) -> None:
        """One more frame of the face; None where nobody looked, or could."""
        self._now = cover
        if cover is not None:
            self._cover, self._at = cover, at
        elif at - self._at > STALE_S:
            self._cover = None

    def instead(self, kind: Challenge) -> Reason | None:
        """Why it is not known whether an action that was not seen was done; None: it was not."""
        if self._cover is None:
            return None
        if kind in MOUTHS:
            return Reason.MOUTH_COVERED if self._likely("mouth") >= DOUBTFUL else None
        eyes = min(self._likely("right_eye"), self._likely("left_eye"))
        hidden = kind is Challenge.BLINK and (eyes >= DOUBTFUL or _dazzled(self._cover))
        return Reason.EYES_COVERED if hidden else None

    def forbids(self, kind: Challenge) -> Reason | None:
        """Why an action that seems to be done in this frame is none; None: it may be one."""
        if kind not in TOLD_OF:
            return None
        cover = self._now if kind is Challenge.BLINK else self._cover
        if cover is None:
            return Reason.NOT_MEASURED
        if kind is Challenge.BLINK:
            return Reason.EYES_COVERED if _dazzled(cover) else None
        masked = self._likely("mouth") >= COVERED and self._likely("nose") >= DOUBTFUL
        return Reason.MOUTH_COVERED if masked else None

    def _likely(self, area: str) -> float:
        found = None if self._cover is None else self._cover.covered.get(area)
        return 0.0 if found is None else found


def _dazzled(cover: Cover) -> bool:
    """Whether a lamp mirrors before either eye: a blink is of both."""
    return max(cover.glare) > DAZZLING
