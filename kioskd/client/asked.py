"""What a client asks of a kiosk, over HTTP and the standard library alone."""

import asyncio
import base64
import http.client
import json
import ssl
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

Json = dict[str, Any]

EVERY_S = 0.2  # how often it is asked whether a session has ended
MOST = 4 * 2**20  # bytes of an answer


class Refused(Exception):
    """The kiosk refused; `code` is for programs, the text for people."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


class Unreachable(Exception):
    """The kiosk did not answer, or not as a kiosk does."""


class Client:
    """One client of one kiosk. Safe to use from several threads: each call has its own connection.

    secret  as in sessions.clients of the kiosk's config.yaml
    ca      PEM file with the certificate to trust, where the page has one of its own
    """

    def __init__(
        self, url: str, secret: str, *, ca: Path | None = None, timeout_s: float = 10.0
    ) -> None:
        """Raises ValueError for an address that is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no http or https address")
        self._parts, self._secret, self._timeout_s = parts, secret, timeout_s
        trusting = ssl.create_default_context(cafile=None if ca is None else str(ca))
        self._tls = trusting if parts.scheme == "https" else None

    def create(
        self,
        door: str,
        operation: str = "Passive",
        *,
        verify_image: bytes | None = None,
        nonce: str | None = None,
        **keys: object,
    ) -> Json:
        """Opens a session: its id, its token and what the kiosk says of the reference image.

        keys  what else a session may have, by the names of the OpenAPI document, such as
              numberOfClientAttemptsAllowed=3
        """
        asked: Json = {"door": door, "livenessOperationMode": operation, **keys}
        if nonce is not None:
            asked["nonce"] = nonce
        if verify_image is not None:
            asked["verifyImage"] = base64.b64encode(verify_image).decode()
        return self._ask("POST", "/api/sessions", asked)

    def get(self, session_id: str) -> Json:
        return self._ask("GET", _of(session_id))

    def listed(self) -> list[Json]:
        """The client's latest sessions, the newest first."""
        found: list[Json] = self._ask("GET", "/api/sessions")["sessions"]
        return found

    def cancel(self, session_id: str) -> Json:
        return self._ask("POST", f"{_of(session_id)}/cancel")

    def delete(self, session_id: str) -> None:
        self._ask("DELETE", _of(session_id))

    def wait(self, session_id: str, timeout_s: float, every_s: float = EVERY_S) -> Json:
        """The session once it has ended. Raises TimeoutError where it has not by then."""
        until = time.monotonic() + timeout_s
        while True:
            if _has_ended(session := self.get(session_id), until, timeout_s):
                return session
            time.sleep(every_s)

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            status, text = response.status, response.read(MOST)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(
                f"the kiosk at {self._parts.hostname} does not answer ({error})"
            ) from error
        finally:
            connection.close()
        return _told(status, text)

    def _connection(self) -> http.client.HTTPConnection:
        host = self._parts.hostname or ""
        if self._tls is not None:
            return http.client.HTTPSConnection(
                host, self._parts.port, timeout=self._timeout_s, context=self._tls
            )
        return http.client.HTTPConnection(host, self._parts.port, timeout=self._timeout_s)


class AsyncClient:
    """The same for asyncio: each call is awaited, and runs on a thread."""

    def __init__(
        self, url: str, secret: str, *, ca: Path | None = None, timeout_s: float = 10.0
    ) -> None:
        self._plain = Client(url, secret, ca=ca, timeout_s=timeout_s)

    async def create(self, door: str, operation: str = "Passive", **keys: Any) -> Json:
        return await asyncio.to_thread(self._plain.create, door, operation, **keys)

    async def get(self, session_id: str) -> Json:
        return await asyncio.to_thread(self._plain.get, session_id)

    async def listed(self) -> list[Json]:
        return await asyncio.to_thread(self._plain.listed)

    async def cancel(self, session_id: str) -> Json:
        return await asyncio.to_thread(self._plain.cancel, session_id)

    async def delete(self, session_id: str) -> None:
        await asyncio.to_thread(self._plain.delete, session_id)

    async def wait(self, session_id: str, timeout_s: float, every_s: float = EVERY_S) -> Json:
        """As Client.wait; others have their turn meanwhile."""
        until = time.monotonic() + timeout_s
        while True:
            if _has_ended(session := await self.get(session_id), until, timeout_s):
                return session
            await asyncio.sleep(every_s)


def _has_ended(session: Json, until: float, timeout_s: float) -> bool:
    """Raises TimeoutError where it has not, and `until`, seconds, monotonic, is over."""
    if session["state"] in ("Succeeded", "Failed", "Canceled"):
        return True
    if time.monotonic() >= until:
        raise TimeoutError(f"the session has not ended within {timeout_s:g} s")
    return False


def _of(session_id: str) -> str:
    return f"/api/sessions/{quote(session_id, safe='')}"


def _told(status: int, text: bytes) -> Json:
    if status == 204:
        return {}
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise Unreachable(f"what answered is no kiosk (status {status})") from error
    if not isinstance(answer, dict):
        raise Unreachable(f"what answered is no kiosk (status {status})")
    if status >= 400:
        refusal = answer.get("error")
        if isinstance(refusal, dict):
            raise Refused(status, str(refusal.get("code")), str(refusal.get("message")))
        raise Refused(status, "", str(refusal))
    return answer
