"""Light of an hour and faces of five, as kioskd/metrics/hour_means.py makes them of frames."""

from collections.abc import Sequence

from kioskd.fleet.simulator.story import Person
from kioskd.health import Faces, Light

LEAST_PEOPLE = 5  # of whom means are told
LIT_EVERY_S = 0.3  # of an attempt for each look at the light: people stand there before and after


class DoorMeans:
    """Of one simulated door."""

    def __init__(self) -> None:
        self.light: Light | None = None
        self.faces: Faces | None = None
        self._people: list[Person] = []
        self._hour = 0  # people of this hour among them

    def take(self, person: Person) -> None:
        self._people.append(person)
        self._hour += 1

    def turn(self) -> None:
        """The hour is over."""
        if self._hour:
            there = self._people[-self._hour :]
            frames = sum(max(1, round(person.took_s / LIT_EVERY_S)) for person in there)
            span = there[0].at, there[-1].at
            self.light = Light(*span, frames, _mean([person.light for person in there]))
        self._hour = 0
        if len(self._people) >= LEAST_PEOPLE:
            self.faces = _faces(self._people)
            self._people = []


def _faces(people: Sequence[Person]) -> Faces:
    names = ("x", "y", "width", "sharpness", "brightness")
    means = [_mean([getattr(person, name) for person in people]) for name in names]
    return Faces(people[0].at, people[-1].at, len(people), *means)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
