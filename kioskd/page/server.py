"""The thread that serves the page. The only file that imports uvicorn.

It is a part of the daemon (kioskd/part.py) on which nothing depends: where it cannot serve, that is
told as a problem, and the doors go on.
"""

import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn

from kioskd.page.page_settings import PageSettings

BACKLOG = 32
MOST_CONNECTIONS = 64  # viewers and whatever a browser asks for beside
HEADER_BYTES = 16 * 1024
GOODBYE_S = 1


class PageServer(threading.Thread):
    """Serves until it is stopped.

    trouble  called with a sentence where the page cannot be served, and with None when it is
    """

    stop_s = 2.0
    progress_at = None  # nobody's life depends on it
    failure = None

    def __init__(
        self, app: Any, settings: PageSettings, trouble: Callable[[str | None], object]
    ) -> None:
        super().__init__(name="page", daemon=True)
        self._settings, self._trouble = settings, trouble
        certificate, key = settings.certificate, settings.key
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                log_level="critical",  # what fails is logged by site.py, in our own form
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=HEADER_BYTES,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_graceful_shutdown=GOODBYE_S,
                ssl_certfile=None if certificate is None else str(certificate),
                ssl_keyfile=None if key is None else str(key),
            )
        )

    def run(self) -> None:
        try:
            with _listening(self._settings) as listener:
                self._trouble(None)
                self._server.run(sockets=[listener])
        except OSError as error:
            place = f"{self._settings.address} port {self._settings.port}"
            self._trouble(f"the page cannot be served at {place} ({error.strerror or error})")
        except Exception as error:  # a mistake of ours, or of a library's: no door depends on it
            self._trouble(f"the page ended ({type(error).__name__}): report what the log says")

    def stop(self, failure: str | None = None) -> None:
        """Ask the thread to end. Join it to know that it has."""
        self._server.should_exit = True


def _listening(settings: PageSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.address, settings.port))
        listener.listen(BACKLOG)
        listener.set_inheritable(False)
    except OSError:
        listener.close()
        raise
    return listener
