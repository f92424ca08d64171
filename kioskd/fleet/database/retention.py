"""What is older than its site wants is deleted: whole months at once where every site agrees."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from kioskd.fleet.database.library import Connection
from kioskd.fleet.database.partitions import after, name

REST = ""  # the site of all that have no days of their own
_LOCK = 0x6B696F736D
_AT_ONCE = 5000  # rows of one transaction, so that collectors never wait long
# Tables that go by when the cluster took what they hold; their column.
_HISTORIES = {
    "put_aside": "received_at",
    "state": "heard_at",
    "status": "heard_at",
    "alarm": "heard_at",
    "health": "heard_at",
    "boot": "heard_at",
}


def keep(connection: Connection, site: str, days: int) -> None:
    """From now on the rows of this site are kept for so many days; site '': of all others."""
    connection.execute(
        "INSERT INTO fleet.retention VALUES (%s, %s) ON CONFLICT (site) DO UPDATE"
        " SET days = excluded.days",
        (site, days),
    )


def kept(connection: Connection) -> dict[str, int]:
    """Days by site."""
    rows = connection.execute("SELECT site, days FROM fleet.retention ORDER BY site")
    return {str(site): int(days) for site, days in rows}


def prune(connection: Connection, now: datetime | None = None) -> dict[str, int]:
    """Rows deleted by table, and months dropped; nothing where another one is at it.

    Records go by the kiosk's clock, which wrote them, and only where the cluster's own says so too:
    a kiosk whose clock was behind loses nothing early.
    """
    if connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
        return {}
    try:
        days = kept(connection)
        now = now or datetime.now(UTC)
        done = {"months": _drop_months(connection, now - timedelta(days=max(days.values())))}
        done["audit_row"] = _delete(
            connection, "audit_row", "greatest(recorded_at, received_at)", days, now
        )
        for table, column in _HISTORIES.items():
            done[table] = _delete(connection, table, column, days, now)
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
    return {what: count for what, count in done.items() if count}


def _drop_months(connection: Connection, before: datetime) -> int:
    """Those of which no row is to be kept."""
    dropped = 0
    found = connection.execute(
        "SELECT relname FROM pg_inherits JOIN pg_class ON inhrelid = pg_class.oid"
        " WHERE inhparent = 'fleet.audit_row'::regclass"
    ).fetchall()
    for (table,) in found:
        start = datetime.strptime(str(table), "audit_row_%Y_%m").replace(tzinfo=UTC)
        if after(start) > before or _has_newer(connection, str(table), before):
            continue
        connection.execute(f"DROP TABLE fleet.{name(start)}")
        dropped += 1
    return dropped


def _has_newer(connection: Connection, table: str, before: datetime) -> bool:
    """A record that a clock in the past wrote came later than its month."""
    found = connection.execute(
        f"SELECT 1 FROM fleet.{table} WHERE received_at >= %s LIMIT 1", (before,)
    ).fetchone()
    return found is not None


def _delete(
    connection: Connection, table: str, moment: str, days: Mapping[str, int], now: datetime
) -> int:
    deleted = 0
    own = [site for site in days if site != REST]
    for site, count in days.items():
        which, asked = ("site = %s", site) if site != REST else ("NOT site = ANY(%s)", own)
        while True:
            gone = connection.execute(
                f"DELETE FROM fleet.{table} WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM"
                f" fleet.{table} WHERE {which} AND {moment} < %s LIMIT {_AT_ONCE})",
                (asked, now - timedelta(days=count)),
            ).rowcount
            deleted += gone
            if gone < _AT_ONCE:
                break
    return deleted
