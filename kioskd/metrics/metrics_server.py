"""Serves the metrics and whether all is well, to few at once and each for a short time.

Whoever does not read, or drips its question, is hung up on after PATIENCE_S of silence; where MOST
are there, the one that came first makes room. Nothing depends on any of it.
"""

import ipaddress
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from kioskd.metrics.metrics_settings import MetricsSettings

PATIENCE_S = 3.0  # in which nothing comes, or nothing is read
MOST = 4  # conversations at once
LOOK_S = 0.5  # how often it is asked whether to end


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers with."""

    status: HTTPStatus
    body: bytes
    kind: str = "application/json"


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

    def run(self) -> None:
        place = f"{self._settings.address} port {self._settings.port}"
        try:
            with _Listener(self._settings, self.pages) as listener:
                self._trouble(None)
                while not self._stopping.is_set():
                    listener.handle_request()
        except OSError as error:
            told = f"the metrics cannot be served at {place} ({error.strerror or error})"
            self._trouble(told)

    def stop(self, failure: str | None = None) -> None:
        """Ask the thread to end. Join it to know that it has."""
        self._stopping.set()


class _Listener(ThreadingHTTPServer):
    """A thread for each conversation; with too many, the oldest ends."""

    daemon_threads = True
    block_on_close = False
    timeout = LOOK_S

    def __init__(
        self, settings: MetricsSettings, pages: Mapping[str, Callable[[], Answer]]
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
        self.pages, self._settings = pages, settings
        self._wires: deque[socket.socket] = deque()
        self._lock = threading.Lock()
        super().__init__((settings.address, settings.port), _Conversation)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._wires.append(request)
            if len(self._wires) > MOST:
                _hang_up(self._wires.popleft())
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock, suppress(ValueError):
            self._wires.remove(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone, or was hung up on."""

    def is_ours(self, host: str) -> bool:
        """On a loopback address, only by its name: no web site may point its own at us."""
        if not ipaddress.ip_address(self._settings.address.partition("%")[0]).is_loopback:
            return True
        return not host or _is_address(host)


class _Conversation(BaseHTTPRequestHandler):
    """One question, one answer, the end."""

    server: _Listener
    server_version, sys_version = "kioskd", ""

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(PATIENCE_S)

    def do_GET(self) -> None:  # the library's own name
        found = self._answer()
        self.send_response(found.status)
        self.send_header("Content-Type", found.kind)
        self.send_header("Content-Length", str(len(found.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(found.body)

    def _answer(self) -> Answer:
        if not self.server.is_ours(self.headers.get("Host", "")):
            return refusal(HTTPStatus.MISDIRECTED_REQUEST, "ask by an address or localhost")
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            return refusal(HTTPStatus.NOT_FOUND, f"there is {', '.join(self.server.pages)}")
        return page()

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads who scraped when."""


def _is_address(header: str) -> bool:
    with suppress(ValueError):
        name = (urlsplit(f"//{header}").hostname or "").lower()
        return name == "localhost" or bool(ipaddress.ip_address(name))
    return False


def _hang_up(wire: socket.socket) -> None:
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)
