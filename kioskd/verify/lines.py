"""Messages in a file, an object a line, as `kioskd events --json` and mosquitto_sub write them.

    {"topic": "liveness/v1/hq/kiosk-07/status", "retained": true, "payload": "{...}", "at": 17...}

`payload` is the text that came, as a JSON string, so that every byte of it is there, as
`mosquitto_sub -F %j` has it; where it stands as an object, `body` has the text. `retain` is taken
for `retained`. `at` is the clock of whoever heard it, milliseconds since 1970.
"""

import json
from dataclasses import dataclass
from typing import Any


class LineError(Exception):
    """A line holds no message."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message that came. `at`: milliseconds since 1970, None where the line does not say."""

    topic: str
    payload: bytes
    retained: bool
    at: int | None


def read_line(text: str) -> Line:
    """Raises LineError."""
    try:
        said: Any = json.loads(text)
        topic = said["topic"]
        payload = said["body"] if "body" in said else said["payload"]
        retained, at = said.get("retained", said.get("retain", False)), said.get("at")
        body = payload.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LineError("this is no message: {topic, payload as text}") from error
    if (
        not isinstance(topic, str)
        or retained not in (True, False)
        or type(at) not in (int, type(None))
    ):
        raise LineError("topic is no text, retained neither true nor false, or at no whole number")
    return Line(topic, body, bool(retained), at)
