"""Recorded frames given out to a mode as at a door, run after run, each made ready only once.

A choice of thresholds asks what hundreds of runs over the same frames come to, and nearly all
that a run is given is what the run before was given. Pure.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import cached_property

from kioskd.modes.replay import Replay
from models.observation import Measure, Observation, Wanted
from models.picture_measures import FEWEST

Scoring = Callable[[Observation], Observation]


class Frame:
    """One frame of which all was measured, with what a door might be given of it."""

    def __init__(self, known: Observation) -> None:
        self.known = known
        self.replay = Replay(known)
        self._scored: tuple[Hashable, Replay] | None = None  # of the last rule that was asked for

    @cached_property
    def just_seen(self) -> Replay:
        """The frame as long as nobody can know how its faces change."""
        faces = tuple(replace(face, change=None) for face in self.known.faces)
        return Replay(replace(self.known, faces=faces))

    def scored(self, rule: Hashable, scoring: Scoring) -> Replay:
        """The frame with its score; the same `rule` scores alike, and so only once in a row."""
        if self._scored is None or self._scored[0] != rule:
            self._scored = rule, Replay(scoring(self.known))
        return self._scored[1]


class Door:
    """What measures in one run of a mode. `rule` tells a `scoring` from all that score otherwise.

    A door knows how a face changes from where its gate asks for it: an evaluation measured every
    frame, and so would know too soon.
    """

    def __init__(self, rule: Hashable, scoring: Scoring) -> None:
        self._rule, self._scoring = rule, scoring
        self._of: tuple[int, int | None] | None = (
            None  # session and track whose change is asked for
        )
        self._differences = 0

    def measure(self, frame: Frame, seen: Observation, wanted: Wanted) -> Observation:
        """With what was asked for. A frame is scored only here, where a mode asks for it."""
        if Measure.LIVENESS in wanted.measures:
            return frame.scored(self._rule, self._scoring).measure(seen, wanted)
        if Measure.QUALITY in wanted.measures and not self._changes(seen.session, wanted.track_id):
            return frame.just_seen.measure(seen, wanted)
        return frame.replay.measure(seen, wanted)

    def _changes(self, session: int, track: int | None) -> bool:
        """Whether change is known in a frame in which it is asked for; call it in each of those.

        The first image of a session has none before it to differ from.
        """
        before, self._of = self._of, (session, track)
        if before is None or session != before[0]:
            self._differences = 0
        else:
            self._differences = self._differences + 1 if track == before[1] else 1
        return self._differences >= FEWEST
