"""The real daemon with a road of its own to three NATS nodes: what goes up, and what never does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from kioskd.control.client import asked
from kioskd.signing.ed25519 import signer_at
from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.daemon import LIVE, Kioskd, file_feed, kioskd, settings
from tests.support.nats_cluster import SECRET, NatsCluster, nats_cluster
from tests.support.ports import free_port
from tests.support.schemas import check
from tests.test_layers_road import Fleet, codes, layers

Json = dict[str, Any]
UP = {"status", "state", "health", "alarms", "audit"}
EYE = f'  {{ user: "eye", password: "{SECRET}" }}'  # sees all that comes to the cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[NatsCluster]:
    with nats_cluster(more=EYE) as running:
        yield running


def configuration(broker: Mosquitto, cluster: NatsCluster) -> Json:
    config = settings(broker, {"cam": file_feed(LIVE)}, rest_s=0.0)
    config["mqtt"]["health"] = True
    config["alarms"] = {"enabled": True}
    config["layers"] = {"trust": "trust.json"}
    config["fleet"] = {
        "nodes": [f"127.0.0.1:{node.mqtt_port}" for node in cluster.nodes],
        "username": "hq.kiosk-07",
        "password": "${FLEET_PASSWORD}",
    }
    return config


def test_all_but_events_goes_up_and_layers_come_down(cluster: NatsCluster, tmp_path: Path) -> None:
    folder = tmp_path / "k"
    folder.mkdir()
    signer = signer_at(tmp_path / "fleet.key")
    (folder / "trust.json").write_text(json.dumps({"keys": [signer.trust]}))
    see = cluster.nodes[2].mqtt_port, "eye", SECRET, MQTTProtocolVersion.MQTTv311
    with mosquitto(tmp_path) as broker, witness(broker) as door, witness(*see) as seen:
        config = configuration(broker, cluster)
        with kioskd(folder, config, {"FLEET_PASSWORD": SECRET}) as daemon:
            eventually(lambda: door.of("action"))
            eventually(lambda: kinds(seen) >= UP)
            Fleet(signer, seen).says(0.16)
            eventually(lambda: layers(seen) == ["minimum_brightness 0.16"])
            eventually(lambda: "" in codes(seen))  # and the record of it went up
            a_fault_of_the_road_stays_on_it(daemon, config, door)
            reloaded(daemon, config)
            eventually(lambda: status(daemon).get("fleet", {}).get("connected"))
            missed = numbers(door)[-1]
            eventually(lambda: numbers(seen)[-1] >= missed)  # what was recorded without a road
            told = len(seen.of("status"))
            assert daemon.stop() == 0
        eventually(lambda: len(seen.of("status")) > told)
        assert seen.payloads("status")[-1]["state"] == "stopped"
        door.catch_up()
        assert kinds(seen) == UP
        assert "action" in kinds(door)
        assert numbers(seen) == list(range(1, len(numbers(seen)) + 1))  # none is missing
        for one in seen.payloads("health"):
            check("health", one)
        assert SECRET not in daemon.log


def a_fault_of_the_road_stays_on_it(daemon: Kioskd, config: Json, door: Witness) -> None:
    """A wrong password, a node that is none, no road at all: each by a reload, and events go on."""
    reloaded(daemon, with_fleet(config, password="of-somebody-else"))
    assert "hq.kiosk-07" in eventually(lambda: problems(daemon).get("fleet_broker", ""))
    count = len(door.of("action"))
    eventually(lambda: len(door.of("action")) > count)
    assert status(daemon)["ready"] is True
    reloaded(daemon, with_fleet(config, nodes=f"127.0.0.1:{free_port()}"))
    eventually(lambda: "no MQTT broker listens" in problems(daemon).get("fleet_broker", ""))
    reloaded(daemon, {key: said for key, said in config.items() if key != "fleet"})
    eventually(lambda: "fleet" not in status(daemon))
    eventually(lambda: "fleet_broker" not in problems(daemon))


def kinds(seen: Witness) -> set[str]:
    """Of the kiosk's messages: the cluster's own topics, and the layers, are none."""
    base = "liveness/v1/hq/kiosk-07/"
    topics = [one.topic for one in seen.seen if one.topic.startswith(base)]
    return {topic.rsplit("/", 1)[-1] for topic in topics if "/layers/" not in topic}


def numbers(seen: Witness) -> list[int]:
    return sorted({int(str(row["seq"])) for row in seen.payloads("audit")})


def with_fleet(config: Json, **changes: object) -> Json:
    return {**config, "fleet": {**config["fleet"], **changes}}


def reloaded(daemon: Kioskd, config: Json) -> None:
    daemon.config.write_text(json.dumps(config))
    answer = asked(daemon.folder / "state" / "control.sock", {"command": "reload"})
    assert answer.status == 200, answer.body
    assert not answer.body["waiting"]


def status(daemon: Kioskd) -> Json:
    """What the daemon says of itself."""
    return asked(daemon.folder / "state" / "control.sock", {"command": "status"}).body


def problems(daemon: Kioskd) -> dict[str, str]:
    return {one["code"]: one["detail"] for one in status(daemon)["problems"]}
