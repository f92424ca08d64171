"""A road to the fleet of the kiosk's own: what it does where the cluster, or the kiosk, is unwell.

A second mosquitto, or a scripted server, stands for the cluster; tests/test_uplink_road.py has the
real one. Whatever goes wrong there, the door's own broker has its events.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kioskd.delivery.delivery_settings import DeliverySettings, TlsSettings
from kioskd.delivery.mqtt import Letter
from kioskd.happenings import BrokerMet, FleetMet
from kioskd.problems import ProblemChanged
from tests.support.broker import (
    Mosquitto,
    Witness,
    eventually,
    make_certificates,
    mosquitto,
    witness,
)
from tests.support.ports import free_port
from tests.support.results import result_now, unknown_now
from tests.support.scripted_broker import Answer, Published, scripted_broker
from tests.support.uplinks import FleetKioskParts, fleet_settings, kiosk_with_road

PREFIX = "fleets/v1"  # not the door's


@dataclass(frozen=True, slots=True)
class Site:
    """A kiosk, its own broker with a door that listens, and the settings of its road."""

    kiosk: FleetKioskParts
    broker: Mosquitto
    door: Witness

    def opens(self) -> None:
        """An event comes to the door, whatever the fleet does."""
        count = len(self.door.of("action"))
        assert self.kiosk.courier.deliver(result_now()).outcome == "sent"
        eventually(lambda: len(self.door.of("action")) == count + 1)

    def problem(self, code: str) -> str:
        return eventually(lambda: self.kiosk.problems.present.get(code, ""))


@contextmanager
def site(folder: Path, fleet: DeliverySettings | None, **more: object) -> Iterator[Site]:
    place = folder / "site"
    place.mkdir(exist_ok=True)
    with ExitStack() as opened:
        broker = opened.enter_context(mosquitto(place))
        door = opened.enter_context(witness(broker))
        local = broker.settings()
        kiosk = opened.enter_context(kiosk_with_road(place, local, fleet, **more))  # type: ignore[arg-type]
        eventually(lambda: kiosk.courier.connected)
        yield Site(kiosk, broker, door)


@contextmanager
def cluster(folder: Path) -> Iterator[Mosquitto]:
    place = folder / "cluster"
    place.mkdir()
    with mosquitto(place) as broker:
        yield broker


def at(broker: Mosquitto) -> DeliverySettings:
    return fleet_settings(("127.0.0.1", broker.port), prefix=PREFIX)


def numbers(seen: Witness) -> list[int]:
    return [int(str(row["seq"])) for row in seen.payloads("audit")]


def test_a_cluster_that_was_away_gets_every_record_afterwards_in_order(tmp_path: Path) -> None:
    with cluster(tmp_path) as fleet:
        fleet.kill()
        with site(tmp_path, at(fleet)) as there:
            assert "no MQTT broker listens" in there.problem("fleet_broker")
            for _ in range(60):
                there.kiosk.courier.deliver(unknown_now())
            there.opens()
            eventually(lambda: there.kiosk.road.waiting(1000) == 62)  # what became of the event too
            eventually(lambda: there.kiosk.log.count_pending() == 0)  # the door's broker has them
            fleet.start()
            with witness(fleet) as seen:
                eventually(lambda: numbers(seen)[-1:] == [62])
                assert numbers(seen) == list(range(1, 63))
                assert {one.topic for one in seen.of("audit")} == {f"{PREFIX}/hq/kiosk-07/audit"}
            eventually(lambda: there.kiosk.road.waiting(1000) == 0)
            assert "fleet_broker" not in there.kiosk.problems.present
            assert not there.door.of("probe")


def test_what_was_said_stands_there_retained_and_a_kiosk_that_vanishes_is_offline(
    tmp_path: Path,
) -> None:
    with cluster(tmp_path) as fleet, witness(fleet) as seen:
        with site(tmp_path, at(fleet)) as there:
            there.kiosk.courier.alarms(())
            there.kiosk.problems.set("disk", "it is full")
            there.kiosk.courier.status(there.kiosk.problems.present)
            eventually(lambda: len(seen.of("alarms")) == 1)
            eventually(lambda: [p["code"] for p in seen.payloads("status")[-1]["problems"]])  # type: ignore[attr-defined]
            assert not seen.of("action")
            with witness(fleet) as later:  # who comes then finds it
                eventually(lambda: {one.kind for one in later.seen} == {"status", "alarms"})
                assert all(one.retained for one in later.seen)
            there.door.catch_up()
            assert [one.body for one in seen.of("alarms")] == [
                one.body for one in there.door.of("alarms")
            ]
        eventually(lambda: seen.payloads("status")[-1]["state"] == "stopped")


def test_a_node_that_is_lost_is_no_problem_while_there_is_another(tmp_path: Path) -> None:
    with cluster(tmp_path) as fleet:
        dead = ("127.0.0.1", free_port())
        both = fleet_settings(dead, ("127.0.0.1", fleet.port), prefix=PREFIX)
        with site(tmp_path, both) as there:
            eventually(lambda: there.kiosk.road.connected)
            met = [news for news in there.kiosk.news if isinstance(news, FleetMet)]
            assert met == [FleetMet(f"127.0.0.1:{fleet.port}")]
            assert len([news for news in there.kiosk.news if isinstance(news, BrokerMet)]) == 1
            assert "fleet_broker" not in there.kiosk.problems.present
            fleet.kill()  # and now none is left
            told = there.problem("fleet_broker")
            assert f"127.0.0.1:{dead[1]}" in told
            assert f"127.0.0.1:{fleet.port}" in told
            there.opens()


def test_a_cluster_that_hangs_holds_up_no_event_and_no_record(tmp_path: Path) -> None:
    with cluster(tmp_path) as fleet:
        settings = replace(at(fleet), ack_timeout_s=1.0)
        with site(tmp_path, settings) as there:
            eventually(lambda: there.kiosk.road.connected)
            fleet.suspend()
            for _ in range(30):
                there.kiosk.courier.deliver(unknown_now())
            there.opens()
            eventually(lambda: there.kiosk.log.count_pending() == 0)
            assert "does not answer" in there.problem("fleet_broker")
            fleet.resume()
            eventually(lambda: there.kiosk.road.waiting(1000) == 0)


def test_a_record_at_which_the_cluster_hangs_up_stays_here_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    def script(message: Published) -> Answer:
        poisoned = message.kind == "audit" and json.loads(message.body)["seq"] == 2
        return "hang up" if poisoned else "acknowledge"

    with scripted_broker(script) as fleet:
        settings = fleet_settings((fleet.host, fleet.port), prefix=PREFIX)
        with site(tmp_path, settings) as there:
            for _ in range(4):
                there.kiosk.courier.deliver(unknown_now())
            told = there.problem("fleet_refuses")
            assert "audit record 2" in told
            eventually(lambda: there.kiosk.road.waiting(1000) == 1)
            there.opens()
            assert "broker_rejects" not in there.kiosk.problems.present
            eventually(lambda: there.kiosk.road.waiting(1000) == 1)
            taken = {json.loads(one.body)["seq"] for one in fleet.of("audit")}
            assert taken >= {1, 2, 3, 4, 5, 6}


def test_tls_that_does_not_come_about_is_told_with_its_own_keys(tmp_path: Path) -> None:
    ours, others = (make_certificates(tmp_path / name) for name in ("ours", "others"))
    place = tmp_path / "cluster"
    place.mkdir()
    with mosquitto(place, certificates=ours) as fleet:
        tls = TlsSettings(ca=others.ca, section="fleet.tls")
        with site(tmp_path, replace(at(fleet), tls=tls)) as there:
            assert "fleet.tls.ca_file" in there.problem("fleet_broker")
            there.opens()
            there.kiosk.road.use(replace(at(fleet), tls=replace(tls, ca=ours.ca)))
            there.kiosk.road.tend()
            eventually(lambda: there.kiosk.road.connected)
            assert there.kiosk.road.certificate_ends is not None
            assert "fleet_broker" not in there.kiosk.problems.present


def test_the_doors_broker_may_be_gone_and_the_fleet_hears_of_it(tmp_path: Path) -> None:
    with cluster(tmp_path) as fleet, witness(fleet) as seen, site(tmp_path, at(fleet)) as there:
        eventually(lambda: there.kiosk.road.connected)
        there.broker.kill()
        eventually(lambda: not there.kiosk.courier.connected)
        there.kiosk.courier.deliver(unknown_now())
        eventually(lambda: numbers(seen) == [1])
        assert there.kiosk.log.count_pending() == 1
        eventually(lambda: "broker" in there.kiosk.problems.present)
        there.kiosk.courier.status(there.kiosk.problems.present)
        eventually(lambda: "broker" in str(seen.payloads("status")[-1]["problems"]))
        assert "fleet_broker" not in there.kiosk.problems.present


def test_a_full_disk_under_the_note_is_told_and_records_go_on(tmp_path: Path) -> None:
    (tmp_path / "site" / "fleet.json.new").mkdir(parents=True)  # no file can be made there
    with cluster(tmp_path) as fleet, witness(fleet) as seen, site(tmp_path, at(fleet)) as there:
        there.kiosk.courier.deliver(unknown_now())
        assert "may come to it twice" in there.problem("fleet_audit")
        there.opens()
        eventually(lambda: set(numbers(seen)) >= {1, 2, 3})
        assert "audit" not in there.kiosk.problems.present


def test_what_comes_down_is_read_on_the_clusters_topics_alone(tmp_path: Path) -> None:
    read: list[Letter] = []
    topic = f"{PREFIX}/hq/kiosk-07/layers/fleet"
    with (
        cluster(tmp_path) as fleet,
        witness(fleet) as seen,
        site(tmp_path, at(fleet), readers={topic: read.append}) as there,
    ):
        eventually(lambda: there.kiosk.road.connected)
        seen.client.publish(f"{PREFIX}/hq/kiosk-07/commands/request", b"{}", qos=1)
        seen.client.publish(f"{PREFIX}/hq/kiosk-07/layers/site", b"unread", qos=1)
        seen.client.publish(topic, b"x" * 200_000, qos=1, retain=True)
        eventually(lambda: [len(letter.body) for letter in read] == [200_000])


def test_a_reader_that_fails_is_told_as_ours_and_nothing_else_ends(tmp_path: Path) -> None:
    topic = f"{PREFIX}/hq/kiosk-07/layers/fleet"

    def poisoned(_: Letter) -> None:
        raise RuntimeError("poisoned")

    with (
        cluster(tmp_path) as fleet,
        witness(fleet) as seen,
        site(tmp_path, at(fleet), readers={topic: poisoned}) as there,
    ):
        eventually(lambda: there.kiosk.road.connected)
        seen.client.publish(topic, b"{}", qos=1)
        eventually(lambda: any(_is_mistake(news) for news in there.kiosk.news))
        there.opens()
        eventually(lambda: numbers(seen) == [1, 2])


def _is_mistake(news: object) -> bool:
    return isinstance(news, ProblemChanged) and news.code == "fleet_mistake"


def test_a_road_that_is_stuck_is_begun_anew_and_what_was_said_is_said_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kioskd.uplink.fleet_road.STUCK_S", -1.0)
    with cluster(tmp_path) as fleet, witness(fleet) as seen, site(tmp_path, at(fleet)) as there:
        eventually(lambda: len(seen.of("status")) == 1)
        there.kiosk.road.tend()  # it counts as stuck
        assert there.kiosk.road.connected is None
        there.kiosk.road.tend()
        eventually(lambda: len(seen.of("status")) > 1)
        there.opens()


def test_without_a_road_nothing_is_written_and_nothing_is_told(tmp_path: Path) -> None:
    with site(tmp_path, None) as there:
        there.opens()
        there.kiosk.road.tend()
        assert (there.kiosk.road.connected, there.kiosk.road.waiting(10)) == (None, None)
    assert not (tmp_path / "site" / "fleet.json").exists()
