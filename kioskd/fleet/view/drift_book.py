"""What drifted, noted in the record each time somebody looks: since when it is so, for Grafana."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kioskd.fleet.database.library import Connection
from kioskd.fleet.view.drift import Drift

Doors = Mapping[tuple[str, str, str], Sequence[Drift]]  # site, device and door


@dataclass(frozen=True, slots=True)
class Noted:
    """One that stands. `new`: it did not when somebody looked before."""

    site: str
    device: str
    door: str
    kind: str
    began: datetime
    sentence: str
    new: bool


def note(database: Connection, found: Doors, now: datetime, site: str = "") -> list[Noted]:
    """Write down what was found at all doors, or at a site's; what stands now, oldest first."""
    with database.transaction():
        for door, drifts in found.items():
            for drift in drifts:
                database.execute(
                    "INSERT INTO fleet.drift (site, device, door, kind, began, told, sentence)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
                    " ON CONFLICT (site, device, door, kind) WHERE ended IS NULL"
                    " DO UPDATE SET told = excluded.told, sentence = excluded.sentence",
                    (*door, drift.kind, now, now, drift.sentence),
                )
        database.execute(
            "UPDATE fleet.drift SET ended = %s WHERE ended IS NULL AND told < %s"
            " AND (%s = '' OR site = %s)",
            (now, now, site, site),
        )
        rows = database.execute(
            "SELECT site, device, door, kind, began, sentence, began = %s FROM fleet.drift"
            " WHERE ended IS NULL AND (%s = '' OR site = %s)"
            " ORDER BY began, site, device, door, kind",
            (now, site, site),
        ).fetchall()
    return [_noted(*row) for row in rows]


def _noted(*row: object) -> Noted:
    return Noted(*row)  # type: ignore[arg-type]  # as the table has them
