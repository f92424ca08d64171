"""A controller's answer to an event, read from bytes that anybody may have sent. Pure."""

import json
import re
from dataclasses import dataclass
from typing import NoReturn

BYTES_MOST = 1024  # of the payload
TEXT_MOST = 200  # characters
_EVENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What is no text on one line of a screen or a log: characters for machines, line breaks, halves of
# a character, and what turns the direction of writing and so makes words look like others.
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

TOO_LARGE = f"it has more than {BYTES_MOST} bytes"
NO_JSON = "it is no JSON object in UTF-8"
TWICE = "a key stands in it twice"
NO_EVENT_ID = "its eventId must be that of the event, as it stands there"
NO_ANSWER = "its granted must be true or false, without quotes"
NO_TEXT = f"its text must be one line of at most {TEXT_MOST} characters"


class ReplyError(Exception):
    """Why a message is not taken as a reply, in words that hold nothing of the message's own."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a controller says that it did about an event.

    granted  whether it opened
    text     for the person at the door, one line of at most TEXT_MOST characters; "" for none
    """

    event_id: str
    granted: bool
    text: str = ""


def read(body: bytes) -> Reply:
    """The reply that a payload is; raises ReplyError where it is none.

    Keys that are not known are passed over, as our own readers are asked to.
    """
    if len(body) > BYTES_MOST:
        raise ReplyError(TOO_LARGE)
    payload = _json_object(body)
    event_id, granted, text = payload.get("eventId"), payload.get("granted"), payload.get("text")
    if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id):
        raise ReplyError(NO_EVENT_ID)
    if not isinstance(granted, bool):
        raise ReplyError(NO_ANSWER)
    return Reply(event_id, granted, _text(text) if "text" in payload else "")


def _text(text: object) -> str:
    if not isinstance(text, str) or len(text) > TEXT_MOST or _NO_TEXT.search(text):
        raise ReplyError(NO_TEXT)
    return text


def _json_object(body: bytes) -> dict[str, object]:
    try:
        payload = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # RecursionError: 1000 brackets are short enough
        raise ReplyError(NO_JSON) from error
    if not isinstance(payload, dict):
        raise ReplyError(NO_JSON)
    return payload


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Two programs may read a key that stands there twice in two ways: granted, and not."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ReplyError(TWICE)
    return found


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
