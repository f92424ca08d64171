"""A kiosk's records on the whole road: its broker, the bridge, three nodes, a collector, the table.

NATS, mosquitto and PostgreSQL are real; each is killed once. scripts/measure_fleet_kills does so at
random and many times.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioskd import shipped
from kioskd.fleet.streams.applying import applied
from kioskd.fleet.streams.stream_file import read
from tests.support.broker import eventually
from tests.support.collecting import (
    HQ,
    CollectorProcess,
    asked,
    bridged,
    signing_kiosk,
    to,
    trusting,
)
from tests.support.nats_cluster import NatsCluster, nats_cluster
from tests.support.postgres import Postgres, postgres
from tests.support.results import result_now, unknown_now


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[NatsCluster]:
    with nats_cluster() as running:
        asyncio.run(applied(running.address(), read(shipped.text("fleet/streams.toml"))))
        yield running


def test_what_is_applied_twice_changes_nothing(cluster: NatsCluster) -> None:
    done = asyncio.run(applied(cluster.address(), read(shipped.text("fleet/streams.toml"))))
    assert {change for _, change, _ in done} == {"kept"}


def test_what_differs_is_changed(cluster: NatsCluster) -> None:
    text = shipped.text("fleet/streams.toml")
    less = text.replace("most_bytes = 8589934592", "most_bytes = 1073741824")
    less = less.replace("most_pending = 20000", "most_pending = 10000")
    done = asyncio.run(applied(cluster.address(), read(less)))
    changes = {name: words for name, change, words in done if change == "changed"}
    assert changes == {
        "stream $MQTT_msgs": "max_bytes 8589934592 -> 1073741824",
        "consumer audit": "max_ack_pending 20000 -> 10000",
    }
    assert len(asyncio.run(applied(cluster.address(), read(text)))) == len(done)


def test_records_reach_the_table_whoever_dies_on_the_way(
    cluster: NatsCluster, server: Postgres, tmp_path: Path
) -> None:
    database = server.fresh()
    trusting(database, HQ)
    broker = bridged(tmp_path, cluster, *HQ)
    broker.start()
    collector = CollectorProcess(tmp_path, cluster.address(), database, None)
    collector.start()

    def rows() -> int:
        return int(asked(database, "SELECT count(*) FROM fleet.audit_row")[0][0])

    try:
        with signing_kiosk(tmp_path, to(broker, *HQ)) as courier:
            for _ in range(5):
                courier.deliver(unknown_now())
            eventually(lambda: rows() == 5)
            collector.kill()
            cluster.nodes[0].kill()  # the one that the bridge speaks to
            for _ in range(5):
                courier.deliver(unknown_now())
            server.kill()
            collector.start()  # finds no PostgreSQL, and ends: systemd starts it again
            eventually(lambda: not collector.running)
            server.start()
            collector.start()
            eventually(lambda: rows() == 10)
            cluster.start(cluster.nodes[0])
            courier.deliver(result_now())
            eventually(lambda: rows() == 12)  # the result and what became of it
        assert asked(database, "SELECT seq FROM fleet.audit_row ORDER BY seq") == [
            (number,) for number in range(1, 13)
        ]
        assert asked(database, "SELECT * FROM fleet.gap") == []
        assert asked(database, "SELECT * FROM fleet.put_aside") == []
        eventually(lambda: asked(database, "SELECT status FROM fleet.kiosk") == [("stopped",)])
    finally:
        broker.kill()
        assert collector.stop() == 0, collector.said
