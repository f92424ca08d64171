"""The collector: hands out of the cluster, commits, and says done. Any number may run side by side.

A message is done with once what it says is committed, and never before. One that could not be
committed is put off, and comes again, here or at another collector. What is in memory is what was
fetched and not yet committed: the cluster keeps the rest.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from kioskd import log, watchdog
from kioskd.fleet.collector.batch import KINDS, Commit, Desk, Kind
from kioskd.fleet.collector.counts import Counts, Party, Stage
from kioskd.fleet.collector.record import Heard
from kioskd.fleet.collector.record_store import Tally
from kioskd.fleet.database import retention
from kioskd.fleet.database.library import Connection, DatabaseError, connected, saying
from kioskd.fleet.nats_link import Cluster, Consumer, Letter, Link, LinkError, linked
from kioskd.fleet.streams.stream_file import StreamFile

# Messages in one transaction. Records are many: the more of a kiosk come together, the less each
# of them costs, its proof (kioskd.fleet.collector.vouching) and its rows of the tables alike.
BATCH: dict[Kind, int] = {"audit": 4000, "status": 500, "health": 500, "alarms": 500, "states": 500}
MOST_BYTES = 8 * 2**20  # and of these, so that megabyte payloads fill no memory
FETCH_S = 1.0  # a collector that is to stop waits no longer than this
FEW = 100  # fewer than these are not worth a transaction of their own yet
GATHER_S = 0.5
BEHIND = 500  # messages that wait: with more it is behind itself
AGAIN_S = 2.0  # until what failed is tried again
TELL_S = 10.0
PRUNE_S = 3600.0
STUCK_S = 120.0  # a part that has had no turn for so long: systemd is told nothing more
# Two at the records: one fetches and proves while the other commits.
AT_WORK: dict[Kind, int] = {"audit": 2, "status": 1, "health": 1, "alarms": 1, "states": 1}

T = TypeVar("T")

_NOTICED = {
    "kiosks are silent": "SELECT site, device FROM fleet.silent ORDER BY site, device LIMIT 10",
    "records are missing": "SELECT site, device, epoch, from_seq, to_seq FROM fleet.missing"
    " ORDER BY site, device, noticed LIMIT 10",
}


class _Keeper:
    """Commits batches over a connection of its own, made anew after anything that failed."""

    def __init__(self, database: str, kind: Kind) -> None:
        self._database = database
        self.kind: Kind = kind
        self._desk = Desk()
        self._open = ExitStack()
        self._connection: Connection | None = None

    def read(self, batch: Sequence[Heard]) -> Commit:
        """Raises DatabaseError."""
        with self._closing():
            return self._desk.read(self._connected(), self.kind, batch)

    def commit(self, commit: Commit) -> Tally:
        """Raises DatabaseError."""
        with self._closing():
            return commit()

    @contextmanager
    def _closing(self) -> Iterator[None]:
        try:
            with saying():
                yield
        except BaseException:
            self.close()
            raise

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._open.enter_context(connected(self._database))
        return self._connection

    def close(self) -> None:
        self._connection = None
        self._open.close()


class Collector:
    """One process. `database`: as for kioskd.fleet.database.library.connected."""

    def __init__(self, cluster: Cluster, streams: StreamFile, database: str) -> None:
        self._cluster = cluster
        self._streams = streams
        self._database = database
        self._name = f"{socket.gethostname()}/{os.getpid()}"
        self.counts = Counts(datetime.now(UTC))
        self._stopping = asyncio.Event()
        self._fetching = {kind: asyncio.Lock() for kind in KINDS}
        self._committing = {kind: asyncio.Lock() for kind in KINDS}  # in the order of fetching
        self._turns: dict[str, float] = {}
        self._noticed: dict[str, list[str]] = {}
        self._prune_at = time.monotonic() + PRUNE_S

    def stop(self) -> None:
        """End when what was fetched is committed."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`. Raises LinkError where no node of the cluster answers at the start."""
        async with linked(self._cluster, f"kioskd collect {self._name}") as link:
            watchdog.notify("READY=1")
            log.logger().info("collecting", collector=self._name)
            work = [
                self._pump(link, kind, number) for kind in KINDS for number in range(AT_WORK[kind])
            ]
            await asyncio.gather(self._tell(link), *work)
            await asyncio.to_thread(self._note, True)
        log.logger().info("stopped", **self.counts.said())

    async def _pump(self, link: Link, kind: Kind, number: int) -> None:
        reader = self._streams.reader(kind)
        keeper = _Keeper(self._database, kind)
        consumer: Consumer | None = None
        part = f"{kind} {number}"
        while not self._stopping.is_set():
            self._turns[part] = time.monotonic()
            try:
                consumer = consumer or await link.consumer(reader.stream, reader.name)
                letters = await self._fetched(consumer, kind)
                self._well(f"cluster, {kind}")
            except LinkError as error:
                if consumer is not None:
                    await consumer.close()
                consumer = None
                await self._trouble(f"cluster, {kind}", "cluster", str(error))
                continue
            if letters:
                await self._keep(keeper, consumer, letters)
        if consumer is not None:
            await consumer.close()
        await asyncio.to_thread(keeper.close)

    async def _fetched(self, consumer: Consumer, kind: Kind) -> list[Letter]:
        """One at a time: of two that ask together each gets every second message."""
        async with self._fetching[kind]:
            return await self._gathered(consumer, BATCH[kind])

    async def _gathered(self, consumer: Consumer, most: int) -> list[Letter]:
        """What there is; where that is little, what comes in the next moment too."""
        letters = await consumer.fetch(most, MOST_BYTES, FETCH_S)
        size = sum(len(each.body) for each in letters)
        if 0 < len(letters) < FEW and size < MOST_BYTES // 2:
            await self._pause(GATHER_S)
            with suppress(LinkError):  # then these alone
                letters += await consumer.fetch(most - len(letters), MOST_BYTES - size, 0.0)
        return letters

    async def _keep(self, keeper: _Keeper, consumer: Consumer, letters: list[Letter]) -> None:
        prefix = f"{self._streams.prefix}/"
        batch = [Heard(each.topic.removeprefix(prefix), each.body, each.at) for each in letters]
        try:
            commit = await self._timed(keeper.kind, "read", partial(keeper.read, batch))
            async with self._committing[keeper.kind]:
                tally = await self._timed(keeper.kind, "commit", partial(keeper.commit, commit))
        except DatabaseError as error:
            await consumer.later(letters, AGAIN_S)
            await self._trouble("PostgreSQL", "database", str(error))
            return
        self._well("PostgreSQL")
        self.counts.committed(keeper.kind, batch, tally)
        try:
            await consumer.done(letters)
        except LinkError as error:  # they come again, and are known
            await self._trouble("cluster, done", "cluster", str(error))
        else:
            self._well("cluster, done")

    async def _timed(self, kind: Kind, stage: Stage, work: Callable[[], T]) -> T:
        began = time.monotonic()
        done = await asyncio.to_thread(work)
        self.counts.lasted(kind, stage, time.monotonic() - began)
        return done

    async def _trouble(self, what: str, party: Party, sentence: str) -> None:
        """Say it once, and wait before it is tried again."""
        if self.counts.trouble(what, party, sentence):
            log.logger().warning("waiting", what=what, why=sentence)
        await self._pause(AGAIN_S)

    def _well(self, what: str) -> None:
        if self.counts.well(what):
            log.logger().info("goes on", what=what)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _tell(self, link: Link) -> None:
        """How it is, every some seconds: in the log where there was work, and in PostgreSQL."""
        before = 0
        while True:
            await self._pause(TELL_S)
            if self._stopping.is_set():
                return
            await self._look(link)
            await asyncio.to_thread(self._note, False)
            await asyncio.to_thread(self._notice)
            await asyncio.to_thread(self._prune)
            if self.counts.letters.total() != before:
                before = self.counts.letters.total()
                log.logger().info("collected", **self.counts.said())
            if not watchdog.overdue(
                self._turns, dict.fromkeys(self._turns, STUCK_S), time.monotonic()
            ):
                watchdog.notify("WATCHDOG=1")

    async def _look(self, link: Link) -> None:
        for kind in KINDS:
            reader = self._streams.reader(kind)
            with suppress(LinkError):
                self.counts.waiting[kind] = await link.waiting(reader.stream, reader.name)

    def _note(self, stopped: bool) -> None:
        """Its row, for whoever looks after collectors; those of a month ago go."""
        counts, now = self.counts, datetime.now(UTC)
        try:
            with connected(self._database) as database:
                database.execute(
                    "INSERT INTO fleet.collector AS c (name, started, heard_at, stopped, rows,"
                    " again, aside, letters, waiting) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
                    " ON CONFLICT (name) DO UPDATE SET (started, heard_at, stopped, rows, again,"
                    " aside, letters, waiting) = (excluded.started, excluded.heard_at,"
                    " excluded.stopped, excluded.rows, excluded.again, excluded.aside,"
                    " excluded.letters, excluded.waiting)",
                    (
                        *(self._name, counts.started, now, now if stopped else None),
                        *(counts.tally.rows, counts.tally.again, counts.tally.aside.total()),
                        *(counts.letters.total(), sum(counts.waiting.values())),
                    ),
                )
                database.execute(
                    "DELETE FROM fleet.collector WHERE heard_at < %s", (now - timedelta(days=30),)
                )
        except DatabaseError:
            return  # told where rows wait for it

    def _notice(self) -> None:
        """Say when it changes which kiosks are silent and where rows are missing, the first few.

        While it is behind itself it cannot know: what they said may still be in the cluster.
        """
        if sum(self.counts.waiting.values()) > BEHIND:
            return
        try:
            with connected(self._database) as database:
                found = {name: database.execute(ask).fetchall() for name, ask in _NOTICED.items()}
        except DatabaseError:
            return
        for name, rows in found.items():
            said = [" ".join(map(str, row)) for row in rows]
            if said != self._noticed.get(name, []):
                log.logger().warning(name, first=said)
            self._noticed[name] = said

    def _prune(self) -> None:
        """Once an hour; whoever else is at it does it for all."""
        if time.monotonic() < self._prune_at:
            return
        self._prune_at = time.monotonic() + PRUNE_S
        try:
            with connected(self._database) as database:
                gone = retention.prune(database)
        except DatabaseError:
            return
        if gone:
            log.logger().info("deleted after its time", **gone)
