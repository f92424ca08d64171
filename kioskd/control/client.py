"""The other end of the local socket: one command, one answer."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kioskd.control.socket_place import at, stream

Json = dict[str, Any]
ANSWER_S = 60.0  # a reload may have networks to load
MOST = 16 * 2**20  # bytes of an answer


class NoAnswerError(Exception):
    """Why no daemon answered, in a sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a daemon answered; `status` as HTTP has it."""

    status: int
    body: Json

    @property
    def done(self) -> bool:
        return self.status < 400


def asked(place: Path, command: Json, within_s: float = ANSWER_S) -> Answer:
    """The answer of the daemon whose socket lies there. Raises NoAnswerError."""
    try:
        with stream() as connection:
            connection.settimeout(within_s)
            at(place, connection.connect)
            connection.sendall(json.dumps(command).encode() + b"\n")
            said = json.loads(_all(connection))
        return Answer(int(said["status"]), dict(said["body"]))
    except PermissionError:
        told = f"this user may not give commands at {place}: its owner and its group may"
        raise NoAnswerError(told) from None
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise NoAnswerError(f"no kioskd takes commands at {place}: is it running?") from None
    except TimeoutError:
        raise NoAnswerError(f"kioskd did not answer within {within_s:.0f} s") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoAnswerError(f"what answers at {place} is no kioskd: {error}") from None


def _all(connection: socket.socket) -> bytes:
    said = b""
    while len(said) <= MOST and (more := connection.recv(65536)):
        said += more
    return said
