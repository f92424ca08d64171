"""Reads a batch of records; of those that follow each other one signature proves all. Pure.

A record names the SHA-256 of the one before it, with its signature. So whoever signed a record
vouches for every byte of the one before it: that one needs no proof of its own, which would cost
more than all else together. It is believed on these conditions, else its own signature counts:

* the two came on one topic, name one key and one start of the daemon, and have numbers in a row.
  A daemon knows from its memory what it wrote since its start; of what it wrote before it knows
  only what it finds on the disk, where somebody may have changed it.
* the one that vouches is itself proved, and by a key that is trusted.

A batch is read from its newest to its oldest, and nothing is read unproved.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kioskd.fleet.collector import record
from kioskd.fleet.collector.record import Aside, Heard, Keys, Record
from kioskd.verify import RefusedError, said_by


@dataclass(frozen=True, slots=True)
class _Voucher:
    """Who wrote a record, by the one after it."""

    subject: str
    key_id: str
    place: tuple[str, str, int]  # start of the daemon, epoch, number

    def said(self, heard: Heard) -> dict[str, Any] | None:
        """What the record says that is vouched for; None where its own signature is to be asked."""
        try:
            said = said_by(self.key_id, heard.body) if heard.subject == self.subject else None
        except RefusedError:
            return None
        return said if said is not None and _place(said) == self.place else None


def read(batch: Sequence[tuple[Heard, Keys | None]]) -> list[Record | Aside]:
    """What became of each, in the order in which they came."""
    reader = _Reader()
    found = [reader.read(heard, keys) for heard, keys in reversed(batch)]
    return found[::-1]


class _Reader:
    """Of one batch, from its end."""

    def __init__(self) -> None:
        self._vouchers: dict[bytes, _Voucher] = {}  # by the digest of whom they are for

    def read(self, heard: Heard, keys: Keys | None) -> Record | Aside:
        """A mistake of ours in reading one message must not hold up all that come after it."""
        try:
            return record.read(heard, keys, self._proved)
        except Exception as error:
            return Aside(heard, "poisoned", f"it could not be read: {error!r}"[:400])

    def _proved(self, heard: Heard, keys: Keys) -> dict[str, Any]:
        voucher = self._vouchers.get(hashlib.sha256(heard.body).digest())
        said = voucher.said(heard) if voucher else None
        if said is None:
            said = record.signed(heard, keys)
        place, before = _place(said), record.named(said)
        if place and before:
            boot, epoch, seq = place
            key_id = said["x"]["keyId"]
            self._vouchers[before] = _Voucher(heard.subject, key_id, (boot, epoch, seq - 1))
        return said


def _place(said: dict[str, Any]) -> tuple[str, str, int] | None:
    boot, epoch, seq = said.get("bootId"), said.get("epoch"), said.get("seq")
    if isinstance(boot, str) and isinstance(epoch, str) and type(seq) is int:
        return boot, epoch, seq
    return None
