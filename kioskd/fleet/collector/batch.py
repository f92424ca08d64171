"""A batch of messages on its way into the tables: read, proved, and stored in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from kioskd.fleet.collector import news_store, record, record_store
from kioskd.fleet.collector.record import Heard
from kioskd.fleet.collector.record_store import Tally
from kioskd.fleet.collector.trust import TrustedKeys
from kioskd.fleet.database.library import Connection
from kioskd.fleet.database.partitions import Partitions

Kind = Literal["audit", "status", "health", "alarms", "states"]
KINDS: tuple[Kind, ...] = ("audit", "status", "health", "alarms", "states")


class Desk:
    """For one thread and one connection after the other."""

    def __init__(self) -> None:
        self._keys = TrustedKeys()
        self._partitions = Partitions()

    def store(self, connection: Connection, kind: Kind, batch: Sequence[Heard]) -> Tally:
        """Commit them: when it returns they are on the disk, as good rows or put aside.

        Raises DatabaseError; then nothing of what was not committed is in the tables.
        """
        keyed = [(heard, self._keys.of(connection, heard.kiosk)) for heard in batch]
        if kind == "audit":
            records = [_read(heard, keys) for heard, keys in keyed]
            return record_store.take(connection, self._partitions, records)
        signed = kind != "health"  # nothing may open a door by it, and it is told often
        news: list[news_store.News | record.Aside] = []
        for heard, keys in keyed:
            said = record.news(heard, keys, signed=signed)
            news.append(said if isinstance(said, record.Aside) else (heard, said))
        return news_store.take(connection, kind, news)


def _read(heard: Heard, keys: record.Keys | None) -> record.Record | record.Aside:
    """A mistake of ours in reading one message must not hold up all that come after it."""
    try:
        return record.read(heard, keys)
    except Exception as error:
        return record.Aside(heard, "poisoned", f"it could not be read: {error!r}"[:400])


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
