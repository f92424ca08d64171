"""What would have come of the last minutes' attempts at a door with other settings. Pure.

The pure mode that ships runs again over what was measured then. It is told no more than was
measured: where it asks for something else, such as the liveness of a face that the gate refused
at the time, that frame says "not measured", and the answer says in how many frames.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kioskd.config.config import Door
from kioskd.event import Result
from kioskd.modes import catalogue
from kioskd.modes.mode import drive
from kioskd.modes.replay import Replay
from models.observation import Face, Measure, Observation, Wanted
from models.schemes import NONE_ADDED, Added, LivenessPlan, evaluate

BREATH = 25  # frames, after which others may have the processor


@dataclass(frozen=True, slots=True)
class Would:
    """What would have happened.

    results     that the mode would have come to, in their order
    frames      that were looked at again
    unmeasured  of them, in how many it asked for what nobody had measured then
    """

    results: tuple[Result, ...]
    frames: int
    unmeasured: int


def what_if(
    kept: Sequence[Observation],
    door: Door,
    added: Added = NONE_ADDED,
    breathe: Callable[[], object] = lambda: None,
) -> Would:
    """`kept` in their order, of one feed; `breathe` is called now and then.

    Whatever is drawn by chance at a door is drawn as 0 here.
    """
    mode = catalogue.make(door.mode, door.gate, lambda _: 0)
    results, unmeasured = [], 0
    for number, seen in enumerate(kept):
        known = _Known(seen, added)
        result = drive(mode, known.replay.bare, known.measure)[1].result
        if result is not None:
            results.append(result)
        unmeasured += known.lacked
        if number % BREATH == BREATH - 1:
            breathe()
    return Would(tuple(results), len(kept), unmeasured)


class _Known:
    """One frame, and whether something was asked of it that was not measured."""

    def __init__(self, known: Observation, added: Added) -> None:
        self.replay = Replay(known)
        self.lacked = False
        self._known, self._added = known, added

    def measure(self, seen: Observation, wanted: Wanted) -> Observation:
        told = self.replay.measure(seen, wanted)
        if wanted.track_id is None:  # of the picture as a whole: what it is to be remembered for is
            return told  # in what was measured then
        if Measure.LIVENESS in wanted.measures and wanted.plan is not None:
            told = _rescored(told, wanted.track_id, wanted.plan, self._added)
        face = _face(told, wanted.track_id)
        if not face.missed:
            self.lacked |= any(not face.has(each) for each in wanted.measures) or _scoreless(face)
        return told


def _face(seen: Observation, track: int) -> Face:
    return next(face for face in seen.faces if face.track_id == track)


def _scoreless(face: Face) -> bool:
    return face.liveness is not None and face.liveness.score is None


def _rescored(seen: Observation, track: int, plan: LivenessPlan, added: Added) -> Observation:
    """The liveness of a face by another scheme or threshold, from what each network said."""

    def scored(face: Face) -> Face:
        if face.track_id != track or face.liveness is None:
            return face
        liveness = evaluate(plan, face.liveness.by_model.get, added, face.passive)
        return replace(face, liveness=liveness)

    return replace(seen, faces=tuple(map(scored, seen.faces)))
