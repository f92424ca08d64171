"""Months are tables of their own, and what is older than its site wants is deleted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from kioskd.fleet.collector import batch, trust
from kioskd.fleet.database import retention
from kioskd.fleet.database.library import Connection, connected
from kioskd.fleet.database.migration import migrate
from tests.support.fleet_records import FleetKiosk, ms
from tests.support.postgres import Postgres, postgres
from tests.support.signed import public

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SITES = ("hq", "annex")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def database(server: Postgres) -> Iterator[Connection]:
    with connected(server.fresh()) as connection:
        migrate(connection)
        for site in SITES:
            trust.trust(connection, (site, "kiosk-07"), (public(),))
        yield connection


def test_each_site_keeps_its_rows_as_long_as_it_wants(database: Connection) -> None:
    for kiosk in map(FleetKiosk, SITES):
        site = kiosk.site
        for days in (200, 100, 40, 1):
            at = NOW - timedelta(days=days)
            body = kiosk.record(recordedAt=ms(at))
            stranger = FleetKiosk(site=site, device="stranger").record()
            messages = [(f"{site}/{kiosk.device}/audit", body, at)]
            batch.store(database, [*messages, (f"{site}/stranger/audit", stranger, at)])
    assert _months(database) == ["2026_05", "2026_08", "2026_10", "2026_11"]
    retention.keep(database, "", 150)
    retention.keep(database, "annex", 30)
    assert retention.prune(database, NOW) == {"months": 1, "audit_row": 2, "put_aside": 2}
    assert _left(database) == {"hq": [100, 40, 1], "annex": [1]}
    assert _months(database) == ["2026_08", "2026_10", "2026_11"]
    assert retention.prune(database, NOW) == {}
    # What was deleted does not come back, and is no gap.
    again = FleetKiosk(site="hq")
    first = again.record(recordedAt=ms(NOW - timedelta(days=200)))
    assert batch.store(database, [("hq/kiosk-07/audit", first, NOW)]).again == 1
    assert database.execute("SELECT * FROM fleet.gap").fetchall() == []


def test_a_record_of_a_clock_that_was_behind_is_not_deleted_early(database: Connection) -> None:
    kiosk = FleetKiosk()
    body = kiosk.record(recordedAt=ms(NOW - timedelta(days=500)))
    batch.store(database, [(kiosk.subject, body, NOW)])
    assert retention.prune(database, NOW + timedelta(days=300)) == {}
    assert retention.prune(database, NOW + timedelta(days=401)) == {"months": 1}


def _left(database: Connection) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    rows = database.execute("SELECT site, recorded_at FROM fleet.audit_row ORDER BY recorded_at")
    for site, at in rows:
        found.setdefault(site, []).append((NOW - at).days)
    return found


def _months(database: Connection) -> list[str]:
    rows = database.execute(
        "SELECT relname FROM pg_inherits JOIN pg_class ON inhrelid = pg_class.oid"
        " WHERE inhparent = 'fleet.audit_row'::regclass ORDER BY relname"
    )
    return [str(name).removeprefix("audit_row_") for (name,) in rows]
