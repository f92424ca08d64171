"""Whether a collector's records are whole: each names the one before it."""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from kioskd.verify.proof import Code, RefusedError, proved

ChainCode = Literal["kept", "begins", "again", "gap", "broken", "changed"]


@dataclass(frozen=True, slots=True)
class Linked:
    """What a record is to those that came before it, and the sentence for whoever keeps them.

    kept     it names the one before it, which came
    begins   it is the first that came of its epoch
    again    it came already, the same bytes
    gap      the one before it has not come: it is missing, or was put aside, or comes later
    broken   it names another record than the one that came with the number before
    changed  another record came with its number
    """

    code: ChainCode | Code
    sentence: str = ""

    @property
    def sound(self) -> bool:
        return self.code in ("kept", "begins", "again")


@dataclass(frozen=True, slots=True)
class _Link:
    digest: str
    previous: str | None


class Chain:
    """Of any number of kiosks that these keys belong to; it keeps 200 bytes of each record.

    prefix  mqtt.topic_prefix, before the topic of the records
    """

    def __init__(self, keys: Collection[bytes], prefix: str = "liveness/v1") -> None:
        self._keys = tuple(keys)
        self._prefix = prefix
        self._links: dict[tuple[str, str], dict[int, _Link]] = defaultdict(dict)

    def heard(self, topic: str, payload: bytes) -> Linked:
        """A record as it came on `…/audit`."""
        subject = topic.removeprefix(f"{self._prefix}/")
        try:
            return self._linked(subject, proved(subject, payload, self._keys), payload)
        except RefusedError as refusal:
            return Linked(refusal.code, str(refusal))

    def _linked(self, subject: str, said: dict[str, Any], payload: bytes) -> Linked:
        seq, epoch, previous = said.get("seq"), said.get("epoch"), said.get("previous")
        sound = previous is None or isinstance(previous, str)
        if type(seq) is not int or not isinstance(epoch, str) or not sound:
            raise RefusedError("unreadable", "it has no place in a chain")
        links = self._links[subject, epoch]
        link = _Link(hashlib.sha256(payload).hexdigest(), previous)
        if seq in links:
            return _again(links[seq], link, seq)
        begins = not links
        links[seq] = link
        before, after = links.get(seq - 1), links.get(seq + 1)
        if before is not None and previous != before.digest:
            return Linked("broken", f"record {seq} names another one than record {seq - 1}")
        if after is not None and after.previous != link.digest:
            return Linked("broken", f"record {seq + 1} names another one than record {seq}")
        if before is None and not begins:
            return Linked("gap", f"record {seq - 1} of the epoch {epoch} has not come")
        return Linked("begins" if begins else "kept")


def _again(known: _Link, link: _Link, seq: int) -> Linked:
    if known.digest == link.digest:
        return Linked("again")
    return Linked("changed", f"two records have the number {seq}")
