"""Pictures judged over HTTP. It knows no web framework (kioskd/page/answerer.py)."""

import base64
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from kioskd.credentials import bearer, digest, whose
from kioskd.inspect.inspect_desk import LARGEST, InspectDesk, Json
from kioskd.json_object import json_object
from kioskd.refused import RefusedError

BASE = "/api/inspect"
DOCUMENT = f"{BASE}/openapi.json"
Answer = tuple[int, Json | None]


class InspectHttp:
    """Answers requests, each on the thread that brings it."""

    bases = (BASE,)
    largest = LARGEST

    def __init__(self, token: str, desk: InspectDesk) -> None:
        self._known, self._desk = {"token": digest(token)}, desk

    def knows(self, headers: Mapping[str, str]) -> bool:
        return whose(bearer(headers) or "", self._known) is not None

    def nothing_there(self, status: int) -> Json:
        code = "MethodNotAllowed" if status == 405 else "NotFound"
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
            raise RefusedError(401, "Unauthorized", "show inspect.token as a bearer token")
        if path != BASE:
            raise RefusedError(404, "NotFound", "there is no such address")
        _only(method, "POST")
        if headers.get("content-type", "").startswith("image/"):  # the picture itself
            said: Json = {"image": base64.b64encode(body).decode()}
        else:
            said = json_object(body, LARGEST)
        return 200, self._desk.judge(said)


def openapi() -> Json:
    """The OpenAPI document, as it ships."""
    file = resources.files("kioskd.inspect") / "openapi.json"
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def _only(method: str, allowed: str) -> None:
    if method != allowed:
        raise RefusedError(405, "MethodNotAllowed", f"only {allowed} is answered here")
