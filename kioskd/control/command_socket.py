"""Commands on the machine itself: one line of JSON to a Unix socket, one line in answer.

Who may open the socket may command: its owner and its group, by the file's mode. Who they were
stands in the record, as the kernel says it.
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kioskd import log
from kioskd.control.command_desk import CommandDesk, Giver
from kioskd.control.registry import Json
from kioskd.control.socket_place import at, stream
from kioskd.json_object import json_object
from kioskd.mqtt_requests import MOST_ID, text
from kioskd.refused import RefusedError

MODE = 0o660
LARGEST = 65_536  # bytes of a request
TALK_S = 2.0  # for a whole request to come, and for the answer to be taken
TURN_S = 1.0
BACKLOG = 8
KNOCK_S = 0.1
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid of struct ucred


class CommandSocket(threading.Thread):
    """Answers one connection after the other. A part (kioskd/part.py) on which nothing depends.

    trouble  told why nobody can give commands here, in a sentence; None: they can
    """

    stop_s = 1.0  # whoever talks too slowly is left
    progress_at = None
    failure = None

    def __init__(
        self, place: Path, desk: CommandDesk, trouble: Callable[[str | None], object]
    ) -> None:
        super().__init__(name="control socket", daemon=True)
        self._place, self._desk, self._trouble = place, desk, trouble
        self._listening: socket.socket | None = None  # from its start on
        self._stopping = threading.Event()
        self._bound = False

    def start(self) -> None:
        """Listens from here on, or tells why it cannot; the doors go on either way."""
        try:
            self._listening = stream()
            self._bind(self._listening)
            self._trouble(None)
        except OSError as error:
            self._stopping.set()
            told = f"nobody can give commands on this machine: {self._place} ({error.strerror})"
            self._trouble(told)
        super().start()

    def _bind(self, listening: socket.socket) -> None:
        if self._place.is_socket():  # of a daemon that was killed: the state folder is ours alone
            self._place.unlink()
        at(self._place, listening.bind)
        self._bound = True
        self._place.chmod(MODE)
        listening.listen(BACKLOG)
        listening.settimeout(TURN_S)

    def run(self) -> None:
        if self._listening is not None:
            with self._listening:
                while not self._stopping.is_set():
                    with suppress(TimeoutError):
                        self._meet(self._listening)
        if self._bound:
            with suppress(OSError):
                self._place.unlink()

    def _meet(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            raise
        except OSError as error:  # no descriptor is left, for instance
            log.logger().warning("a command could not be heard", detail=error.strerror)
            self._stopping.wait(TURN_S)
            return
        with connection, suppress(OSError):
            if not self._stopping.is_set():
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        giver = Giver("socket", _who(connection))
        try:
            said = json_object(_line(connection), LARGEST)
            giver = Giver("socket", giver.who, text(said, "id", MOST_ID))
        except RefusedError as error:
            status, body = self._desk.refuse(error, giver)
        else:
            rest = {key: value for key, value in said.items() if key != "id"}
            status, body = self._desk.do(rest, giver, round(time.time() * 1000))
        _answer(connection, {"status": status, "body": body})

    def stop(self, failure: str | None = None) -> None:
        """Ask the thread to end after the connection it is at."""
        self._stopping.set()
        with suppress(OSError), stream() as knock:  # so that it waits for nobody else
            knock.settimeout(KNOCK_S)
            at(self._place, knock.connect)


def _who(connection: socket.socket) -> str:
    """The user and the process at the other end."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(raw)
    return f"uid {uid}, pid {pid}"


def _line(connection: socket.socket) -> bytes:
    """All up to the first line break; RefusedError where none comes in time, or so much else."""
    until, said = time.monotonic() + TALK_S, b""
    while b"\n" not in said:
        if len(said) > LARGEST:
            raise RefusedError(413, "RequestTooLarge", f"a command has at most {LARGEST} bytes")
        connection.settimeout(max(0.01, until - time.monotonic()))
        try:
            more = connection.recv(8192)
        except TimeoutError:
            more = b""
        if not more or time.monotonic() > until:
            raise RefusedError(400, "BadRequest", "a command is one line of JSON, and none came")
        said += more
    return said.partition(b"\n")[0]


def _answer(connection: socket.socket, told: Json) -> None:
    connection.settimeout(TALK_S)
    connection.sendall(json.dumps(told, ensure_ascii=False).encode() + b"\n")
