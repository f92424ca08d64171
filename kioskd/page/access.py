"""Who may look: the names by which the page may be asked for, where from, and with what secret.

A page on a private address can be reached from any web site that the same browser has open. So it
answers only to names it knows (else a site could point its own name at us: DNS rebinding), and
only to requests from its own pages. Pure but for the sessions, which are kept in memory.
"""

import ipaddress
import secrets
import time
from collections import deque
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from kioskd.credentials import bearer, digest, whose
from kioskd.page.page_settings import PageSettings

Role = Literal["page", "screen"]

SESSION_S = 12 * 3600.0  # a shift: then the token is asked for again
MOST_SESSIONS = 64
TRIES, WITHIN_S = 5, 60.0  # wrong tokens, from anywhere, before all have to wait
COOKIE = "kioskd"


def host_of(header: str) -> str:
    """The name in a Host header, without its port; "" if it is none."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def is_ours(header: str, settings: PageSettings) -> bool:
    """Whether a Host header names us: an address, localhost, or a name from the configuration.

    Nobody can point an address elsewhere, so any address that leads here is ours.
    """
    host = host_of(header)
    if host in ("localhost", *(name.lower() for name in settings.names)):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_same_site(headers: Mapping[str, str], scheme: str) -> bool:
    """Whether a request comes from our own pages, or from no page at all."""
    origin = headers.get("origin")
    if origin is not None:
        return origin == f"{scheme}://{headers.get('host', '')}"
    return headers.get("sec-fetch-site", "none") in ("none", "same-origin")


class Sessions:
    """Who has shown a secret lately. Only digests are kept, and compared in constant time."""

    def __init__(self, settings: PageSettings) -> None:
        self._secrets: dict[Role, bytes] = {}
        if settings.token is not None:
            self._secrets["page"] = digest(settings.token)
        if settings.screen_token is not None:
            self._secrets["screen"] = digest(settings.screen_token)
        self._open = settings.token is None
        self._sessions: dict[bytes, tuple[Role, float]] = {}
        self._wrong: deque[float] = deque(maxlen=TRIES)

    def role(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Role | None:
        """What a request may see; None: nothing before the token is shown."""
        if self._open:
            return "page"
        token = bearer(headers)
        if token is not None and not self.must_wait:
            return self.of_token(token)
        held = self._sessions.get(digest(cookies.get(COOKIE, "")))
        return held[0] if held is not None and time.monotonic() < held[1] else None

    @property
    def must_wait(self) -> bool:
        """Too many wrong tokens were tried of late."""
        return len(self._wrong) == TRIES and time.monotonic() - self._wrong[0] < WITHIN_S

    def of_token(self, token: str) -> Role | None:
        """What a token opens; a wrong one is counted."""
        found = whose(token, self._secrets)
        if found is None:
            self._wrong.append(time.monotonic())
        return found

    def begin(self, role: Role) -> str:
        """A new session: what the browser's cookie is to hold."""
        now, session = time.monotonic(), secrets.token_urlsafe(32)
        alive = [(key, held) for key, held in self._sessions.items() if now < held[1]]
        self._sessions = dict(alive[-(MOST_SESSIONS - 1) :])
        self._sessions[digest(session)] = (role, now + SESSION_S)
        return session

    def end(self, cookies: Mapping[str, str]) -> None:
        self._sessions.pop(digest(cookies.get(COOKIE, "")), None)
