"""systemd's journal, line by line with fields of its own, by its native protocol.

https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: one datagram a line. So `journalctl KIOSKD_DOOR=main`
finds what was said of a door.
"""

import json
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

SOCKET = Path("/run/systemd/journal/socket")
WAIT_S = 1.0  # a journal that takes nothing for so long loses the line
LONGEST_NAME = 64  # of a field, as the journal has it
SHORT = 2000  # characters of what is left of a line that is too long for it
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
OURS = "KIOSKD_"
_PLAIN = re.compile(r"[^\s\"'=]+")


def leads_to_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether systemd says that this very stream is read by the journal."""
    named = environment.get("JOURNAL_STREAM", "")
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return named == f"{found.st_dev}:{found.st_ino}"


class Journal:
    """Takes lines as structlog's last step: `msg` and the levels' names are its own."""

    def __init__(self, otherwise: TextIO, path: Path = SOCKET) -> None:
        self._otherwise, self._path = otherwise, str(path)

    def msg(self, line: Mapping[str, object]) -> None:
        """Never waits for long. Where the journal takes no datagram, its stream gets the text."""
        fields = record(line)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
                wire.settimeout(WAIT_S)
                wire.sendto(datagram(fields), self._path)
        except OSError:
            short = fields["MESSAGE"].partition("\n")[0][:SHORT]
            self._otherwise.write(f"<{fields['PRIORITY']}>{short}\n")
            self._otherwise.flush()

    debug = info = warning = error = critical = msg


def record(line: Mapping[str, object]) -> dict[str, str]:
    """The fields of a line: what stands in it for people, and each of its own by its name."""
    rest = {key: value for key, value in line.items() if key not in ("event", "level", "exception")}
    said = " ".join(f"{key}={_shown(value)}" for key, value in rest.items())
    traced = f"\n{line['exception']}" if "exception" in line else ""
    return {
        "MESSAGE": f"{line['event']}{'  ' if said else ''}{said}{traced}",
        "PRIORITY": str(PRIORITIES.get(str(line.get("level")), 6)),
        "SYSLOG_IDENTIFIER": "kioskd",
        f"{OURS}EVENT": str(line["event"]),
        **{_name(key): _text(value) for key, value in rest.items()},
    }


def datagram(fields: Mapping[str, str]) -> bytes:
    """As the journal takes it: with its length before a value that has a line break in it."""
    parts = []
    for name, value in fields.items():
        body = value.encode("utf-8", "backslashreplace")
        if b"\n" in body:
            parts.append(name.encode() + b"\n" + len(body).to_bytes(8, "little") + body + b"\n")
        else:
            parts.append(name.encode() + b"=" + body + b"\n")
    return b"".join(parts)


def _name(key: str) -> str:
    return f"{OURS}{re.sub(r'[^A-Z0-9_]', '_', key.upper())}"[:LONGEST_NAME]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _shown(value: object) -> str:
    text = _text(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
