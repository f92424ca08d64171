"""Enrolment over HTTP: who is enrolled, who comes and who goes. It knows no web framework.

Whoever shows people.token may let anybody in, so it is a credential of its own: neither the page's
token nor that of a client of sessions is enough.
"""

import json
from collections.abc import Mapping
from importlib import resources
from urllib.parse import unquote

from kioskd.credentials import bearer, digest, whose
from kioskd.identity.people_desk import LARGEST, Json, PeopleDesk
from kioskd.json_object import json_object
from kioskd.refused import RefusedError

BASE = "/api/people"
DOCUMENT = f"{BASE}/openapi.json"
Answer = tuple[int, Json | None]


class PeopleHttp:
    """Answers requests, each on the thread that brings it (kioskd/page/answerer.py)."""

    bases = (BASE,)
    largest = LARGEST

    def __init__(self, token: str, desk: PeopleDesk) -> None:
        self._known, self._desk = {"token": digest(token)}, desk

    def knows(self, headers: Mapping[str, str]) -> bool:
        return whose(bearer(headers) or "", self._known) is not None

    def nothing_there(self, status: int) -> Json:
        code = "MethodNotAllowed" if status == 405 else "PersonNotFound"
        return RefusedError(status, code, "there is no such address").body

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return self._answer(method, path, headers, body)
        except RefusedError as error:
            return error.status, error.body

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path == DOCUMENT:
            _only(method, "GET")
            return 200, openapi()
        if not self.knows(headers):
            raise RefusedError(401, "Unauthorized", "show people.token as a bearer token")
        if path == BASE:
            _only(method, "GET")
            return 200, {"people": self._desk.everybody()}
        person_id = unquote(path.removeprefix(f"{BASE}/"))
        _only(method, "GET", "PUT", "DELETE")
        if method == "PUT":
            return self._desk.put(person_id, json_object(body, LARGEST))
        if method == "GET":
            return 200, self._desk.get(person_id)
        self._desk.erase(person_id)
        return 204, None


def openapi() -> Json:
    """The OpenAPI document, as it ships."""
    file = resources.files("kioskd.identity") / "openapi.json"
    document: Json = json.loads(file.read_text(encoding="utf-8"))
    return document


def _only(method: str, *allowed: str) -> None:
    if method not in allowed:
        told = f"only {' and '.join(allowed)} are answered here"
        raise RefusedError(405, "MethodNotAllowed", told)
