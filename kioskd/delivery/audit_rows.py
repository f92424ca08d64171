"""A row of the audit log: the bytes that are sent, with a number and a checksum. Pure."""

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from kioskd.delivery import wire
from kioskd.delivery.database import AuditError
from kioskd.delivery.seal import Encode
from kioskd.delivery.wire import JsonValue

Stored = tuple[int, object, object, object]  # number, recorded_at, body, checksum


@dataclass(frozen=True, slots=True)
class Row:
    """A record the broker has not taken yet: its number, and the bytes as they leave."""

    id: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that is kept but not sent."""

    id: int
    why: str


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain of rows.

    number    of the row, which its epoch gives once
    previous  digest of the row before it, as it left; None: there is none, or none is known
    """

    number: int
    epoch: str
    previous: str | None


class _UnreadableError(Exception):
    """Why a row is no record."""


def made(
    link: Link, recorded_at: float, record: Mapping[str, JsonValue], encode: Encode
) -> tuple[int, float, str, int]:
    """What to store of a record in this place; AuditError if it is no JSON."""
    number = link.number
    try:
        chained = {"previous": link.previous, **record}
        payload = encode(wire.audit_row(number, link.epoch, chained))
    except (ValueError, TypeError, RecursionError) as error:
        raise AuditError(f"a record that is no JSON in UTF-8 cannot be kept: {error}") from error
    return number, recorded_at, payload.decode(), _checksum(number, recorded_at, payload)


def digest(payload: bytes) -> str:
    """By which the next row names the one of these bytes."""
    return hashlib.sha256(payload).hexdigest()


def read(stored: Stored, epoch: str) -> Row | Aside:
    """The row as it lies in the file, or why it cannot be sent.

    epoch  of its number. Earlier versions stored records without number and epoch: they get both
           here, always the same.
    """
    number, _, _, check = stored
    try:
        body, content = _content(*stored)
        if check is not None and content.get("seq") == number:
            return Row(number, body)
        return Row(number, _message(number, epoch, content))
    except _UnreadableError as error:
        return Aside(number, str(error))


def record(row: Row) -> dict[str, JsonValue]:
    """What the row says, without its place and signature: for another log, which has its own."""
    content: dict[str, JsonValue] = json.loads(row.payload)
    told = {key: value for key, value in content.items() if key not in _PLACE}
    if isinstance(ours := told.get("x"), dict):
        told["x"] = {key: value for key, value in ours.items() if key not in _SIGNATURE}
    return told


_PLACE = ("seq", "epoch", "previous")
_SIGNATURE = ("alg", "keyId", "sig")


def _checksum(number: int, recorded_at: float, body: bytes) -> int:
    """CRC-32 of all that a row says, its number too: a row that moved is as wrong as a changed one.

    It finds what a disk does to bytes; it is no proof against people.
    """
    return zlib.crc32(struct.pack(">qd", number, recorded_at) + body)


def _content(
    number: int, recorded_at: object, body: object, check: object
) -> tuple[bytes, dict[str, JsonValue]]:
    """The bytes and what they say; _UnreadableError says why they are no record."""
    if not isinstance(body, bytes) or not isinstance(recorded_at, float):
        raise _UnreadableError("it is no text with a time")
    if check is not None and check != _checksum(number, recorded_at, body):
        raise _UnreadableError("its checksum is wrong")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise _UnreadableError("it is not UTF-8") from None
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _UnreadableError("it is not JSON") from None
    if not isinstance(content, dict):
        raise _UnreadableError("it is not a JSON object")
    return body, content


def _message(number: int, epoch: str, content: Mapping[str, JsonValue]) -> bytes:
    """Of a record without a checksum, which may be JSON and still not be sent: half of a surrogate
    pair, a number without end.
    """
    try:
        return wire.encode(wire.audit_row(number, epoch, content))
    except (ValueError, RecursionError):
        raise _UnreadableError("it makes no message") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
