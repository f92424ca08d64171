"""A layer on its way: from the publisher through three NATS nodes and the bridge of a door."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.fleet.rollout.publisher import Document, Publisher, PublishError
from tests.support.broker import eventually, mosquitto, witness
from tests.support.collecting import HQ, bridged
from tests.support.nats_cluster import SECRET, NatsCluster, nats_cluster
from tests.support.ports import free_port

TOPIC = "liveness/v1/hq/kiosk-07/layers/fleet"


@pytest.fixture(scope="module")
def cluster() -> Iterator[NatsCluster]:
    with nats_cluster() as running:
        yield running


def at(port: int, user: str | None = None) -> Publisher:
    who = {"username": user, "password": SECRET if user else None}
    return Publisher(DeliverySettings("127.0.0.1", port, "fleet", "rollout", **who))  # type: ignore[arg-type]


def test_a_door_that_is_away_finds_the_newest_layer_behind_its_bridge(
    cluster: NatsCluster, tmp_path: Path
) -> None:
    fleet = at(cluster.nodes[1].mqtt_port, "rollout")
    large = b"x" * 200_000  # a piece of a network's file is a little larger
    fleet.publish([Document(*HQ, "fleet", b"one"), Document(*HQ, "fleet", large, 0)])
    fleet.publish([Document(*HQ, "fleet", b"two")])
    broker = bridged(tmp_path, cluster, *HQ)
    broker.start()
    try:
        with witness(broker) as seen:
            eventually(lambda: [one.body for one in seen.seen if one.topic == TOPIC] == [b"two"])
            eventually(lambda: any(one.body == large for one in seen.seen))
            fleet.publish([Document(*HQ, "fleet", b"three")])
            eventually(lambda: [one.body for one in seen.of("fleet")][-1] == b"three")
    finally:
        broker.kill()


def test_many_are_published_and_each_is_taken(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        documents = [Document("hq", f"k-{n}", "site", b"%d" % n) for n in range(500)]
        at(broker.port).publish(documents)
        eventually(lambda: len(seen.of("site")) == 500)
        assert {one.topic for one in seen.of("site")} == {
            f"liveness/v1/hq/k-{n}/layers/site" for n in range(500)
        }


def test_a_broker_that_is_not_there_is_told_in_a_sentence() -> None:
    with pytest.raises(PublishError, match=r"no MQTT broker listens at 127\.0\.0\.1:\d+") as told:
        at(free_port()).publish([Document(*HQ, "fleet", b"one")])
    assert "check --broker" in str(told.value)
    assert "mqtt." not in str(told.value)


def test_a_node_that_is_killed_is_not_called_one_without_tls() -> None:
    """It took the connection, and ended before it answered."""
    with socket.create_server(("127.0.0.1", 0)) as dying:
        answer = threading.Thread(target=lambda: dying.accept()[0].close())
        answer.start()
        with pytest.raises(PublishError) as told:
            at(dying.getsockname()[1]).publish([Document(*HQ, "fleet", b"one")])
        answer.join()
    assert "hung up: look whether that node still runs" in str(told.value)
    assert "mqtt." not in str(told.value)
