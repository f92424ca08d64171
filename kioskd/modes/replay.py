"""What was measured before, given out only as a mode asks for it: as at a door, where it costs."""

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from typing import Any

from models.observation import Face, Measure, Observation, Wanted

FILLS: dict[Measure, tuple[str, ...]] = {
    Measure.QUALITY: ("quality", "change"),
    Measure.PICTURE: ("picture",),
    Measure.POSE: ("pose", "centre_pose_quality", "mesh"),
    Measure.BLENDSHAPES: ("blendshapes",),
    Measure.PASSIVE: ("passive",),
    Measure.LIVENESS: ("liveness",),
    Measure.IDENTITY: ("identity",),
    Measure.INFRARED: ("infrared",),
    Measure.RELIEF: ("relief",),
    Measure.MOTION: ("motion",),
    Measure.PASSAGE: ("passage",),
    Measure.COVER: ("cover",),
}
NOTHING: dict[str, Any] = {name: None for names in FILLS.values() for name in names}


class Replay:
    """One frame of which all is known. `measure` is what `drive` wants, and gives again what it
    gave, so that replaying a frame to many runs costs little more than to one.
    """

    def __init__(self, known: Observation) -> None:
        self._known = known
        self._given: dict[tuple[Observation, int | None, frozenset[Measure]], Observation] = {}

    @cached_property
    def bare(self) -> Observation:
        """The frame as it is before anything is measured."""
        faces = tuple(replace(face, **NOTHING) for face in self._known.faces)
        return replace(self._known, faces=faces)

    def measure(self, seen: Observation, wanted: Wanted) -> Observation:
        """With what was asked for; of a face that the detector missed nothing is measured."""
        asked = (seen, wanted.track_id, wanted.measures)
        if asked not in self._given:
            self._given[asked] = self._measured(seen, wanted)
        return self._given[asked]

    def _measured(self, seen: Observation, wanted: Wanted) -> Observation:
        pairs = zip(seen.faces, self._known.faces, strict=True)
        return replace(
            seen,
            faces=tuple(
                face
                if face.track_id != wanted.track_id or face.missed
                else with_measures(face, known, wanted.measures)
                for face, known in pairs
            ),
        )


def with_measures(face: Face, known: Face, measures: Collection[Measure]) -> Face:
    names = [name for measure in measures for name in FILLS[measure]]
    return replace(face, **{name: getattr(known, name) for name in names})
