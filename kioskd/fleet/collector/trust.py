"""Whose keys are trusted: in fleet.trusted_key, and in each collector's memory for some seconds."""

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable

from kioskd.fleet.collector.record import Keys, Kiosk
from kioskd.fleet.database.library import Connection

FRESH_S = 10.0  # so long until a key that was added or forgotten is known to every collector
AGAIN_S = 1.0  # a kiosk that nobody knows makes a collector look again, but not more often


class TrustedKeys:
    """Of all kiosks, read again when they are old or one is missing. For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._read_at = float("-inf")
        self._keys: dict[Kiosk, Keys] = {}

    def of(self, connection: Connection, kiosk: Kiosk) -> Keys | None:
        age = self._clock() - self._read_at
        if age > FRESH_S or (kiosk not in self._keys and age > AGAIN_S):
            self._keys = _read(connection)
            self._read_at = self._clock()
        return self._keys.get(kiosk)


def _read(connection: Connection) -> dict[Kiosk, Keys]:
    found: dict[Kiosk, tuple[list[bytes], list[bytes]]] = defaultdict(lambda: ([], []))
    for site, device, key, forgotten in connection.execute(
        "SELECT site, device, public_key, forgotten IS NOT NULL FROM fleet.trusted_key"
    ):
        found[site, device][forgotten].append(key)
    return {kiosk: Keys(tuple(ours), tuple(old)) for kiosk, (ours, old) in found.items()}


def trust(connection: Connection, kiosk: Kiosk, keys: tuple[bytes, ...]) -> list[str]:
    """Add a kiosk's keys; the ids of those that are new. A forgotten one is trusted again."""
    added = []
    with connection.transaction():
        connection.execute(
            "INSERT INTO fleet.kiosk (site, device) VALUES (%s, %s) ON CONFLICT DO NOTHING", kiosk
        )
        for key in keys:
            new = connection.execute(
                "INSERT INTO fleet.trusted_key (site, device, key_id, public_key)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (site, device, key_id) DO UPDATE"
                " SET forgotten = NULL WHERE trusted_key.forgotten IS NOT NULL RETURNING key_id",
                (*kiosk, key_id(key), key),
            ).fetchone()
            if new is not None:
                added.append(str(new[0]))
    return added


def forget(connection: Connection, kiosk: Kiosk, named: str) -> bool:
    """Whether it was trusted until now."""
    gone = connection.execute(
        "UPDATE fleet.trusted_key SET forgotten = clock_timestamp() WHERE forgotten IS NULL"
        " AND (site, device, key_id) = (%s, %s, %s) RETURNING key_id",
        (*kiosk, named),
    ).fetchone()
    return gone is not None


def key_id(key: bytes) -> str:
    """As docs/connect/mqtt.md has it: the first 16 digits of the key's SHA-256."""
    return hashlib.sha256(key).hexdigest()[:16]
