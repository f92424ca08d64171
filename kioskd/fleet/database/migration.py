"""Brings the tables to the layout that this version needs; run again, it changes nothing.

A migration is a file `NNNN_name.sql`, in order, each in one transaction and noted in
fleet.migration. One that was applied is never changed: what is new is a further file.
"""

from collections.abc import Iterator
from importlib.resources import files

from kioskd.fleet.database.library import Connection

_LOCK = 0x6B696F736B  # "kiosk": two collectors that start at once migrate one after the other


class NewerError(Exception):
    """The tables are of a later version than this one: it would write what they do not hold."""


def migrate(connection: Connection) -> list[str]:
    """The names of those applied now. Raises NewerError."""
    applied = []
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        there = _there(connection)
        known = dict(_files())
        if strange := sorted(there - known.keys()):
            raise NewerError(
                f"the tables have had {strange[-1]}, which this kioskd does not know: upgrade it"
            )
        for name, text in known.items():
            if name not in there:
                _apply(connection, name, text)
                applied.append(name)
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
    return applied


def _there(connection: Connection) -> set[str]:
    with connection.transaction():
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute("CREATE SCHEMA IF NOT EXISTS fleet")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS fleet.migration "
            "(name text PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())"
        )
    return {str(name) for (name,) in connection.execute("SELECT name FROM fleet.migration")}


def _files() -> Iterator[tuple[str, bytes]]:
    folder = files("kioskd.fleet.database") / "migrations"
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".sql"):
            yield file.name.removesuffix(".sql"), file.read_bytes()


def _apply(connection: Connection, name: str, text: bytes) -> None:
    with connection.transaction():
        connection.execute(text)
        connection.execute("INSERT INTO fleet.migration (name) VALUES (%s)", (name,))
