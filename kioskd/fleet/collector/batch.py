"""A batch of messages on its way into the tables: read, proved, and stored in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

from kioskd.fleet.collector import news_store, record, record_store, vouching
from kioskd.fleet.collector.record import Heard
from kioskd.fleet.collector.record_store import Tally
from kioskd.fleet.collector.trust import TrustedKeys
from kioskd.fleet.database.library import Connection
from kioskd.fleet.database.partitions import Partitions

Kind = Literal["audit", "status", "health", "alarms", "states"]
# Commits what was read: when it returns that is on the disk, as good rows or put aside. Raises
# DatabaseError; then nothing of what was not committed is in the tables.
Commit = Callable[[], Tally]
KINDS: tuple[Kind, ...] = ("audit", "status", "health", "alarms", "states")


class Desk:
    """For one thread and one connection after the other."""

    def __init__(self) -> None:
        self._keys = TrustedKeys()
        self._partitions = Partitions()

    def store(self, connection: Connection, kind: Kind, batch: Sequence[Heard]) -> Tally:
        """Read and commit them. Raises DatabaseError."""
        return self.read(connection, kind, batch)()

    def read(self, connection: Connection, kind: Kind, batch: Sequence[Heard]) -> Commit:
        """Prove them. Raises DatabaseError where it is not known whose keys are trusted."""
        keyed = [(heard, self._keys.of(connection, heard.kiosk)) for heard in batch]
        if kind == "audit":
            records = vouching.read(keyed)
            return partial(record_store.take, connection, self._partitions, records)
        # Health: nothing may open a door by it, and it is told often.
        proof = record.unsigned if kind == "health" else record.signed
        news: list[news_store.News | record.Aside] = []
        for heard, keys in keyed:
            said = record.news(heard, keys, proof)
            news.append(said if isinstance(said, record.Aside) else (heard, said))
        return partial(news_store.take, connection, kind, news)


def store(connection: Connection, messages: Iterable[tuple[str, bytes, datetime]]) -> Tally:
    """Messages of all kinds, without a broker: (topic less its prefix, payload, when it came)."""
    whole, desk = Tally(), Desk()
    kinds: dict[Kind, list[Heard]] = {kind: [] for kind in KINDS}
    for subject, payload, at in messages:
        last = subject.rsplit("/", 1)[-1]
        kind = {"state": "states"}.get(last, last)
        if kind in kinds:
            kinds[kind].append(Heard(subject, payload, at))
    for each, batch in kinds.items():
        for start in range(0, len(batch), _MOST):
            whole.add(desk.store(connection, each, batch[start : start + _MOST]))
    return whole


_MOST = 1000
