"""Commands over MQTT: each shows the secret, is of this moment, and is taken once.

A message is {"id", "credential", "issuedAt", "expiresAt", "command", ...}, times in milliseconds
since 1970; its answer {"id", "status", "body"}. docs/connect/commands.md has the messages.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from kioskd.control.command_desk import CommandDesk, Giver
from kioskd.credentials import digest
from kioskd.delivery.incoming import Reader
from kioskd.delivery.mqtt import Letter
from kioskd.delivery.wire import Topics
from kioskd.json_object import json_object
from kioskd.mqtt_requests import MOST_ID, Publish, answer_topic, correlation, hold_secret, text
from kioskd.refused import RefusedError

LARGEST = 65_536  # bytes: a thousand doors fit
LONGEST_MS = 60_000  # from issuedAt to expiresAt
SKEW_MS = 5_000  # by which the giver's clock may be ahead
MOST_WAITING = 8
MOST_KNOWN = 2_000  # ids of the last minute: at 20 messages a second it cannot be more

Json = dict[str, Any]


class CommandMqtt:
    """Reads on the courier's thread, and does where `later` has work done.

    publish  called with a topic, a payload and MQTT 5 correlation data
    wall     unix seconds
    """

    def __init__(
        self,
        token: str,
        topics: Topics,
        desk: CommandDesk,
        publish: Publish,
        later: Callable[[Callable[[], None]], None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._known, self._topics, self._desk = {"token": digest(token)}, topics, desk
        self._publish, self._later, self._wall = publish, later, wall
        self._began_at = time.monotonic()
        self._taken: OrderedDict[str, int] = OrderedDict()  # when each id may be forgotten, ms
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    @property
    def readers(self) -> Mapping[str, Reader]:
        return {self._topics.commands("request"): self._take}

    def _take(self, letter: Letter) -> None:
        if not self._waiting.acquire(blocking=False):
            self._desk.overlook()
            busy = RefusedError(429, "TooManyRequests", "too many commands wait; ask again")
            self._say(letter, "", busy.status, busy.body)
            return
        self._later(lambda: self._serve(letter))

    def _serve(self, letter: Letter) -> None:
        try:
            request, status, body = self._answered(letter)
            self._say(letter, request, status, body)
        finally:
            self._waiting.release()

    def _answered(self, letter: Letter) -> tuple[str, int, Json]:
        """The request's id, and status and body of the answer."""
        request = ""
        try:
            said = self._read(letter)
            request = text(said, "id", MOST_ID)
            hold_secret(said, self._known, "commands.token")
            at = self._of_now(said, request)
        except RefusedError as error:
            return request, *self._desk.refuse(error, Giver("mqtt", request=request))
        rest = {key: value for key, value in said.items() if key not in ENVELOPE}
        return request, *self._desk.do(rest, Giver("mqtt", request=request), at)

    def _read(self, letter: Letter) -> Json:
        if letter.retain:
            told = "a command that is retained is of another time: send it without retain"
            raise RefusedError(409, "Retained", told)
        if len(letter.body) > LARGEST:
            told = f"a command has at most {LARGEST} bytes"
            raise RefusedError(413, "RequestTooLarge", told)
        return json_object(letter.body, LARGEST)

    def _of_now(self, said: Json, request: str) -> int:
        """When it was issued, ms; RefusedError unless it is of this moment and comes first."""
        issued, expires, now = _time(said, "issuedAt"), _time(said, "expiresAt"), self._now()
        if not request:
            told = "id: is missing, and keeps a command from being done twice"
            raise RefusedError(400, "BadRequest", told)
        if expires - issued > LONGEST_MS or expires <= issued:
            told = f"expiresAt: is to be after issuedAt, and within {LONGEST_MS // 1000} s of it"
            raise RefusedError(400, "BadRequest", told)
        if issued > now + SKEW_MS:
            told = "issuedAt lies ahead of this kiosk's clock: set one of the two clocks"
            raise RefusedError(409, "AheadOfClock", told)
        began = now - round(1000 * (time.monotonic() - self._began_at))  # ids before are forgotten
        if now >= expires or issued < began:
            raise RefusedError(409, "Late", "the command's time is over; nothing was done")
        self._once(request, now)
        return issued

    def _once(self, request: str, now: int) -> None:
        known = self._taken
        while known and (next(iter(known.values())) <= now):
            known.popitem(last=False)
        if request in known:
            raise RefusedError(409, "Repeated", "this id was taken already; nothing more was done")
        if len(known) >= MOST_KNOWN:
            raise RefusedError(429, "TooManyRequests", "too many commands in a minute; ask again")
        known[request] = now + LONGEST_MS + SKEW_MS  # past the end of whatever has this id

    def _say(self, letter: Letter, request: str, status: int, body: Json) -> None:
        told = {"id": request, "status": status, "body": body}
        topic = answer_topic(self._topics.commands("response"), letter)
        self._publish(topic, told, correlation(letter))

    def _now(self) -> int:
        return round(self._wall() * 1000)


ENVELOPE = ("id", "credential", "issuedAt", "expiresAt")


def _time(said: Json, key: str) -> int:
    value = said.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusedError(400, "BadRequest", f"{key}: is to be whole milliseconds since 1970")
    return value
