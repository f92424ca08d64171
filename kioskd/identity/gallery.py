"""Everybody enrolled, with their looks: who is most like this one, and how they are kept.

In memory one row of numbers a look; on the disk one file, sealed whole, written anew at each
change. So an erased person is in no row and no file: what a disk has not yet used again of the file
before stays sealed, and a new key makes it worthless. No picture is kept.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kioskd.identity.people import Person
from kioskd.private_file import replace_file, sync_folder
from kioskd.signing.aes_gcm import SealError, sealed, unsealed
from models.embedding import Embedding

FORMAT = b"kioskd people 1\n"
MOST_LOOKS = 10  # of one person


class GalleryError(Exception):
    """The file of people cannot be used, or somebody has no place in it."""


@dataclass(frozen=True, slots=True)
class Closest:
    """Who is most like a look, and how much: a cosine, -1..1."""

    person: Person
    likeness: float


class Gallery:
    """Enrolled people. `add` and `remove` change it in memory; `keep` writes it."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._owners: list[str] = []  # of each row
        self._rows: NDArray[np.float32] | None = None

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody, in the order they came."""
        return tuple(self._people.values())

    def looks(self, person_id: str) -> list[Embedding]:
        """Somebody's looks; of nobody none."""
        if self._rows is None:
            return []
        pairs = zip(self._owners, self._rows, strict=True)
        return [Embedding(row) for owner, row in pairs if owner == person_id]

    def add(self, person: Person, looks: Sequence[Embedding]) -> None:
        """Enrol somebody, in place of whoever had the same id. Raises GalleryError."""
        self.add_all([(person, looks)])

    def add_all(self, enrolled: Sequence[tuple[Person, Sequence[Embedding]]]) -> None:
        """As `add`, many at once: all of them, or on a GalleryError nobody."""
        for person, looks in enrolled:
            if not 1 <= len(looks) <= MOST_LOOKS:
                told = f"{len(looks)} pictures were given, and 1 to {MOST_LOOKS} are needed"
                raise GalleryError(f"{person.person_id}: {told}")
        if len({person.person_id for person, _ in enrolled}) < len(enrolled):
            raise GalleryError("two people were given with the same id")
        for person, _ in enrolled:
            if person.person_id in self._people:
                self.remove(person.person_id)
        self._append(enrolled)

    def remove(self, person_id: str) -> None:
        """Erase somebody. Raises GalleryError for nobody."""
        if self._people.pop(person_id, None) is None:
            raise GalleryError(f"nobody is enrolled as {person_id}")
        stay = np.array([owner != person_id for owner in self._owners])
        assert self._rows is not None
        before, self._rows = self._rows, self._rows[stay]
        before.fill(0.0)
        self._owners = [owner for owner in self._owners if owner != person_id]

    def find(self, person_id: str) -> Person | None:
        return self._people.get(person_id)

    def likeness(self, person_id: str, look: Embedding) -> float | None:
        """How like the most alike of somebody's looks it is, a cosine; None for nobody."""
        if self._rows is None or person_id not in self._people:
            return None
        own = np.array([owner == person_id for owner in self._owners])
        return float(np.max(self._rows[own] @ look.for_gallery()))

    def closest(self, look: Embedding) -> Closest | None:
        """Who is most like it, whether or not that is much; None where nobody is enrolled."""
        if self._rows is None or not self._owners:
            return None
        likenesses = self._rows @ look.for_gallery()
        best = int(np.argmax(likenesses))
        return Closest(self._people[self._owners[best]], float(likenesses[best]))

    def duplicates(
        self, person_id: str, looks: Sequence[Embedding], least: float
    ) -> tuple[str, ...]:
        """The ids of others whom any of these looks is at least so like, by cosine."""
        if self._rows is None or not looks:
            return ()
        likenesses = self._rows @ np.stack([look.for_gallery() for look in looks]).T
        alike = likenesses.max(axis=1) >= least
        named = zip(self._owners, alike, strict=True)
        return tuple(dict.fromkeys(owner for owner, is_so in named if is_so and owner != person_id))

    def keep(self, path: Path, key: bytes) -> None:
        """Write everybody to a file that only its user may read. Raises GalleryError."""
        people = [
            {**asdict(person), "doors": None if person.doors is None else sorted(person.doors)}
            for person in self.people
        ]
        head = json.dumps({"people": people, "owners": self._owners}).encode()
        rows = b"" if self._rows is None else self._rows.astype("<f4").tobytes()
        content = len(head).to_bytes(8, "big") + head + rows
        try:
            replace_file(path, FORMAT + sealed(content, key, FORMAT))
            sync_folder(path.parent)
        except OSError as error:
            raise GalleryError(f"people cannot be kept in {path} ({error.strerror})") from error

    @classmethod
    def kept(cls, path: Path, keys: Sequence[bytes]) -> "Gallery":
        """Everybody in a file, by the present key or one that it replaced; nobody without a file.

        Raises GalleryError, where not all of it can be read.
        """
        gallery = cls()
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return gallery
        except OSError as error:
            raise GalleryError(f"people cannot be read from {path} ({error.strerror})") from error
        if not content.startswith(FORMAT):
            raise GalleryError(f"{path} is no file of enrolled people")
        try:
            gallery._take(unsealed(content[len(FORMAT) :], keys, FORMAT))
        except SealError as error:
            raise GalleryError(f"people cannot be read from {path}: {error}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise GalleryError(f"{path} was written by another version of kioskd") from error
        return gallery

    def _take(self, content: bytes) -> None:
        end = 8 + int.from_bytes(content[:8], "big")
        head: dict[str, Any] = json.loads(content[8:end])
        people = [_person(**each) for each in head["people"]]
        self._people = {person.person_id: person for person in people}
        self._owners = head["owners"]
        if set(self._owners) != set(self._people):
            raise ValueError("somebody has no look, or a look has nobody")
        if self._owners:
            rows = np.frombuffer(content[end:], "<f4").reshape(len(self._owners), -1)
            self._rows = rows.astype(np.float32)

    def _append(self, enrolled: Sequence[tuple[Person, Sequence[Embedding]]]) -> None:
        rows = [look.for_gallery() for _, looks in enrolled for look in looks]
        if not rows:
            return
        self._people |= {person.person_id: person for person, _ in enrolled}
        self._owners += [person.person_id for person, looks in enrolled for _ in looks]
        before = [] if self._rows is None else [self._rows]
        self._rows = np.concatenate([*before, np.stack(rows)])


def _person(*, doors: list[str] | None, **parts: Any) -> Person:
    return Person(doors=None if doors is None else frozenset(doors), **parts)
