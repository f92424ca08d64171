"""`kioskd people`: who is enrolled on this kiosk."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from feeds.state import FeedState
from feeds.still_image import MOST_BYTES, StillError, read_still
from kioskd.commands.configuration import FAILED, OK, WRONG, configuration
from kioskd.config.config import Config, Door
from kioskd.identity import enrolment
from kioskd.identity.door_enrolment import Saying, captured
from kioskd.identity.enrolment import NotEnrolledError, enrol
from kioskd.identity.gallery import Gallery, GalleryError
from kioskd.identity.people import Person, PersonError
from kioskd.identity.people_file import PeopleFile
from kioskd.identity.people_list import Written, read_list, shown
from kioskd.identity.reference_picture import MEASURES, SENTENCES, Look, Quality, Reference
from kioskd.modes import catalogue
from kioskd.network_loading import as_configured
from kioskd.prompts import words
from kioskd.signing.aes_gcm import SealError, key_from
from models.network_file import NetworkError, Role
from models.perceive import Perceiver, needs
from models.session import Networks

HEAD = ("id", "class", "name", "from", "until", "doors", "pictures")
NO_PEOPLE = "people.enabled is false in {}: nobody can be enrolled there"
_TROUBLE = (GalleryError, PersonError, NotEnrolledError, NetworkError, OSError, LookupError)


@dataclass(frozen=True, slots=True)
class How:
    """How somebody is enrolled: what is said of them, how good a picture must be, twins or not."""

    said: Written
    least: Quality = "medium"
    twin: bool = False


def add(path: Path, person_id: str, images: Sequence[Path], how: How) -> int:
    """Enrol somebody by pictures, beside those that they have. Exit status 0, 1 or 2."""

    def work(config: Config, file: PeopleFile) -> None:
        found = _looked_at(images, _networks(config), how.least)
        _put(file, person_id, [each.look for each in found], how)

    return _done(path, work)


def capture(path: Path, person_id: str, door: str | None, seconds: float, how: How) -> int:
    """Enrol who stands before a door's camera, by the frames that show that they live."""

    def work(config: Config, file: PeopleFile) -> None:
        chosen = _door(config, door)
        wanted = catalogue.needs(chosen.mode, binds=True)
        measures = wanted.measures | MEASURES
        roles = needs(measures, wanted.schemes)
        perceiver = Perceiver(_networks(config, roles), config.perception.settings())
        say = Saying(_prompt(config.delivery.prompt_language), _state)
        look = captured(chosen, perceiver, seconds, say, how.least)
        _put(file, person_id, [look], how)

    return _done(path, work)


def show(path: Path, *, as_json: bool) -> int:
    """Print everybody, without their looks."""

    def work(_: Config, file: PeopleFile) -> None:
        people = file.read()
        if as_json:
            for person in people.people:
                print(json.dumps(_record(person, len(people.looks(person.person_id)))))
            return
        rows = [(*shown(one), str(len(people.looks(one.person_id)))) for one in people.people]
        _table([HEAD, *rows])

    return _done(path, work)


def remove(path: Path, person_ids: Sequence[str]) -> int:
    """Erase people: all of them, or where one is not enrolled nobody."""

    def work(_: Config, file: PeopleFile) -> None:
        with file.change() as people:
            for person_id in person_ids:
                people.remove(person_id)
        print(f"erased: {', '.join(person_ids)}")

    return _done(path, work)


def take_in(path: Path, source: Path, key_file: Path | None, how: How) -> int:
    """Enrol everybody of a CSV list with pictures, or of a sealed file of another kiosk."""

    def work(config: Config, file: PeopleFile) -> None:
        if source.suffix.lower() == ".csv":
            _take_list(config, file, source, how)
        else:
            _take_sealed(file, source, key_file, how)

    return _done(path, work)


def give_out(path: Path, target: Path, key_file: Path | None) -> int:
    """Write everybody to a sealed file, for another kiosk."""

    def work(_: Config, file: PeopleFile) -> None:
        people = file.read()
        people.keep(target, file.key if key_file is None else _key(key_file))
        print(f"{len(people.people)} people, sealed, in {target}")

    return _done(path, work)


def seal(path: Path) -> int:
    """Seal the file with people.key anew; after it people.old_key can go."""

    def work(_: Config, file: PeopleFile) -> None:
        with file.change() as people:
            count = len(people.people)
        print(f"{count} people are sealed with people.key; remove people.old_key now")

    return _done(path, work)


def _done(path: Path, work: Callable[[Config, PeopleFile], None]) -> int:
    config = configuration(path)
    if config.people is None:
        print(NO_PEOPLE.format(path), file=sys.stderr)
        return WRONG
    try:
        config.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        work(config, PeopleFile(config.state_dir, config.people))
    except _TROUBLE as error:
        print(error.args[0] if isinstance(error, LookupError) else error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    return OK


def _put(file: PeopleFile, person_id: str, looks: Sequence[Look], how: How) -> None:
    with file.change() as people:
        person = how.said.person(person_id, people.find(person_id))
        enrol(people, person, looks, twin=how.twin)
        count = len(people.looks(person_id))
    print(f"enrolled: {person_id}, {person.id_class}, {count} picture{'s' * (count != 1)}")


def _take_list(config: Config, file: PeopleFile, source: Path, how: How) -> None:
    networks = _networks(config)
    listed = list(read_list(source))
    looks = []
    for one in listed:
        with _at(f"{source}:{one.line}: "):
            looks.append([each.look for each in _looked_at(one.images, networks, how.least)])
    with file.change() as people:
        for one, found in zip(listed, looks, strict=True):
            with _at(f"{source}:{one.line}: "):
                person = one.said.person(one.person_id, people.find(one.person_id))
                enrol(people, person, found, twin=how.twin)
    print(f"enrolled: {len(listed)} people of {source}")


def _take_sealed(file: PeopleFile, source: Path, key_file: Path | None, how: How) -> None:
    if not source.exists():
        raise GalleryError(f"there is no file {source}")
    given = Gallery.kept(source, [file.key if key_file is None else _key(key_file)])
    with file.change() as people:
        for person in given.people:
            before = people.looks(person.person_id)
            looks = [each for each in given.looks(person.person_id) if not _has(before, each)]
            if looks:
                enrol(people, person, looks, twin=how.twin)
    print(f"enrolled: {len(given.people)} people of {source}")


def _has(before: Iterable[Look], look: Look) -> bool:
    return any(each.likeness(look) > 1.0 - 1e-5 for each in before)


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Errors say where in a list they are."""
    try:
        yield
    except NotEnrolledError as error:
        raise NotEnrolledError(error.code, f"{place}{error}") from None
    except PersonError as error:
        raise PersonError(f"{place}{error}") from None


def _looked_at(images: Sequence[Path], networks: Networks, least: Quality) -> list[Reference]:
    """Each picture; raises NotEnrolledError that names the file."""
    found = []
    for image in images:
        with _at(f"{image}: "):
            found.append(_looked(image, networks, least))
        print(f"{image}: {_told(found[-1])}", file=sys.stderr)
    return found


def _looked(image: Path, networks: Networks, least: Quality) -> Reference:
    try:
        with image.open("rb") as file:
            picture = read_still(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise NotEnrolledError("unreadable", error.strerror or "it cannot be read") from None
    except StillError as error:
        raise NotEnrolledError(error.fault, str(error)) from None
    return enrolment.enrolment(picture, networks, least)


def _told(found: Reference) -> str:
    told = "; ".join(SENTENCES[reason] for reason in found.reasons)
    return f"{found.quality} quality" + (f": {told}" if told else "")


def _networks(config: Config, roles: frozenset[Role] | None = None) -> Networks:
    return as_configured(config.perception, enrolment.roles() if roles is None else roles)


def _door(config: Config, name: str | None) -> Door:
    names = [door.name for door in config.doors]
    if name is not None and name not in names:
        raise LookupError(f"there is no door {name}; there are {', '.join(names)}")
    return config.doors[0 if name is None else names.index(name)]


def _prompt(language: str) -> Callable[[str], None]:
    said = words(language)
    return lambda code: print(said.get(code, code), file=sys.stderr)


def _state(state: FeedState) -> None:
    if state.phase != "online":
        print(f"{state.feed}: {state.phase}, {state.detail}", file=sys.stderr)


def _key(path: Path) -> bytes:
    try:
        return key_from(path.read_text(encoding="ascii").strip())
    except (SealError, ValueError) as error:
        raise GalleryError(f"{path}: {error}") from error


def _record(person: Person, pictures: int) -> dict[str, object]:
    doors = None if person.doors is None else sorted(person.doors)
    return {**asdict(person), "doors": doors, "pictures": pictures}


def _table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
