"""A kiosk's own audit log, offered to the tables as if its records had just come."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from kioskd.delivery.database import Refused, reading
from kioskd.fleet.collector.batch import Desk
from kioskd.fleet.collector.record import Heard, Kiosk
from kioskd.fleet.collector.record_store import Tally
from kioskd.fleet.database.library import Connection

_AT_ONCE = 500


class AuditFileError(Exception):
    """The file is no audit log that can be read."""


def fill(connection: Connection, file: Path, kiosk: Kiosk) -> Tally:
    """What became of its records. Raises AuditFileError, DatabaseError."""
    whole, desk, batch = Tally(), Desk(), []
    subject, now = f"{'/'.join(kiosk)}/audit", datetime.now(UTC)
    for body in _bodies(file):
        batch.append(Heard(subject, body, now))
        if len(batch) == _AT_ONCE:
            whole.add(desk.store(connection, "audit", batch))
            batch = []
    whole.add(desk.store(connection, "audit", batch))
    return whole


def _bodies(file: Path) -> Iterator[bytes]:
    """Each record as it left, or would have left."""
    try:
        with reading(file) as log:
            for (body,) in log.execute("SELECT CAST(body AS BLOB) FROM record ORDER BY id"):
                yield bytes(body)
    except Refused as error:
        raise AuditFileError(f"{file} is no audit log that can be read: {error}") from error
