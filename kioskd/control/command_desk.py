"""Where every command ends up, whatever way it came: done or refused, and recorded either way."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kioskd import log
from kioskd.commanded import Commanded
from kioskd.control.registry import Command, Json
from kioskd.json_object import checked
from kioskd.quota import Quota
from kioskd.refused import RefusedError

REFUSALS, WITHIN_S = 30, 60.0  # so many are recorded in so long: else anybody could fill the disk
BROKEN = RefusedError(500, "Broken", "a mistake of kioskd's own: report what its log says")


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gives a command: by which way, who they are there, and under which id of theirs."""

    way: Literal["mqtt", "socket"]
    who: str = ""
    request: str = ""


class CommandDesk:
    """Does one command at a time; for any thread that may wait.

    record  called with each command once it was done or refused
    """

    def __init__(
        self, commands: Mapping[str, Command], record: Callable[[Commanded], object]
    ) -> None:
        self._commands, self._record = commands, record
        self._one = threading.Lock()
        self._refusals = Quota(REFUSALS, WITHIN_S)

    def do(self, said: Mapping[str, Any], giver: Giver, at: int) -> tuple[int, Json]:
        """Status and body of the answer; never raises for what was asked.

        said  {"command": its name, ...}, the rest is what the command asks for
        at    when it was asked for, ms since 1970
        """
        with self._one:
            name = said.get("command")
            command = self._commands.get(name) if isinstance(name, str) else None
            try:
                body = self._done(command, said, at)
            except RefusedError as error:
                return self._refused(error, giver, command, said)
            except Exception:  # a mistake of ours: it costs this command, and is told
                log.logger().exception("a command failed", command=name)
                return self._refused(BROKEN, giver, command, said)
            self._tell(giver, command, said, 200)
            return 200, body

    def refuse(self, error: RefusedError, giver: Giver) -> tuple[int, Json]:
        """The answer to what was refused before it was known which command it is."""
        with self._one:
            return self._refused(error, giver, None, {})

    def overlook(self) -> None:
        """One more refusal that is counted and stands in no record of its own."""
        with self._one:
            self._refusals.left_out += 1

    def _done(self, command: Command | None, said: Mapping[str, Any], at: int) -> Json:
        if command is None:
            told = f"command: is to be one of {', '.join(self._commands)}"
            raise RefusedError(400, "UnknownCommand", told)
        rest = {key: value for key, value in said.items() if key != "command"}
        return command.run(checked(command.asks, rest), at)

    def _refused(
        self, error: RefusedError, giver: Giver, command: Command | None, said: Mapping[str, Any]
    ) -> tuple[int, Json]:
        if self._refusals.admits(time.monotonic()):
            self._tell(giver, command, said, error.status, error.code, str(error))
        return error.status, error.body

    def _tell(
        self,
        giver: Giver,
        command: Command | None,
        said: Mapping[str, Any],
        status: int,
        code: str = "",
        detail: str = "",
    ) -> None:
        name, door = "" if command is None else command.name, said.get("door", "")
        door = door if isinstance(door, str) and door.isprintable() and len(door) <= 100 else ""
        left_out = self._refusals.take_left_out()
        about = (giver.way, giver.who, giver.request)
        self._record(Commanded(name, door, *about, status, code, detail, left_out))
