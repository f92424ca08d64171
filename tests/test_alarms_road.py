"""The real daemon's alarms, each rung by its real cause: a broker, a camera, a disk, a file."""

import json
import shutil
import threading
from pathlib import Path
from typing import Any

from kioskd.config.load import load
from kioskd.daemon import Daemon
from kioskd.happenings import FrameJudged
from kioskd.signing.key_files import KEY_FILE
from kioskd.signing.key_ring import KeyRing
from kioskd.verify.proof import proved, read_keys
from models.manifest import shipped
from tests.support import rtsp
from tests.support.alarm_receiver import Receiver, receiver
from tests.support.broker import (
    Mosquitto,
    Witness,
    eventually,
    make_certificates,
    mosquitto,
    witness,
)
from tests.support.clips import as_h264
from tests.support.daemon import ATTACK, LIVE, Kioskd, file_feed, kioskd, settings
from tests.support.ports import free_port
from tests.support.schemas import check
from tests.support.scraping import Scraped
from tests.test_added_networks import entry
from tests.test_home_assistant import held, rendered

BASE = "liveness/v1/hq/kiosk-07"
DENIED = f"topic readwrite #\ntopic deny {BASE}/health\n"
AT_START = {"certificate", "publish_denied", "sensor_missing", "locked_out"}


def troubled(
    broker: Mosquitto, seen: Receiver, port: int, networks: Path, camera: str
) -> dict[str, Any]:
    """A kiosk with a camera that is not plugged in, one of the network, and an attacker."""
    feeds = {
        "attacked": file_feed(ATTACK),
        "unplugged": {"kind": "usb", "device": 63},
        "street": {"kind": "rtsp", "url": camera, "retry_most_s": 1},
    }
    config = settings(broker, feeds, rest_s=0.0)
    lockout = {"attacks": 1, "first_s": 3600, "most_s": 3600}
    config["doors"]["attacked-door"]["lockout"] = lockout
    assert broker.certificates is not None
    ca = str(broker.certificates.ca)
    config["mqtt"] |= {"tls": {"ca_file": ca}, "health": True}
    config["perception"] = {"added_networks": str(networks)}
    config["metrics"] = {"enabled": True, "port": port}
    post = {"url": seen.url, "token": "${ALARM_TOKEN}", "ca_file": ca, "per_hour": 600}
    config["home_assistant"] = {"enabled": True}
    return config | {"alarms": {"enabled": True, "certificate_days": 10, **post}}


def ringing(seen: Witness) -> dict[str, str]:
    """Sentence by code, as the newest message has them."""
    told: list[Any] = seen.payloads("alarms")
    last = told[-1]["alarms"] if told else []
    return {one["code"]: one["detail"] for one in last if one["ended"] is None}


def test_every_real_cause_rings_on_the_topic_in_the_log_in_metrics_and_by_post(
    tmp_path: Path,
) -> None:
    certificates, port = make_certificates(tmp_path / "tls"), free_port()
    network, networks = tmp_path / "theirs.onnx", tmp_path / "networks.yaml"
    shutil.copy(shipped().file("hybrid").path, network)
    networks.write_text(entry(path=network))
    clip, camera_port = as_h264(LIVE, tmp_path / "live.mp4"), free_port()
    with (
        receiver(certificates) as post,
        rtsp.playing(camera_port, clip) as camera,
        mosquitto(tmp_path, acl=DENIED, certificates=certificates) as broker,
        witness(broker) as seen,
    ):
        config = troubled(broker, post, port, networks, rtsp.url(camera_port))
        with kioskd(tmp_path / "k", config, {"ALARM_TOKEN": "the-token"}) as daemon:
            lease_of_debug_lines(daemon)
            eventually(lambda: ringing(seen).keys() >= AT_START and post.ringing >= AT_START)
            sentences = ringing(seen)
            assert "the broker's certificate ends on" in sentences["certificate"]
            assert "health" in sentences["publish_denied"]
            post.status = 500
            camera.kill()
            network.write_bytes(network.read_bytes()[:-1])
            daemon.limit_files(1)
            eventually(lambda: ringing(seen).keys() >= {"feed_error", "network_file", "audit"})
            told = eventually(lambda: problem(seen, "alarm_url"))
            assert told.startswith("alarms cannot be posted to 127.0.0.1 port")
            assert "in-the-url" not in told
            post.status = 204
            eventually(lambda: post.ringing >= {"feed_error", "network_file", "audit"})
            daemon.limit_files(1 << 30)
            broker.kill()
            eventually(lambda: "broker" in post.ringing)
            broker.start()
            eventually(lambda: not {"broker", "audit"} & ringing(seen).keys() and ringing(seen))
            eventually(lambda: not {"broker", "audit"} & post.ringing)
            assert not problem(seen, "alarm_url")
            held_to_their_form(seen, post, daemon)
            shown_in_home_assistant(seen)
            assert Scraped(port)("kioskd_alarm", code="network_file") == 1
            assert Scraped(port)("kioskd_alarm", code="broker") == 0
            assert (Scraped(port)("kioskd_alarms_total", code="broker") or 0) >= 1
            assert daemon.stop() == 0
            told_in_the_log(daemon)


def lease_of_debug_lines(daemon: Kioskd) -> None:
    """They are of the door that somebody asked for, and of no other."""
    asked = daemon.folder / "state" / "debug-attacked-door"
    eventually(lambda: "started" in daemon.log)
    asked.touch()
    eventually(lambda: debugged(daemon))
    assert not asked.exists()
    assert all("door=attacked-door" in line for line in debugged(daemon))


def debugged(daemon: Kioskd) -> list[str]:
    return [
        line
        for line in daemon.log.splitlines(keepends=True)
        if "[debug" in line and line[-1] == "\n"
    ]


def held_to_their_form(seen: Witness, post: Receiver, daemon: Kioskd) -> None:
    last = seen.of("alarms")[-1]
    assert last.topic == f"{BASE}/alarms"
    state = daemon.folder / "state"
    ring = KeyRing(state / KEY_FILE, state)
    keys = read_keys(json.dumps({"keys": [known.trust for known in ring.known()]}).encode())
    for body in (last.body, post.bodies[-1]):
        proved("hq/kiosk-07/alarms", body, keys)
    for payload in (last.payload, *post.states):
        check("alarms", payload)
    over = {one["code"]: one for one in post.states[-1]["alarms"] if one["ended"] is not None}
    assert over["broker"]["ended"] >= over["broker"]["began"] > 1.7e12
    assert {headers["authorization"] for headers in post.headers} == {"Bearer the-token"}


def shown_in_home_assistant(seen: Witness) -> None:
    """As its own rules have it, and read off what the daemon sent."""
    present = held(seen.payloads("config")[-1])["components"]
    event, alarm = present["attacked-door_result"], present["alarm"]
    sent = [one.payload for one in seen.of("action") if one.topic == event["state_topic"]]
    assert json.loads(rendered(event["value_template"], sent[0]))["event_type"] == "failed"
    assert alarm["state_topic"] == seen.of("alarms")[-1].topic
    assert rendered(alarm["value_template"], seen.payloads("alarms")[-1]) == "ON"


def told_in_the_log(daemon: Kioskd) -> None:
    for code in AT_START | {"broker"}:  # not while its file could not grow
        assert f"alarm={code}" in daemon.log
    assert "alarm over" in daemon.log
    assert "in-the-url" not in daemon.log
    assert "the-token" not in daemon.log


def problem(seen: Witness, code: str) -> str:
    """Its sentence at the latest word; "" where there is none."""
    told: list[Any] = seen.payloads("status")
    problems = told[-1]["problems"] if told else []
    return next((str(one["detail"]) for one in problems if one["code"] == code), "")


def test_a_worker_that_is_stuck_rings(tmp_path: Path) -> None:
    hold = threading.Event()
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = settings(broker, {"live": file_feed(LIVE)}) | {"alarms": {"enabled": True}}
        daemon = Daemon(load(Kioskd(tmp_path / "k", config).config))
        daemon.stream.listen("stuck", FrameJudged, lambda _: hold.wait())
        daemon.start()
        try:
            eventually(lambda: daemon.tend() and "unresponsive" in ringing(seen))
            assert "judge" in ringing(seen)["unresponsive"]
        finally:
            hold.set()
            daemon.stop()
