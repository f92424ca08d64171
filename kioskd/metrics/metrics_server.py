"""Serves the metrics and whether all is well, to few at once and each for a short time.

So little of HTTP is needed that nothing more is spoken: one GET, one answer, the end. Whoever
does not read, or drips its question, is hung up on after PATIENCE_S; where MOST are there, the one
that came first makes room. Nothing depends on any of it.
"""

import ipaddress
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from kioskd.metrics.metrics_settings import MetricsSettings

PATIENCE_S = 3.0  # for one conversation, question and answer together
MOST = 4  # conversations at once
HEAD_BYTES = 8192
LOOK_S = 0.5  # how often it is asked whether to end


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers with."""

    status: HTTPStatus
    body: bytes
    kind: str = "application/json"

    @property
    def wire(self) -> bytes:
        head = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\nContent-Type: {self.kind}\r\n"
            f"Content-Length: {len(self.body)}\r\nCache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
        )
        return head.encode("ascii") + self.body


def refusal(status: HTTPStatus, sentence: str) -> Answer:
    return Answer(status, json.dumps({"error": sentence}).encode())


class MetricsServer(threading.Thread):
    """Serves until it is stopped. A part (kioskd/part.py) on which nothing depends.

    pages    what answers at each path
    trouble  called with a sentence where nothing can be served, and with None when it can
    """

    stop_s = 2.0
    progress_at = None
    failure = None

    def __init__(
        self,
        settings: MetricsSettings,
        pages: Mapping[str, Callable[[], Answer]],
        trouble: Callable[[str | None], object],
    ) -> None:
        super().__init__(name="metrics", daemon=True)
        self.pages = pages
        self._settings, self._trouble = settings, trouble
        self._stopping = threading.Event()
        self._wires: deque[socket.socket] = deque()
        self._lock = threading.Lock()

    def run(self) -> None:
        place = f"{self._settings.address} port {self._settings.port}"
        try:
            with _listening(self._settings) as listener:
                self._trouble(None)
                while not self._stopping.is_set():
                    with suppress(TimeoutError):
                        self._begin(listener.accept()[0])
        except OSError as error:
            told = f"the metrics cannot be served at {place} ({error.strerror or error})"
            self._trouble(told)

    def stop(self, failure: str | None = None) -> None:
        """Ask the thread to end. Join it to know that it has."""
        self._stopping.set()

    def _begin(self, wire: socket.socket) -> None:
        """A conversation in a thread of its own; with too many, the oldest ends."""
        with self._lock:
            self._wires.append(wire)
            if len(self._wires) > MOST:
                _hang_up(self._wires.popleft())
        threading.Thread(target=self._converse, args=(wire,), name="scrape", daemon=True).start()

    def _converse(self, wire: socket.socket) -> None:
        until = time.monotonic() + PATIENCE_S
        with wire, suppress(OSError):  # whoever asked has gone, or was too slow
            if head := _head(wire, until):
                answer = self._answer(head)
                wire.settimeout(max(0.01, until - time.monotonic()))
                wire.sendall(answer.wire)
                wire.shutdown(socket.SHUT_WR)
        with self._lock, suppress(ValueError):
            self._wires.remove(wire)

    def _answer(self, head: bytes) -> Answer:
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return refusal(HTTPStatus.BAD_REQUEST, "this is no HTTP")
        if words[0] != "GET":
            return refusal(HTTPStatus.METHOD_NOT_ALLOWED, "there is nothing here but to read")
        if not self._is_ours(lines[1:]):
            return refusal(HTTPStatus.MISDIRECTED_REQUEST, "ask by an address or localhost")
        page = self.pages.get(words[1].partition("?")[0])
        if page is None:
            told = f"there is {', '.join(self.pages)}"
            return refusal(HTTPStatus.NOT_FOUND, told)
        return page()

    def _is_ours(self, lines: list[str]) -> bool:
        """On a loopback address, only by its name: no web site may point its own at us."""
        if not ipaddress.ip_address(self._settings.address.partition("%")[0]).is_loopback:
            return True
        hosts = [line[5:].strip() for line in lines if line.lower().startswith("host:")]
        return all(_is_address(host) for host in hosts)


def _is_address(header: str) -> bool:
    with suppress(ValueError):
        name = (urlsplit(f"//{header}").hostname or "").lower()
        return name == "localhost" or bool(ipaddress.ip_address(name))
    return False


def _head(wire: socket.socket, until: float) -> bytes:
    """The question up to its empty line; nothing where none came in time, or it is too long."""
    found = b""
    while b"\r\n\r\n" not in found:
        left_s = until - time.monotonic()
        if left_s <= 0 or len(found) > HEAD_BYTES:
            return b""
        wire.settimeout(left_s)
        more = wire.recv(HEAD_BYTES)
        if not more:
            return b""
        found += more
    return found.partition(b"\r\n\r\n")[0]


def _hang_up(wire: socket.socket) -> None:
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)


def _listening(settings: MetricsSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.address, settings.port))
        listener.listen(2 * MOST)
        listener.settimeout(LOOK_S)
    except OSError:
        listener.close()
        raise
    return listener
