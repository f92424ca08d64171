"""Ask for each measure once per frame and face."""

from models.observation import Measure, Observation


class Asking:
    """A measure that could not be made stays None; asked for again, it would be asked forever."""

    def __init__(self) -> None:
        self._key: tuple[int, int, int] | None = None
        self._asked: frozenset[Measure] = frozenset()

    def once(self, seen: Observation, track_id: int, measure: Measure) -> bool:
        """True the first time this measure is asked for on this face in this frame."""
        key = (seen.session, seen.number, track_id)
        asked = self._asked if key == self._key else frozenset()
        self._key, self._asked = key, asked | {measure}
        return measure not in asked
