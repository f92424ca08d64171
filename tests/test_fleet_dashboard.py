"""The fleet's dashboard: every question of it is put to a real PostgreSQL, with an answer."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kioskd.commands import simulate
from kioskd.fleet.database.library import connected
from kioskd.fleet.simulator.fleet_of_kiosks import FleetOfKiosks, Plan
from kioskd.fleet.view import questions
from kioskd.fleet.view.questions import Span
from tests.support.postgres import postgres
from tests.test_monitoring import PAGE as MONITORING

FILE = Path(__file__).parent.parent / "fleet" / "grafana" / "kioskd-fleet-dashboard.json"
DASHBOARD = json.loads(FILE.read_text("utf-8"))
FLEET = MONITORING.with_name("fleet.md")
PANELS: list[dict[str, Any]] = [one for one in DASHBOARD["panels"] if one["type"] != "row"]
SQL = {one["title"]: one["targets"][0]["rawSql"] for one in PANELS if "rawSql" in one["targets"][0]}
DOOR = "sim-1/kiosk-00001/door-1"
UNTIL = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
BEGINS = UNTIL - timedelta(hours=6)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Six hours of two kiosks."""
    with postgres() as server:
        there = server.fresh()
        plan = Plan(2, BEGINS.timestamp(), UNTIL.timestamp(), every_s=300.0, health_s=1800.0)
        simulate.store(FleetOfKiosks(plan), there)
        yield there


def filled_in(sql: str) -> bytes:
    """As Grafana puts its variables and macros in."""
    sql = re.sub(
        r"\$__timeFilter\(([\w.]+)\)",
        rf"\1 BETWEEN '{BEGINS.isoformat()}' AND '{datetime.now(UTC).isoformat()}'",
        sql,
    )
    sql = sql.replace("$__timeFrom()", f"'{BEGINS.isoformat()}'")
    sql = sql.replace("$site", "'sim-1'").replace("$door", DOOR)
    assert "$" not in sql
    return sql.encode()


def asked(address: str, sql: str) -> list[dict[str, Any]]:
    with connected(address) as database:
        found = database.execute(filled_in(sql))
        names = [column.name for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found]


# What is empty where nothing is wrong and no collector is at work.
EMPTY = {"What changed at doors", "Collectors"}


@pytest.mark.parametrize("title", SQL)
def test_every_question_has_an_answer(title: str, address: str) -> None:
    found = asked(address, SQL[title])
    assert bool(found) is (title not in EMPTY)


def test_a_panel_over_time_has_times_and_numbers(address: str) -> None:
    for one in PANELS:
        target = one["targets"][0]
        if target.get("format") == "time_series":
            for row in asked(address, target["rawSql"]):
                assert isinstance(row["time"], datetime)
                values = [row[name] for name in row if name not in ("time", "metric")]
                assert values
                assert all(isinstance(value, float) for value in values), one["title"]


def test_the_variables_list_what_there_is(address: str) -> None:
    listed = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert asked(address, listed["site"]["query"]) == [{"site": "sim-1"}]
    doors = [next(iter(row.values())) for row in asked(address, listed["door"]["query"])]
    assert doors == [DOOR, DOOR.replace("00001", "00002")]


def test_refusals_have_the_interval_that_the_terminal_has(address: str) -> None:
    shown = {row["door"]: row for row in asked(address, SQL["Refusals by door"])}
    with connected(address) as database:
        doors = questions.doors(database, Span(datetime.now(UTC), BEGINS))
    assert shown.keys() == {door.name for door in doors}
    for door in doors:
        row = shown[door.name]
        assert (row["refused"], row["attempts"]) == (door.refused.part, door.refused.whole)
        interval = row["at_least"], row["at_most"]
        assert interval == pytest.approx(door.refused.interval, abs=0.0005)


def test_what_prometheus_is_asked_for_is_served() -> None:
    told = [one["targets"][0]["expr"] for one in PANELS if "expr" in one["targets"][0]]
    assert told
    pages = MONITORING.read_text("utf-8") + FLEET.read_text("utf-8")
    served = set(re.findall(r"^\| `([a-z]\w+)`", pages, re.MULTILINE))
    for expression in told:
        names = re.findall(r"kioskd_(\w+)", expression)
        assert names
        assert set(names) <= served


def test_no_panel_lies_over_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
