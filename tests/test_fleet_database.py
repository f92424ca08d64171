"""The fleet's tables: made by migrations that can be run again, and never by an older kioskd."""

from collections.abc import Iterator

import pytest

from kioskd.fleet.database.library import connected
from kioskd.fleet.database.migration import NewerError, migrate
from tests.support.postgres import Postgres, postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


def test_the_tables_are_made_once(server: Postgres) -> None:
    with connected(server.fresh()) as database:
        assert "0001_record" in migrate(database)
        database.execute("INSERT INTO fleet.kiosk (site, device) VALUES ('hq', 'kiosk-07')")
        assert migrate(database) == []
        assert database.execute("SELECT count(*) FROM fleet.kiosk").fetchone() == (1,)


def test_tables_of_a_later_version_are_left_alone(server: Postgres) -> None:
    with connected(server.fresh()) as database:
        migrate(database)
        database.execute("INSERT INTO fleet.migration (name) VALUES ('9999_tomorrow')")
        with pytest.raises(NewerError, match="9999_tomorrow"):
            migrate(database)
