"""A month of records is a table of its own, made when the first record of it comes."""

from collections.abc import Iterable
from datetime import UTC, datetime

from kioskd.fleet.database.library import Connection

_LOCK = 0x6B696F736C  # two collectors that meet a new month make it one after the other


def month(moment: datetime) -> datetime:
    """Its first moment, UTC."""
    return datetime(moment.year, moment.month, 1, tzinfo=UTC)


def after(start: datetime) -> datetime:
    """The first moment of the month after."""
    return datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)


def name(start: datetime) -> str:
    return f"audit_row_{start:%Y_%m}"


class Partitions:
    """Those that this collector knows to be there."""

    def __init__(self) -> None:
        self._there: set[datetime] = set()

    def ensure(self, connection: Connection, moments: Iterable[datetime]) -> None:
        """There is a table for each; outside of a transaction."""
        for start in sorted({month(each) for each in moments} - self._there):
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                connection.execute("SET LOCAL client_min_messages = warning")
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS fleet.{name(start)} PARTITION OF fleet.audit_row "
                    f"FOR VALUES FROM ('{start.isoformat()}') TO ('{after(start).isoformat()}')"
                )
            self._there.add(start)

    def forget(self) -> None:
        """Somebody may have dropped one."""
        self._there.clear()
