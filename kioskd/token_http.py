"""What parts that answer over HTTP by one secret have in common (kioskd/page/answerer.py)."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import resources
from typing import Any

from kioskd.credentials import bearer, digest, whose
from kioskd.refused import RefusedError

Json = dict[str, Any]
Answer = tuple[int, Json | None]


class TokenHttp(ABC):
    """Answers requests, each on the thread that brings it. It knows no web framework.

    base     its address; its OpenAPI document lies below it
    largest  bytes of a request
    key      of config.yaml that holds the secret, for whoever forgot it
    package  that ships the document
    nothing  the code of an address that is none of its own
    """

    base: str
    largest: int
    key: str
    package: str
    nothing: str

    def __init__(self, token: str) -> None:
        self._known = {"token": digest(token)}

    @property
    def bases(self) -> tuple[str, ...]:
        return (self.base,)

    @abstractmethod
    def asked(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to somebody who may ask. Raises RefusedError."""

    def knows(self, headers: Mapping[str, str]) -> bool:
        return whose(bearer(headers) or "", self._known) is not None

    def nothing_there(self, status: int) -> Json:
        code = "MethodNotAllowed" if status == 405 else self.nothing
        return RefusedError(status, code, "there is no such address").body

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Status and JSON; never raises for what was asked."""
        try:
            return self._answer(method, path, headers, body)
        except RefusedError as error:
            return error.status, error.body

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path == f"{self.base}/openapi.json":
            only(method, "GET")
            return 200, openapi(self.package)
        if not self.knows(headers):
            raise RefusedError(401, "Unauthorized", f"show {self.key} as a bearer token")
        return self.asked(method, path, headers, body)


def openapi(package: str) -> Json:
    """The OpenAPI document that a package ships."""
    file = resources.files(package) / "openapi.json"
    document: Json = json.loads(file.read_text(encoding="utf-8"))
    return document


def only(method: str, *allowed: str) -> None:
    """Raises RefusedError for any other method."""
    if method not in allowed:
        told = f"only {' and '.join(allowed)} are answered here"
        raise RefusedError(405, "MethodNotAllowed", told)
