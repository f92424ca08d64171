"""Which rows of the audit log go to a broker next, and what it says of each."""

from collections.abc import Callable, Sequence
from typing import Protocol

from kioskd.delivery.audit_rows import Row
from kioskd.delivery.delivery_context import Shared
from kioskd.delivery.outgoing_messages import AuditRow
from kioskd.delivery.patient_disk import PatientDisk

DENIED_PAUSE_S = 30.0  # before rows are offered again to a broker that refused one
WITHHELD_S = 3600.0  # before they are offered again to one that hangs up on each
HANG_UPS = 3  # rows in a row that ended the connection: it is not the row, it is the topic
READ_AT_ONCE = 20  # rows
READS = 20  # in one turn, where many do not fit the broker


class Book(Protocol):
    """Who knows which rows a broker lacks. Each method may raise AuditError."""

    def pending(self, after: int, most: int) -> list[Row]:
        """The oldest rows that it lacks, with numbers above `after`, in order."""

    def acknowledge(self, ids: Sequence[int], delivered_at: float) -> None:
        """It took these, at so many unix seconds."""


def nobody(_row: int) -> None:
    """For a book that does not ask which rows were left out."""


class RowQueue:
    """Used by the thread that delivers alone.

    left_out  called with the number of each row that goes on waiting while later ones leave
    """

    def __init__(
        self,
        shared: Shared,
        book: Book,
        topic: str,
        disk: PatientDisk,
        left_out: Callable[[int], object] = nobody,
    ) -> None:
        self._book = book
        self._topic = topic
        self._clock = shared.clock
        self._disk = disk
        self._left_out = left_out
        self._taken: list[int] = []  # rows the broker took, not marked so on the disk yet
        self._cursor = 0  # the last row handed to this connection
        self._aside: set[int] = set()  # rows that ended a connection; here until a restart
        self._hang_ups = 0  # since the broker last took a row
        self.oversize = 0  # rows that this connection was not given, too large for the broker
        self.first_oversize: AuditRow | None = None
        now = self._clock.monotonic()
        self._send_at = now
        self._withheld_until = now

    def taken(self, row: AuditRow) -> None:
        self._taken.append(row.id)
        self._hang_ups = 0

    def put_aside(self, row: AuditRow) -> bool:
        """The broker does not take this row: it stays in the log, and the next ones go on.

        Not written down: a restart is how whoever mended the broker has it offered again, and
        where nothing was mended it costs a few connections, and no event.

        True if that has happened so often that all rows are withheld from it for a while.
        """
        self._aside.add(row.id)
        self._left_out(row.id)
        self._hang_ups += 1
        if self._hang_ups < HANG_UPS:
            return False
        self._hang_ups = 0
        self._send_at = self._withheld_until = self._clock.monotonic() + WITHHELD_S
        return True

    def refused(self) -> None:
        """The broker does not want our rows: they stay, and are offered again after a while."""
        self._send_at = self._clock.monotonic() + DENIED_PAUSE_S
        self._cursor = 0

    def start_over(self) -> None:
        """A new connection: what the last one did not confirm is sent again."""
        self._send_at = max(self._clock.monotonic(), self._withheld_until)
        self._cursor = 0
        self.oversize = 0

    def settle(self) -> None:
        """Mark what was taken; what cannot be written now stays in memory."""
        if self._disk.resting:
            return
        if self._taken and self._disk.tried("mark", self._mark) is not None:
            self._taken.clear()

    def _mark(self) -> bool:
        self._book.acknowledge(self._taken, self._clock.wall())
        return True

    def next_rows(self, most: int, fits: Callable[[AuditRow], bool]) -> list[AuditRow]:
        """The oldest rows this connection has not been given yet and that `fits` the broker."""
        if most == 0 or self._disk.resting or self._clock.monotonic() < self._send_at:
            return []
        for _ in range(READS):
            rows = self._read()
            made = [AuditRow(row.id, self._topic, row.payload) for row in rows]
            going = self._going(made, fits)
            if going or not rows:
                return going[:most]
        return []

    def _read(self) -> list[Row]:
        return (
            self._disk.tried("read", lambda: self._book.pending(self._cursor, READ_AT_ONCE)) or []
        )

    def _going(self, rows: list[AuditRow], fits: Callable[[AuditRow], bool]) -> list[AuditRow]:
        """The first rows in a row that may go; those before them are passed over."""
        going: list[AuditRow] = []
        for row in rows:
            if row.id not in self._aside and fits(row):
                going.append(row)
            elif going:
                break
            else:
                self._pass_over(row)
        return going

    def _pass_over(self, row: AuditRow) -> None:
        self._cursor = row.id
        self._left_out(row.id)
        if row.id not in self._aside:
            self.first_oversize = row if self.oversize == 0 else self.first_oversize
            self.oversize += 1

    def sent(self, row: AuditRow) -> None:
        self._cursor = row.id
