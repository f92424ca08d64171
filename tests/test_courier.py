"""From a result to the door and to the record, over a real broker that misbehaves."""

import json
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from feeds.state import FeedState
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.clock import Clock, Reading
from kioskd.delivery.courier import Courier
from kioskd.delivery.delivery_context import nobody
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.incoming import Reader
from kioskd.delivery.message_sizes import sizes
from kioskd.delivery.mqtt import Letter
from kioskd.happenings import (
    ActionEnded,
    BrokerMet,
    ClockSet,
    Happening,
    RecordsPruned,
    RecordsRescued,
    Stepped,
)
from kioskd.log_lines import lines
from kioskd.problems import ProblemChanged, Problems
from tests.support import scripted_broker as scripted
from tests.support.broker import (
    Mosquitto,
    Seen,
    Witness,
    eventually,
    make_certificates,
    mosquitto,
    witness,
)
from tests.support.results import result_now, unknown_now
from tests.support.schemas import check

ONLINE = FeedState("door-3", "online", "", "", 1730000000.0)


@dataclass
class ShiftedClock:
    """The system's clock, put forward at will: time passes, or (`set_by`) the clock is set."""

    ahead: float = 0.0
    set_by: float = 0.0
    synchronised: bool | None = True
    boot: str = "this boot"

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def wall(self) -> float:
        return time.time() + self.ahead + self.set_by

    def reading(self) -> Reading:
        return Reading(self.wall(), 1.0e9 + self.set_by, self.boot, self.synchronised)


@dataclass
class Kiosk:
    """A courier with its log, and the problems it told, newest last."""

    courier: Courier
    log: AuditLog
    told: list[tuple[str, str | None]] = field(default_factory=list)
    news: list[Happening] = field(default_factory=list)

    @property
    def problems(self) -> dict[str, str]:
        present = dict(self.told)
        return {code: sentence for code, sentence in present.items() if sentence is not None}

    def all_taken(self) -> bool:
        return self.log.count_pending() == 0


@contextmanager
def kiosk(
    settings: DeliverySettings,
    path: Path,
    clock: Clock | None = None,
    most_pages: int | None = None,
    readers: Mapping[str, Reader] | None = None,
) -> Iterator[Kiosk]:
    log = AuditLog(path / "audit.db", most_pages)
    told: list[tuple[str, str | None]] = []
    news: list[Happening] = []
    problems = Problems(lambda changed: told.append((changed.code, changed.sentence)))
    courier = Courier(settings, log, problems, news.append, clock or ShiftedClock(), readers)
    courier.start()
    try:
        yield Kiosk(courier, log, told, news)
    finally:
        courier.stop()
        courier.join()
        log.close()
        assert not courier.is_alive()


def outcomes(watching: Witness, event_id: str) -> list[object]:
    """What the audit topic said became of an action."""
    return [
        record["outcome"]
        for record in watching.payloads("audit")
        if record["kind"] == "delivery" and record["eventId"] == event_id
    ]


def recorded(kiosk: Kiosk, event_id: str, outcome: str) -> bool:
    """Whether the log on the disk holds this outcome of an action."""
    with closing(sqlite3.connect(kiosk.log.path)) as db:
        bodies = [json.loads(row[0]) for row in db.execute("SELECT body FROM record")]
    return any(body.get("outcome") == outcome and body["eventId"] == event_id for body in bodies)


def as_schemas_say(seen: Seen) -> None:
    assert seen.kind in ("action", "audit", "diag", "state", "status")
    check(seen.kind, seen.payload)  # type: ignore[arg-type]


def test_a_result_reaches_the_door_once_and_the_record(tmp_path: Path) -> None:
    users = {"kiosk": "s3cret", "door": "controller"}
    acl = "user kiosk\ntopic write liveness/v1/hq/kiosk-07/#\nuser door\ntopic read liveness/v1/#\n"
    certificates = make_certificates(tmp_path / "certificates")
    with (
        mosquitto(tmp_path, users, acl, certificates) as broker,
        witness(broker, "door", "controller") as watching,
        kiosk(replace(broker.settings("kiosk", "s3cret"), diagnostics=True), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        k.courier.feed_state(ONLINE)
        k.courier.status({"clock": "the clock is not synchronised"})
        k.courier.diagnostic(Stepped("", "door-3", "", "LIVE_WINDOW", ("face_too_small",)))
        told = k.courier.deliver(result_now())
        silent = k.courier.deliver(unknown_now())
        assert (told.outcome, silent.outcome) == ("sent", "recorded")
        eventually(lambda: outcomes(watching, told.event_id) == ["published"] and k.all_taken())
        (action,) = watching.of("action")
        assert action.topic == "liveness/v1/hq/kiosk-07/door-3/action"
        assert (action.qos, action.retained) == (1, False)
        assert action.expiry_s is not None
        assert 1 <= action.expiry_s <= 5
        assert action.payload["eventId"] == told.event_id
        records = watching.payloads("audit")
        assert [record["seq"] for record in records] == [1, 2, 3]
        assert {record["eventId"] for record in records} == {told.event_id, silent.event_id}
        eventually(lambda: len(watching.of("diag")) == 3)
        for seen in watching.seen:
            as_schemas_say(seen)
        assert k.problems == {}


def test_whoever_subscribes_later_sees_the_states_and_no_action(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, kiosk(broker.settings(), tmp_path) as k:
        eventually(lambda: k.courier.connected)
        k.courier.feed_state(ONLINE)
        k.courier.deliver(result_now())
        eventually(k.all_taken)
        with witness(broker) as late:
            eventually(lambda: late.of("status") and late.of("state"))
            assert {seen.kind for seen in late.seen} == {"status", "state"}
            assert all(seen.retained for seen in late.seen)


def test_the_states_arrive_before_the_actions_that_waited_for_the_connection(
    tmp_path: Path,
) -> None:
    """With a window of 1 as well: then each message waits for the answer to the one before."""
    for window in ("20", "1"):
        folder = tmp_path / window
        folder.mkdir()
        with (
            mosquitto(folder, more=f"max_inflight_messages {window}") as broker,
            witness(broker) as watching,
            closing(AuditLog(folder / "audit.db")) as log,
        ):
            courier = Courier(broker.settings(), log, Problems(nobody))
            assert courier.deliver(result_now()).outcome == "waiting"
            courier.feed_state(ONLINE)
            courier.start()
            eventually(lambda: watching.of("action"))
            kinds = [seen.kind for seen in watching.seen if seen.kind != "audit"]
            courier.stop()
            courier.join()
        assert (sorted(kinds[:2]), kinds[2]) == (["state", "status"], "action")


def test_actions_leave_in_the_order_of_their_numbers_with_a_small_window(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path, more="max_inflight_messages 2") as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        judges = [
            threading.Thread(
                target=lambda feed=f"door-{n}": [
                    k.courier.deliver(result_now(feed=feed)) for _ in range(10)
                ]
            )
            for n in range(4)
        ]
        for judge in judges:
            judge.start()
        for judge in judges:
            judge.join()
        eventually(lambda: len(watching.of("audit")) == 80 and k.all_taken())
        numbers = [payload["x"]["seq"] for payload in watching.payloads("action")]  # type: ignore[index]
        assert len(numbers) == 40
        assert numbers == sorted(numbers)
        assert [record["seq"] for record in watching.payloads("audit")] == list(range(1, 81))


def test_a_result_that_is_already_too_old_never_reaches_the_door(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        old = k.courier.deliver(result_now(age_s=5.0))
        assert old.outcome == "expired"
        assert "the door was not told" in old.sentence
        eventually(lambda: outcomes(watching, old.event_id) == ["expired"])
        assert watching.of("action") == []
        assert "the door was not told" in k.problems["action_dropped"]
        eventually(lambda: k.courier.deliver(result_now(age_s=4.2)).outcome == "sent")
        eventually(lambda: watching.of("action"))
        # Less than a second is left. MQTT knows whole seconds only, and 0 would mean for ever.
        assert [seen.expiry_s for seen in watching.of("action")] == [1]
        eventually(lambda: "action_dropped" not in k.problems)


def test_an_action_may_wait_for_a_reconnect_but_only_until_it_expires(tmp_path: Path) -> None:
    clock = ShiftedClock()
    broker = Mosquitto(tmp_path)
    with kiosk(broker.settings(), tmp_path, clock) as k:
        too_long = k.courier.deliver(result_now())
        assert too_long.outcome == "waiting"
        eventually(lambda: "no MQTT broker listens" in k.problems.get("broker", ""))
        clock.ahead = 6.0
        eventually(lambda: recorded(k, too_long.event_id, "expired"))
        in_time = k.courier.deliver(replace(result_now(), decided_at=clock.monotonic()))
        assert in_time.outcome == "waiting"
        broker.start()
        clock.ahead += 2.5  # past the next attempt to connect, and before the action's expiry
        eventually(lambda: recorded(k, in_time.event_id, "published"))
        assert not recorded(k, too_long.event_id, "published")
    broker.kill()


def test_a_broker_away_for_longer_than_the_expiry_gets_every_record_and_no_action(
    tmp_path: Path,
) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    settings = replace(broker.settings(), action_expiry_s=0.5)
    with kiosk(settings, tmp_path) as k:
        eventually(lambda: k.courier.connected)
        before = k.courier.deliver(result_now())
        eventually(k.all_taken)
        broker.kill()
        eventually(lambda: not k.courier.connected)
        missed = [k.courier.deliver(result_now()) for _ in range(30)]
        assert {delivery.outcome for delivery in missed} == {"waiting"}
        eventually(lambda: all(recorded(k, d.event_id, "expired") for d in missed))
        broker.start()
        with witness(broker) as watching:
            eventually(lambda: len(watching.of("audit")) >= 60 and k.all_taken())
            after = k.courier.deliver(result_now())
            eventually(lambda: outcomes(watching, after.event_id) == ["published"])
            assert [p["eventId"] for p in watching.payloads("action")] == [after.event_id]
            events = {record["eventId"] for record in watching.payloads("audit")}
            assert events == {d.event_id for d in (*missed, after)}
            assert before.event_id not in events
            assert "broker" not in k.problems
    broker.kill()


def test_a_broker_that_hangs_is_left_and_what_it_reads_late_says_that_it_is_late(
    tmp_path: Path,
) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(replace(broker.settings(), action_expiry_s=1, ack_timeout_s=1), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        eventually(lambda: watching.of("status"))
        broker.suspend()
        lost = k.courier.deliver(result_now())
        assert lost.outcome == "sent"  # into a socket that nobody reads
        eventually(lambda: "does not answer" in k.problems.get("broker", ""))
        eventually(lambda: recorded(k, lost.event_id, "expired"))
        broker.resume()
        eventually(lambda: k.all_taken())
        eventually(lambda: outcomes(watching, lost.event_id) == ["expired"])
        for action in watching.of("action"):
            assert action.payload["x"]["expiresAt"] < 1000 * action.at  # type: ignore[index]


def test_an_action_in_flight_when_the_broker_dies_is_sent_again_while_it_is_young(
    tmp_path: Path,
) -> None:
    clock = ShiftedClock()
    with mosquitto(tmp_path) as broker, kiosk(broker.settings(), tmp_path, clock) as k:
        eventually(lambda: k.courier.connected)
        k.courier.deliver(unknown_now())
        eventually(k.all_taken)
        broker.suspend()
        swallowed = k.courier.deliver(result_now())
        assert swallowed.outcome == "sent"
        broker.kill()
        eventually(lambda: "broker" in k.problems)
        broker.start()
        clock.ahead = 2.0  # past the back-off, and before the action's expiry
        eventually(lambda: recorded(k, swallowed.event_id, "published"))


def test_a_frame_from_the_future_does_not_lengthen_an_actions_life(tmp_path: Path) -> None:
    clock = ShiftedClock()
    with kiosk(Mosquitto(tmp_path).settings(), tmp_path, clock) as k:
        waiting = k.courier.deliver(result_now(age_s=-3600))
        assert waiting.outcome == "waiting"
        clock.ahead = 5.0
        eventually(lambda: recorded(k, waiting.event_id, "expired"))


def test_a_frame_from_the_future_is_told_to_the_door_as_of_now(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        k.courier.deliver(result_now(age_s=-3600))
        eventually(lambda: watching.of("action") and watching.of("audit"))
        (action,), record = watching.payloads("action"), watching.payloads("audit")[0]
        ours: Any = action["x"]
        assert ours["capturedAt"] == ours["issuedAt"] == action["endTime"]
        assert ours["expiresAt"] == ours["issuedAt"] + 5000
        assert record["endTime"] <= record["recordedAt"]  # type: ignore[operator]


def test_the_courier_stops_although_the_broker_hangs(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, kiosk(broker.settings(), tmp_path) as k:
        eventually(lambda: k.courier.connected)
        broker.suspend()
        k.courier.feed_state(ONLINE)
        k.courier.stop()
        k.courier.join(timeout=0.5)
        assert not k.courier.is_alive()


def test_a_topic_the_broker_denies_is_named_and_its_records_are_kept(tmp_path: Path) -> None:
    users = {"kiosk": "s3cret"}
    acl = "user kiosk\ntopic write liveness/v1/hq/kiosk-07/status\n"
    with (
        mosquitto(tmp_path, users, acl) as broker,
        kiosk(broker.settings("kiosk", "s3cret"), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        delivery = k.courier.deliver(result_now())
        eventually(lambda: recorded(k, delivery.event_id, "refused"))
        eventually(
            lambda: (
                k.problems.get("broker_acl")
                == "the broker refuses messages on liveness/v1/hq/kiosk-07/audit, "
                "liveness/v1/hq/kiosk-07/door-3/action: check its ACL"
            )
        )
        assert k.log.count_pending() == 2
    assert "broker" not in k.problems


def test_without_a_subscriber_the_installer_is_told_so(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, kiosk(broker.settings(), tmp_path) as k:
        eventually(lambda: k.courier.connected)
        k.courier.deliver(result_now())
        eventually(lambda: "nobody has subscribed" in k.problems.get("nobody_listens", ""))
        with witness(broker):
            k.courier.deliver(result_now())
            eventually(lambda: k.problems == {})


def test_with_a_full_disk_the_door_is_not_told(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path, most_pages=12) as k,
    ):
        eventually(lambda: k.courier.connected)
        deliveries = [k.courier.deliver(result_now()) for _ in range(60)]
        lost = [d for d in deliveries if d.outcome == "unrecorded"]
        assert lost
        assert "no space left for the audit log" in k.problems["audit"]
        told = [d.event_id for d in deliveries if d.outcome == "sent"]
        eventually(lambda: len(watching.of("action")) == len(told))
        assert [p["eventId"] for p in watching.payloads("action")] == told


def test_what_became_of_each_action_and_each_connection_is_news(tmp_path: Path) -> None:
    clock = ShiftedClock()
    broker = Mosquitto(tmp_path)
    with kiosk(broker.settings(), tmp_path, clock) as k:
        eventually(lambda: "broker" in k.problems)
        late = k.courier.deliver(result_now())
        assert late.until is not None
        assert clock.wall() + 4 < late.until <= clock.wall() + 5
        assert late.sentence == "there is no broker at the moment: the event waits for it"
        clock.ahead = 6.0
        never = ActionEnded(late.event_id, "door-3", "", "expired", "it was never sent")
        eventually(lambda: k.news == [never])
        broker.start()
        clock.ahead += 60
        eventually(lambda: k.courier.connected)
        silent = k.courier.deliver(unknown_now())
        told = k.courier.deliver(replace(result_now(), decided_at=clock.monotonic()))
        taken = ActionEnded(told.event_id, "door-3", "", "published", "nobody had subscribed")
        eventually(lambda: k.news == [never, BrokerMet(f"127.0.0.1:{broker.port}"), taken])
        assert silent.until is None
    broker.kill()


def test_the_status_says_since_when_its_problems_have_been_as_they_are(tmp_path: Path) -> None:
    clock = ShiftedClock()
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path, clock) as k,
    ):
        k.courier.status({"clock": "not synchronised"})
        eventually(lambda: watching.of("status") and watching.payloads("status")[-1]["problems"])
        before: Any = watching.payloads("status")[-1]["since"]
        clock.ahead = 100.0
        k.courier.status({"clock": "not synchronised"})
        broker.kill()
        eventually(lambda: "broker" in k.problems)
        broker.start()
        clock.ahead = 200.0
        eventually(lambda: k.courier.connected)
        eventually(lambda: since_of(broker) == before)
        k.courier.status({})
        eventually(lambda: since_of(broker) >= before + 200_000)


def since_of(broker: Mosquitto) -> int:
    """What the status says that the broker keeps; 0 without one."""
    with witness(broker) as late:
        with suppress(AssertionError):
            eventually(lambda: late.of("status"), within=2)
        since: Any = late.payloads("status")[-1]["since"] if late.of("status") else 0
        return int(since or 0)


def test_a_log_that_can_be_written_again_lets_the_door_be_told_again(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        with closing(sqlite3.connect(tmp_path / "audit.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            shut = k.courier.deliver(result_now())
        assert (shut.outcome, list(k.problems)) == ("unrecorded", ["audit"])
        again = k.courier.deliver(result_now())
        assert again.outcome == "sent"
        eventually(lambda: outcomes(watching, again.event_id) == ["published"])
        assert [p["eventId"] for p in watching.payloads("action")] == [again.event_id]
        assert k.problems == {}


RUN_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.courier import Courier
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.delivery_context import nobody
from kioskd.problems import Problems
settings = DeliverySettings("127.0.0.1", int(sys.argv[1]), "hq", "kiosk-07")
courier = Courier(settings, AuditLog(Path(sys.argv[2])), Problems(nobody))
courier.start()
print(courier.boot_id, flush=True)
time.sleep(600)
"""


def test_a_daemon_that_is_killed_is_offline_by_its_last_will(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as watching:
        command = [sys.executable, "-c", RUN_UNTIL_KILLED, str(broker.port), str(tmp_path / "log")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            boot_id = process.stdout.readline().strip()
            eventually(lambda: watching.of("status"))
            process.kill()
        eventually(lambda: len(watching.of("status")) == 2)
        assert [status["state"] for status in watching.payloads("status")] == ["online", "offline"]
        assert {status["bootId"] for status in watching.payloads("status")} == {boot_id}
        as_schemas_say(watching.of("status")[-1])
        with witness(broker) as late:
            eventually(lambda: late.of("status"))
            assert late.of("status")[0].retained


def test_a_daemon_that_stops_says_so_and_its_last_will_is_not_sent(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as watching:
        with kiosk(broker.settings(), tmp_path) as k:
            eventually(lambda: k.courier.connected)
            k.courier.feed_state(ONLINE)
        eventually(lambda: "stopped" in [p["state"] for p in watching.payloads("status")])
        assert watching.payloads("state")[-1]["reason"] == "stopped"
        with witness(broker) as late:
            eventually(lambda: late.of("status"))
            assert late.payloads("status") == watching.payloads("status")[-1:]
        assert "offline" not in [status["state"] for status in watching.payloads("status")]


def test_states_are_told_again_to_a_broker_that_forgot_them(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    with kiosk(broker.settings(), tmp_path) as k:
        eventually(lambda: k.courier.connected)
        k.courier.feed_state(ONLINE)
        k.courier.status({"clock": "the clock is not synchronised"})
        broker.kill()
        eventually(lambda: not k.courier.connected)
        broker.start()
        with witness(broker) as watching:
            eventually(lambda: watching.of("status") and watching.of("state"))
            assert watching.payloads("status")[-1]["problems"] == [
                {"code": "clock", "detail": "the clock is not synchronised"}
            ]
            assert watching.payloads("state")[-1]["state"] == "online"
    broker.kill()


def test_two_kiosks_with_one_client_id_are_told_apart_for_the_installer(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        settings = broker.settings()
        with kiosk(settings, tmp_path / "one") as one, kiosk(settings, tmp_path / "two") as two:
            eventually(lambda: "client_id" in one.problems or "client_id" in two.problems)
            (sentence, *_) = (
                k.problems["client_id"] for k in (one, two) if "client_id" in k.problems
            )
            assert "another program uses the client id kioskd-hq-kiosk-07" in sentence


def test_a_broker_that_names_the_takeover_is_believed_at_once(tmp_path: Path) -> None:
    taken, session_taken_over = b"\x20\x03\x00\x00\x00", b"\xe0\x02\x8e\x00"
    with (
        scripted_broker(taken + session_taken_over, hang_up=True) as script,
        kiosk(script.settings, tmp_path) as k,
    ):
        eventually(lambda: "throws this one out" in k.problems.get("client_id", ""))


def test_no_more_is_sent_unacknowledged_than_the_broker_allows(tmp_path: Path) -> None:
    taken_with_receive_maximum_2 = b"\x20\x06\x00\x00\x03\x21\x00\x02"
    with scripted_broker(taken_with_receive_maximum_2) as script:
        with kiosk(replace(script.settings, ack_timeout_s=1), tmp_path) as k:
            eventually(lambda: k.courier.connected)
            deliveries = [k.courier.deliver(result_now()) for _ in range(5)]
            eventually(lambda: "does not answer" in k.problems.get("broker", ""))
        assert "waiting" in {delivery.outcome for delivery in deliveries}
        assert script.publishes() == 2


@dataclass
class Script:
    """A broker for one client, played from a script, and what it was sent."""

    settings: DeliverySettings
    received: bytearray = field(default_factory=bytearray)

    def publishes(self) -> int:
        """How many PUBLISH packets are among what was received."""
        count = position = 0
        while position < len(self.received):
            count += self.received[position] >> 4 == 3
            length = shift = 0
            more = True
            while more:
                position += 1
                byte = self.received[position]
                length |= (byte & 0x7F) << shift
                shift += 7
                more = byte > 0x7F
            position += 1 + length
        return count


@contextmanager
def scripted_broker(answer: bytes, hang_up: bool = False) -> Iterator[Script]:
    """A listener whose first client is sent the answer to its first packet, and nothing more."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        script = Script(DeliverySettings("127.0.0.1", server.getsockname()[1], "hq", "kiosk-07"))

        def serve() -> None:
            client, _ = server.accept()
            with closing(client), suppress(ConnectionError):
                script.received += client.recv(4096)
                client.sendall(answer)
                if hang_up:
                    client.shutdown(socket.SHUT_WR)
                while more := client.recv(4096):
                    script.received += more

        thread = threading.Thread(target=serve)
        thread.start()
        yield script
        thread.join()


def test_mqtt_3_1_1_carries_the_same_payloads_without_expiry(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(replace(broker.settings(), protocol="3.1.1"), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        told = k.courier.deliver(result_now())
        eventually(lambda: outcomes(watching, told.event_id) == ["published"] and k.all_taken())
        (action,) = watching.of("action")
        assert (action.qos, action.retained, action.expiry_s) == (1, False, None)
        as_schemas_say(action)


def test_what_comes_in_reaches_the_reader_of_its_topic_and_again_after_a_broken_connection(
    tmp_path: Path,
) -> None:
    read: list[bytes] = []

    def reader(letter: Letter) -> None:
        read.append(letter.body)
        if letter.body == b"bad":
            raise ZeroDivisionError

    def sent(watching: Witness, body: bytes) -> bool:
        watching.client.publish("to/us", body)
        watching.client.publish("to/nobody", b"another topic")
        return body in read

    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path, readers={"to/us": reader}) as k,
    ):
        eventually(lambda: sent(watching, b"one"))
        eventually(lambda: sent(watching, b"bad") and "courier" in dict(k.told))
        broker.kill()
        broker.start()
        eventually(lambda: sent(watching, b"two"))
        told = k.courier.deliver(result_now())
        eventually(lambda: recorded(k, told.event_id, "published"))
    assert set(read) == {b"one", b"bad", b"two"}


def test_a_record_leaves_as_the_very_bytes_that_lie_in_the_log(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: k.courier.connected)
        told = k.courier.deliver(result_now())
        eventually(lambda: outcomes(watching, told.event_id) == ["published"] and k.all_taken())
        with closing(sqlite3.connect(k.log.path)) as db:
            stored = db.execute("SELECT CAST(body AS BLOB) FROM record ORDER BY id").fetchall()
        assert [seen.body for seen in watching.of("audit")] == [row[0] for row in stored]


def test_records_of_an_earlier_run_are_sent_and_its_actions_are_not(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    with kiosk(broker.settings(), tmp_path) as k:
        unsent = k.courier.deliver(result_now())
        assert unsent.outcome == "waiting"
    broker.start()
    with witness(broker) as watching, kiosk(broker.settings(), tmp_path) as k:
        eventually(lambda: outcomes(watching, unsent.event_id) == ["expired"] and k.all_taken())
        new = k.courier.deliver(result_now())
        eventually(lambda: watching.of("action"))
        assert [p["eventId"] for p in watching.payloads("action")] == [new.event_id]
        boots = {p["eventId"]: p["bootId"] for p in watching.payloads("audit")}
        assert boots[unsent.event_id] != k.courier.boot_id
    broker.kill()


def test_rows_that_cannot_be_read_are_put_aside_counted_and_told_and_nothing_else_waits(
    tmp_path: Path,
) -> None:
    with kiosk(Mosquitto(tmp_path).settings(), tmp_path) as k:
        silent = [k.courier.deliver(unknown_now()).event_id for _ in range(5)]
    content = bytearray((tmp_path / "audit.db").read_bytes())
    for event_id, wrong in ((silent[1], b"!"), (silent[3], b"\xff")):
        end = content.index(event_id.encode()) + len(event_id)  # of a JSON text, a quote
        content[end : end + 1] = wrong
    (tmp_path / "audit.db").write_bytes(content)
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        told = k.courier.deliver(result_now())
        eventually(lambda: outcomes(watching, told.event_id) == ["published"] and k.all_taken())
        seqs = [record["seq"] for record in watching.payloads("audit")]
        assert seqs == [1, 3, 5, 6, 7]
        assert {record["epoch"] for record in watching.payloads("audit")} == {k.log.epoch}
        assert [p["eventId"] for p in watching.payloads("action")] == [told.event_id]
        assert "2 records of the audit log cannot be read or sent" in k.problems["audit_aside"]
        assert "number 4 (its checksum is wrong), 2 (its" in k.problems["audit_aside"]
        assert k.courier.is_alive()
    with kiosk(Mosquitto(tmp_path).settings(), tmp_path) as k:  # until somebody has seen to them
        eventually(lambda: "2 records" in k.problems.get("audit_aside", ""))


def test_a_record_that_is_json_and_still_makes_no_message_is_put_aside(tmp_path: Path) -> None:
    """Only a log of version 0.1 can hold one, for there is no checksum in it."""
    deep = "[" * 600 + "]" * 600
    with kiosk(Mosquitto(tmp_path).settings(), tmp_path) as k:
        for _ in range(4):
            k.courier.deliver(unknown_now())
    with closing(sqlite3.connect(tmp_path / "audit.db")) as db, db:
        for id_, body in ((1, '{"score":1e999}'), (2, '"\\ud800"'), (3, f'{{"a":{deep}}}')):
            db.execute("UPDATE record SET checksum = NULL, body = ? WHERE id = ?", (body, id_))
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(k.all_taken)
        watching.catch_up()
        assert 4 in [record["seq"] for record in watching.payloads("audit")]
        eventually(lambda: "1 (it makes no message)" in k.problems.get("audit_aside", ""))


def test_a_log_that_is_gone_or_empty_at_start_is_told_and_its_numbers_have_a_new_epoch(
    tmp_path: Path,
) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as watching:
        for why in ("", "is gone", "is empty"):
            told = len(watching.of("audit"))
            for file in tmp_path.glob("audit.db*") if why else ():
                if not file.name.endswith(".mark"):
                    file.unlink()
            if why == "is empty":
                (tmp_path / "audit.db").touch()
            with kiosk(broker.settings(), tmp_path) as k:
                k.courier.deliver(unknown_now())
                eventually(k.all_taken)
                assert why in k.problems.get("audit_begun", "")
                assert bool(why) == ("audit_begun" in k.problems)
            wait_for_more(watching, told)
        records = watching.payloads("audit")
    assert [record["seq"] for record in records] == [1, 1, 1]
    assert len({record["epoch"] for record in records}) == 3
    for seen in watching.of("audit"):
        as_schemas_say(seen)


def wait_for_more(watching: Witness, told: int) -> None:
    eventually(lambda: len(watching.of("audit")) > told)


def test_how_far_the_log_has_counted_is_noted_beside_it_every_few_seconds(tmp_path: Path) -> None:
    """An older copy in its place is known by it: no number is given twice in one epoch."""
    clock = ShiftedClock()
    with mosquitto(tmp_path) as broker, kiosk(broker.settings(), tmp_path, clock) as k:
        told = k.courier.deliver(result_now())
        eventually(lambda: recorded(k, told.event_id, "published"))
        clock.ahead = 11.0
        eventually(lambda: json.loads((tmp_path / "audit.db.mark").read_bytes())["last"] == 2)


def test_a_small_controller_gets_small_messages(tmp_path: Path) -> None:
    """256 bytes is what such a library takes by default, the whole packet counted."""
    with scripted.scripted_broker() as broker:
        settings = replace(
            broker.settings(), payload="compact", version="0.1.0", model_version="m" * 40
        )
        with kiosk(settings, tmp_path) as k:
            k.courier.feed_state(FeedState("door-3", "stalled", "no_frames", "no frame " * 20, 0.0))
            k.courier.status({"nobody_listens": "long " * 40, "recording": "long " * 40})
            k.courier.deliver(result_now())
            eventually(lambda: broker.of("action") and broker.of("status"))
        for kind in ("action", "state", "status"):
            assert broker.of(kind)
            for message in broker.of(kind):
                assert message.size <= 256
                check(f"{kind}_compact", json.loads(message.body))  # type: ignore[arg-type]
        (action,) = broker.of("action")
        measured = sizes(settings, "door-3")
        assert abs(action.size - measured.action) < 10


DAY_S = 86400.0


def delivered(k: Kiosk, count: int) -> None:
    """So many records are in the log, and the broker took them."""
    for _ in range(count):
        k.courier.deliver(unknown_now())
    eventually(k.all_taken)


def rows(k: Kiosk) -> int:
    with closing(sqlite3.connect(k.log.path)) as db:
        return int(db.execute("SELECT count(*) FROM record").fetchone()[0])


def test_old_records_are_deleted_and_each_deletion_is_told(tmp_path: Path) -> None:
    clock = ShiftedClock()
    with mosquitto(tmp_path) as broker, kiosk(broker.settings(), tmp_path, clock) as k:
        eventually(lambda: k.courier.connected)
        delivered(k, 3)
        clock.ahead = 91 * DAY_S
        told = eventually(lambda: [news for news in k.news if isinstance(news, RecordsPruned)])
        assert [(news.count, news.first, news.last) for news in told] == [(3, 1, 3)]
        assert [line.event for line in lines(told[0])] == ["audit records deleted"]
        assert rows(k) == 0
        with closing(sqlite3.connect(k.log.path)) as db:  # and the log itself remembers
            assert db.execute("SELECT first, last, count FROM deletion").fetchall() == [(1, 3, 3)]


def test_a_clock_that_is_set_ahead_deletes_nothing(tmp_path: Path) -> None:
    """Though a time service says that it is right, now and before: one of the two was wrong."""
    clock = ShiftedClock()
    with mosquitto(tmp_path) as broker, kiosk(broker.settings(), tmp_path, clock) as k:
        eventually(lambda: k.courier.connected)
        delivered(k, 3)
        clock.set_by = 100 * DAY_S
        clock.ahead = 2 * 3600.0  # past the next time to look at the clock, and to delete
        eventually(lambda: k.news[-1:] == [ClockSet(100 * DAY_S)])
        assert [line.fields for line in lines(k.news[-1])] == [{"by_seconds": 100 * DAY_S}]
        delivered(k, 1)
        clock.ahead = 4 * 3600.0
        delivered(k, 1)
        assert rows(k) == 5


def test_a_clock_that_was_set_while_no_daemon_ran_is_told_at_the_next_start(
    tmp_path: Path,
) -> None:
    """Whichever way on one start of the machine; after another one only if it went back."""
    with mosquitto(tmp_path) as broker:
        for clock, told in (
            (ShiftedClock(), []),
            (ShiftedClock(), []),
            (ShiftedClock(set_by=DAY_S), [1]),
            (ShiftedClock(set_by=-DAY_S), [-2]),
            (ShiftedClock(set_by=DAY_S, boot="the next"), []),  # or it was off for two days
            (ShiftedClock(set_by=-DAY_S, boot="one more"), [-2]),
        ):
            with kiosk(broker.settings(), tmp_path, clock) as k:
                delivered(k, 1)
                found = [round(n.by_s / DAY_S) for n in k.news if isinstance(n, ClockSet)]
                assert found == told


def test_a_start_with_the_clock_ahead_deletes_nothing_and_one_with_it_right_goes_on(
    tmp_path: Path,
) -> None:
    with mosquitto(tmp_path) as broker:
        clock = ShiftedClock()
        for set_by, synchronised in ((0.0, True), (100 * DAY_S, True), (100 * DAY_S, False)):
            clock = ShiftedClock(set_by=set_by, synchronised=synchronised)
            with kiosk(broker.settings(), tmp_path, clock) as k:
                eventually(lambda: k.courier.connected)
                delivered(k, 2)
        clock = ShiftedClock()
        with kiosk(broker.settings(), tmp_path, clock) as k:
            delivered(k, 1)
            assert rows(k) == 7
            clock.ahead = 91 * DAY_S  # from the day on which the clock was right again
            eventually(lambda: [news for news in k.news if isinstance(news, RecordsPruned)])
            # Those of the clock that was ahead have times that are still to come.
            eventually(lambda: rows(k) == 4)


def test_a_clock_that_nobody_keeps_is_a_problem_and_deletes_nothing(tmp_path: Path) -> None:
    clock = ShiftedClock(synchronised=False)
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path, clock) as k,
    ):
        eventually(lambda: watching.of("status"))
        assert "no time service keeps the clock" in k.problems["clock"]
        delivered(k, 2)
        clock.ahead = 91 * DAY_S
        clock.synchronised = None
        eventually(lambda: "the kernel does not say" in k.problems["clock"])
        delivered(k, 1)
        assert rows(k) == 3
        clock.ahead += 3600.0
        clock.synchronised = True  # and it was never set: so the times were right all along
        eventually(lambda: "clock" not in k.problems)
        eventually(lambda: rows(k) == 1)


def test_the_daemon_lives_through_a_start_in_1970(tmp_path: Path) -> None:
    clock = ShiftedClock(set_by=3.0 - time.time(), synchronised=False)
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path, clock) as k,
    ):
        eventually(lambda: k.courier.connected)
        assert "the clock says that it is 1970" in k.problems["clock"]
        k.courier.feed_state(ONLINE)
        early = k.courier.deliver(replace(result_now(), captured_at=clock.wall()))
        eventually(lambda: outcomes(watching, early.event_id) == ["published"] and k.all_taken())
        for seen in watching.seen:
            as_schemas_say(seen)
        clock.set_by, clock.synchronised = 0.0, True
        clock.ahead = 2 * 3600.0
        eventually(lambda: "clock" not in k.problems)
        delivered(k, 1)
        assert rows(k) == 3  # dated 1970, and kept from the day on which the clock was set


def test_a_log_that_is_larger_than_it_may_be_is_told(tmp_path: Path) -> None:
    settings = Mosquitto(tmp_path).settings()
    with kiosk(settings, tmp_path) as k:
        k.courier.deliver(unknown_now())
        assert "audit_size" not in k.problems
    with kiosk(replace(settings, size_limit_mb=0.01), tmp_path) as k:
        eventually(lambda: "more than audit.size_limit_mb" in k.problems.get("audit_size", ""))


def test_records_that_waited_in_a_log_that_was_damaged_reach_the_collector(tmp_path: Path) -> None:
    with kiosk(Mosquitto(tmp_path).settings(), tmp_path) as k:
        waiting = [k.courier.deliver(unknown_now()).event_id for _ in range(60)]
    content = bytearray((tmp_path / "audit.db").read_bytes())
    page = content.index(waiting[30].encode()) // 4096 * 4096
    content[page : page + 4096] = bytes(4096)
    (tmp_path / "audit.db").write_bytes(content)
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(broker.settings(), tmp_path) as k,
    ):
        eventually(lambda: [news for news in k.news if isinstance(news, RecordsRescued)])
        (rescued,) = [news for news in k.news if isinstance(news, RecordsRescued)]
        eventually(k.all_taken)
        eventually(lambda: len(watching.of("audit")) == rescued.saved)
        arrived = [record["eventId"] for record in watching.payloads("audit")]
        assert arrived == [event_id for event_id in waiting if event_id in arrived]
        assert len(arrived) + rescued.lost == 60
        assert 0 < rescued.lost < 10
        assert str(rescued.path) in k.problems["audit_damaged"]
        (line,) = lines(rescued)
        assert (line.event, line.level) == ("records of a damaged audit log saved", "warning")


def test_no_exception_ends_the_courier(tmp_path: Path) -> None:
    """Here from those it tells the news, as from a log on a full disk; it tells that too."""
    told: list[str] = []

    def deaf(news: Happening) -> None:
        told.append(type(news).__name__)
        if len(told) <= 2:  # that it met the broker, and what became of the first event
            raise OSError("no space left for the daemon's own log")

    problems: list[ProblemChanged] = []
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        closing(AuditLog(tmp_path / "audit.db")) as log,
    ):
        courier = Courier(broker.settings(), log, Problems(problems.append), deaf, ShiftedClock())
        courier.start()
        eventually(lambda: courier.connected)
        first = courier.deliver(result_now())
        eventually(lambda: len(told) == 2)
        second = courier.deliver(result_now())
        eventually(lambda: len(told) == 3)
        eventually(lambda: outcomes(watching, second.event_id) == ["published"])
        assert [p["eventId"] for p in watching.payloads("action")] == [
            first.event_id,
            second.event_id,
        ]
        assert courier.is_alive()
        courier.stop()
        courier.join()
    said = [problem.sentence for problem in problems if problem.code == "courier"]
    assert said[0] is not None
    assert "no space left for the daemon's own log" in said[0]
    assert said[-1] is None
