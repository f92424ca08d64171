"""Whether a record has its place in its kiosk's log: the same rules as kioskd.verify.Chain. Pure.

That class keeps every record in memory and sees one reader; here the records stand in a table, come
to several collectors and in any order. What is kept of a log is its first number, its newest with
its digest, and the numbers between that have not come.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from kioskd.fleet.collector.record import UNSAID

Verdict = Literal["new", "again", "changed", "broken"]


@dataclass(frozen=True, slots=True)
class Known:
    """A record that stands in the tables."""

    digest: bytes
    previous: bytes | None


@dataclass(slots=True)
class Book:
    """Of one log. `first` 0: nothing of it has come.

    gaps   (from, to) of what has not come, both included
    known  of the records that stand beside those that are to be taken, by their numbers
    """

    first: int = 0
    first_previous: bytes | None = None
    high: int = 0
    high_digest: bytes = b""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    known: dict[int, Known] = field(default_factory=dict)

    def take(self, seq: int, digest: bytes, previous: bytes | None) -> tuple[Verdict, str]:
        """What it is to those that came, and the sentence where it is not taken.

        The first that came stands: of two that exclude each other the second is not taken.
        """
        if self._has(seq):
            known = self.known.get(seq)
            if known is None or known.digest == digest:  # None: deleted after its time
                return "again", ""
            return "changed", f"another record came with the number {seq}"
        before, after = self._digest_of(seq - 1), self._previous_of(seq + 1)
        if before is not None and previous not in (before, UNSAID):
            return "broken", f"it names another record than {seq - 1}"
        if after is not None and after[0] not in (digest, UNSAID):
            return "broken", f"record {seq + 1} names another one"
        if self.first and seq < self.first and self.first_previous is None:
            return "broken", f"the log begins with record {self.first}"
        self._enter(seq, digest, previous)
        return "new", ""

    def _has(self, seq: int) -> bool:
        return self.first <= seq <= self.high and not self._missing(seq)

    def _missing(self, seq: int) -> bool:
        return any(start <= seq <= end for start, end in self.gaps)

    def _digest_of(self, seq: int) -> bytes | None:
        if seq == self.high and self.high:
            return self.high_digest
        known = self.known.get(seq)
        return known.digest if known else None

    def _previous_of(self, seq: int) -> tuple[bytes | None] | None:
        if seq == self.first and self.first:
            return (self.first_previous,)
        known = self.known.get(seq)
        return (known.previous,) if known else None

    def _enter(self, seq: int, digest: bytes, previous: bytes | None) -> None:
        self.known[seq] = Known(digest, previous)
        if not self.first:
            self.first = self.high = seq
            self.first_previous, self.high_digest = previous, digest
        elif seq > self.high:
            if seq > self.high + 1:
                self.gaps.append((self.high + 1, seq - 1))
            self.high, self.high_digest = seq, digest
        elif seq < self.first:
            if seq < self.first - 1:
                self.gaps.append((seq + 1, self.first - 1))
            self.first, self.first_previous = seq, previous
        else:
            self.gaps = [left for gap in self.gaps for left in _without(gap, seq)]


def _without(gap: tuple[int, int], seq: int) -> list[tuple[int, int]]:
    start, end = gap
    if not start <= seq <= end:
        return [gap]
    return [(low, high) for low, high in ((start, seq - 1), (seq + 1, end)) if low <= high]


def beside(book: Book, seqs: Iterable[int]) -> set[int]:
    """The numbers of which one must know what stands in the tables, before these are taken."""
    asked: set[int] = set()
    for seq in seqs:
        if book.first and seq <= book.high:
            asked.update(n for n in (seq - 1, seq, seq + 1) if book.first <= n <= book.high)
    return asked
