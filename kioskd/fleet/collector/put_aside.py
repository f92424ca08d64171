"""What is not believed, or not understood, kept apart where somebody can look."""

import hashlib
from collections.abc import Sequence

from kioskd.fleet.collector.record import KEPT_BYTES, Aside
from kioskd.fleet.database.library import Connection

_PUT = (
    "INSERT INTO fleet.put_aside"
    " (received_at, site, device, subject, reason, detail, epoch, seq, payload, bytes, digest)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (subject, reason, digest) DO UPDATE SET times = put_aside.times + 1"
)


def put(connection: Connection, found: Sequence[Aside]) -> None:
    """In the transaction of whoever calls. The same once more is counted, not kept twice."""
    rows = sorted((_row(each) for each in found), key=lambda row: (row[3], row[4], row[10]))
    if rows:
        connection.cursor().executemany(_PUT, rows)


def _row(aside: Aside) -> tuple[object, ...]:
    heard = aside.heard
    site, device = heard.kiosk
    return (
        heard.at,
        _storable(site),
        _storable(device),
        _storable(heard.subject),
        aside.reason,
        _storable(aside.detail),
        aside.epoch,
        aside.seq,
        heard.body[:KEPT_BYTES],
        len(heard.body),
        hashlib.sha256(heard.body).digest(),
    )


def _storable(text: str) -> str:
    """What PostgreSQL can hold of a text that nobody vouches for."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
