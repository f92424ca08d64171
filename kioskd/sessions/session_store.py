"""The file of sessions: what was answered survives a restart. No token stands in it, no look.

A session that had not ended when the kiosk went down is found as failed, never as succeeded.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kioskd.delivery.database import AuditError, Connection, DamagedError, Database, Found
from kioskd.sessions.session_error import SessionError
from kioskd.sessions.session_life import Session, as_record, of_record

LAYOUT = 1
MOST_KEPT = 100_000  # sessions; beyond, the oldest ended ones go first


class SessionStore:
    """Safe to use from several threads. Every method may raise SessionError, code StoreFailed."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _prepare, what="store of sessions")

    def put(self, session: Session) -> None:
        """It is on the disk when this returns."""
        row = (
            session.id,
            session.client,
            session.created_at,
            session.phase == "ended",
            json.dumps(as_record(session), separators=(",", ":")),
        )
        with _told(), self._database.changing() as db:
            db.execute("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)", row)

    def get(self, session_id: str) -> Session | None:
        with _told(), self._database.using() as db:
            row = db.execute("SELECT body FROM session WHERE id = ?", (session_id,)).fetchone()
        return None if row is None else _session(row[0])

    def of_client(self, client: str, most: int) -> list[Session]:
        """The client's, the newest first."""
        query = "SELECT body FROM session WHERE client = ? ORDER BY created DESC, id LIMIT ?"
        with _told(), self._database.using() as db:
            rows = db.execute(query, (client, most)).fetchall()
        return [found for row in rows if (found := _session(row[0])) is not None]

    def unended(self) -> list[Session]:
        with _told(), self._database.using() as db:
            rows = db.execute("SELECT body FROM session WHERE NOT ended").fetchall()
        return [found for row in rows if (found := _session(row[0])) is not None]

    def alike(self, session: Session, since: float) -> list[Session]:
        """Ended ones of the same client and device or user, opened after that; oldest first.

        `since`: unix seconds. Of a session that names neither there are none.
        """
        query = (
            "SELECT body FROM session WHERE ended AND client = ? AND created > ?"
            " AND (json_extract(body, '$.device_correlation_id') = ?"
            " OR json_extract(body, '$.user_correlation_id') = ?) ORDER BY created"
        )
        ids = session.device_correlation_id, session.user_correlation_id
        with _told(), self._database.using() as db:
            rows = db.execute(query, (session.client, since, *ids)).fetchall()
        return [found for row in rows if (found := _session(row[0])) is not None]

    def delete(self, session_id: str) -> None:
        """Nothing of it is left, in the file's unused pages either."""
        with _told(), self._database.changing() as db:
            db.execute("DELETE FROM session WHERE id = ?", (session_id,))

    def prune(self, before: float, kept: Collection[str] = ()) -> int:
        """Delete ended ones that were opened before then, and the oldest beyond MOST_KEPT.

        kept  those that stay, whatever the clock said when they were opened
        """
        query = (
            "DELETE FROM session WHERE ended AND created < ?"
            " AND id NOT IN (SELECT value FROM json_each(?))"
        )
        with _told(), self._database.changing() as db:
            old = db.execute(query, (before, json.dumps(list(kept)))).rowcount
            beyond = db.execute(
                "DELETE FROM session WHERE ended AND id IN (SELECT id FROM session"
                " ORDER BY created DESC LIMIT -1 OFFSET ?)",
                (MOST_KEPT,),
            ).rowcount
        return old + beyond

    def close(self) -> None:
        self._database.close()


@contextmanager
def _told() -> Iterator[None]:
    """What the database says, as a refusal of the request."""
    try:
        yield
    except AuditError as error:
        raise SessionError("StoreFailed", str(error)) from error


def _prepare(db: Connection, _found: Found) -> None:
    layout = int(db.execute("PRAGMA user_version").fetchone()[0])
    if layout not in (0, LAYOUT):
        raise DamagedError
    db.execute("PRAGMA secure_delete = ON")
    db.execute(
        "CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, client TEXT NOT NULL,"
        " created REAL NOT NULL, ended INTEGER NOT NULL, body TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX IF NOT EXISTS of_client ON session (client, created)")
    db.execute(f"PRAGMA user_version = {LAYOUT:d}")


def _session(body: str) -> Session | None:
    """None for a row that cannot be read: it is as if it had been deleted."""
    with suppress(ValueError, TypeError, KeyError):
        return of_record(json.loads(body))
    return None
