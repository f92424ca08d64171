"""Enrolment over HTTP: who is enrolled, who comes and who goes.

Whoever shows people.token may let anybody in, so it is a credential of its own: neither the page's
token nor that of a client of sessions is enough.
"""

from collections.abc import Mapping
from urllib.parse import unquote

from kioskd.identity.people_desk import LARGEST, PeopleDesk
from kioskd.json_object import json_object
from kioskd.token_http import Answer, TokenHttp, only


class PeopleHttp(TokenHttp):
    base, largest, key = "/api/people", LARGEST, "people.token"
    package, nothing = "kioskd.identity", "PersonNotFound"

    def __init__(self, token: str, desk: PeopleDesk) -> None:
        super().__init__(token)
        self._desk = desk

    def asked(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path == self.base:
            only(method, "GET")
            return 200, {"people": self._desk.everybody()}
        person_id = unquote(path.removeprefix(f"{self.base}/"))
        only(method, "GET", "PUT", "DELETE")
        if method == "PUT":
            return self._desk.put(person_id, json_object(body, LARGEST))
        if method == "GET":
            return 200, self._desk.get(person_id)
        self._desk.erase(person_id)
        return 204, None
