"""What a door's pictures were like of late: the light, and how faces lay. Sums, no pictures.

By it a fleet tells a dead lamp, a moved camera and a dirty lens. Faces are told of five people
together or not at all, so that no figure is anybody's.
"""

from dataclasses import dataclass, field

from feeds.frame import Frame
from kioskd.health import Faces, Light
from models.observation import Face, Observation
from models.picture_measures import light

HOUR_S = 3600.0
EVERY_S = 1.0  # a picture's light is looked at so often, while a face is in view
LEAST_PEOPLE = 5  # of whom means are told
LEAST_FRAMES = 5  # of a face that counts: what is seen for less walks by


@dataclass(slots=True)
class _Sum:
    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        self.total += value
        self.count += 1

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass(slots=True)
class _Sums:
    """Of one person's frames, or of several people's means."""

    x: _Sum = field(default_factory=_Sum)
    y: _Sum = field(default_factory=_Sum)
    width: _Sum = field(default_factory=_Sum)
    sharpness: _Sum = field(default_factory=_Sum)
    brightness: _Sum = field(default_factory=_Sum)

    def see(self, face: Face, seen: Observation) -> None:
        left, top, right, bottom = face.box
        self.x.add((left + right) / 2 / seen.width)
        self.y.add((top + bottom) / 2 / seen.height)
        self.width.add((right - left) / seen.width)
        if face.quality is not None:
            self.sharpness.add(face.quality.sharpness)
            self.brightness.add(face.quality.brightness)

    def join(self, person: "_Sums") -> None:
        """One more person, who counts once however long they stood there."""
        for name in self.__slots__:
            mean = getattr(person, name).mean
            if mean is not None:
                getattr(self, name).add(mean)


class HourMeans:
    """One door's. The door's own thread alone calls `take`; the last means may be read by any.

    light  of the last hour that had a face in view
    faces  of the last people, once there were five and their hour was over
    """

    def __init__(self) -> None:
        self.light: Light | None = None
        self.faces: Faces | None = None
        self._hour = -1
        self._looks, self._looked, self._last_look = _Sum(), (0.0, 0.0), 0.0
        self._person, self._track = _Sums(), -1
        self._people, self._seen = _Sums(), (0.0, 0.0)

    def take(self, frame: Frame, seen: Observation) -> None:
        """One more frame that was judged."""
        hour = int(seen.wall_time // HOUR_S)
        if hour != self._hour:
            self._turn()
            self._hour = hour
        if not seen.faces:
            return
        self._see(seen.faces[0], seen)
        if seen.at - self._last_look >= EVERY_S or not self._looks.count:
            self._look(frame, seen)

    def _look(self, frame: Frame, seen: Observation) -> None:
        first = self._looked[0] if self._looks.count else seen.wall_time
        self._looks.add(light(frame.color))
        self._looked, self._last_look = (first, seen.wall_time), seen.at

    def _see(self, face: Face, seen: Observation) -> None:
        if face.track_id != self._track:
            self._end_person()
            self._track = face.track_id
        if face.missed:
            return
        begun = self._people.x.count or self._person.x.count
        self._seen = (self._seen[0] if begun else seen.wall_time, seen.wall_time)
        self._person.see(face, seen)

    def _end_person(self) -> None:
        if self._person.x.count >= LEAST_FRAMES:
            self._people.join(self._person)
        self._person = _Sums()

    def _turn(self) -> None:
        """The hour is over: what it came to is told from now on."""
        if (mean := self._looks.mean) is not None:
            self.light = Light(*self._looked, self._looks.count, mean)
            self._looks = _Sum()
        self._end_person()
        if self._people.x.count >= LEAST_PEOPLE:
            self.faces = _told(self._people, *self._seen)
            self._people = _Sums()


def _told(people: _Sums, since: float, until: float) -> Faces:
    x, y, width = (place.total / place.count for place in (people.x, people.y, people.width))
    looks = people.sharpness.mean, people.brightness.mean
    return Faces(since, until, people.x.count, x, y, width, *looks)
