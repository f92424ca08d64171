"""The part of the daemon that knows who is enrolled, and keeps doors shut to whoever is not.

A door that opens to the enrolled alone has each passed result checked here, on its judge's thread,
before anybody is told. The file of people is read again when it has changed; where it cannot be
read nobody is known.
"""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from kioskd import log, time_service
from kioskd.delivery.clock import Clock, SystemClock
from kioskd.event import Match, Recognised, Result
from kioskd.identity.gallery import Gallery, GalleryError
from kioskd.identity.matching import match_of
from kioskd.identity.people import Person
from kioskd.identity.people_file import PeopleFile, Stamp
from kioskd.identity.people_settings import PeopleSettings
from kioskd.modes.reasons import Reason
from kioskd.part import failure_of
from models.embedding import Embedding

LOOK_S = 1.0  # between two looks at whether the file has changed
SMILES = "smile"  # of a challenge; the operator mode's action is the other
SMILE_ACTION = "smileToActivate"


@dataclass(frozen=True, slots=True)
class _Known:
    """Everybody, and whether the clock by which they may enter is known to be right."""

    people: Gallery
    sure: bool


class Enrolled(threading.Thread):
    """Who is enrolled.

    doors    those that open to nobody else
    trouble  told why nobody is known, and None when all are again
    """

    stop_s = 2.0

    def __init__(
        self,
        file: PeopleFile,
        settings: PeopleSettings,
        doors: Collection[str],
        trouble: Callable[[str | None], None],
        clock: Clock | None = None,
    ) -> None:
        super().__init__(name="people", daemon=True)
        self._file, self._settings = file, settings
        self._doors = dict.fromkeys(doors, True)
        self._trouble, self._clock = trouble, clock or SystemClock()
        self._stopping = threading.Event()
        self._error: Exception | None = None
        self._stamp: Stamp | str = "not read yet"
        self._reading = threading.Lock()  # or what was read before would stand for what is newer
        self._known = _Known(Gallery(), sure=False)
        self.progress_at: float | None = self._clock.monotonic()
        self._log = log.logger()

    # what judges ask

    def check(self, door: str, result: Result) -> Result:
        """The same result if the door may open by it, or one that opens nothing, and why."""
        if not self._doors.get(door, False) or result.verdict != "passed":
            return result
        if result.person is not None:  # a session asked for them by name, and they came
            return result
        if result.look is None:
            return result.refused(Reason.NOT_COMPARED.value)
        closest = self._known.people.closest(result.look)
        if closest is None or closest.likeness < self._needed(result):
            return result.refused(Reason.STRANGER.value)
        person = closest.person
        known = replace(result, person=Recognised(person.person_id, person.id_class))
        if person.id_class == "threat":
            return known.refused(Reason.THREAT.value)
        return known if self.may_enter(person, door) else known.refused(Reason.NOT_ADMITTED.value)

    def use(self, door: str, *, recognises: bool) -> None:
        """Whether the door opens to nobody else, from here on; on its judge's thread."""
        self._doors[door] = recognises

    def person(self, person_id: str) -> Person | None:
        return self._known.people.find(person_id)

    def match(self, person_id: str, look: Embedding) -> Match | None:
        """How like somebody enrolled a look is; None where nobody is enrolled so."""
        likeness = self._known.people.likeness(person_id, look)
        return None if likeness is None else match_of(likeness)

    def may_enter(self, person: Person, door: str) -> bool:
        """Whether somebody may enter there now; with dates only by a clock that is known right."""
        if person.has_dates and not self._known.sure:
            return False
        return person.may_enter(door, self._clock.wall())

    # the thread

    @property
    def failure(self) -> str | None:
        does, on_purpose = "knowing the people enrolled", self._stopping.is_set()
        return failure_of(self, does, self._error, on_purpose)

    def start(self) -> None:
        self.refresh()
        super().start()

    def stop(self, failure: str | None = None) -> None:
        self._stopping.set()

    def run(self) -> None:
        try:
            while not self._stopping.wait(LOOK_S):
                self.refresh()
                self.progress_at = self._clock.monotonic()
        except Exception as error:  # a mistake of ours: the daemon ends, and the doors stay shut
            self._error = error
            self._log.exception("knowing the people enrolled failed")

    def refresh(self) -> None:
        """Look whether the file has changed, and read it if it has."""
        with self._reading:
            reading = self._clock.reading()
            sure = time_service.doubt(reading.synchronised, reading.wall) is None
            people, stamp = self._known.people, self._file.stamp
            if stamp != self._stamp:
                self._stamp = stamp
                people = self._read()
            self._known = _Known(people, sure)

    def _read(self) -> Gallery:
        try:
            people = self._file.read()
        except GalleryError as error:
            self._stamp = "not read"  # it is tried again
            self._trouble(f"{error}: nobody is known, and doors to the enrolled stay shut")
            return Gallery()
        self._trouble(None)
        return people

    def _needed(self, result: Result) -> float:
        smiled = result.action == SMILE_ACTION or SMILES in result.challenges
        boost = self._settings.smile_likeness_boost if smiled else 0.0
        return self._settings.likeness - boost
