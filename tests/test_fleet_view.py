"""The view of a fleet, from real tables in a real PostgreSQL that simulated kiosks have filled."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kioskd.commands import fleet_view, simulate, simulate_asked
from kioskd.fleet.collector.trust import trust
from kioskd.fleet.database.library import Jsonb, connected
from kioskd.fleet.simulator.fleet_of_kiosks import FleetOfKiosks
from kioskd.fleet.simulator.kiosk import Names, SimulatedKiosk
from kioskd.fleet.simulator.story import DoorStory
from kioskd.fleet.view import questions, tables
from kioskd.fleet.view.drift import Drift, drifts
from kioskd.fleet.view.drift_book import note
from kioskd.fleet.view.questions import Span
from tests.support.postgres import Postgres, postgres

KIOSKS, SPAN_H = 3, 26
Told = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def filled(server: Postgres) -> tuple[str, Told]:
    """An address, and what simulated kiosks say that they sent there."""
    address = server.fresh()
    asked: dict[str, Any] = {
        "kiosks": KIOSKS, "doors": 1, "broker": None, "to": None, "database": address,
        "span": SPAN_H * 3600.0, "speed": 0.0, "every": 900.0, "health": 3600.0,
        "connections": None, "broken": (), "spoil": ("lost=0.02", "forged=0.05", "again=0.05"),
        "seed": 5, "site": "sim", "prefix": "liveness/v1", "trust": None, "protocol": "5",
        "user": None, "ca_file": None, "as_json": True,
    }  # fmt: skip
    plan, way = simulate_asked.read(**asked)
    fleet = FleetOfKiosks(plan)
    simulate.store(fleet, address)
    assert way.database == address
    return address, fleet.sent.as_json()


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_every_row_that_was_sent_stands_in_the_table_once(filled: tuple[str, Told]) -> None:
    address, sent = filled
    with connected(address) as database:
        rows = database.execute(
            "SELECT site || '/' || device, count(*) FROM fleet.audit_row GROUP BY 1"
        )
        there: dict[Any, Any] = dict(rows.fetchall())
    assert there == {name: one["rows"] for name, one in sent["kiosks"].items()}
    assert sent["rows"] > 400


def test_the_list_names_every_kiosk_and_what_it_runs(
    filled: tuple[str, Told], capsys: pytest.CaptureFixture[str]
) -> None:
    address, sent = filled
    assert fleet_view.list_kiosks(address, "", as_json=True) == 0
    listed = {f"{one['site']}/{one['device']}": one for one in said(capsys)}
    assert listed.keys() == sent["kiosks"].keys()
    for name, one in listed.items():
        assert one["rows"] == sent["kiosks"][name]["rows"]
        assert (one["configDigest"], one["modelVersion"]) == ("9b1c22d0", "fused:1f2e3d4c")
    assert fleet_view.list_kiosks(address, "", as_json=False) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in listed)


def test_the_gaps_are_those_that_were_made_on_purpose(
    filled: tuple[str, Told], capsys: pytest.CaptureFixture[str]
) -> None:
    """A gap is told two minutes after it was noticed: here the clock is put on in the table."""
    address, sent = filled
    with connected(address) as database:
        database.execute("UPDATE fleet.gap SET noticed = noticed - interval '1 hour'")
    assert fleet_view.gaps(address, "", as_json=True) == 0
    told = said(capsys)
    missing: dict[str, set[int]] = {}
    for gap in told["missing"]:
        numbers = set(range(gap["from"], gap["to"] + 1))
        missing.setdefault(f"{gap['site']}/{gap['device']}", set()).update(numbers)
    for name, one in sent["kiosks"].items():
        # before the first and after the newest that came nobody can know of any
        known = {number for number in one["lost"] if 1 < number < one["last"]}
        assert known <= missing.get(name, set())
        assert missing.get(name, set()) <= set(one["lost"])
    forged = sum(each["times"] for each in told["aside"] if each["reason"] == "bad_signature")
    assert forged == sent["forged"]


def test_doors_stand_beside_the_fleet(
    filled: tuple[str, Told], capsys: pytest.CaptureFixture[str]
) -> None:
    address, _ = filled
    assert fleet_view.doors(address, "", 24.0, as_json=True) == 0
    told = said(capsys)
    assert len(told["doors"]) == KIOSKS
    for name in ("attempts", "refused"):
        assert told["fleet"][name] == sum(door[name] for door in told["doors"])
    for door in told["doors"]:
        assert 80 <= door["attempts"] <= 97  # four an hour for a day, but for the lost
        assert door["low"] <= door["rate"] <= door["high"]
        assert sum(door["reasons"].values()) >= door["refused"]
        assert "time_over" not in door["reasons"]


def test_one_kiosk_is_shown_with_its_door_and_a_strange_one_is_refused(
    filled: tuple[str, Told], capsys: pytest.CaptureFixture[str]
) -> None:
    address, _ = filled
    assert fleet_view.show(address, "sim-1/kiosk-00002", 24.0, as_json=True) == 0
    told = said(capsys)
    assert [door["door"] for door in told["doors"]] == ["door-1"]
    assert fleet_view.show(address, "sim-1/kiosk-00002", 24.0, as_json=False) == 0
    assert "sim-1/kiosk-00002/door-1" in capsys.readouterr().out
    assert fleet_view.show(address, "sim-1/nobody", 24.0, as_json=False) == 2
    assert "no kiosk" in capsys.readouterr().err


@pytest.mark.parametrize("by", ["version", "config", "networks"])
def test_kinds_of_kiosks_are_compared(
    by: questions.By, filled: tuple[str, Told], capsys: pytest.CaptureFixture[str]
) -> None:
    address, _ = filled
    assert fleet_view.compare(address, by, "", 24.0, as_json=True) == 0
    (kind,) = said(capsys)["kinds"]
    assert (kind["kiosks"], kind["doors"]) == (KIOSKS, KIOSKS)
    assert kind["refused"] > 0


def test_a_rollouts_kiosks_are_compared_by_its_name(
    server: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has a configuration of its own: their files differ."""
    address = server.fresh()
    layer = {"layer": "fleet", "name": "0.65", "modified": 1, "digest": "d", "keyId": "k"}
    site = {**layer, "layer": "site", "name": "dark hall"}
    stand = {"k-1": [layer], "k-2": [layer], "k-3": [layer, site], "k-4": [], "k-5": "poison"}
    with connected(address) as database:
        _tables(database)
        for number, (device, layers) in enumerate(stand.items()):
            database.execute(
                "INSERT INTO fleet.kiosk (site, device, health) VALUES (%s, %s, %s)",
                ("hq", device, Jsonb({"configDigest": f"now-{device}", "layers": layers})),
            )
            _decided_by(database, device, f"now-{device}", number)
        _decided_by(database, "k-1", "earlier", 10)
        _decided_by(database, "k-4", None, 11)
    assert fleet_view.compare(address, "layer", "", 24.0, as_json=True) == 0
    found = {kind["value"]: kind["kiosks"] for kind in said(capsys)["kinds"]}
    assert found == {
        "fleet: 0.65": 2, "fleet: 0.65, site: dark hall": 1, "none": 2, "before": 2,
    }  # fmt: skip


def test_a_door_that_refuses_everybody_is_said_so(server: Postgres) -> None:
    """Two hundred pass, then fourteen come to nothing."""
    address = server.fresh()
    now = datetime.now(UTC)
    with connected(address) as database:
        _tables(database)
        for number in range(214):
            at = now - timedelta(hours=20) + timedelta(minutes=5 * number)
            verdict = "passed" if number < 200 else "undecided"
            _attempt(database, number, at, verdict, "too_dark")
        (door,) = questions.doors(database, Span(now, now - timedelta(hours=24)))
        (remark,) = tables.remarks(door, questions.whole([door]))
    assert door.in_a_row == 14
    assert remark.startswith("refuses everybody since")
    assert door.reasons == (("too_dark", 14),)


def test_what_health_says_of_three_weeks_tells_a_moved_camera(server: Postgres) -> None:
    """Means are told again and again until the next: each counts once."""
    address = server.fresh()
    now = datetime.now(UTC)
    with connected(address) as database:
        _tables(database)
        for hours in range(24 * 20, 0, -6):
            at = now - timedelta(hours=hours)
            x = 0.7 if hours <= 24 else 0.5 + 0.002 * (hours % 5)
            for again in (0, 1, 2):
                _health(database, at + timedelta(hours=again), at, x)
        span = Span(now, now - timedelta(hours=24))
        ((site, device, door, past),) = questions.pasts(database, span)
    assert (site, device, door) == ("hq", "kiosk-07", "main")
    assert len(past.looks) == len(past.lights) == 80
    (found,) = drifts(past, now.timestamp())
    assert found.kind == "moved"
    assert "0.20 picture widths further to the right" in found.sentence


def test_what_drifted_is_noted_with_since_when_until_it_is_over(server: Postgres) -> None:
    address = server.fresh()
    first = datetime(2026, 9, 28, 12, tzinfo=UTC)
    hour = timedelta(hours=1)
    door, other = ("hq", "kiosk-07", "main"), ("lab", "kiosk-01", "main")
    dark = Drift("lamp", "this lamp is dead")
    with connected(address) as database:
        _tables(database)
        (noted,) = note(database, {door: [dark], other: []}, first)
        assert (noted.began, noted.new, noted.kind) == (first, True, "lamp")
        (noted,) = note(database, {door: [replace(dark, sentence="still")]}, first + hour)
        assert (noted.began, noted.new, noted.sentence) == (first, False, "still")
        (noted,) = note(database, {other: [dark]}, first + 2 * hour, site="lab")
        assert noted.site == "lab"
        assert len(note(database, {door: [dark], other: [dark]}, first + 3 * hour)) == 2
        (noted,) = note(database, {door: [], other: [dark]}, first + 4 * hour)
        assert noted.site == "lab"
        again = note(database, {door: [dark], other: [dark]}, first + 5 * hour)
        assert [(one.site, one.new) for one in again] == [("lab", False), ("hq", True)]


def test_drift_looks_at_every_door_that_is_known(
    filled: tuple[str, Told], capsys: pytest.CaptureFixture[str]
) -> None:
    assert fleet_view.drift(filled[0], "", as_json=False) == 0
    assert f"nothing has changed at {KIOSKS} doors" in capsys.readouterr().out
    assert fleet_view.drift(filled[0], "", as_json=True) == 0
    assert said(capsys) == []


def test_where_there_is_no_record_a_sentence_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        fleet_view.list_kiosks("postgresql://fleet@127.0.0.1:1/none", "", as_json=True)
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("PostgreSQL:")


def test_a_kiosk_that_was_never_heard_or_is_silent_is_said_so() -> None:
    now = datetime.now(UTC)
    never = questions.Kiosk(
        "hq", "k", None, None, None, None, None, None, (), (), 0, 0, 0, None, None
    )
    assert tables.is_(never, now) == "never heard"
    silent = questions.Kiosk(
        "hq", "k", now - timedelta(hours=1), "online", True, "1", "c", "n",
        (), ("clock",), 9, 2, 1, now, 3600.0,
    )  # fmt: skip
    assert tables.is_(silent, now) == "silent"
    stopped = replace(silent, status="stopped")
    assert tables.is_(stopped, now) == "stopped"
    (section, _) = tables.listed([silent], now)
    wrong = section.rows[1].cells[-1]
    for each in (
        "silent",
        "alarm clock",
        "2 rows missing",
        "1 put aside",
        "two machines",
        "3600 s",
    ):
        assert each in wrong


def _tables(database: Any) -> None:
    from kioskd.fleet.database.migration import migrate
    from kioskd.fleet.database.partitions import Partitions

    migrate(database)
    now = datetime.now(UTC)
    Partitions().ensure(database, [now - timedelta(days=day) for day in range(30)])
    one = SimulatedKiosk(Names("hq", "kiosk-07", {"main": DoorStory(1, "main")}), 1)
    trust(database, ("hq", "kiosk-07"), (one.signer.public,))


def _decided_by(database: Any, device: str, config: str | None, number: int) -> None:
    _attempt(database, number, datetime.now(UTC), "passed", "")
    database.execute(
        "UPDATE fleet.audit_row SET device = %s, config_digest = %s WHERE seq = %s",
        (device, config, number),
    )


def _attempt(database: Any, number: int, at: datetime, verdict: str, reason: str) -> None:
    reasons = [] if verdict == "passed" else ["time_over", reason]
    database.execute(
        "INSERT INTO fleet.audit_row (site, device, epoch, boot, seq, kind, event_id, source, door,"
        " recorded_at, received_at, verdict, reasons, score, payload, digest) VALUES"
        " ('hq', 'kiosk-07', 'e', 'b', %s, 'result', %s, 'main', 'main', %s, %s, %s, %s, 0.9,"
        " '', '')",
        (number, str(number), at, at, verdict, reasons),
    )


def _health(database: Any, heard: datetime, until: datetime, x: float) -> None:
    ms = round(until.timestamp() * 1000)
    faces = {"from": ms - 1, "until": ms, "people": 30, "x": x, "y": 0.4, "width": 0.2}
    light = {"from": ms - 1, "until": ms, "frames": 60, "mean": 0.4}
    doors = [{"doorId": "main", "sourceId": "main", "light": light, "faces": faces}]
    database.execute(
        "INSERT INTO fleet.health (site, device, hour, heard_at, boot, ready, why, doors)"
        " VALUES ('hq', 'kiosk-07', %s, %s, 'b', true, '[]', %s)",
        (heard.replace(minute=0, second=0, microsecond=0), heard, Jsonb(doors)),
    )
