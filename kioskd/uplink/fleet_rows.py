"""How far the fleet has the audit log: a book of its own, so that no broker waits for another.

It stands in a file beside the log and is written seldom, so that a judge's record never waits for
it. Whatever it has forgotten after a crash is sent again, which a collector knows by the number.
"""

import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from kioskd.delivery.audit import AuditLog
from kioskd.delivery.audit_rows import Row
from kioskd.delivery.database import AuditError
from kioskd.delivery.high_water_mark import NUMBERS_END
from kioskd.private_file import replace_file

FILE = "fleet.json"  # in the state folder
NOTED_EVERY_S = 1.0
OWED_MOST = 10_000
# So many in so long, and no more: an outage is made up for beside the doors, not instead of them
# (docs/measure/fleet.md, The direct road).
PACE, PACE_S = 100, 0.5


@dataclass(frozen=True, slots=True)
class Lost:
    """How many records left the log before the fleet had them, with numbers between these two."""

    count: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Noted:
    """The fleet has every record up to `upto`, but those that are owed. `epoch`: the newest."""

    epoch: str
    upto: int
    owed: list[int]


class FleetRows:
    """A Book (delivery/row_queue.py), of one thread; `waiting` may be asked on any.

    What the local broker has taken, or lacks, is nothing to it. Rows that the log does not have
    any more are `lost` to it. Its methods may raise AuditError.
    """

    def __init__(
        self, audit: AuditLog, folder: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._audit, self._path, self._clock = audit, folder / FILE, clock
        self.lost: Lost | None = None
        self._upto: int | None = None  # None: it has not been looked up
        self._owed: set[int] = set()  # up to `_upto`, and not taken: tried again at each start
        self._given: deque[int] = deque()  # above it, in order
        self._taken: set[int] = set()  # of those given
        self._left_out: set[int] = set()  # likewise, and not for this broker
        self._noted: _Noted | None = None
        self._note_at = 0.0
        self._pace_since, self._paced = clock(), 0  # taken since then

    def waiting(self, most: int) -> int:
        """How many records the fleet lacks, counted up to `most`."""
        upto, owed = (self._upto, self._owed) if self._upto is not None else self._began()
        last, first = self._audit.last, self._audit.first_after(upto)
        # By the numbers: to count rows would be to read them, and hold up a judge's record.
        return min(most, len(owed) + (0 if first is None else max(0, last + 1 - first)))

    def pending(self, after: int, most: int) -> list[Row]:
        upto = self._begin()
        if self._is_ahead():
            return []
        owed = sorted(number for number in self._owed if number > after)[:most]
        rows = self._audit.rows(owed)
        self._owed -= set(owed) - {row.id for row in rows}
        if len(rows) < most:
            more = self._audit.after(max(after, upto), most - len(rows))
            self._give(more)
            rows += more
        return rows

    def acknowledge(self, ids: Sequence[int], delivered_at: float) -> None:
        self._paced += len(ids)
        self._taken.update(ids)
        self._owed -= self._taken
        self._advance()

    def leave_out(self, number: int) -> None:
        """The fleet's broker does not take this one: those behind it go on."""
        self._left_out.add(number)
        self._advance()

    def look(self) -> None:
        """Notice what was deleted, while nothing is on its way."""
        upto = self._begin()
        if self._given:
            return
        end = self._audit.last + 1  # asked first, for a judge may record meanwhile
        first = self._audit.first_after(upto)
        self._skip(end if first is None else first)

    def keep(self) -> None:
        """Note how far the fleet has come, if that has changed and was not noted just now."""
        if self._clock() >= self._note_at:
            self.keep_now()

    def keep_now(self) -> None:
        noted = _Noted(self._audit.epoch, self._begin(), sorted(self._owed))
        if noted == self._noted:
            return
        self._note_at = self._clock() + NOTED_EVERY_S
        try:
            replace_file(self._path, json.dumps(asdict(noted)).encode())
        except OSError as error:
            told = f"how far the fleet has the audit log cannot be noted in {self._path}"
            again = "so records may come to it twice, which does no harm"
            raise AuditError(f"{told} ({error.strerror}), {again}: free some space") from error
        self._noted = noted

    def _is_ahead(self) -> bool:
        """The fleet has had its share of this moment."""
        now = self._clock()
        if now - self._pace_since >= PACE_S:
            self._pace_since, self._paced = now, 0
        return self._paced >= PACE

    def _begin(self) -> int:
        if self._upto is None:
            self._upto, self._owed = self._began()
        return self._upto

    def _began(self) -> tuple[int, set[int]]:
        """From the note; without one, or with that of another log, all that there is goes up."""
        noted = _read(self._path)
        end = None if noted is None else self._audit.end_of(noted.epoch)
        if noted is None or end is None:
            last, first = self._audit.last, self._audit.first_after(0)
            return (last if first is None else first - 1), set()
        upto = min(noted.upto, end)
        return upto, {number for number in noted.owed if number <= upto}

    def _give(self, rows: Sequence[Row]) -> None:
        for row in rows:
            newest = self._given[-1] if self._given else self._begin()
            if row.id > newest:
                self._lose(newest + 1, row.id)
                self._given.append(row.id)

    def _skip(self, to: int) -> None:
        """There is nothing left below `to`."""
        upto = self._begin()
        self._lose(upto + 1, to)
        self._upto = max(upto, to - 1)

    def _lose(self, first: int, end: int) -> None:
        """Numbers from `first` to before `end` are not in the log any more."""
        if first < end:
            before = self.lost or Lost(0, first, first)
            self.lost = Lost(before.count + end - first, before.first, end - 1)

    def _advance(self) -> None:
        ended = self._taken | self._left_out
        while self._given and self._given[0] in ended:
            number = self._given.popleft()
            if number not in self._taken:
                self._owe(number)
            self._upto = number
        upto = self._begin()
        self._taken = {number for number in self._taken if number > upto}
        self._left_out = {number for number in self._left_out if number > upto}

    def _owe(self, number: int) -> None:
        self._owed.add(number)
        if len(self._owed) > OWED_MOST:
            self._owed.discard(min(self._owed))


def _read(path: Path) -> _Noted | None:
    """None where there is no note that can be read."""
    try:
        found = json.loads(path.read_bytes())
        epoch, upto, owed = found["epoch"], found["upto"], found["owed"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    numbers = [upto, *owed] if isinstance(owed, list) else [None]
    sound = all(type(number) is int and 0 <= number < NUMBERS_END for number in numbers)
    return _Noted(epoch, upto, owed) if sound and isinstance(epoch, str) else None
