"""Whose message it is: the signature over the exact bytes, checked before anything is read."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, Literal, NoReturn

from kioskd.signing.library import Ed25519PublicKey, InvalidSignature

Code = Literal[
    "other_topic",
    "retained",
    "not_signed",
    "bad_signature",
    "unreadable",
    "other_kiosk",
    "other_door",
    "other_action",
    "not_confirmed",
    "late",
    "future",
    "seen",
    "out_of_order",
    "not_online",
    "old_status",
]
MOST = 65536  # bytes of a payload; ours have some 1000
_TAIL = re.compile(rb',"sig":"([A-Za-z0-9_-]{86})"\}\}')
_TAIL_BYTES = 97
_KEY_BYTES = 32


class RefusedError(Exception):
    """The door stays shut; `code` says by which rule.

    Not kioskd/refused.py's of the same name: what verifies stands alone, beside a controller.
    """

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code: Code = code


class KeyFileError(Exception):
    """A file of keys is none."""


def read_keys(content: bytes) -> tuple[bytes, ...]:
    """The public keys in what `kioskd keys` prints, 32 bytes each. Raises KeyFileError."""
    try:
        listed = json.loads(content)["keys"]
        keys = tuple(base64.b64decode(each["publicKey"], validate=True) for each in listed)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KeyFileError("this is not what `kioskd keys` prints") from error
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise KeyFileError(f"an Ed25519 key has {_KEY_BYTES} bytes, and one at least is needed")
    return keys


def proved(subject: str, payload: bytes, keys: Collection[bytes]) -> dict[str, Any]:
    """What a message says, if one of these keys signed it for this topic. Raises RefusedError.

    subject  the topic on which it came, without its prefix
    """
    tail = _TAIL.fullmatch(payload[-_TAIL_BYTES:]) if len(payload) <= MOST else None
    signature = _signature(tail.group(1)) if tail else None
    if signature is None:
        raise RefusedError("not_signed", "it does not end in a signature")
    signed = b"\n".join((b"kioskd-1", subject.encode(), payload[:-_TAIL_BYTES]))
    key = next((key for key in keys if _fits(key, signature, signed)), None)
    if key is None:
        raise RefusedError("bad_signature", "no key that is trusted here signed it for this topic")
    return said_by(_id(key), payload)


def said_by(key_id: str, payload: bytes) -> dict[str, Any]:
    """What a message says that is known to be of the holder of this key. Raises RefusedError.

    For those who know it without its signature; all others ask `proved`.
    """
    said = _read(payload)
    ours = said.get("x")
    if not isinstance(ours, dict) or ours.get("alg") != "Ed25519" or ours.get("keyId") != key_id:
        raise RefusedError("unreadable", "it names another key than the one that signed it")
    return said


def _signature(text: bytes) -> bytes | None:
    """64 bytes; None where the text is not the one way to write them."""
    try:
        signature = base64.urlsafe_b64decode(text + b"==")
    except binascii.Error:
        return None
    return signature if base64.urlsafe_b64encode(signature).rstrip(b"=") == text else None


def _fits(key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        _public(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=20_000)
def _id(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:16]


@lru_cache(maxsize=20_000)
def _public(key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key)


def _read(payload: bytes) -> dict[str, Any]:
    try:
        said = _DECODER.decode(payload.decode())
    except (ValueError, RecursionError):
        raise RefusedError("unreadable", "it is not JSON in UTF-8, each key once") from None
    if not isinstance(said, dict):
        raise RefusedError("unreadable", "it is no JSON object")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# One for all: a collector reads thousands a second, and to make it takes as long as to read.
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)
