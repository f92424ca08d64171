"""A kiosk's records on the whole road: its broker, the bridge, three nodes, a collector, the table.

NATS, mosquitto and PostgreSQL are real; each is killed once. scripts/measure_fleet_kills does so at
random and many times.
"""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kioskd import shipped
from kioskd.fleet.nats_link import Cluster, LinkError, linked
from kioskd.fleet.streams.applying import applied
from kioskd.fleet.streams.stream_file import read
from tests.support.broker import eventually, listening
from tests.support.collecting import (
    HQ,
    CollectorProcess,
    asked,
    bridged,
    signing_kiosk,
    to,
    trusting,
)
from tests.support.fleet_records import FleetKiosk, ms
from tests.support.nats_cluster import SECRET, NatsCluster, nats_cluster
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port
from tests.support.postgres import Postgres, postgres
from tests.support.project import ROOT
from tests.support.results import result_now, unknown_now
from tests.support.scraping import Scraped
from tests.support.signed import OTHER

# Who writes past the MQTT gate, which these tests alone may.
WRITER = f'  {{ user: writer, password: "{SECRET}" }}'
MB = 2**20


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[NatsCluster]:
    with nats_cluster(more=WRITER) as running:
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


def test_what_waits_is_handed_out_by_number_and_size_and_each_once(cluster: NatsCluster) -> None:
    writer = Cluster(cluster.servers(), "writer", SECRET)
    sent = [b"small"] * 30 + [b"x" * (MB - 5000)] * 10

    async def story() -> list[list[bytes]]:
        async with linked(writer) as link:
            for body in sent:
                await link.put("$MQTT.msgs.liveness.v1.hq.kiosk-07.health", body)
            consumer = await link.consumer("$MQTT_msgs", "health")
            parts = []
            while letters := await consumer.fetch(20, 4 * MB, 0.0):
                assert {each.topic for each in letters} == {"liveness/v1/hq/kiosk-07/health"}
                parts.append([each.body for each in letters])
                await consumer.done(letters)
            assert await link.waiting("$MQTT_msgs", "health") == 0
            await consumer.close()
        return parts

    parts = asyncio.run(story())
    assert [body for part in parts for body in part] == sent
    assert len(parts[0]) == 20
    assert all(sum(map(len, part)) <= 4 * MB for part in parts)


def test_what_is_put_off_comes_again_and_the_first_that_comes_ends_the_wait(
    cluster: NatsCluster,
) -> None:
    writer = Cluster(cluster.servers(), "writer", SECRET)

    async def story() -> list[bytes]:
        async with linked(writer) as link, linked(writer) as other:
            consumer = await link.consumer("$MQTT_msgs", "alarms")
            assert await consumer.fetch(5, MB, 0.1) == []
            waits = asyncio.create_task(consumer.fetch(5, MB, 20.0))
            await other.put("$MQTT.msgs.liveness.v1.hq.kiosk-07.alarms", b"ring")
            first = await waits
            await consumer.later(first, 0.1)
            again = await consumer.fetch(5, MB, 20.0)
            await consumer.done(again)
            await consumer.close()
            return [each.body for each in first + again]

    assert asyncio.run(story()) == [b"ring", b"ring"]


def test_a_consumer_that_nobody_made_is_named(cluster: NatsCluster) -> None:
    async def story() -> None:
        async with linked(cluster.address()) as link:
            await link.consumer("$MQTT_msgs", "nobody")

    with pytest.raises(LinkError, match="run kioskd fleet apply"):
        asyncio.run(story())


def test_a_collector_tells_prometheus_what_it_did_and_what_it_waits_for(
    cluster: NatsCluster, server: Postgres, tmp_path: Path
) -> None:
    database, port = server.fresh(), free_port()
    trusting(database, HQ)
    collector = CollectorProcess(tmp_path, cluster.address(), database, None, str(port))
    collector.start()
    kiosk = FleetKiosk()
    kiosk.said = {"recordedAt": ms(datetime.now(UTC))}
    first = kiosk.record()
    forged = FleetKiosk(key=OTHER, seq=1, previous=kiosk.previous, said=kiosk.said).record()
    sent(cluster, first, first, forged)
    try:
        eventually(lambda: collector.running and listening(port))
        eventually(lambda: Scraped(port).sum("kioskd_collector_letters_total", kind="audit") == 3)
        now = Scraped(port)
        assert now("kioskd_collector_rows_total") == 1
        assert now("kioskd_collector_again_total") == 1
        assert now("kioskd_collector_aside_total", reason="bad_signature") == 1
        assert now.sum("kioskd_collector_aside_total") == 1
        behind = now("kioskd_collector_behind_seconds", kind="audit")
        assert behind is not None
        assert behind < DEADLINE_S
        for stage in ("read", "commit"):
            batches = now("kioskd_collector_batch_seconds_count", kind="audit", stage=stage)
            assert batches is not None
            assert 1 <= batches <= 3
        assert now("kioskd_collector_trouble", party="database") == 0
        eventually(lambda: Scraped(port)("kioskd_collector_waiting", kind="audit") == 0)
        told = {each for each in Scraped(port).names if each.startswith("kioskd_")}
        assert told == documented()
        server.kill()
        sent(cluster, kiosk.record())
        eventually(lambda: Scraped(port)("kioskd_collector_trouble", party="database") == 1)
        server.start()
        eventually(lambda: Scraped(port)("kioskd_collector_rows_total") == 2)
        after = Scraped(port)
        assert after("kioskd_collector_trouble", party="database") == 0
        assert after("kioskd_collector_troubles_total", party="database") == 1
        assert after("kioskd_collector_troubles_total", party="cluster") == 0
    finally:
        assert collector.stop() == 0, collector.said
    assert not listening(port)


def sent(cluster: NatsCluster, *bodies: bytes) -> None:
    """As if the kiosk HQ had published these records."""

    async def put() -> None:
        async with linked(Cluster(cluster.servers(), "writer", SECRET)) as link:
            for body in bodies:
                await link.put("$MQTT.msgs.liveness.v1.hq.kiosk-07.audit", body)

    asyncio.run(put())


def documented() -> set[str]:
    """What docs/install/fleet.md lists, as it is scraped."""
    page = (ROOT / "docs" / "install" / "fleet.md").read_text("utf-8")
    listed = re.findall(r"^\| `(collector_\w+)`(, `_count`)? \|", page, re.MULTILINE)
    names = {f"kioskd_{name}" for name, _ in listed}
    return names | {f"kioskd_{name.removesuffix('_sum')}_count" for name, also in listed if also}
