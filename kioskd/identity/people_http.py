"""Enrolment over HTTP: who is enrolled, who comes and who goes. It knows no web framework.

Whoever shows people.token may let anybody in, so it is a credential of its own: neither the page's
token nor that of a client of sessions is enough.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Literal
from urllib.parse import unquote

from feeds.still_image import StillError, read_still
from kioskd.config.section import Field, Section, ValidationError
from kioskd.credentials import bearer, digest, whose
from kioskd.identity.enrolment import NotEnrolledError, enrol, enrolment
from kioskd.identity.gallery import Gallery, GalleryError
from kioskd.identity.people import IdClass, Person, PersonError
from kioskd.identity.people_file import PeopleFile
from kioskd.identity.people_list import Written
from kioskd.identity.reference import SENTENCES, Reference
from models.network_file import NetworkError
from models.session import Networks

BASE = "/api/people"
DOCUMENT = f"{BASE}/openapi.json"
LARGEST = 9 * 2**20  # bytes: one picture of the largest in base64, or several small ones
Json = dict[str, Any]
Answer = tuple[int, Json | None]


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


class _Refusal(Exception):
    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


class PeopleHttp:
    """Answers requests, each on the thread that brings it.

    changed  called when people were changed, so that doors know it at once
    """

    bases = (BASE,)
    largest = LARGEST

    def __init__(
        self, token: str, file: PeopleFile, networks: Networks, changed: Callable[[], object]
    ) -> None:
        self._known = {"token": digest(token)}
        self._file, self._networks, self._changed = file, networks, changed

    def knows(self, headers: Mapping[str, str]) -> bool:
        return whose(bearer(headers) or "", self._known) is not None

    def nothing_there(self, status: int) -> Json:
        code = "MethodNotAllowed" if status == 405 else "PersonNotFound"
        return _error(code, "there is no such address")

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return self._answer(method, path, headers, body)
        except _Refusal as error:
            return error.status, _error(error.code, str(error))
        except NotEnrolledError as error:
            status = 409 if error.code == "duplicate" else 422
            return status, _error(_name(error.code), str(error))
        except PersonError as error:
            return 400, _error("BadRequest", str(error))
        except (GalleryError, NetworkError) as error:
            return 503, _error("StoreFailed", str(error))

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path == DOCUMENT:
            _only(method, "GET")
            return 200, openapi()
        if not self.knows(headers):
            raise _Refusal(401, "Unauthorized", "show people.token as a bearer token")
        if path == BASE:
            _only(method, "GET")
            people = self._file.read()
            return 200, {"people": [_told(people, each) for each in people.people]}
        person_id = unquote(path.removeprefix(f"{BASE}/"))
        _only(method, "GET", "PUT", "DELETE")
        if method == "PUT":
            return self._put(person_id, _asked(body))
        return self._delete(person_id) if method == "DELETE" else self._get(person_id)

    def _get(self, person_id: str) -> Answer:
        people = self._file.read()
        person = people.find(person_id)
        if person is None:
            raise _nobody(person_id)
        return 200, _told(people, person)

    def _delete(self, person_id: str) -> Answer:
        with self._file.change() as people:
            if people.find(person_id) is None:
                raise _nobody(person_id)
            people.remove(person_id)
        self._changed()
        return 204, None

    def _put(self, person_id: str, asked: EnrolPerson) -> Answer:
        found = [self._looked(number, image, asked) for number, image in enumerate(asked.images, 1)]
        said = Written(
            asked.idClass,
            asked.name,
            asked.validFrom,
            asked.validUntil,
            None if asked.doors is None else tuple(asked.doors),
        )
        with self._file.change() as people:
            before = people.find(person_id)
            if before is None and not found:
                raise _Refusal(400, "BadRequest", f"{person_id} is not enrolled: send a picture")
            person = said.person(person_id, before)
            enrol(people, person, [each.look for each in found], twin=asked.twin)
            told = _told(people, person)
        self._changed()
        told["images"] = [_image(each) for each in found]
        return (201 if before is None else 200), told

    def _looked(self, number: int, image: str, asked: EnrolPerson) -> Reference:
        try:
            content = base64.b64decode(image, validate=True)
            return enrolment(read_still(content), self._networks, asked.least)
        except (binascii.Error, ValueError):
            raise _Refusal(422, "ImageUnreadable", f"picture {number}: it is not base64") from None
        except StillError as error:
            told = f"picture {number}: {error.sentence}"
            raise _Refusal(422, "ImageUnreadable", told) from None
        except NotEnrolledError as error:
            raise NotEnrolledError(error.code, f"picture {number}: {error}") from None


def openapi() -> Json:
    """The OpenAPI document, as it ships."""
    file = resources.files("kioskd.identity") / "openapi.json"
    document: Json = json.loads(file.read_text(encoding="utf-8"))
    return document


def _asked(body: bytes) -> EnrolPerson:
    if len(body) > LARGEST:
        told = f"the request is larger than {LARGEST // 2**20} MiB; send pictures one by one"
        raise _Refusal(413, "RequestTooLarge", told)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise _Refusal(400, "BadRequest", "the request is not JSON") from None
    try:
        return EnrolPerson.model_validate(said)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:5])
        raise _Refusal(400, "BadRequest", wrong) from None


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


def _nobody(person_id: str) -> _Refusal:
    return _Refusal(404, "PersonNotFound", f"nobody is enrolled as {person_id[:128]}")


def _name(code: str) -> str:
    """A code as the others here are written."""
    return "".join(word.capitalize() for word in code.split("_"))


def _only(method: str, *allowed: str) -> None:
    if method not in allowed:
        told = f"only {' and '.join(allowed)} are answered here"
        raise _Refusal(405, "MethodNotAllowed", told)


def _error(code: str, sentence: str) -> Json:
    return {"error": {"code": code, "message": sentence}}
