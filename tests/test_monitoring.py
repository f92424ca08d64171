"""The rules and the dashboard that ship, in the real Prometheus: they load, ask, and ring."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import rtsp
from tests.support.broker import eventually, mosquitto
from tests.support.clips import as_h264
from tests.support.daemon import LIVE, file_feed, kioskd, settings
from tests.support.ports import free_port
from tests.support.prometheus import prometheus, promtool
from tests.support.scraping import ask

PLACE = Path(__file__).parent.parent / "docs" / "install" / "monitoring"
PAGE = PLACE.with_suffix(".md")
RULES = PLACE / "kioskd.rules.yml"
DASHBOARD = json.loads((PLACE / "kioskd-dashboard.json").read_text("utf-8"))
ALERTS = re.findall(r"^ +- alert: (\w+)$", RULES.read_text("utf-8"), re.MULTILINE)
VARIABLES = {"$instance": ".*", "$door": ".*", "$__rate_interval": "1m"}

AT = 'instance="k:9480",job="kioskd"'
DOOR = f'{AT},door="main"'
ATTEMPTS = f'kioskd_attempts_total{{{DOOR},mode="m",verdict='
# What is scraped every 15 s, and which alerts fire after it. Zeros first, as a kiosk begins.
STORIES: dict[str, tuple[dict[str, str], str, set[str]]] = {
    "all is well": (
        {
            f"up{{{AT}}}": "1x400",
            f'kioskd_feed_state{{{DOOR},state="online"}}': "1x400",
            f'kioskd_feed_state{{{DOOR},state="offline"}}': "0x400",
            f"kioskd_broker_connected{{{AT}}}": "1x400",
            f'kioskd_problem{{{AT},code="audit"}}': "0x400",
            f'kioskd_problem{{{AT},code="overloaded"}}': "0x400",
            f"kioskd_audit_rows_waiting{{{AT}}}": "3x400",
            f"process_start_time_seconds{{{AT}}}": "5x400",
            f"process_open_fds{{{AT}}}": "40x400",
            f"process_max_fds{{{AT}}}": "1024x400",
            f"kioskd_machine_memory_available_bytes{{{AT}}}": "4e9x400",
            f'{ATTEMPTS}"passed"}}': "0+1x400",
            f'{ATTEMPTS}"failed"}}': "0x400",
            f'kioskd_events_ended_total{{{DOOR},outcome="published"}}': "0+1x400",
            f'kioskd_events_ended_total{{{DOOR},outcome="expired"}}': "0x400",
        },
        "90m",
        set(),
    ),
    "it does not answer": ({f"up{{{AT}}}": "1x4 0x20"}, "5m", {"KioskdAway"}),
    "it did not answer for a moment": ({f"up{{{AT}}}": "1x4 0 0 1x20"}, "2m", set()),
    "a camera is away": (
        {
            f'kioskd_feed_state{{{DOOR},state="online"}}': "1x4 0x20",
            f'kioskd_feed_state{{{DOOR},state="offline"}}': "0x4 1x20",
        },
        "5m",
        {"KioskdCameraAway"},
    ),
    "a camera was opened again": (
        {f'kioskd_feed_state{{{DOOR},state="online"}}': "1x4 0 0 1x20"},
        "2m",
        set(),
    ),
    "the broker is away": (
        {f"kioskd_broker_connected{{{AT}}}": "1x4 0x20"},
        "5m",
        {"KioskdBrokerAway"},
    ),
    "the disk is full": (
        {f'kioskd_problem{{{AT},code="audit"}}': "0x4 1x20"},
        "5m",
        {"KioskdRecordStopped"},
    ),
    "a worker is stuck": (
        {f'kioskd_problem{{{AT},code="no_progress"}}': "0x4 1x20"},
        "2m",
        {"KioskdStuck"},
    ),
    "an event expired": (
        {f'kioskd_events_ended_total{{{DOOR},outcome="expired"}}': "0x4 1x20"},
        "5m",
        {"KioskdEventsLost"},
    ),
    "records wait": (
        {f"kioskd_audit_rows_waiting{{{AT}}}": "5000x100"},
        "20m",
        {"KioskdAuditWaits"},
    ),
    "a camera comes and goes": (
        {f'kioskd_feed_changes_total{{{DOOR},state="stalled",reason="no_frames"}}': "0+1x20"},
        "5m",
        {"KioskdCameraUnsteady"},
    ),
    "too many cameras": (
        {f'kioskd_problem{{{AT},code="overloaded"}}': "1x100"},
        "10m",
        {"KioskdOverloaded"},
    ),
    "a camera in night mode": (
        {f'kioskd_problem{{{AT},code="picture"}}': "1x100"},
        "10m",
        {"KioskdPictureUnfit"},
    ),
    "no time service": (
        {f'kioskd_problem{{{AT},code="clock"}}': "1x100"},
        "20m",
        {"KioskdClockDoubtful"},
    ),
    "another problem": (
        {f'kioskd_problem{{{AT},code="broker_acl"}}': "1x100"},
        "10m",
        {"KioskdProblem"},
    ),
    "started again and again": (
        {f"process_start_time_seconds{{{AT}}}": "100 200 300 400x20"},
        "5m",
        {"KioskdRestarts"},
    ),
    "little memory": (
        {f"kioskd_machine_memory_available_bytes{{{AT}}}": "400000000x100"},
        "10m",
        {"KioskdMemoryLow"},
    ),
    "files that leak": (
        {f"process_open_fds{{{AT}}}": "900x100", f"process_max_fds{{{AT}}}": "1024x100"},
        "10m",
        {"KioskdFilesLow"},
    ),
    "somebody holds pictures up": (
        {f'{ATTEMPTS}"passed"}}': "0+1x40", f'{ATTEMPTS}"failed"}}': "0+1x40"},
        "10m",
        {"KioskdManyRefused"},
    ),
    "a door that was attacked": (
        {f'kioskd_problem{{{AT},code="locked_out"}}': "0x4 1x40"},
        "10m",
        {"KioskdLockedOut"},
    ),
    "a dirty lens": (
        {f'{ATTEMPTS}"passed"}}': "0x100", f'{ATTEMPTS}"undecided"}}': "0+1x100"},
        "20m",
        {"KioskdNobodyPasses"},
    ),
}


def test_what_ships_is_what_prometheus_takes() -> None:
    promtool("check", "rules", str(RULES))
    promtool("check", "config", str(PLACE / "prometheus.yml"))


def test_every_alert_has_a_story_and_stands_on_the_page() -> None:
    rung = set().union(*(alerts for _, _, alerts in STORIES.values()))
    assert rung == set(ALERTS)
    assert set(re.findall(r"^\| `(Kioskd\w+)` \|", PAGE.read_text("utf-8"), re.M)) == set(ALERTS)


@pytest.mark.parametrize("story", STORIES)
def test_an_alert_rings_when_it_should_and_no_other_does(story: str, tmp_path: Path) -> None:
    series, at, alerts = STORIES[story]
    check = {
        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
        "eval_time": at,
        "exp_samples": [{"labels": f'{{alertname="{one}"}}', "value": 1} for one in sorted(alerts)],
    }
    test = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [check],
    }
    told = {"rule_files": [str(RULES)], "evaluation_interval": "15s", "tests": [test]}
    path = tmp_path / "story.yml"
    path.write_text(json.dumps(told), "utf-8")
    promtool("test", "rules", str(path))


def expressions() -> Iterator[str]:
    """Every question that the dashboard asks, for all kiosks and doors."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            text: str = target["expr"]
            for name, value in VARIABLES.items():
                text = text.replace(name, value)
            assert "$" not in text, text
            yield text


def named(text: str) -> set[str]:
    """The metrics of ours in an expression or a page."""
    return set(re.findall(r"\b(?:kioskd|process)_\w+", text))


def served(port: int) -> set[str]:
    """Every sample that these families may have, also those that nothing happened of yet."""
    text = ask(port, "/metrics")[1].decode()
    endings = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
    return {
        name + ending
        for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)
        for ending in endings.get(kind, ("",))
    }


def without_for(folder: Path) -> Path:
    """The rules that ship, which ring at once here: the stories above wait their minutes."""
    path = folder / "rules.yml"
    path.write_text(re.sub(r"^ +for: .*\n", "", RULES.read_text("utf-8"), flags=re.M), "utf-8")
    return path


def test_prometheus_scrapes_a_kiosk_and_rings_when_its_camera_stops(tmp_path: Path) -> None:
    port, camera_port = free_port(), free_port()
    clip = as_h264(LIVE, tmp_path / "live.mp4")
    with mosquitto(tmp_path) as broker, rtsp.playing(camera_port, clip) as camera:
        patient = {"retry_most_s": 1.0, "loops": "ignore"}
        feed = {"kind": "rtsp", "url": rtsp.url(camera_port), **patient}
        config = settings(broker, {"street": feed, "hall": file_feed(LIVE)})
        config["metrics"] = {"enabled": True, "port": port}
        with (
            kioskd(tmp_path / "k", config),
            prometheus(tmp_path, f"127.0.0.1:{port}", without_for(tmp_path)) as watching,
        ):
            online = 'kioskd_feed_state{door="street-door",state="online"} == 1'
            eventually(lambda: watching.query('up{job="kioskd"} == 1'))
            eventually(lambda: watching.query(online))
            camera.kill()
            eventually(lambda: rings(watching.firing(), "street-door"))
            for expression in expressions():
                watching.query(expression)
            there = served(port)
            asked = set().union(*map(named, expressions())) | named(RULES.read_text("utf-8"))
            assert asked - there == set()


def rings(alerts: list[dict[str, str]], door: str) -> bool:
    wanted = ("KioskdCameraAway", "critical", door)
    return wanted in [(one["alertname"], one["severity"], one.get("door")) for one in alerts]


def test_the_page_has_each_metric_that_is_served_and_no_other(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path) as broker:
        config = settings(broker, {"hall": file_feed(LIVE)})
        config["metrics"] = {"enabled": True, "port": port}
        config["fleet"] = {"nodes": f"127.0.0.1:{broker.port}"}
        with kioskd(tmp_path / "k", config):
            ours = eventually(lambda: families(port))
    rows = re.findall(r"^\| `([a-z]\w+)`(?:, `_count`)? \|[^|]*\| ", PAGE.read_text("utf-8"), re.M)
    assert {f"kioskd_{row.removesuffix('_sum')}" for row in rows} == ours


def families(port: int) -> set[str]:
    """Of ours; none while it does not answer yet, or has not looked at its audit log."""
    try:
        text = ask(port, "/metrics")[1].decode()
    except OSError:
        return set()
    found = set(re.findall(r"^# TYPE (kioskd_\w+) ", text, re.MULTILINE))
    return found if "kioskd_audit_rows_waiting" in found else set()


def test_no_panel_lies_over_another() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        at: dict[str, Any] = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert x < 24
                assert (x, y) not in taken, (panel["title"], taken.get((x, y)))
                taken[x, y] = panel["title"]
