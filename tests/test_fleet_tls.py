"""A cluster that speaks TLS everywhere, by certificates as docs/install/fleet.md has them made."""

import asyncio
import re
import shlex
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from kioskd import shipped
from kioskd.cli import main
from kioskd.delivery.delivery_settings import DeliverySettings, TlsSettings
from kioskd.delivery.probe import probe
from kioskd.fleet.nats_link import Cluster, LinkError, linked
from kioskd.fleet.rollout.publisher import Document, Publisher, PublishError
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
from tests.support.nats_cluster import SECRET, NatsCluster, nats_cluster
from tests.support.patience import DEADLINE_S
from tests.support.postgres import postgres
from tests.support.project import ROOT
from tests.support.results import unknown_now

PAGE = (ROOT / "docs" / "install" / "fleet.md").read_text("utf-8")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the lines of the page, for this machine and in a folder of ours."""
    folder = tmp_path_factory.mktemp("fleet")
    block = re.search(r"### TLS\n.*?```sh\n(.*?)```", PAGE, re.DOTALL)
    assert block
    text = re.sub(r"(--broker n\d\.example ?)+", "--broker 127.0.0.1", block.group(1))
    kit, install = text.replace("/etc/kioskd-fleet", str(folder)).splitlines()
    made = CliRunner().invoke(main, shlex.split(kit)[1:])
    assert made.exit_code == 0, made.output
    (folder / "nats").mkdir()
    subprocess.run(shlex.split(install), check=True)
    return folder / "nats"


@pytest.fixture(scope="module")
def cluster(certificates: Path) -> Iterator[NatsCluster]:
    with nats_cluster(certificates=certificates) as running:
        asyncio.run(applied(running.address(), read(shipped.text("fleet/streams.toml"))))
        yield running


def test_a_record_comes_through_bridge_cluster_and_collector_by_tls(
    cluster: NatsCluster, tmp_path: Path
) -> None:
    with postgres() as server:
        database = server.fresh()
        trusting(database, HQ)
        broker = bridged(tmp_path, cluster, *HQ)
        assert "bridge_cafile" in (tmp_path / "mosquitto.conf").read_text()
        collector = CollectorProcess(tmp_path, cluster.address(), database, None)
        broker.start()
        collector.start()
        try:
            with signing_kiosk(tmp_path, to(broker, *HQ)) as courier:
                courier.deliver(unknown_now())
                question = "SELECT count(*) FROM fleet.audit_row"
                eventually(lambda: asked(database, question) == [(1,)])
        finally:
            broker.kill()
            assert collector.stop() == 0, collector.said


@pytest.mark.parametrize("scheme", ["nats", "tls"])
def test_a_collector_without_the_authority_is_refused(cluster: NatsCluster, scheme: str) -> None:
    servers = tuple(each.replace("tls", scheme) for each in cluster.servers())

    async def comes() -> None:
        async with linked(Cluster(servers, "collector", SECRET)):
            raise AssertionError("it was let in")

    with pytest.raises(LinkError, match=r"certificate is not believed .*: see --ca"):
        asyncio.run(comes())


def mqtt(cluster: NatsCluster, user: str) -> DeliverySettings:
    """At the MQTT gate of a node, as one that believes its authority."""
    return DeliverySettings(
        "127.0.0.1", cluster.nodes[0].mqtt_port, *HQ,
        protocol="3.1.1", prefix="liveness/v1", username=user, password=SECRET,
        tls=TlsSettings(ca=cluster.address().ca),
    )  # fmt: skip


def test_a_kiosk_connects_with_the_authority_and_not_without(cluster: NatsCluster) -> None:
    ours = mqtt(cluster, "hq.kiosk-07")
    assert probe(ours)[0][0], probe(ours)
    for other in (TlsSettings(), None):
        (well, said), *_ = probe(replace(ours, tls=other))
        assert not well, said


def test_a_rollout_needs_the_authority_too(cluster: NatsCluster) -> None:
    ours = mqtt(cluster, "rollout")
    Publisher(ours).publish([Document(*HQ, "fleet", b"one")])
    with pytest.raises(PublishError, match="--ca"):
        Publisher(replace(ours, tls=TlsSettings())).publish([Document(*HQ, "fleet", b"one")])


def test_nodes_speak_tls_among_themselves_and_to_nobody_else(
    cluster: NatsCluster, certificates: Path
) -> None:
    ours = ssl.create_default_context(cafile=certificates / "ca.pem")
    ours.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    strange = ssl.create_default_context(cafile=certificates / "ca.pem")
    for node in cluster.nodes:
        assert hears(node.cluster_port, ours).startswith(b"INFO ")
        with pytest.raises(ssl.SSLError):
            hears(node.cluster_port, strange)


def hears(port: int, context: ssl.SSLContext) -> bytes:
    """What the other says first."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as wire,
        context.wrap_socket(wire, server_hostname="127.0.0.1") as told,
    ):
        return told.recv(100)
