"""Who is enrolled, as whoever is asked over the network answers it: HTTP and MQTT alike."""

import base64
import binascii
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from feeds.still_image import StillError, read_still
from kioskd.config.section import Field, Section
from kioskd.identity.enrolment import NotEnrolledError, enrol, enrolment
from kioskd.identity.gallery import Gallery, GalleryError
from kioskd.identity.people import IdClass, Person, PersonError
from kioskd.identity.people_file import PeopleFile
from kioskd.identity.people_list import Written
from kioskd.identity.reference_picture import SENTENCES, Reference
from kioskd.json_object import checked
from kioskd.refused import RefusedError
from models.network_file import NetworkError
from models.session import Networks

LARGEST = 9 * 2**20  # bytes: one picture of the largest in base64, or several small ones
Json = dict[str, Any]


class EnrolPerson(Section):
    """What is said of somebody who is enrolled or changed; what is left out stays as it is."""

    idClass: IdClass | None = Field(default=None, description="What they are to the site.")
    name: str | None = Field(
        default=None, max_length=128, description="For people who read the list."
    )
    validFrom: str | None = Field(
        default=None, max_length=40, description="A date or time; empty for no limit."
    )
    validUntil: str | None = Field(
        default=None, max_length=40, description="The last day, or a time; empty for no limit."
    )
    doors: list[str] | None = Field(
        default=None, max_length=100, description="Where they may enter; without it everywhere."
    )
    images: list[str] = Field(
        default=[], max_length=10, description="Pictures, base64 of JPEG, PNG, BMP, WEBP or GIF."
    )
    least: Literal["low", "medium", "high"] = Field(
        default="medium", description="How good a picture must be."
    )
    twin: bool = Field(default=False, description="They may look like somebody enrolled.")


class PeopleDesk:
    """What can be asked for; each raises RefusedError.

    changed  called when people were changed, so that doors know it at once
    """

    def __init__(self, file: PeopleFile, networks: Networks, changed: Callable[[], object]) -> None:
        self._file, self._networks, self._changed = file, networks, changed

    def everybody(self) -> list[Json]:
        with _refusing():
            people = self._file.read()
            return [_told(people, each) for each in people.people]

    def get(self, person_id: str) -> Json:
        with _refusing():
            people = self._file.read()
            person = people.find(person_id)
            if person is None:
                raise _nobody(person_id)
            return _told(people, person)

    def erase(self, person_id: str) -> None:
        with _refusing(), self._file.change() as people:
            if people.find(person_id) is None:
                raise _nobody(person_id)
            people.remove(person_id)
        self._changed()

    def put(self, person_id: str, said: object) -> tuple[int, Json]:
        """Enrol somebody, add pictures, or change what is said of them: 201 for who is new."""
        asked = checked(EnrolPerson, said)
        with _refusing():
            found = [self._looked(n, image, asked) for n, image in enumerate(asked.images, 1)]
            with self._file.change() as people:
                before = people.find(person_id)
                if before is None and not found:
                    told = f"{person_id} is not enrolled: send a picture"
                    raise RefusedError(400, "BadRequest", told)
                person = _written(asked).person(person_id, before)
                enrol(people, person, [each.look for each in found], twin=asked.twin)
                told_of = _told(people, person)
        self._changed()
        told_of["images"] = [_image(each) for each in found]
        return (201 if before is None else 200), told_of

    def _looked(self, number: int, image: str, asked: EnrolPerson) -> Reference:
        try:
            content = base64.b64decode(image, validate=True)
            return enrolment(read_still(content), self._networks, asked.least)
        except (binascii.Error, ValueError):
            told = f"picture {number}: it is not base64"
            raise RefusedError(422, "ImageUnreadable", told) from None
        except StillError as error:
            told = f"picture {number}: {error.sentence}"
            raise RefusedError(422, "ImageUnreadable", told) from None
        except NotEnrolledError as error:
            raise NotEnrolledError(error.code, f"picture {number}: {error}") from None


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever enrols nobody, as a refusal."""
    try:
        yield
    except NotEnrolledError as error:
        status = 409 if error.code == "duplicate" else 422
        name = "".join(word.capitalize() for word in error.code.split("_"))
        raise RefusedError(status, name, str(error)) from None
    except PersonError as error:
        raise RefusedError(400, "BadRequest", str(error)) from None
    except (GalleryError, NetworkError) as error:
        raise RefusedError(503, "StoreFailed", str(error)) from error


def _written(asked: EnrolPerson) -> Written:
    doors = None if asked.doors is None else tuple(asked.doors)
    return Written(asked.idClass, asked.name, asked.validFrom, asked.validUntil, doors)


def _told(people: Gallery, person: Person) -> Json:
    return {
        "personId": person.person_id,
        "idClass": person.id_class,
        "name": person.name,
        "validFrom": person.valid_from,
        "validUntil": person.valid_until,
        "doors": None if person.doors is None else sorted(person.doors),
        "pictures": len(people.looks(person.person_id)),
    }


def _image(found: Reference) -> Json:
    left, top, width, height = found.rectangle
    return {
        "faceRectangle": {"top": top, "left": left, "width": width, "height": height},
        "qualityForRecognition": found.quality,
        "reasons": [SENTENCES[reason] for reason in found.reasons],
    }


def _nobody(person_id: str) -> RefusedError:
    return RefusedError(404, "PersonNotFound", f"nobody is enrolled as {person_id[:128]}")
