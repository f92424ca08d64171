"""The one door to psycopg: a connection to the fleet's PostgreSQL, and what it raises."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[TupleRow]  # for those who write SQL
Cursor = psycopg.Cursor[TupleRow]
CONNECT_S = 10

__all__ = ["Connection", "Cursor", "DatabaseError", "Jsonb", "RowError", "connected", "saying"]


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
    with saying():
        with psycopg.connect(
            address,
            autocommit=True,
            connect_timeout=CONNECT_S,
            application_name="kioskd",
        ) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            yield connection


@contextmanager
def saying() -> Iterator[None]:
    """What psycopg raises becomes ours."""
    try:
        yield
    except psycopg.DataError as error:
        raise RowError(sentence(error)) from error
    except psycopg.Error as error:
        raise DatabaseError(sentence(error)) from error


def sentence(error: psycopg.Error) -> str:
    """What it says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
