"""Sessions over HTTP: which address does what. It knows no web framework; kioskd/page/site.py has
the server and hands each request here.
"""

from collections.abc import Mapping

from kioskd.credentials import bearer, digest, whose
from kioskd.sessions.keeper import Keeper
from kioskd.sessions.session_error import Code, SessionError
from kioskd.sessions.session_request import LARGEST_BODY, read
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.sessions.session_wire import Json
from kioskd.token_http import openapi

BASE = "/api/sessions"
OWN = "/api/session"  # of whoever holds a session's token
DOCUMENT = "/api/sessions/openapi.json"

Answer = tuple[int, Json | None]


class SessionHttp:
    """Answers requests, each on the thread that brings it (kioskd/page/answerer.py)."""

    bases = (BASE, OWN)
    largest = LARGEST_BODY

    def __init__(self, settings: SessionsSettings, keeper: Keeper) -> None:
        self._clients = {name: digest(secret) for name, secret in settings.clients.items()}
        self._keeper = keeper

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Status and JSON; never raises for what was asked."""
        try:
            return self._answer(method, path, headers, body)
        except SessionError as error:
            return error.status, error.body

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether a client asks: nobody else has a large request read."""
        return whose(bearer(headers) or "", self._clients) is not None

    def nothing_there(self, status: int) -> Json:
        code: Code = "MethodNotAllowed" if status == 405 else "SessionNotFound"
        return SessionError(code, "there is no such address").body

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path == DOCUMENT:
            _only(method, "GET")
            return 200, openapi("kioskd.sessions")
        secret = bearer(headers) or ""
        if path == OWN:
            _only(method, "GET")
            return 200, self._keeper.of_token(secret)
        client = self._client(secret)
        if path == BASE:
            _only(method, "GET", "POST")
            if method == "POST":
                return 201, self._keeper.create(client, read(body))
            return 200, self._keeper.listed(client)
        return self._one(method, path.removeprefix(f"{BASE}/"), client)

    def _one(self, method: str, rest: str, client: str) -> Answer:
        session_id, _, what = rest.partition("/")
        if what == "cancel":
            _only(method, "POST")
            return 200, self._keeper.cancel(client, session_id)
        if what:
            raise SessionError("SessionNotFound", "there is no such address")
        _only(method, "GET", "DELETE")
        if method == "DELETE":
            self._keeper.delete(client, session_id)
            return 204, None
        return 200, self._keeper.get(client, session_id)

    def _client(self, secret: str) -> str:
        client = whose(secret, self._clients)
        if client is None:
            raise SessionError("Unauthorized", "show the client's secret as a bearer token")
        return client


def _only(method: str, *allowed: str) -> None:
    if method not in allowed:
        raise SessionError("MethodNotAllowed", f"only {' and '.join(allowed)} are answered here")
