"""The real daemon, scraped while its camera, its broker and its disk come and go."""

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from feeds.installation import to_add
from kioskd import __version__
from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.daemon import LIVE, Kioskd, file_feed, kioskd, settings
from tests.support.ports import free_port
from tests.support.schemas import check
from tests.support.scraping import Scraped, ask, well

ROOT = Path(__file__).parent.parent


def measured(broker: Mosquitto, port: int, **feeds: object) -> dict[str, Any]:
    """A configuration whose metrics are served at this port."""
    config = settings(broker, feeds or {"live": file_feed(LIVE)})
    return config | {"metrics": {"enabled": True, "port": port}}


def answers(port: int) -> bool:
    with socket.socket() as wire:
        return wire.connect_ex(("127.0.0.1", port)) == 0


def codes(port: int) -> set[str]:
    """Why it is not ready."""
    status, told = well(port, "/readyz")
    assert (status == 200) is told["ready"] is (told["why"] == [])
    return {one["code"] for one in told["why"]}


def until_ready(daemon: Kioskd, port: int) -> None:
    eventually(lambda: answers(port))
    eventually(lambda: well(port, "/readyz")[0] == 200)
    assert daemon.running


def test_a_door_at_work_is_told_in_numbers(tmp_path: Path) -> None:
    port = free_port()
    with (
        mosquitto(tmp_path) as broker,
        kioskd(tmp_path / "k", measured(broker, port)) as daemon,
    ):
        until_ready(daemon, port)
        about = {"door": "live-door", "mode": "secure_access_rgb_liveness", "verdict": "passed"}
        eventually(lambda: Scraped(port)("kioskd_attempts_total", **about))
        eventually(lambda: Scraped(port).sum("kioskd_events_ended_total", outcome="published"))
        now = Scraped(port)
        judged = now("kioskd_frames_judged_total", door="live-door") or 0.0
        assert judged > 0
        assert now.sum("kioskd_frames_captured_total") >= judged
        assert now.sum("kioskd_feed_state", door="live-door") == 1
        assert now("kioskd_broker_connected") == 1
        assert now.sum("kioskd_build_info", version=__version__) == 1
        assert now("kioskd_stage_seconds_count", door="live-door", stage="detect")
        assert now("kioskd_network_seconds_sum", network="yunet")
        assert now.sum("kioskd_model_info", network="yunet") == 1
        assert now("process_open_fds")
        assert now.sum("kioskd_capture_memory_bytes", door="live-door") > 1e6
        assert well(port, "/healthz") == (200, {"alive": True, "why": []})
        assert daemon.stop() == 0


def test_it_is_ready_only_while_camera_broker_and_audit_log_are(tmp_path: Path) -> None:
    port = free_port()
    with (
        mosquitto(tmp_path) as broker,
        kioskd(tmp_path / "k", measured(broker, port)) as daemon,
    ):
        until_ready(daemon, port)
        broker.kill()
        eventually(lambda: codes(port) == {"broker"})
        eventually(lambda: Scraped(port)("kioskd_audit_rows_waiting"))
        assert Scraped(port)("kioskd_problem", code="broker") == 1
        broker.start()
        eventually(lambda: codes(port) == set())
        assert (Scraped(port)("kioskd_broker_connections_total") or 0) >= 2
        daemon.limit_files(1)
        eventually(lambda: "audit" in codes(port))
        daemon.limit_files(1 << 30)
        eventually(lambda: codes(port) == set())
        assert well(port, "/healthz")[0] == 200


def test_a_camera_that_is_gone_is_named_with_its_door(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path) as broker:
        config = measured(broker, port, live=file_feed(LIVE), gone=file_feed(LIVE, repeat="once"))
        with kioskd(tmp_path / "k", config):
            eventually(lambda: answers(port))

            def only_one() -> dict[str, str]:
                why: list[dict[str, str]] = well(port, "/readyz")[1]["why"]
                ended = Scraped(port)("kioskd_feed_state", door="gone-door", state="offline")
                return why[0] if ended and len(why) == 1 else {}

            why = eventually(only_one)
            assert (why["code"], why["door"]) == ("feed", "gone-door")
            assert why["detail"].startswith("gone is offline: ")


def test_health_is_told_in_short_and_retained(tmp_path: Path) -> None:
    config_of = {"live": file_feed(LIVE), "gone": file_feed(LIVE, repeat="once")}
    with mosquitto(tmp_path) as broker:
        config = settings(broker, config_of)
        config["mqtt"] |= {"health": True}
        with kioskd(tmp_path / "k", config) as daemon:
            with witness(broker) as seen:
                told = eventually(lambda: [one for one in healths(seen) if played(one)])[-1]
            with witness(broker) as late:  # who comes later is told at once
                eventually(lambda: [one for one in late.of("health") if one.retained])
                assert daemon.stop() == 0
                last = eventually(lambda: [one for one in healths(late) if stopped(one)])[-1]
    for one in (told, last):
        check("health", one)
        assert one["ready"] is False
        assert {door["doorId"] for door in one["doors"]} == {"live-door", "gone-door"}
    doors = {door["doorId"]: door for door in last["doors"]}
    assert doors["gone-door"]["captured"] >= doors["gone-door"]["judged"] > 0
    assert last["brokerConnections"] == 1


def healths(seen: Witness) -> list[dict[str, Any]]:
    return seen.payloads("health")


def played(told: dict[str, Any]) -> bool:
    """The clip that is shown once is over."""
    return any(door["state"] == "offline" for door in told["doors"])


def stopped(told: dict[str, Any]) -> bool:
    return [one["code"] for one in told["why"]] == ["stopped"]


def test_without_being_asked_nothing_is_told_of_health(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        with kioskd(tmp_path / "k", settings(broker, {"live": file_feed(LIVE)})) as daemon:
            eventually(lambda: seen.of("action"))
            assert daemon.stop() == 0
        seen.catch_up()
        assert seen.of("health") == []


def test_scrapers_that_never_read_cost_no_descriptor_and_no_frame(tmp_path: Path) -> None:
    port = free_port()
    with (
        mosquitto(tmp_path) as broker,
        kioskd(tmp_path / "k", measured(broker, port)) as daemon,
    ):
        until_ready(daemon, port)
        before = Scraped(port)
        for _ in range(50):
            with closing(socket.create_connection(("127.0.0.1", port), 20.0)) as wire:
                wire.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        judged = before("kioskd_frames_judged_total", door="live-door") or 0.0

        def goes_on() -> bool:
            now = Scraped(port)
            more = (now("kioskd_frames_judged_total", door="live-door") or 0.0) > judged
            few = (now("process_open_fds") or 0) <= (before("process_open_fds") or 0) + 2
            return more and few

        eventually(goes_on)
        assert ask(port, "/metrics")[0] == 200


def test_without_the_library_the_daemon_says_what_to_install(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        made = Kioskd(tmp_path / "k", measured(broker, free_port()))
    blocked = "import sys; sys.modules['prometheus_client'] = None; from kioskd.cli import main; "
    script = f"{blocked}main({['run', '-c', str(made.config)]})"
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert said.returncode == 2
    assert said.stderr.endswith(f"{to_add('metrics')}\n")


def test_a_door_without_metrics_never_loads_the_library() -> None:
    script = "import sys, kioskd.daemon\nprint('prometheus_client' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout == "False\n"
