"""Simulated kiosks: what they say is what a real kiosk says, and what is spoilt is counted."""

import json
import queue
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from kioskd.commands import simulate, simulate_asked
from kioskd.delivery.mqtt import Letter, Link, Received, Subscribed
from kioskd.fleet.simulator.daylight import sun_deg
from kioskd.fleet.simulator.fleet_of_kiosks import FleetOfKiosks, Plan
from kioskd.fleet.simulator.kiosk import Said
from kioskd.fleet.simulator.spoiling import Shares, spoilt
from kioskd.fleet.simulator.story import HOUR_S, DoorStory, Fault, Person
from kioskd.verify import Chain, proved
from tests.support.broker import eventually, mosquitto
from tests.support.schemas import check

MONDAY = 1_790_553_600.0  # 2026-09-28 00:00 UTC
PLAN = Plan(kiosks=3, doors=2, begins=MONDAY, until=MONDAY + 86400, health_s=1800.0)


def keys(fleet: FleetOfKiosks) -> dict[str, bytes]:
    return {kiosk.names.name: kiosk.signer.public for kiosk in fleet.kiosks}


def test_every_word_is_what_its_schema_says_and_its_kiosk_signed_it() -> None:
    fleet = FleetOfKiosks(PLAN)
    trusted = keys(fleet)
    kinds: Counter[str] = Counter()
    for said in fleet.words():
        payload = json.loads(said.body)
        check("audit" if said.what == "row" else said.what, payload)
        subject = said.topic.removeprefix("liveness/v1/")
        if said.what != "health":
            proved(subject, said.body, (trusted[said.kiosk],))
        kinds[said.what] += 1
    assert kinds["row"] > 100
    assert {name: kinds[name] for name in kinds if name != "row"} == {
        "status": 3,
        "state": 6,
        "alarms": 3,
        "health": 3 * 48,
    }


def test_rows_are_a_whole_chain_for_each_kiosk_and_nothing_is_an_action() -> None:
    fleet = FleetOfKiosks(PLAN)
    chain = Chain(tuple(keys(fleet).values()), "liveness/v1")
    said = list(fleet.words())
    codes = Counter(chain.heard(one.topic, one.body).code for one in said if one.what == "row")
    assert codes.keys() == {"begins", "kept"}
    assert codes["begins"] == 3
    assert [one.topic for one in said if one.topic.endswith("/action")] == []


def test_the_same_seed_says_the_same_bytes_and_another_does_not() -> None:
    def said(seed: int) -> list[bytes]:
        return [one.body for one in FleetOfKiosks(replace(PLAN, seed=seed)).words()]

    assert said(1) == said(1)
    assert said(1) != said(2)


def test_an_hour_begun_in_the_middle_is_the_same_hour() -> None:
    """Time is a parameter: whoever begins later sees the same people come."""
    story = DoorStory(7, "site/kiosk/door")
    whole = story.hour(MONDAY + 8 * HOUR_S)
    assert DoorStory(7, "site/kiosk/door").hour(MONDAY + 8 * HOUR_S) == whole


def test_the_table_can_be_held_against_what_was_sent() -> None:
    shares = Shares(outages=0.2, late=0.1, again=0.1, lost=0.05, forged=0.05)
    fleet = FleetOfKiosks(replace(PLAN, shares=shares))
    came: dict[str, list[Said]] = {}
    for said in fleet.words():
        came.setdefault(said.kiosk, []).append(said)
    for name, sent in fleet.sent.kiosks.items():
        rows = [one for one in came[name] if one.what == "row" and one.spoilt != "forged"]
        assert {one.seq for one in rows} == set(range(1, sent.last + 1)) - set(sent.lost)
        assert len({one.body for one in rows}) == sent.rows
        assert len(rows) == sent.rows + sent.spoilt["again"]
        assert sum(one.spoilt == "forged" for one in came[name]) == sent.spoilt["forged"]
        assert sent.lost
        assert sent.spoilt["late"]


def test_words_come_in_order_of_time_and_late_ones_out_of_the_order_of_their_numbers() -> None:
    fleet = FleetOfKiosks(replace(PLAN, kiosks=1, shares=Shares(late=0.2)))
    said = list(fleet.words())
    times = [one.at for one in said]
    assert times == sorted(times)
    numbers = [one.seq for one in said if one.what == "row"]
    assert numbers != sorted(numbers)


def test_in_an_outage_nothing_comes_and_afterwards_all_of_it_in_order() -> None:
    course = [Said(MONDAY + 60 * n, "k", "row", "t", b"{}", n + 1) for n in range(600)]
    came = list(spoilt(course, Shares(outages=1.0), Random("a seed")))
    assert [one.seq for one in came] == list(range(1, 601))
    waits = [one.at - (MONDAY + 60 * (one.seq - 1)) for one in came]
    assert max(waits) > 600
    assert min(waits) == 0


def test_a_forged_row_is_proved_by_nobody() -> None:
    fleet = FleetOfKiosks(replace(PLAN, kiosks=1, shares=Shares(forged=1.0)))
    chain = Chain(tuple(keys(fleet).values()), "liveness/v1")
    forged = [one for one in fleet.words() if one.spoilt == "forged"]
    assert forged
    assert {chain.heard(one.topic, one.body).code for one in forged} == {"bad_signature"}


def test_a_clock_that_is_off_dates_the_rows_wrong_and_the_table_is_told() -> None:
    fleet = FleetOfKiosks(replace(PLAN, kiosks=20, doors=1, shares=Shares(clocks=0.5)))
    off = {name: sent.clock_off_s for name, sent in fleet.sent.kiosks.items()}
    assert 0 < sum(each != 0 for each in off.values()) < 20
    for said in fleet.words():
        if said.what == "row":
            dated = json.loads(said.body)["recordedAt"] / 1000
            assert dated == pytest.approx(said.at + off[said.kiosk], abs=0.001)


@pytest.mark.parametrize(
    ("kind", "figure", "least"), [("moved", "x", 0.05), ("lens", "sharpness", 0.1)]
)
def test_what_breaks_shows_in_the_figures_from_then_on(
    kind: str, figure: str, least: float
) -> None:
    def mean(fault: Fault | None) -> float:
        story = DoorStory(3, "s/k/d", "s", fault)
        people = [one for hour in range(72) for one in story.hour(MONDAY + hour * HOUR_S)]
        return float(sum(getattr(one, figure) for one in people) / len(people))

    before, after = mean(None), mean(Fault(kind, MONDAY))  # type: ignore[arg-type]
    assert abs(before - after) > least
    assert mean(Fault(kind, MONDAY + 30 * 86400)) == before  # type: ignore[arg-type]


def lit_by_its_lamp() -> DoorStory:
    doors = (DoorStory(number, "s/k/d") for number in range(100))
    return next(one for one in doors if one.traits.lights == "inside")


def test_without_its_lamp_a_door_is_dark() -> None:
    story = lit_by_its_lamp()
    noon = MONDAY + 12 * HOUR_S
    lit: list[Person] = story.hour(noon)
    story.fault = Fault("lamp", MONDAY)
    assert max(one.light for one in story.hour(noon)) < min(one.light for one in lit)


def test_the_sun_stands_where_it_should() -> None:
    """Berlin's latitude at noon of 21 June and 21 December: 90 - 52.5 +- 23.44 degrees."""
    june, december = 1_782_043_200.0, 1_797_854_400.0  # 2026, 12:00 UTC
    assert sun_deg(june, 52.5) == pytest.approx(60.94, abs=0.5)
    assert sun_deg(december, 52.5) == pytest.approx(14.06, abs=0.5)
    assert sun_deg(june - 43200, 52.5) < 0


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker:
        yield broker.port


def asked(**more: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "kiosks": 12, "doors": 1, "broker": None, "to": None, "database": None, "span": 5.0,
        "speed": 0.0, "every": 1.0, "health": 30.0, "connections": 3, "broken": (), "spoil": (),
        "seed": 1, "site": "sim", "prefix": "liveness/v1", "trust": None, "protocol": "5",
        "user": None, "ca_file": None, "as_json": True,
    }  # fmt: skip
    return plain | more


def test_a_real_broker_hands_on_every_word_over_a_few_connections(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = tmp_path / "trust.json"
    plan, way = simulate_asked.read(**asked(broker=f"127.0.0.1:{port}", trust=trust))  # type: ignore[arg-type]
    assert way.broker is not None
    heard: queue.SimpleQueue[object] = queue.SimpleQueue()
    reader = replace(way.broker, client_id="reader")
    link = Link(reader, lambda _, one: heard.put(one), subscribe=("liveness/v1/#",))
    link.start()
    while not isinstance(heard.get(timeout=30), Subscribed):
        pass
    assert simulate.run(plan, way) == 0
    told = json.loads(capsys.readouterr().out)
    letters: list[Letter] = []

    def all_came() -> bool:
        while not heard.empty():
            one = heard.get()
            if isinstance(one, Received):
                letters.append(one.letter)
        return len(letters) == int(told["messages"])

    eventually(all_came)
    link.close(2.0)
    rows: dict[str, list[int]] = {}
    for letter in letters:
        if letter.topic.endswith("/audit"):
            kiosk = "/".join(letter.topic.split("/")[2:4])
            rows.setdefault(kiosk, []).append(json.loads(letter.body)["seq"])
    assert rows == {name: list(range(1, one["last"] + 1)) for name, one in told["kiosks"].items()}
    trusted = json.loads(trust.read_text())["kiosks"]
    assert len(trusted) == 12


def test_a_file_holds_what_verify_reads(tmp_path: Path) -> None:
    from kioskd.commands import verify
    from kioskd.verify.lines import read_line

    file, trust, trusted = (tmp_path / name for name in ("words", "trust", "keys"))
    plan, way = simulate_asked.read(**asked(to=file, trust=trust, kiosks=2))  # type: ignore[arg-type]
    assert simulate.run(plan, way) == 0
    lines = file.read_text().splitlines()
    assert all(read_line(line).at for line in lines)
    kiosks = json.loads(trust.read_text())["kiosks"]
    trusted.write_text(json.dumps({"keys": [key for one in kiosks for key in one["keys"]]}))
    assert verify.run(file, None, trusted, "liveness/v1", None, as_json=False) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"broker": "localhost", "to": Path("-")},
        {"to": Path("-"), "broken": ("lamp=13@1",)},
        {"to": Path("-"), "broken": ("fire=1@1",)},
        {"to": Path("-"), "spoil": ("late=2",)},
        {"to": Path("-"), "spoil": ("noise=0.5",)},
    ],
)
def test_what_cannot_be_simulated_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(simulate_asked.AskedError):
        simulate_asked.read(**asked(**wrong))  # type: ignore[arg-type]
