"""What a kiosk is sent by controllers, front desks and operators, and the same gone wrong."""

import json
import random
import time
from copy import deepcopy
from typing import Any

from tests.faults.bench import ATTACK_FEED
from tests.support.ports import free_port

SECRET = "a-secret-of-nobody-real"
DOOR = f"{ATTACK_FEED}-door"
Json = dict[str, Any]

_WORDS = (
    *("null", "true", "-1", "1e999", "[]", "{}", '"', "'", "\\", "\0", "\u2028", "é", ": ", "\n"),
    *("doors", "feeds", "mqtt", "kind", "rtsp", "create", "granted", "eventId", "${X}", "&a", "*a"),
)
_VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 0.5, 1e308, 10**30, [], {}, [[]], {"a": {}}),
    *("", " ", "x" * 300, "\0", "\u202e", "\ud800", "true", "front-door", "../..", "*", "#"),
)


def mutated(text: bytes, dice: random.Random) -> bytes:
    """The same with up to four places changed: taken out, doubled, or something else put in."""
    made = bytearray(text)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(made) + 1)
        match dice.randrange(5):
            case 0:
                del made[at : at + dice.randrange(1, 40)]
            case 1:
                made[at:at] = made[at : at + dice.randrange(1, 400)]
            case 2:
                made[at:at] = dice.choice(_WORDS).encode()
            case 3:
                made[at : at + 1] = dice.randbytes(1)
            case _:
                made[at : at + 8] = str(dice.choice((0, -1, 10**20, 0.5, 1 << 31))).encode()
    return bytes(made)


def changed(good: Json, dice: random.Random) -> bytes:
    """A message of which some bytes are others, or that is JSON still and has other values."""
    if dice.randrange(2):
        return mutated(json.dumps(good).encode(), dice)
    made = json.loads(json.dumps(good))
    for _ in range(dice.randrange(1, 3)):
        _change(made, dice)
    return json.dumps(made).encode()


def _change(made: Json, dice: random.Random) -> None:
    """One key of it, or of what lies below, has another value, is gone, or is new."""
    key = dice.choice([*made, "more"])
    below = made.get(key)
    if isinstance(below, dict) and below and dice.randrange(4):
        _change(below, dice)
    elif key in made and not dice.randrange(4):
        del made[key]
    else:
        made[key] = deepcopy(dice.choice(_VALUES))


def asking() -> Json:
    """What a configuration has more, so that all of this is read."""
    return {
        "page": {"enabled": True, "port": free_port()},
        "inspect": {"token": SECRET},
        "sessions": {"enabled": True, "clients": {"desk": {"secret": SECRET}}},
        "commands": {"enabled": True, "token": SECRET},
    }


def reply(event: str) -> Json:
    """What a controller answers to an event."""
    return {"eventId": event, "granted": True, "text": "come in"}


def request(number: int, now: int | None = None) -> tuple[str, Json]:
    """The topic, below the kiosk's own, and what is asked there: all kinds in turn.

    now  milliseconds since 1970, if it is to be of another time than it is
    """
    new = {
        "door": DOOR,
        "livenessOperationMode": "Passive",
        "authTokenTimeToLiveInSeconds": 60,
        "deviceCorrelationId": f"device-{number}",
    }
    asked = ({"op": "create", "session": new}, {"op": "list"}, {"op": "get", "sessionId": "1"})
    kind, turn = number % 5, number // 5
    if kind < 3:
        return "session/desk/request", {"id": f"r{number}", "credential": SECRET, **asked[kind]}
    if kind == 3:
        return "commands/request", _command(f"c{number}", _COMMANDS[turn % len(_COMMANDS)], now)
    return "inspect/request", {
        "id": f"r{number}",
        "credential": SECRET,
        "picture": {"image": _PICTURE},
    }


def enable() -> Json:
    """An operator's command that the door be judged at."""
    return _command(f"enable-{time.time_ns()}", {"command": "enable", "door": DOOR})


# The smallest GIF there is, of one pixel: a picture, and nobody in it.
_PICTURE = "R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="
_COMMANDS: tuple[Json, ...] = (
    *({"command": name} for name in ("list", "status", "reload", "diagnostics")),
    *({"command": name, "door": DOOR} for name in ("enable", "disable", "enable", "end-lockout")),
    {"command": "debug", "door": DOOR},
    {"command": "set", "doors": {DOOR: {"enabled": True}}},
    {"command": "restart", "feed": ATTACK_FEED},
)


def _command(name: str, what: Json, now: int | None = None) -> Json:
    now = now or time.time_ns() // 10**6
    moment = {"issuedAt": now, "expiresAt": now + 30_000}
    return {"id": name, "credential": SECRET, **moment, **what}
