"""A kiosk's own road to the cluster: three nodes, its own broker, a collector, the table; all real.

Whoever dies, records come once, and events go to the door's broker as if there were no fleet.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioskd import shipped
from kioskd.fleet.streams.applying import applied
from kioskd.fleet.streams.stream_file import read
from tests.support.broker import eventually, mosquitto, witness
from tests.support.collecting import HQ, CollectorProcess, asked, to, trusting
from tests.support.nats_cluster import NatsCluster, nats_cluster
from tests.support.postgres import Postgres, postgres
from tests.support.results import result_now, unknown_now
from tests.support.uplinks import kiosk_with_road, of_nodes


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[NatsCluster]:
    with nats_cluster() as running:
        asyncio.run(applied(running.address(), read(shipped.text("fleet/streams.toml"))))
        yield running


def test_records_reach_the_table_once_whoever_dies_on_the_way(
    cluster: NatsCluster, server: Postgres, tmp_path: Path
) -> None:
    database = server.fresh()
    trusting(database, HQ)
    collector = CollectorProcess(tmp_path, cluster.address(), database, None)
    collector.start()

    def rows() -> int:
        return int(asked(database, "SELECT count(*) FROM fleet.audit_row")[0][0])

    try:
        with mosquitto(tmp_path) as broker, witness(broker) as door:
            local = to(broker, *HQ)
            with kiosk_with_road(tmp_path, local, of_nodes(cluster.nodes)) as kiosk:
                for _ in range(5):
                    kiosk.courier.deliver(unknown_now())
                eventually(lambda: rows() == 5)
                cluster.nodes[0].kill()  # the one that is spoken to
                kiosk.courier.deliver(result_now())
                eventually(lambda: len(door.of("action")) == 1)
                eventually(lambda: rows() == 7)  # the result and what became of it
                cluster.start(cluster.nodes[0])
                assert "fleet_broker" not in kiosk.problems.present  # another node was there
                broker.kill()  # the door's own is away: the fleet hears of everything all the same
                for _ in range(5):
                    kiosk.courier.deliver(unknown_now())
                eventually(lambda: rows() == 12)
                assert kiosk.log.count_pending() == 5
                broker.start()
                eventually(lambda: kiosk.log.count_pending() == 0)
                assert rows() == 12
        assert asked(database, "SELECT seq FROM fleet.audit_row ORDER BY seq") == [
            (number,) for number in range(1, 13)
        ]
        assert asked(database, "SELECT * FROM fleet.gap") == []
        assert asked(database, "SELECT * FROM fleet.put_aside") == []
        eventually(lambda: asked(database, "SELECT status FROM fleet.kiosk") == [("stopped",)])
    finally:
        assert collector.stop() == 0, collector.said
