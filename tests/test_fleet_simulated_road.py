"""Simulated kiosks over the cluster's MQTT gate, two collectors, and the table held to them."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioskd import shipped
from kioskd.commands import simulate
from kioskd.commands.simulate import Way
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.fleet.collector.trust import trust
from kioskd.fleet.database.library import connected
from kioskd.fleet.database.migration import migrate
from kioskd.fleet.simulator.fleet_of_kiosks import FleetOfKiosks, Plan
from kioskd.fleet.simulator.spoiling import Shares
from kioskd.fleet.streams.applying import applied
from kioskd.fleet.streams.stream_file import read
from tests.support.broker import eventually
from tests.support.collecting import CollectorProcess, asked
from tests.support.nats_cluster import SECRET, SIMULATOR, NatsCluster, nats_cluster
from tests.support.postgres import Postgres, postgres

KIOSKS = 5


@pytest.fixture(scope="module")
def cluster() -> Iterator[NatsCluster]:
    with nats_cluster(more=SIMULATOR) as running:
        asyncio.run(applied(running.address(), read(shipped.text("fleet/streams.toml"))))
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


def test_the_table_holds_what_was_sent_and_nothing_else(
    cluster: NatsCluster, server: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = server.fresh()
    shares = Shares(late=0.05, again=0.1, lost=0.02, forged=0.05)
    now = time.time()
    plan = Plan(KIOSKS, now - 3600, now, every_s=60.0, health_s=600.0, seed=3, shares=shares)
    with connected(database) as connection:
        migrate(connection)
        for kiosk in FleetOfKiosks(plan).kiosks:
            trust(connection, (kiosk.names.site, kiosk.names.device), (kiosk.signer.public,))
    collectors = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        collectors.append(CollectorProcess(tmp_path / name, cluster.address(), database, None))
        collectors[-1].start()
    place = "127.0.0.1", cluster.nodes[1].mqtt_port, "sim", "all"
    gate = DeliverySettings(*place, username="simulator", password=SECRET, protocol="3.1.1")
    try:
        assert simulate.run(plan, Way(gate, connections=2, speed=0.0, as_json=True)) == 0
        sent = json.loads(capsys.readouterr().out)
        eventually(lambda: rows(database) == sent["rows"])
        eventually(lambda: aside(database) == {"bad_signature": sent["forged"]})
        for name, one in sent["kiosks"].items():
            assert numbers(database, name) == set(range(1, one["last"] + 1)) - set(one["lost"])
        assert all(collector.stop() == 0 for collector in collectors)
    finally:
        for collector in collectors:
            collector.kill()
    ((again,),) = asked(database, "SELECT sum(again)::bigint FROM fleet.kiosk")
    assert again >= sent["again"] > 0  # the cluster may hand out some once more


def rows(database: str) -> int:
    return int(asked(database, "SELECT count(*) FROM fleet.audit_row")[0][0])


def aside(database: str) -> dict[str, int]:
    found = asked(database, "SELECT reason, sum(times)::bigint FROM fleet.put_aside GROUP BY 1")
    return {str(reason): int(times) for reason, times in found}


def numbers(database: str, kiosk: str) -> set[int]:
    question = "SELECT seq FROM fleet.audit_row WHERE site || '/' || device = %s"
    return {seq for (seq,) in asked(database, question, [kiosk])}
