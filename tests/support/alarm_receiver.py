"""A web server that alarms are posted to, as a site would have one."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.support.broker import Certificates


@dataclass
class Receiver:
    """What came; `status` is what it answers with from now on, and `head` to who only looks."""

    url: str = ""
    status: int = 204
    head: int = 405
    bodies: list[bytes] = field(default_factory=list)  # each request's, whatever was answered
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def states(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    @property
    def ringing(self) -> set[str]:
        """The codes that rang at the latest word."""
        last = self.states[-1]["alarms"] if self.bodies else []
        return {one["code"] for one in last if one["ended"] is None}


@contextmanager
def receiver(certificates: Certificates | None = None) -> Iterator[Receiver]:
    """Encrypted, with certificates."""
    seen = Receiver()

    class Conversation(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's own name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.headers.append({name.lower(): value for name, value in self.headers.items()})
            seen.bodies.append(body)
            self.send_response(seen.status)
            self.end_headers()

        def do_HEAD(self) -> None:  # the library's own name
            self.send_response(seen.head)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Conversation) as server:
        if certificates is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificates.server, certificates.server_key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "http" if certificates is None else "https"
        seen.url = f"{scheme}://127.0.0.1:{server.server_port}/kiosks?secret=in-the-url"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()
