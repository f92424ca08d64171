"""What was put aside only because nobody trusted the kiosk yet is taken once somebody does."""

from kioskd.fleet.collector.batch import Desk
from kioskd.fleet.collector.record import KEPT_BYTES, Heard, Kiosk
from kioskd.fleet.collector.record_store import Tally
from kioskd.fleet.database.library import Connection

_AT_ONCE = 500


def take_back(connection: Connection, kiosk: Kiosk) -> Tally:
    """The records of a kiosk that was unknown; what they are not good enough for, they say anew."""
    whole, desk = Tally(), Desk()
    while True:
        rows = connection.execute(
            "SELECT id, subject, payload, received_at FROM fleet.put_aside"
            " WHERE (site, device) = (%s, %s) AND reason = 'unknown_kiosk' AND bytes <= %s"
            " AND subject = site || '/' || device || '/audit' ORDER BY id LIMIT %s",
            (*kiosk, KEPT_BYTES, _AT_ONCE),
        ).fetchall()
        if not rows:
            return whole
        heard = [Heard(subject, payload, at) for _, subject, payload, at in rows]
        whole.add(desk.store(connection, "audit", heard))
        # Only now: one that ends here has them twice, and the second time they are known.
        gone = [row[0] for row in rows]
        connection.execute("DELETE FROM fleet.put_aside WHERE id = ANY(%s)", (gone,))
