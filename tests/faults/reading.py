"""What is sent in fuzz.py, each of it read, which at a door more than twenty a second are not.

The readers are those of the door, in this process. What they would do, they only note.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import Mock

from kioskd.control.command_desk import BROKEN, CommandDesk
from kioskd.control.command_mqtt import CommandMqtt
from kioskd.control.registry import commands
from kioskd.credentials import digest
from kioskd.delivery import reply_message, wire
from kioskd.delivery.incoming import MOST_A_SECOND
from kioskd.delivery.mqtt import Letter
from kioskd.delivery.reply_message import ReplyError
from kioskd.inspect.inspect_desk import LARGEST, InspectDesk
from kioskd.inspect.inspect_settings import InspectSettings
from kioskd.json_object import json_object
from kioskd.mqtt_requests import MqttRequests, hold_secret
from kioskd.sessions import session_request
from tests.faults.findings import Findings
from tests.faults.messages import SECRET, changed, reply, request
from tests.faults.rows import Asked, row
from tests.support.eyes import RGB_DOOR, networks

_EVENT = "3f8a4f0c-0f5e-4f1e-9a54-0c5b0f3e7a11"
_STEP_MS = 1000 // MOST_A_SECOND
_BEGIN_MS = 1_800_000_000_000
_KNOWN = {"desk": digest(SECRET)}
Json = dict[str, Any]


@row("fuzz-reading")
def reading(asked: Asked) -> Findings:
    """Replies, requests and commands gone wrong, each of them read, by the door's own readers."""
    door, dice = Door(), random.Random(16)
    for number in range(asked.times):
        door.now = _BEGIN_MS + number * _STEP_MS
        door.reads_reply(changed(reply(_EVENT), dice))
        topic, good = request(number, door.now)
        door.reads(topic, changed(good, dice))
    door.found.faults = 2 * asked.times
    taken = ", ".join(f"{count} {what}" for what, count in sorted(door.taken.items()))
    door.found.said.append(f"of each kind taken, for their values are good: {taken}")
    return door.found


@dataclass
class Door:
    """Who reads at a door; what they take is counted, and a mistake of theirs is told.

    now  by its clock, milliseconds since 1970
    """

    found: Findings = field(default_factory=Findings)
    taken: Counter[str] = field(default_factory=Counter)
    now: int = _BEGIN_MS
    _work: list[Callable[[], None]] = field(default_factory=list)
    _answers: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        pictures = InspectDesk(InspectSettings(token=SECRET), networks(*RGB_DOOR))
        self._readers = {
            "session/desk/request": self._requests(session_request.read, _session).take,
            "inspect/request": self._requests(
                lambda body: json_object(body, LARGEST), lambda said: _picture(pictures, said)
            ).take,
            "commands/request": self._commands(),
        }

    def reads_reply(self, body: bytes) -> None:
        try:
            reply_message.read(body)
            self.taken["replies"] += 1
        except ReplyError as error:
            self._worded(str(error), body)
        except Exception as error:
            self.found.short.append(f"{error!r} for {body!r}")

    def reads(self, topic: str, body: bytes) -> None:
        """A request is read, worked off and answered, or that is told as a mistake."""
        self._readers[topic](Letter(topic, body))
        while self._work:
            self._work.pop()()
        answers, self._answers = self._answers, []
        if len(answers) != 1 or answers[0]["status"] == BROKEN.status:
            self.found.short.append(f"{answers} for {body!r}")
        elif answers[0]["status"] < 300:
            self.taken[topic.partition("/")[0]] += 1
        else:
            self._worded(answers[0]["body"]["error"]["message"], body)

    def _worded(self, sentence: str, body: bytes) -> None:
        if not sentence.strip() or not sentence.isprintable():
            self.found.short.append(f"{sentence!r} is said of {body!r}")

    def _requests(
        self, read: Callable[[bytes], Json], answered: Callable[[Json], tuple[int, Json]]
    ) -> MqttRequests:
        return MqttRequests("response", read, answered, self._said, self._work.append)

    def _commands(self) -> Callable[[Letter], object]:
        """The door's commands and what they ask for, none of which does anything here."""
        noting = {name: replace(each, run=lambda *_: {}) for name, each in commands(Mock()).items()}
        desk = CommandDesk(noting, lambda _: None)
        topics = wire.Topics("p", "hq", "kiosk-07")
        made = CommandMqtt(
            SECRET, topics, desk, self._said, self._work.append, lambda: self.now / 1000
        )
        (take,) = made.readers.values()
        return take

    def _said(self, _topic: str, told: Json, _correlation: bytes) -> None:
        self._answers.append(told)


def _session(said: Json) -> tuple[int, Json]:
    hold_secret(said, _KNOWN, "the client's secret")
    session_request.checked(said.get("session", {}))
    return 201, {}


def _picture(desk: InspectDesk, said: Json) -> tuple[int, Json]:
    hold_secret(said, _KNOWN, "inspect.token")
    return 200, desk.judge(said.get("picture"))
