"""Network cameras as a script: real sockets, and the bytes that all kinds of cameras send."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import IO

from feeds import imaging
from tests.support import pictures

Answers = Callable[["Asked"], bytes | Iterator[bytes]]


@dataclass(frozen=True)
class Asked:
    """A request: its first line, and its header lines by name in lower case."""

    line: str
    headers: dict[str, str]

    @property
    def method(self) -> str:
        return self.line.split()[0]


@dataclass
class Camera:
    port: int
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def camera(answers: Answers, tls: ssl.SSLContext | None = None) -> Iterator[Camera]:
    """Answers each request with bytes; hangs up after what comes piece by piece, or is empty."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        seen = Camera(server.getsockname()[1])

        def talk(line: socket.socket) -> None:
            with suppress(OSError), line:
                line.settimeout(30)
                line = tls.wrap_socket(line, server_side=True) if tls else line
                with line, line.makefile("rb") as lines:
                    while (asked := _asked(lines)) is not None:
                        seen.asked.append(asked)
                        answer = answers(asked)
                        if not isinstance(answer, bytes):
                            for piece in answer:
                                if over.is_set():
                                    return
                                line.sendall(piece)
                            return
                        if not answer:
                            return
                        line.sendall(answer)

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    line, _ = server.accept()
                    talks.append(Thread(target=talk, args=(line,), daemon=True))
                    talks[-1].start()

        talks: list[Thread] = []
        server_thread = Thread(target=serve)
        server_thread.start()
        try:
            yield seen
        finally:
            over.set()
            server_thread.join()


def _asked(lines: IO[bytes]) -> Asked | None:
    first = lines.readline()
    if not first:
        return None
    headers = {}
    while (line := lines.readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return Asked(first.decode("latin-1").strip(), headers)


def rtsp(status: str, *headers: str, body: str = "") -> Answers:
    """An RTSP camera that answers every request so."""

    def answers(asked: Asked) -> bytes:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {asked.headers.get('cseq', '1')}", *headers]
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    return answers


def http(status: str, *headers: str, body: bytes = b"") -> Answers:
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"])
    return lambda _: head.encode() + b"\r\n\r\n" + body


def jpegs(folder: Path, count: int = 6) -> list[bytes]:
    """Pictures 0, 1, ... as JPEG."""
    made = []
    for number in range(count):
        path = folder / f"{number}.jpg"
        imaging.write_image(str(path), pictures.picture(number, 320, 240))
        made.append(path.read_bytes())
    return made
