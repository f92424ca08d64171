"""A snapshot as a file: what it is in clear, and the picture that only the recipient opens.

    8 bytes   kioskds1
    4         length of what follows, big endian
    n         about it: one JSON object in UTF-8
    32        public half of the key made for this file
    the rest  JPEG, sealed, and 16 bytes of its tag

The tag is over all of it, so none of these parts can be exchanged for another file's.
docs/install/snapshots.md tells it to who writes a program that opens them.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from kioskd.signing.aes_gcm import SealError
from kioskd.signing.library import X25519PrivateKey
from kioskd.signing.sealed_to import key_id, opened, public_of, sealed_to

MAGIC = b"kioskds1"
LONGEST = 4096  # bytes of what is said about it
SUFFIX = ".sealed"
_LENGTH = struct.Struct(">I")
_HEAD = len(MAGIC) + _LENGTH.size


class SnapshotError(Exception):
    """A file is no snapshot that can be opened with this key; says why."""


@dataclass(frozen=True, slots=True)
class About:
    """What may be known of a snapshot without opening it; nothing of it says who it shows.

    at         when its picture was taken, milliseconds since 1970
    event      id of the attempt, as in its audit record
    refusal    why a picture was kept; reason: the first of the record's, "" where it has none
    picture    face or frame, JPEG of width x height pixels
    recipient  id of the key that opens it
    """

    site: str
    device: str
    door: str
    feed: str
    at: int
    event: str
    mode: str
    verdict: str
    refusal: str
    reason: str
    picture: str
    width: int
    height: int
    recipient: str

    @property
    def name(self) -> str:
        """Of its file: when, and of which event; so the oldest stands first."""
        return f"{self.at:013d}-{self.event}{SUFFIX}"


def sealed(about: About, picture: bytes, recipient: bytes) -> bytes:
    """The file's content."""
    told = json.dumps(asdict(about), ensure_ascii=False, separators=(",", ":")).encode()
    head = MAGIC + _LENGTH.pack(len(told)) + told
    return head + sealed_to(recipient, picture, head)


def about(content: bytes) -> About:
    """What a file says of itself, which only opening it proves. Raises SnapshotError."""
    return _read(_head(content))


def picture_in(content: bytes, key: X25519PrivateKey) -> bytes:
    """The JPEG. Raises SnapshotError where this key does not open it, or it was changed."""
    head = _head(content)
    ours, sealed_for = key_id(public_of(key)), _read(head).recipient
    if sealed_for != ours:
        told = f"it is sealed to the key {sealed_for}, and the key given is {ours}"
        raise SnapshotError(told)
    try:
        return opened(content[len(head) :], key, head)
    except SealError as error:
        raise SnapshotError(str(error)) from error


def _head(content: bytes) -> bytes:
    """All that stands in clear before the sealed part."""
    if not content.startswith(MAGIC):
        raise SnapshotError("it is no snapshot of kioskd's")
    if len(content) < _HEAD:
        raise SnapshotError("it is cut off")
    (length,) = _LENGTH.unpack_from(content, len(MAGIC))
    if length > LONGEST:
        raise SnapshotError("it was changed: what it says of itself is too long")
    if len(content) < _HEAD + length:
        raise SnapshotError("it is cut off")
    return content[: _HEAD + length]


def _read(head: bytes) -> About:
    try:
        said = json.loads(head[_HEAD:])
    except (ValueError, RecursionError) as error:
        raise SnapshotError("it was changed: what it says of itself is no JSON") from error
    if not isinstance(said, dict) or not _fits(said):
        raise SnapshotError("it was changed: it does not say what a snapshot says of itself")
    return About(**said)


def _fits(said: Mapping[str, Any]) -> bool:
    kinds = {field.name: int if field.type in (int, "int") else str for field in fields(About)}
    return said.keys() == kinds.keys() and all(
        type(said[name]) is kind for name, kind in kinds.items()
    )
