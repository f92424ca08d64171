"""The one door to psycopg: a connection to the fleet's PostgreSQL, and what it raises."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[TupleRow]  # for those who write SQL
Cursor = psycopg.Cursor[TupleRow]
CONNECT_S = 10
SILENT_MS = 30_000  # a server that answers nothing for so long is gone

__all__ = ["Connection", "Cursor", "DatabaseError", "Jsonb", "RowError", "connected", "saying"]


# What is committed is believed to be there after a crash: a server that was set to be quicker than
# that is so for others, not for the record.
_ON_THE_DISK = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
_NO_ENDLESS_WAIT = "SET lock_timeout = '30s'"  # for another collector that hangs with a lock
# A value is of another kind than its column: said by psycopg itself, or by PostgreSQL.
_OTHER_KIND = (None, "42804", "42846", "42883")


class DatabaseError(Exception):
    """PostgreSQL is away, or refuses; the sentence says what it said. To be tried again."""


class RowError(Exception):
    """PostgreSQL cannot hold what it was given; trying again would change nothing."""


@contextmanager
def connected(address: str) -> Iterator[Connection]:
    """A connection for as long as the block lasts, without a transaction of its own.

    address  `postgresql://user@host/name`, or `host=… dbname=…`; what is left out comes from
             PGHOST, PGUSER, PGPASSFILE and the others that psql knows

    Raises DatabaseError, also from within the block.
    """
    with (
        saying(),
        psycopg.connect(
            address,
            autocommit=True,
            connect_timeout=CONNECT_S,
            application_name="kioskd",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=SILENT_MS,
        ) as connection,
    ):
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute(_ON_THE_DISK)
        connection.execute(_NO_ENDLESS_WAIT)
        yield connection


@contextmanager
def saying() -> Iterator[None]:
    """What psycopg raises becomes ours."""
    try:
        yield
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise RowError(sentence(error)) from error
    except psycopg.Error as error:
        if isinstance(error, psycopg.ProgrammingError) and error.sqlstate in _OTHER_KIND:
            raise RowError(sentence(error)) from error
        raise DatabaseError(sentence(error)) from error


def sentence(error: psycopg.Error) -> str:
    """What it says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
