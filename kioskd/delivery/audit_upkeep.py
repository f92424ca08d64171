"""Keeps the audit log in order, a little in each turn of the courier: no event waits for it."""

from kioskd import machine, time_service
from kioskd.delivery import audit_sentences, trusted_times
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.audit_rows import Aside
from kioskd.delivery.clock import Reading
from kioskd.delivery.delivery_context import Shared
from kioskd.delivery.patient_disk import PatientDisk
from kioskd.happenings import ClockSet, RecordsPruned, RecordsRescued

CLOCK_EVERY_S = 10.0
PRUNE_EVERY_S = 3600.0
SIZE_EVERY_S = 60.0
MACHINE_EVERY_S = 10.0
LOOK_EVERY_S = 86400.0  # the whole log is read through so often, and after each start
ROWS_AT_ONCE = 200  # read, or deleted, in one turn: some milliseconds
NAMED_MOST = 5  # rows put aside that the problem names


class Upkeep:
    """Used by the courier's thread alone."""

    def __init__(self, shared: Shared, audit: AuditLog, disk: PatientDisk) -> None:
        self._audit = audit
        self._keep_s = shared.settings.keep_days * 86400
        self._folder = audit.path.parent
        self._limit = shared.settings.size_limit_mb * 1e6
        self._clock = shared.clock
        self._disk = disk
        self._problems = shared.problems
        self._tell = shared.tell
        self._memory, self._room = machine.Scarce(), machine.Scarce()
        self._asides = 0  # as of when it was told how many rows lie aside
        self._rescued = -1  # how many damaged logs there were when all of them had been rescued
        self._reading: Reading | None = None
        now = self._clock.monotonic()
        self._clock_at = now
        self._prune_at = now
        self._size_at = now
        self._look_at = now
        self._machine_at = now

    def tend(self) -> None:
        """One turn's share."""
        now = self._clock.monotonic()
        if now >= self._machine_at:
            self._machine_at = now + MACHINE_EVERY_S
            self.look_at_machine(machine.available_bytes(), machine.free_bytes(self._folder))
        if not self._disk.resting:
            self._tend_log()

    def _tend_log(self) -> None:
        self._tell_state()
        self._rescue()
        now = self._clock.monotonic()
        if now >= self._clock_at:
            self._clock_at = now + CLOCK_EVERY_S
            self.look_at_clock()
            self._disk.tried("count", self._audit.remember)
        if now >= self._prune_at:
            self._prune(now)
        if now >= self._size_at:
            self._size_at = now + SIZE_EVERY_S
            self._weigh()
        if now >= self._look_at and self._disk.tried("look", self._look_through):
            self._look_at = now + LOOK_EVERY_S

    def look_at_clock(self) -> None:
        """Note which clock the next records are dated by, and tell if it cannot be believed."""
        reading = self._clock.reading()
        by_s = self._set_by(reading)
        self._reading = reading
        self._disk.tried("clock", lambda: self._audit.note_clock(reading))
        self._problems.set("clock", time_service.doubt(reading.synchronised, reading.wall))
        if by_s:
            self._tell(ClockSet(by_s))

    def look_at_machine(self, memory: int | None, room: int | None) -> None:
        """Tell what is scarce, of memory and of room on the log's disk, both in bytes."""
        if self._memory.look(memory) and memory is not None:
            self._problems.set("memory", machine.memory_sentence(memory))
        else:
            self._problems.set("memory", None)
        if self._room.look(room) and room is not None:
            self._problems.set("disk", machine.disk_sentence(room, self._folder))
        else:
            self._problems.set("disk", None)

    def _set_by(self, reading: Reading) -> float:
        """How far the clock was set since the last look, or while no daemon ran."""
        if self._reading is not None:
            return trusted_times.set_since(reading, self._reading)
        return self._disk.tried("clock", lambda: self._audit.set_while_away(reading)) or 0.0

    def _prune(self, now: float) -> None:
        """Some rows in each turn until there are none, and again after a while."""
        reading = self._clock.reading()
        deleted = self._disk.tried(
            "prune", lambda: self._audit.prune(reading, self._keep_s, ROWS_AT_ONCE)
        )
        if deleted is None:
            self._prune_at = now + PRUNE_EVERY_S
        else:
            first, last, before = deleted.first, deleted.last, deleted.recorded_before
            self._tell(RecordsPruned(deleted.count, first, last, before))

    def _rescue(self) -> None:
        """Some of what waited in a log that was damaged, in this run or an earlier one."""
        damaged = len(self._audit.damaged)
        if damaged == self._rescued:
            return
        wall = self._clock.wall()
        rescued = self._disk.tried("rescue", lambda: self._audit.rescue(ROWS_AT_ONCE, wall))
        if rescued is None and not self._disk.resting:
            self._rescued = damaged
        elif rescued is not None and rescued.done:
            self._tell(RecordsRescued(rescued.path, rescued.saved, rescued.lost))

    def _weigh(self) -> None:
        size = self._disk.tried("size", self._audit.bytes_used)
        if size is not None:
            sentence = audit_sentences.too_large(size, self._limit, self._audit.path)
            self._problems.set("audit_size", sentence)

    def _look_through(self) -> bool:
        return self._audit.look_through(ROWS_AT_ONCE)

    def _tell_state(self) -> None:
        """What the operator must know of the log as it was found, or has become."""
        audit = self._audit
        self._problems.set("audit_damaged", audit_sentences.damaged(audit.damaged))
        self._problems.set("audit_begun", audit_sentences.begun(audit.begun, audit.path))
        asides = audit.asides
        if asides != self._asides and (found := self._disk.tried("aside", self._look_aside)):
            self._asides = asides
            self._problems.set("audit_aside", audit_sentences.aside(*found, audit.path))

    def _look_aside(self) -> tuple[int, list[Aside]]:
        return self._audit.aside(NAMED_MOST)
