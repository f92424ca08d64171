"""The courier's book beside the audit log: what became of each action, which rows go next."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from kioskd.delivery import wire
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.audit_rows import Row
from kioskd.delivery.delivery_context import Shared
from kioskd.delivery.outgoing_messages import Action, AuditRow
from kioskd.delivery.patient_disk import PatientDisk
from kioskd.delivery.reply_message import Reply

DENIED_PAUSE_S = 30.0  # before rows are offered again to a broker that refused one
WITHHELD_S = 3600.0  # before they are offered again to one that hangs up on each
HANG_UPS = 3  # rows in a row that ended the connection: it is not the row, it is the topic
READ_AT_ONCE = 20  # rows
READS = 20  # in one turn, where many do not fit the broker
NOTES_MOST = 10_000  # outcomes and replies kept in memory while the disk fails

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Note:
    """What became of an action, or was answered to it, that is not on the disk yet."""

    record: wire.Payload
    wall: float


class Ledger:
    """Used by the courier's thread, except what notes and remembers, which any may call."""

    def __init__(
        self, shared: Shared, audit: AuditLog, sender: wire.Sender, topic: str, disk: PatientDisk
    ) -> None:
        self._audit = audit
        self._sender = sender
        self._topic = topic
        self._clock = shared.clock
        self._disk = disk
        self._notes: deque[_Note] = deque()
        self._taken: list[int] = []  # rows the broker took, not marked so on the disk yet
        self._cursor = 0  # the last row handed to this connection
        self._aside: set[int] = set()  # rows that ended a connection; here until a restart
        self._hang_ups = 0  # since the broker last took a row
        self.oversize = 0  # rows that this connection was not given, too large for the broker
        self.first_oversize: AuditRow | None = None
        now = self._clock.monotonic()
        self._send_at = now
        self._withheld_until = now

    def note(self, action: Action, outcome: wire.Outcome, detail: str) -> None:
        """Remember what became of an action, to be recorded soon."""
        now = self._clock.reading()
        about = (self._sender, action.event_id, action.source, now.wall)
        record = wire.audited_delivery(*about, outcome, detail, now.quality)
        self.remember(record, now.wall)

    def note_reply(self, source: str, reply: Reply) -> None:
        """Remember what a controller answered, to be recorded soon."""
        now = self._clock.reading()
        about = (self._sender, reply.event_id, source, now.wall)
        record = wire.audited_reply(*about, reply.granted, reply.text, now.quality)
        self.remember(record, now.wall)

    def remember(self, record: wire.Payload, wall: float) -> None:
        """Have it recorded as soon as the disk takes it; from any thread."""
        if len(self._notes) < NOTES_MOST:
            self._notes.append(_Note(record, wall))

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
        """Bring everything known to the disk; what cannot be written now stays in memory."""
        if self._disk.resting:
            return
        while (
            self._notes
            and self._disk.tried("note", lambda: self._record(self._notes[0])) is not None
        ):
            self._notes.popleft()
        if self._taken and self._disk.tried("mark", self._mark) is not None:
            self._taken.clear()

    def _record(self, note: _Note) -> int:
        return self._audit.commit(note.record, note.wall)

    def _mark(self) -> bool:
        self._audit.acknowledge(self._taken, self._clock.wall())
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
            self._disk.tried("read", lambda: self._audit.pending(self._cursor, READ_AT_ONCE)) or []
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
        if row.id not in self._aside:
            self.first_oversize = row if self.oversize == 0 else self.first_oversize
            self.oversize += 1

    def sent(self, row: AuditRow) -> None:
        self._cursor = row.id
