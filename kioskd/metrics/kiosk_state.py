"""How the kiosk is at this moment, read when somebody asks: from memory, and a bounded count."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kioskd.alarms.alarm import Alarm
from kioskd.delivery.database import AuditError
from kioskd.health import FleetHealth
from kioskd.judge import Judge
from kioskd.part import Part
from models.session import Networks

COUNTED_MOST = 100_000  # audit rows that wait; so many stands for more
COUNT_EVERY_S = 5.0  # a scrape must not hold the audit log up for a judge


@dataclass(frozen=True, slots=True)
class Sources:
    """What there is to read, each safe to ask from any thread.

    config         digest of the configuration
    parts          of the daemon, as they are now
    connected      whether a broker has taken us
    problems       what is wrong, sentence by code
    rows           how many audit rows wait, counted up to a number; may raise AuditError
    model_version  which network files decide
    enabled        whether an operator lets a door decide
    alarms         those that ring, and others
    layers         of the fleet that stand; None: none are taken
    fleet          whether a fleet's cluster has us; None: there is no road of our own to one
    fleet_rows     how many audit rows the fleet lacks, as `rows`; None likewise
    snapshots      how many, by what became of them; none where none are kept
    """

    version: str
    config: Callable[[], str]
    networks: Networks
    parts: Callable[[], Sequence[Part]]
    connected: Callable[[], bool]
    problems: Callable[[], Mapping[str, str]]
    rows: Callable[[int], int]
    model_version: Callable[[], str]
    enabled: Callable[[str], bool]
    alarms: Callable[[], Sequence[Alarm]] = tuple
    snapshots: Callable[[], Mapping[str, int]] = dict
    layers: Callable[[], tuple[Mapping[str, Any], ...] | None] = lambda: None
    fleet: Callable[[], bool | None] = lambda: None
    fleet_rows: Callable[[int], int | None] = lambda _: None


class KioskState:
    """Asked by the metrics and by whatever tells of the kiosk's health."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._rows: int | None = None
        self._fleet_rows: int | None = None
        self._count_at = 0.0

    @property
    def judges(self) -> list[Judge]:
        return [part for part in list(self.sources.parts()) if isinstance(part, Judge)]

    @property
    def rows_waiting(self) -> int | None:
        """Audit rows that the broker has not taken, COUNTED_MOST at most; None: unreadable."""
        self._count()
        return self._rows

    @property
    def fleet(self) -> FleetHealth | None:
        """The road to a fleet's cluster; None: there is none."""
        connected = self.sources.fleet()
        self._count()
        return None if connected is None else FleetHealth(connected, self._fleet_rows)

    def _count(self) -> None:
        now = time.monotonic()
        if now < self._count_at:
            return
        self._count_at = now + COUNT_EVERY_S
        try:
            self._rows = self.sources.rows(COUNTED_MOST)
            self._fleet_rows = self.sources.fleet_rows(COUNTED_MOST)
        except AuditError:
            self._rows = self._fleet_rows = None

    def silent_s(self) -> Iterator[tuple[str, float]]:
        """Each worker that is waited for, and for how many seconds it has said nothing."""
        now = time.monotonic()
        for part in list(self.sources.parts()):
            if (at := part.progress_at) is not None:
                yield part.name, max(0.0, now - at)


def memory_bytes(pid: int) -> int:
    """Resident memory of a process; 0 if it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files() -> int:
    """How many file descriptors this process holds."""
    return len(os.listdir("/proc/self/fd"))
