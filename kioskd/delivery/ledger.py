"""The courier's book beside the audit log: what became of each action, and what was answered."""

from collections import deque
from dataclasses import dataclass

from kioskd.delivery import wire
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.delivery_context import Shared
from kioskd.delivery.outgoing_messages import Action
from kioskd.delivery.patient_disk import PatientDisk
from kioskd.delivery.reply_message import Reply

NOTES_MOST = 10_000  # outcomes and replies kept in memory while the disk fails


@dataclass(frozen=True, slots=True)
class _Note:
    """What became of an action, or was answered to it, that is not on the disk yet."""

    record: wire.Payload
    wall: float


class Ledger:
    """Used by the courier's thread, except what notes and remembers, which any may call."""

    def __init__(
        self, shared: Shared, audit: AuditLog, sender: wire.Sender, disk: PatientDisk
    ) -> None:
        self._audit = audit
        self._sender = sender
        self._clock = shared.clock
        self._disk = disk
        self._notes: deque[_Note] = deque()

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

    def settle(self) -> None:
        """Bring everything known to the disk; what cannot be written now stays in memory."""
        if self._disk.resting:
            return
        while (
            self._notes
            and self._disk.tried("note", lambda: self._record(self._notes[0])) is not None
        ):
            self._notes.popleft()

    def _record(self, note: _Note) -> int:
        return self._audit.commit(note.record, note.wall)
