"""The files in fleet/: read strictly, and what they let a kiosk do."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from click.testing import CliRunner
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from kioskd import shipped
from kioskd.cli import main
from kioskd.fleet.nats_link import Cluster, LinkError
from kioskd.fleet.streams.applying import applied
from kioskd.fleet.streams.stream_file import StreamFileError, read
from tests.support.broker import Witness, eventually, listening, program, witness
from tests.support.nats_cluster import SECRET
from tests.support.ports import free_port
from tests.support.project import ROOT

NATS_PORT = free_port()
V3 = MQTTProtocolVersion.MQTTv311
FILES = ROOT / "fleet" / "nats"
STREAMS = shipped.text("fleet/streams.toml")


def test_the_streams_that_ship_can_be_read() -> None:
    file = read(STREAMS)
    assert file.reader("audit").filter == "$MQTT.msgs.liveness.v1.*.*.audit"
    assert file.reader("states").filter == "$MQTT.msgs.liveness.v1.*.*.*.state"
    (stream,) = file.streams
    assert (stream.retention, stream.replicas, stream.when_full) == ("limits", 3, "new")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("replicas = 3", "replicas = 2", "replicas must be 1, 3 or 5"),
        ("replicas = 3", 'replicas = "3"', "replicas must be a whole number"),
        ("replicas = 3", "replicas = 3\ncopies = 3", "a key copies that is not known"),
        ("replicas = 3\n", "", "lacks replicas"),
        ('when_full = "new"', 'when_full = "wait"', "when_full must be one of new, old"),
        ("ack_wait_s = 30", "ack_wait_s = 0", "ack_wait_s must be at least 1"),
        ("[consumers.audit]", "[consumers.audits]", "consumers.audit is missing"),
        ('stream = "$MQTT_msgs"', 'stream = "OTHER"', "reads OTHER, which is none"),
        ("prefix =", "prefix", "line"),
    ],
)
def test_what_is_wrong_in_them_is_named(old: str, new: str, said: str) -> None:
    with pytest.raises(StreamFileError, match=re.escape(said)):
        read(STREAMS.replace(old, new, 1))


def test_kiosks_are_added_to_the_users_and_keep_their_passwords(tmp_path: Path) -> None:
    users = tmp_path / "users.conf"
    users.write_text((FILES / "users.conf").read_text())

    def added(*kiosks: str) -> list[str]:
        asked = [part for kiosk in kiosks for part in ("--kiosk", kiosk)]
        done = CliRunner().invoke(main, ["fleet", "kiosks", str(users), *asked])
        assert done.exit_code == 0, done.output
        return done.output.splitlines()

    first = added("hq/kiosk-07", "annex/kiosk-1")
    assert [line.partition(" ")[0] for line in first] == ["hq.kiosk-07", "annex.kiosk-1"]
    assert len({line.partition(" ")[2] for line in first}) == 2
    before = users.read_text()
    assert added("hq/kiosk-07") == []
    assert users.read_text() == before
    assert len(added("hq/kiosk-08")) == 1
    assert users.read_text().startswith(before.removesuffix("]\n"))


@pytest.mark.parametrize("kiosk", ["hq", "hq/*", "hq/a.b", 'hq/k", x: "', "/k", "hq/k/door"])
def test_a_name_that_is_none_is_not_added(tmp_path: Path, kiosk: str) -> None:
    users = tmp_path / "users.conf"
    users.write_text((FILES / "users.conf").read_text())
    done = CliRunner().invoke(main, ["fleet", "kiosks", str(users), "--kiosk", kiosk])
    assert (done.exit_code, users.read_text()) == (2, (FILES / "users.conf").read_text())


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Witness]]:
    """The MQTT port of one server with the users of fleet/nats, and one who hears everything."""
    folder = tmp_path_factory.mktemp("nats")
    users = folder / "users.conf"
    users.write_text((FILES / "users.conf").read_text())
    asked = ["--kiosk", "hq/kiosk-07", "--kiosk", "hq/kiosk-08"]
    CliRunner().invoke(main, ["fleet", "kiosks", str(users), *asked])
    text = re.sub(r'password: ("[^"]*"|\$\w+)', f'password: "{SECRET}"', users.read_text())
    users.write_text(text.removesuffix("]\n") + f'  {{ user: all, password: "{SECRET}" }}\n]\n')
    port = free_port()
    config = folder / "nats.conf"
    config.write_text(
        f"server_name: trial\nhost: 127.0.0.1\nport: {NATS_PORT}\n"
        f'jetstream {{ store_dir: "{folder / "store"}" }}\n'
        f"mqtt {{ host: 127.0.0.1, port: {port} }}\n"
        "accounts { FLEET { jetstream: enabled, include users.conf } }\n"
    )
    with subprocess.Popen([program("nats-server"), "-c", config, "-l", folder / "log"]) as server:
        try:
            eventually(lambda: listening(port))
            with witness(port, "all", SECRET, protocol=V3) as watching:
                yield port, watching
        finally:
            server.kill()


def test_a_stream_that_the_gate_made_first_is_told_and_left_alone(
    gate: tuple[int, Witness],
) -> None:
    cluster = Cluster((f"nats://127.0.0.1:{NATS_PORT}",), "collector", SECRET)
    one_node = read(STREAMS.replace("replicas = 3", "replicas = 1"))
    with pytest.raises(LinkError, match="was made with the retention interest"):
        asyncio.run(applied(cluster, one_node))


MINE = "liveness/v1/hq/kiosk-07"
OTHERS = "liveness/v1/hq/kiosk-08"
ALLOWED = ("audit", "status", "health", "alarms", "door-3/state")
REFUSED = (
    *(f"{OTHERS}/{topic}" for topic in ALLOWED),
    *(f"{MINE}/{topic}" for topic in ("door-3/action", "door-3/reply", "commands/panel/1/request")),
    *(f"{MINE}/layers/{level}" for level in ("fleet", "site", "device")),
    f"{MINE}/door-3/state/more",
    "elsewhere",
)


def test_a_kiosk_says_its_own_and_no_action_and_nothing_of_another(
    gate: tuple[int, Witness],
) -> None:
    said = [*(f"{MINE}/{topic}" for topic in ALLOWED), *REFUSED]
    assert _heard(gate, "hq.kiosk-07", said) == {f"{MINE}/{topic}" for topic in ALLOWED}


def test_a_rollout_says_layers_and_nothing_else(gate: tuple[int, Witness]) -> None:
    layers = {f"{MINE}/layers/fleet", f"{OTHERS}/layers/site"}
    said = [*layers, f"{MINE}/audit", f"{MINE}/door-3/action", f"{MINE}/commands/a/1/request"]
    assert _heard(gate, "rollout", said) == layers


def test_a_collector_says_nothing_on_any_topic(gate: tuple[int, Witness]) -> None:
    assert _heard(gate, "collector", [f"{MINE}/audit", f"{MINE}/door-3/action"]) == set()


def _heard(gate: tuple[int, Witness], user: str, topics: list[str]) -> set[str]:
    """Which of these a user can say, so that somebody hears it."""
    port, watching = gate
    watching.seen.clear()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=V3)
    client.username_pw_set(user, SECRET)
    acknowledged: list[int] = []
    client.on_publish = lambda *said: acknowledged.append(said[2])
    client.connect("127.0.0.1", port)
    client.loop_start()
    eventually(client.is_connected)
    for topic in topics:
        client.publish(topic, b"x", qos=1)
    eventually(lambda: len(acknowledged) == len(topics))
    client.disconnect()
    client.loop_stop()
    client._reset_sockets()
    watching.catch_up()
    return {seen.topic for seen in watching.seen} & set(topics)  # not what NATS tells itself


def test_the_bridge_takes_up_what_the_cluster_lets_it_say() -> None:
    text = (ROOT / "fleet" / "bridge" / "mosquitto.conf").read_text()
    up = re.findall(r"^topic liveness/v1/SITE/DEVICE/(\S+) out 1$", text, re.MULTILINE)
    assert up == [topic.replace("door-3", "+") for topic in ALLOWED]
    down = re.findall(r"^topic (\S+) in 1$", text, re.MULTILINE)
    assert down == ["liveness/v1/SITE/DEVICE/layers/#"]
