"""Brokers that do not take everything: limits they name, and messages at which they hang up.

mosquitto where its settings go as far, else the scripted server of tests/support.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from feeds.state import FeedState
from kioskd.delivery.broker_limits import packet_bytes
from kioskd.delivery.delivery_settings import DeliverySettings, Protocol
from kioskd.delivery.outcome import Delivery
from kioskd.delivery.probe import probe
from kioskd.happenings import Stepped
from tests.support.broker import eventually, mosquitto, witness
from tests.support.results import result_now, unknown_now
from tests.support.scripted_broker import Answer, Published, scripted_broker
from tests.test_courier import ONLINE, Kiosk, ShiftedClock, kiosk, recorded

PROTOCOLS: tuple[Protocol, ...] = ("5", "3.1.1")
NO_RETAIN, NO_QOS_1 = b"\x25\x00", b"\x24\x00"  # properties of a CONNACK
KEEP_ALIVE_1_S = b"\x13\x00\x01"


def long_unknown(k: Kiosk) -> Delivery:
    """A result that is not for the door and has a long row in the audit log."""
    return k.courier.deliver(
        replace(unknown_now(), reasons=tuple(f"reason_{n}" for n in range(90)))
    )


def ten_actions(k: Kiosk) -> list[Delivery]:
    """Ten events, some while connections still end."""
    found = []
    for _ in range(10):
        found.append(k.courier.deliver(result_now()))
        time.sleep(0.1)
    return found


def all_published(k: Kiosk, deliveries: list[Delivery]) -> bool:
    return all(recorded(k, one.event_id, "published") for one in deliveries)


def patient(settings: DeliverySettings, protocol: Protocol) -> DeliverySettings:
    """On a machine so busy that a connection takes seconds, no event of the test expires."""
    return replace(settings, protocol=protocol, action_expiry_s=60.0)


def hang_up(on: Callable[[Published], bool]) -> Callable[[Published], Answer]:
    return lambda message: "hang up" if on(message) else "acknowledge"


def test_a_record_too_large_for_the_broker_stays_here_and_is_named(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path, more="max_packet_size 900") as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        k.courier.deliver(unknown_now())
        long_unknown(k)
        told = k.courier.deliver(result_now())
        eventually(lambda: recorded(k, told.event_id, "published"))
        eventually(lambda: k.log.count_pending() == 1)
        eventually(lambda: "broker_limits" in k.problems)
        assert "(it takes 900 bytes at most)" in k.problems["broker_limits"]
        assert "audit record number 2 with" in k.problems["broker_limits"]
        eventually(lambda: [row["seq"] for row in watching.payloads("audit")] == [1, 3, 4])
        assert "broker" not in k.problems
        assert len([problem for problem in k.told if problem[0] == "broker"]) == 0


def test_an_event_too_large_for_the_broker_is_refused_and_named(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path, more="max_packet_size 400") as broker,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        told = k.courier.deliver(result_now())
        assert told.outcome == "refused"
        assert "and it takes 400 at most" in told.sentence
        eventually(lambda: recorded(k, told.event_id, "refused"))
        eventually(lambda: "door-3/action is too large" in k.problems.get("broker_limits", ""))


def test_a_broker_without_retained_messages_is_told_again_and_again(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path, more="retain_available false") as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        told = k.courier.deliver(result_now())
        k.courier.feed_state(ONLINE)
        eventually(lambda: recorded(k, told.event_id, "published") and k.all_taken())
        watching.catch_up()
        assert "keeps no retained messages" in k.problems["broker_limits"]
        kinds = [seen.kind for seen in watching.seen if seen.kind != "audit"]
        assert kinds.index("status") < kinds.index("action")
        assert not any(seen.retained for seen in watching.seen)


def test_what_no_broker_keeps_is_said_again_to_whoever_comes_later(tmp_path: Path) -> None:
    clock = ShiftedClock()
    with (
        scripted_broker(properties=NO_RETAIN) as broker,
        kiosk(broker.settings(), tmp_path, clock) as k,
    ):
        k.courier.feed_state(ONLINE)
        eventually(lambda: broker.of("status") and broker.of("state"))
        told = len(broker.published)
        clock.ahead = 31.0
        eventually(lambda: len(broker.published) >= told + 2)
        assert {message.kind for message in broker.published[told:]} == {"status", "state"}
        assert not any(message.retain for message in broker.published)


def test_a_broker_of_qos_0_gets_the_events_and_no_record_is_taken_for_delivered(
    tmp_path: Path,
) -> None:
    with (
        mosquitto(tmp_path, more="max_qos 0") as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        k.courier.feed_state(ONLINE)
        eventually(lambda: k.courier.connected)
        told = k.courier.deliver(result_now())
        eventually(lambda: watching.of("action"))
        eventually(lambda: recorded(k, told.event_id, "published"))
        assert "quality of service 0 only" in k.problems["broker_limits"]
        watching.catch_up()
        assert watching.of("audit") == []
        assert k.log.count_pending() == 2


def test_a_last_will_that_the_broker_does_not_take_is_left_as_it_takes_it(tmp_path: Path) -> None:
    """Its own words first: 0x9A, retain not supported; 0x9B, quality of service not supported."""

    def refusal(flags: int) -> int:
        if flags & 0x20:
            return 0x9A
        return 0x9B if flags & 0x18 else 0

    with (
        scripted_broker(properties=NO_RETAIN + NO_QOS_1, refusal=refusal) as broker,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        k.courier.deliver(result_now())
        eventually(lambda: broker.of("action"))
        assert [(message.qos, message.retain) for message in broker.of("action")] == [(0, False)]
        assert len(broker.connects) == 3


def test_the_brokers_keep_alive_is_kept(tmp_path: Path) -> None:
    with (
        scripted_broker(properties=KEEP_ALIVE_1_S) as broker,
        kiosk(replace(broker.settings(), keepalive_s=60), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        eventually(lambda: broker.pings)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x87, "hq/kiosk-07/door-3/state: check its ACL"),
        (0x97, "hq/kiosk-07/door-3/state (Quota exceeded): check its limits and log"),
    ],
)
def test_what_a_broker_refuses_is_told_in_its_own_words(
    tmp_path: Path, code: int, words: str
) -> None:
    """And what it takes again later is no problem any more."""
    refuses = [True]

    def script(message: Published) -> Answer:
        return code if message.kind == "state" and refuses[0] else "acknowledge"

    with scripted_broker(script) as broker, kiosk(broker.settings(), tmp_path) as k:
        k.courier.feed_state(ONLINE)
        eventually(lambda: k.problems.get("broker_acl", "").endswith(words))
        told = k.courier.deliver(result_now())
        eventually(lambda: recorded(k, told.event_id, "published"))
        refuses[0] = False
        k.courier.feed_state(ONLINE)
        eventually(lambda: "broker_acl" not in k.problems)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("answer", ["hang up", "ignore"])
def test_one_record_that_ends_every_connection_is_found_and_stops_no_event(
    tmp_path: Path, protocol: Protocol, answer: Answer
) -> None:
    def script(message: Published) -> Answer:
        return answer if b"reason_89" in message.body else "acknowledge"

    with scripted_broker(script) as broker:
        settings = replace(broker.settings(), protocol=protocol, ack_timeout_s=1)
        with kiosk(settings, tmp_path) as k:
            eventually(lambda: k.courier.connected)
            k.courier.deliver(unknown_now())
            long_unknown(k)
            deliveries = ten_actions(k)
            eventually(lambda: "broker_rejects" in k.problems)
            assert "audit record 2 (" in k.problems["broker_rejects"]
            eventually(lambda: all_published(k, deliveries))
            eventually(lambda: k.log.count_pending() == 1)
            eventually(lambda: "broker" not in k.problems)
            assert "client_id" not in dict(k.told)


def test_a_record_that_ended_connections_goes_to_a_mended_broker_after_a_restart(
    tmp_path: Path,
) -> None:
    """It is never lost: whoever mends the broker restarts kioskd, and the record arrives."""
    with scripted_broker(hang_up(lambda message: b"reason_89" in message.body)) as broker:
        with kiosk(broker.settings(), tmp_path) as k:
            eventually(lambda: k.courier.connected)
            long_unknown(k)
            eventually(lambda: "broker_rejects" in k.problems)
            assert k.log.count_pending() == 1
        with kiosk(broker.settings(), tmp_path) as k:  # not mended: found and named again
            eventually(lambda: "audit record 1 (" in k.problems.get("broker_rejects", ""))
            deliveries = ten_actions(k)
            eventually(lambda: all_published(k, deliveries))
    with (
        scripted_broker(lambda _: "acknowledge") as broker,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(k.all_taken)
        assert any(b"reason_89" in message.body for message in broker.published)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_broker_that_hangs_up_on_every_record_gets_the_events(
    tmp_path: Path, protocol: Protocol
) -> None:
    with (
        scripted_broker(hang_up(lambda message: message.kind == "audit")) as broker,
        kiosk(patient(broker.settings(), protocol), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        for _ in range(3):
            k.courier.deliver(unknown_now())
        deliveries = ten_actions(k)
        eventually(lambda: "all messages on" in k.problems.get("broker_rejects", ""))
        eventually(lambda: all_published(k, deliveries))
        eventually(lambda: k.courier.connected)
        connections = len(broker.connects)
        more = ten_actions(k)
        eventually(lambda: all_published(k, more))
        assert len(broker.connects) == connections
        assert k.log.count_pending() == 3 + 4 * 10
        assert "client_id" not in dict(k.told)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_broker_that_hangs_up_on_retained_messages_gets_them_without(
    tmp_path: Path, protocol: Protocol
) -> None:
    with (
        scripted_broker(hang_up(lambda message: message.retain)) as broker,
        kiosk(patient(broker.settings(), protocol), tmp_path) as k,
    ):
        k.courier.feed_state(ONLINE)
        deliveries = [k.courier.deliver(result_now())]
        eventually(lambda: k.courier.connected)
        eventually(lambda: "retained messages on" in k.problems.get("broker_rejects", ""))
        deliveries.append(k.courier.deliver(result_now()))
        eventually(lambda: recorded(k, deliveries[1].event_id, "published"))
        eventually(k.all_taken)
        kinds = {message.kind for message in broker.published if not message.retain}
        assert {"status", "state", "action", "audit"} <= kinds
        assert "client_id" not in dict(k.told), (k.told, broker.published)


@pytest.mark.parametrize("kind", ["state", "diag", "prompt"])
def test_a_topic_at_which_the_broker_hangs_up_is_left_out(tmp_path: Path, kind: str) -> None:
    """As brokers do whose rights for a topic are missing, with 3.1.1."""
    with scripted_broker(hang_up(lambda message: message.kind == kind)) as broker:
        settings = replace(broker.settings(), protocol="3.1.1", diagnostics=True)
        with kiosk(settings, tmp_path) as k:
            eventually(lambda: k.courier.connected)
            deliveries = []

            def found() -> bool:
                k.courier.feed_state(ONLINE)
                k.courier.prompt("door-3", "nod")
                k.courier.diagnostic(Stepped("", "door-3", "", "LIVE_WINDOW", ()))
                time.sleep(0.1)
                return f"messages on liveness/v1/hq/kiosk-07/door-3/{kind}" in k.problems.get(
                    "broker_rejects", ""
                ).replace("retained messages", "")

            deliveries.append(k.courier.deliver(result_now()))
            eventually(found)
            deliveries += [k.courier.deliver(result_now()) for _ in range(3)]
            eventually(lambda: all_published(k, deliveries[1:]))
            eventually(lambda: "broker" not in k.problems)
            assert "client_id" not in dict(k.told)


def test_a_door_whose_events_end_connections_does_not_stop_the_other_doors(
    tmp_path: Path,
) -> None:
    with (
        scripted_broker(hang_up(lambda message: "bad/action" in message.topic)) as broker,
        kiosk(replace(broker.settings(), protocol="3.1.1"), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        bad = k.courier.deliver(result_now(feed="bad"))
        good = [k.courier.deliver(result_now(feed="good")) for _ in range(3)]
        eventually(lambda: all_published(k, good))
        eventually(lambda: "bad/action" in k.problems.get("broker_rejects", ""))
        eventually(lambda: recorded(k, bad.event_id, "refused"))
        refused = k.courier.deliver(result_now(feed="bad"))
        assert refused.outcome == "refused"
        assert "hangs up" in refused.sentence
        eventually(k.all_taken)


def test_a_message_that_mosquitto_refuses_for_its_size_stops_nothing(tmp_path: Path) -> None:
    """With message_size_limit it answers MQTT 5 with a reason code that is not one of a PUBACK."""
    with (
        mosquitto(tmp_path, more="message_size_limit 900") as broker,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        long_unknown(k)
        deliveries = ten_actions(k)
        eventually(lambda: "audit record 1 (" in k.problems.get("broker_rejects", ""))
        eventually(lambda: all_published(k, deliveries))
        eventually(lambda: k.log.count_pending() == 1)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_packet_has_the_size_that_is_reckoned(tmp_path: Path, protocol: Protocol) -> None:
    with (
        scripted_broker() as broker,
        kiosk(replace(broker.settings(), protocol=protocol), tmp_path) as k,
    ):
        k.courier.feed_state(FeedState("door-3", "offline", "x", "y" * 20000, 0.0))
        k.courier.prompt("door-3", "nod")
        k.courier.deliver(result_now())
        eventually(k.all_taken)
        assert {"action", "audit", "state", "status"} <= {m.kind for m in broker.published}
        for message in broker.published:
            assert message.size == packet_bytes(
                message.topic,
                message.body,
                message.qos,
                protocol == "5",
                message.kind == "action",
            )


def test_the_doctor_names_what_a_broker_lacks(tmp_path: Path) -> None:
    more = "max_qos 0\nretain_available false\nmax_packet_size 500"
    with mosquitto(tmp_path, more=more) as broker:
        (_, (well, lacks), (back, _)) = probe(broker.settings())
    assert not well
    assert back
    for words in ("500 bytes at most", "keeps no retained messages", "quality of service 0 only"):
        assert words in lacks


def test_a_broker_that_hangs_up_on_a_retained_will_is_tried_without(tmp_path: Path) -> None:
    """MQTT 3.1.1 has no word for it."""
    with (
        scripted_broker(refusal=lambda flags: -1 if flags & 0x20 else 0) as broker,
        kiosk(replace(broker.settings(), protocol="3.1.1"), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        assert len(broker.connects) == 2
