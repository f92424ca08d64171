"""One request over HTTP, done by a deadline whatever the server does.

The library's own limits are each for one step: a server that drips a byte now and then would hold
it for ever.
"""

import socket
import ssl
import time
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from kioskd.alarms.alarms_settings import PostSettings

LONGEST = 1024  # bytes of the answer's first line
STATUS_AT = slice(9, 12)  # where the three digits stand in "HTTP/1.1 200 OK"


class PostError(Exception):
    """It was not taken; the words say why, without the address's secrets."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads. `shown` is what a log may have of it."""

    encrypted: bool
    host: str
    port: int
    target: str

    @property
    def shown(self) -> str:
        return f"{self.host} port {self.port}"


def place(url: str) -> Place:
    """ValueError where it is no address of that kind; the message shows nothing of it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is no address that can be read") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must begin with https:// and a host's name")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("holds a letter that no address has; write it percent-encoded")
    if parts.username is not None:
        raise ValueError("holds a user name; show a secret by alarms.token instead")
    encrypted = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(encrypted, parts.hostname, port or (443 if encrypted else 80), target)


def post(settings: PostSettings, body: bytes) -> None:
    """Have JSON taken by the server, which answers by a status of 200 to 299; else PostError."""
    status = _answer(settings, "POST", body)
    if not 200 <= status < 300:
        raise PostError(f"it answers {told(status)}")


def looked_at(settings: PostSettings) -> int:
    """The status by which the server answers HEAD, which tells it nothing. Raises PostError."""
    return _answer(settings, "HEAD", b"")


def told(status: int) -> str:
    """Such as "404 (Not Found)"."""
    return f"{status}{_phrase(status)}"


def _answer(settings: PostSettings, method: str, body: bytes) -> int:
    deadline = time.monotonic() + settings.timeout_s
    where = place(settings.url)
    try:
        with _connected(where, settings, deadline) as wire:
            wire.settimeout(_left(deadline))
            wire.sendall(_request(where, settings.token, method, body))
            return _status(wire, deadline)
    except (TimeoutError, ssl.SSLError, OSError, ValueError) as error:
        raise PostError(_why(error, settings.timeout_s)) from error


def _connected(where: Place, settings: PostSettings, deadline: float) -> socket.socket:
    plain = socket.create_connection((where.host, where.port), _left(deadline))
    if not where.encrypted:
        return plain
    try:
        ca = None if settings.ca is None else str(settings.ca)
        context = ssl.create_default_context(cafile=ca)
        plain.settimeout(_left(deadline))
        return context.wrap_socket(plain, server_hostname=where.host)
    except BaseException:
        plain.close()
        raise


def _request(where: Place, token: str | None, method: str, body: bytes) -> bytes:
    host = f"[{where.host}]" if ":" in where.host else where.host
    lines = [
        f"{method} {where.target} HTTP/1.1",
        f"Host: {host}:{where.port}",
        "User-Agent: kioskd",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("utf-8") + body


def _status(wire: socket.socket, deadline: float) -> int:
    """Of the answer; the rest of it is of no interest."""
    read = b""
    while b"\n" not in read:
        if len(read) > LONGEST:
            raise ValueError("it speaks no HTTP")
        wire.settimeout(_left(deadline))
        if not (more := wire.recv(LONGEST)):
            raise ValueError("it hangs up without an answer")
        read += more
    digits = read[STATUS_AT]
    if not read.startswith(b"HTTP/1.") or not digits.isdigit():
        raise ValueError("it speaks no HTTP")
    return int(digits)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0.0:
        raise TimeoutError
    return left


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""


def _why(error: Exception, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"it does not answer within {timeout_s:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"it does not prove who it is ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"no encrypted connection comes about ({error.reason or 'TLS'})"
    if isinstance(error, OSError):
        return f"it cannot be reached ({error.strerror or type(error).__name__})"
    return str(error)
