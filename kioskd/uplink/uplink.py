"""One road to a fleet's cluster: a connection, what goes up on it, and a thread that sees to it.

It stands on the parts that deliver to the door's broker, with a connection and a book of its own.
No action is ever given to it: it has no way in for one.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from kioskd.delivery.audit import AuditLog
from kioskd.delivery.clock import Clock, SystemClock
from kioskd.delivery.connection import Connection
from kioskd.delivery.database import AuditError
from kioskd.delivery.delivery_context import Shared, Tell
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.delivery_thread import DeliveryThread
from kioskd.delivery.incoming import Incoming, Reader
from kioskd.delivery.mqtt import Letter
from kioskd.delivery.outgoing import Outgoing
from kioskd.delivery.patient_disk import PatientDisk
from kioskd.delivery.pump import Pump
from kioskd.delivery.row_queue import RowQueue
from kioskd.happenings import BrokerMet, FleetMet, Happening
from kioskd.problems import Problems
from kioskd.uplink.fleet_problems import FleetProblems
from kioskd.uplink.fleet_rows import FleetRows, Lost

LOOK_EVERY_S = 60.0  # for records that were deleted before the fleet had them


class Uplink:
    """Used once: started, and stopped. Any thread may call `keep` and ask how it is.

    settings  of the cluster; audit: the log whose records go up; folder: where the book is
    will      the status that the cluster says when we are gone without a word
    readers   called with what comes down, by the cluster's topics
    """

    def __init__(
        self,
        settings: DeliverySettings,
        audit: AuditLog,
        folder: Path,
        will: bytes,
        problems: Problems,
        tell: Tell,
        readers: Mapping[str, Reader],
        clock: Clock | None = None,
    ) -> None:
        def heard(happening: Happening) -> None:
            if isinstance(happening, BrokerMet):
                tell(FleetMet(happening.place))

        self._own_problems, self._problems = FleetProblems(problems), problems
        self._clock = clock or SystemClock()
        shared = Shared(settings, self._clock, self._own_problems, heard)
        self._outgoing = Outgoing(five=settings.protocol == "5")
        self._disk = PatientDisk(shared)  # of the note; rows go on where it cannot be written
        self._book = FleetRows(audit, folder, self._clock.monotonic)
        topics = settings.topics
        left_out = self._book.leave_out
        self._rows = RowQueue(shared, self._book, topics.audit, PatientDisk(shared), left_out)
        self._pump = Pump(shared, self._outgoing, self._rows)
        # Each subscription costs NATS a consumer: one for all that comes down.
        listens = (f"{topics.base}/layers/#",) if readers else ()
        incoming = Incoming(readers, pictures=bool(readers), listens=listens)
        last = Letter(topics.status, will)
        road = shared, self._outgoing, self._pump, self._rows, incoming, last
        self._connection = Connection(*road)
        self._thread = DeliveryThread(
            "fleet",
            shared,
            self._outgoing,
            self._connection,
            self._pump,
            self._settle,
            self._tend,
        )
        self._news: dict[str, bytes] = {}  # values that the thread has not taken yet
        self._news_lock = threading.Lock()
        self._look_at = self._clock.monotonic()

    @property
    def connected(self) -> bool:
        with self._outgoing.lock:
            return self._outgoing.up

    @property
    def certificate_ends(self) -> float | None:
        """When that of the cluster does, since 1970, as of the last connection; None: unknown."""
        return self._connection.certificate_ends

    @property
    def progress_at(self) -> float:
        """Seconds, monotonic: its thread was alive."""
        return self._thread.progress_at

    def waiting(self, most: int) -> int:
        """How many records the fleet lacks, counted up to `most`; may raise AuditError."""
        return self._book.waiting(most)

    def keep(self, topic: str, body: bytes) -> None:
        """Have a retained value said, again at each new connection. Waits for nothing."""
        with self._news_lock:
            self._news[topic] = body
        self._connection.wake()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Nothing new is begun; `join` gives the cluster time for our last words."""
        self._take_news()
        with self._outgoing.lock:
            self._outgoing.stopping = True
        self._connection.wake()

    def join(self, timeout: float) -> None:
        self._thread.end(timeout)
        if not self._thread.is_alive():
            self._own_problems.clear()
            self._problems.set("fleet_lost", None)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _take_news(self) -> None:
        with self._news_lock:  # until they are kept, so that the newest of each is kept last
            news, self._news = self._news, {}
            for topic, body in news.items():
                self._pump.keep(topic, body)
        if news:
            self._connection.wake()

    def _settle(self) -> None:
        self._take_news()
        self._rows.settle()

    def _tend(self) -> None:
        """Note how far the fleet has come, and look for what it never will have."""
        if self._disk.resting:
            return
        if self._outgoing.stopping:
            with suppress(AuditError):  # then some records come twice
                self._book.keep_now()
            return
        self._disk.tried("note", self._book.keep)
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY_S
            self._disk.tried("look", self._book.look)
        self._problems.set("fleet_lost", lost_sentence(self._book.lost))


def lost_sentence(lost: Lost | None) -> str | None:
    if lost is None:
        return None
    records = "1 record" if lost.count == 1 else f"{lost.count} records"
    return (
        f"{records} of the audit log, with numbers from {lost.first} to {lost.last}, went before "
        "the fleet had them (audit.keep_days, or put aside): it will name the gap, which `kioskd "
        "fleet fill` closes from a backup"
    )
