"""`kioskd ctl`: give a running daemon on this machine a command."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kioskd.commands.exit_status import FAILED, OK, WRONG
from kioskd.control.client import NoAnswerError, asked
from kioskd.control.socket_place import SOCKET, SYSTEM

Json = dict[str, Any]
TAKES = {
    "enable": "door",
    "disable": "door",
    "end-lockout": "door",
    "debug": "door",
    "restart": "feed",
}
ON_OFF = {"on": True, "off": False}
TROUBLES = ("why", "problems")
HEAD = ("door", "feed", "enabled", "camera", "since")


class UsageError(Exception):
    """How the command is to be called."""


def place(config: Path, *, given: bool) -> Path:
    """Where the daemon's socket lies: of the unit, or of the one that runs by this file.

    given  whether somebody named the file, and so means the daemon that runs by it
    """
    if not given and SYSTEM.is_dir():
        return SYSTEM / SOCKET
    from kioskd.commands.configuration import configuration  # late: it loads much

    return configuration(config).state_dir / SOCKET


def run(
    place: Path,
    command: str,
    names: Sequence[str],
    modified: int | None,
    *,
    as_json: bool,
) -> int:
    """Print what the daemon answers. Exit status 0; 1 where it refuses, or none answers; 2 usage.

    place     of the daemon's socket
    modified  the date of a change, ms since 1970; None: now
    """
    try:
        said = _said(command, names, modified)
        answer = asked(place, said)
    except UsageError as error:
        print(error, file=sys.stderr)
        return WRONG
    except NoAnswerError as error:
        print(error, file=sys.stderr)
        return FAILED
    if as_json:
        print(json.dumps({"status": answer.status, "body": answer.body}, ensure_ascii=False))
    elif answer.done:
        for line in _lines(answer.body):
            print(_plain(line))
    else:
        refusal = answer.body.get("error", {})
        print(_plain(f"{refusal.get('code')}: {refusal.get('message')}"), file=sys.stderr)
    return OK if answer.done else FAILED


def _said(command: str, names: Sequence[str], modified: int | None) -> Json:
    said: Json = {"command": command}
    if command == "set":
        said["doors"] = dict(map(_wanted, names))
    elif key := TAKES.get(command):
        if len(names) != 1:
            raise UsageError(f"kioskd ctl {command} {key.upper()}: name one {key}")
        said[key] = names[0]
    elif names:
        raise UsageError(f"kioskd ctl {command} takes no name")
    return said if modified is None else {**said, "modified": modified}


def _wanted(text: str) -> tuple[str, Json]:
    door, _, way = text.rpartition("=")
    if not door or way not in ON_OFF:
        raise UsageError("kioskd ctl set DOOR=on DOOR=off ...: say on or off of every door")
    return door, {"enabled": ON_OFF[way]}


def _lines(body: Json) -> Iterator[str]:
    """The doors as a table, what is wrong as a list, all else as it is called."""
    for key, value in body.items():
        if key == "doors" and isinstance(value, list):
            yield from _table([HEAD, *map(_row, value)])
        elif key in TROUBLES:
            yield from (f"{one['code']}: {one['detail']}" for one in value)
        elif isinstance(value, dict | list):
            yield f"{key}: {json.dumps(value, ensure_ascii=False)}"
        else:
            yield f"{key}: {value}"


def _row(door: Json) -> tuple[str, ...]:
    camera = door["state"] if not door["reason"] else f"{door['state']} ({door['reason']})"
    since = _time(door["modified"]) if door["modified"] else "-"
    return door["door"], door["feed"], "yes" if door["enabled"] else "no", camera, since


def _time(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return str(ms)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _plain(text: str) -> str:
    """What a daemon says draws nothing of its own on the terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
