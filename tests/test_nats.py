"""A real NATS server before its MQTT gate, which speaks 3.1.1 alone and keeps all in JetStream."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from kioskd.delivery.delivery_settings import DeliverySettings, Protocol
from kioskd.delivery.probe import probe
from tests.support.broker import eventually, listening, program, witness
from tests.support.ports import free_port
from tests.support.results import result_now
from tests.test_courier import ONLINE, kiosk, recorded

V3 = MQTTProtocolVersion.MQTTv311


@contextmanager
def nats(folder: Path) -> Iterator[int]:
    """The port of its MQTT gate, for as long as the block lasts."""
    port = free_port()
    config = folder / "nats.conf"
    config.write_text(
        f"server_name: trial\nhost: 127.0.0.1\nport: {free_port()}\n"
        f'jetstream {{ store_dir: "{folder / "jetstream"}" }}\n'
        f"mqtt {{ host: 127.0.0.1, port: {port} }}\n"
    )
    log = folder / "nats.log"
    with subprocess.Popen([program("nats-server"), "-c", config, "-l", log]) as server:
        try:
            eventually(lambda: listening(port))
            yield port
        finally:
            server.kill()


def settings(port: int, protocol: Protocol = "3.1.1", prefix: str = "liveness") -> DeliverySettings:
    return DeliverySettings(
        "127.0.0.1", port, site="hq", device="kiosk-07", protocol=protocol, prefix=prefix
    )


def test_events_states_and_records_go_through_nats(tmp_path: Path) -> None:
    with (
        nats(tmp_path) as port,
        witness(port, protocol=V3) as seen,
        kiosk(settings(port), tmp_path) as k,
    ):
        k.courier.feed_state(ONLINE)
        delivery = k.courier.deliver(result_now())
        eventually(lambda: recorded(k, delivery.event_id, "published"))
        eventually(
            lambda: {one.kind for one in seen.seen} >= {"action", "state", "status", "audit"}
        )
        (action,) = seen.payloads("action")
        assert (action["eventId"], seen.of("action")[0].retained) == (delivery.event_id, False)
        assert k.told == []
        with witness(port, protocol=V3) as later:  # what stands there for whoever comes later
            eventually(lambda: {one.kind for one in later.seen} >= {"state", "status"})
            assert {later.of(kind)[0].retained for kind in ("state", "status")} == {True}
            assert later.of("action") == []


@pytest.mark.parametrize(
    ("other", "hint"),
    [
        ({"protocol": "5"}, "does not speak MQTT 5: set mqtt.protocol: 3.1.1"),
        ({"prefix": "live.ness"}, "it is NATS, choose an mqtt.topic_prefix without dots"),
    ],
)
def test_what_nats_does_not_take_is_named(other: dict[str, str], hint: str, tmp_path: Path) -> None:
    with nats(tmp_path) as port:
        found = probe(settings(port, **other))  # type: ignore[arg-type]
    assert not all(well for well, _ in found)
    assert any(hint in said for _, said in found)
