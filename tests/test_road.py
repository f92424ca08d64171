"""The whole road: the real daemon on real clips, its events at a real broker.

This is the road that runs on both major versions of OPENCV.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support import rtsp
from tests.support.broker import (
    Certificates,
    Mosquitto,
    Witness,
    eventually,
    make_certificates,
    mosquitto,
    witness,
)
from tests.support.clips import as_h264, side_by_side
from tests.support.daemon import ATTACK, LIVE, Kioskd, file_feed, kioskd, settings
from tests.support.ports import free_port
from tests.support.schemas import check

PASSWORD = "s3cret-door"
USERS = {"kiosk": PASSWORD, "door": "controller"}
ACL = """
user kiosk
topic write liveness/v1/hq/kiosk-07/#
user door
topic read liveness/v1/#
"""


def check_against_schemas(seen: Witness) -> None:
    for letter in seen.seen:
        check(letter.kind, letter.payload)  # type: ignore[arg-type]


def actions_of(seen: Witness, feed: str) -> list[dict[str, Any]]:
    return [action for action in seen.payloads("action") if action["sourceId"] == feed]


def first_action(seen: Witness, feed: str) -> dict[str, Any]:
    return eventually(lambda: actions_of(seen, feed))[0]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates") / "ours")


def secured(broker: Mosquitto, certificates: Certificates, **feeds: object) -> dict[str, Any]:
    """A configuration for a broker with TLS, the password in the environment."""
    config = settings(broker, feeds)
    config["mqtt"] |= {
        "username": "kiosk",
        "password": "${DOOR_PASSWORD}",
        "tls": {"ca_file": str(certificates.ca)},
    }
    return config


def test_a_live_person_is_confirmed_and_an_attack_is_not(
    tmp_path: Path, certificates: Certificates
) -> None:
    with (
        mosquitto(tmp_path, USERS, ACL, certificates) as broker,
        witness(broker, "door", "controller") as seen,
    ):
        config = secured(broker, certificates, live=file_feed(LIVE), attack=file_feed(ATTACK))
        with kioskd(tmp_path / "k", config, {"DOOR_PASSWORD": PASSWORD}) as daemon:
            live, attack = first_action(seen, "live"), first_action(seen, "attack")
            assert daemon.stop() == 0
    for action, verdict in ((live, "true"), (attack, "false")):
        assert (action["type"], action["actionId"]) == ("action", "rgbLiveness")
        assert action["livenessConfirmed"] == verdict
        assert action["x"]["doorId"] == f"{action['sourceId']}-door"
    for said in (*seen.payloads("audit"), *seen.payloads("state")):
        assert said["doorId"] == f"{said['sourceId']}-door"
    assert live["liveness"] > 0.9
    assert attack["liveness"] < 0.1
    assert live["x"]["rgbLivenessState"] == {"currentState": "LIVENESS_CONFIRMED"}
    assert attack["x"]["rgbLivenessState"] == {"currentState": "NOTLIVE_CONFIRMED"}
    check_against_schemas(seen)
    assert not [letter for letter in seen.of("action") if letter.retained]
    assert all(letter.expiry_s is not None for letter in seen.of("action"))
    audited = {record["eventId"] for record in seen.payloads("audit")}
    assert {live["eventId"], attack["eventId"]} <= audited
    assert PASSWORD not in daemon.log
    assert seen.payloads("status")[-1]["state"] == "stopped"


def test_a_network_camera_is_watched_and_its_password_never_shown(tmp_path: Path) -> None:
    clip = as_h264(LIVE, tmp_path / "live.mp4")
    port = free_port()
    with (
        rtsp.playing(port, clip),
        mosquitto(tmp_path) as broker,
        witness(broker) as seen,
    ):
        url = f"rtsp://viewer:{PASSWORD}@127.0.0.1:{port}/camera"
        # The clip begins anew with each connection, and that is a loop.
        feed = {"kind": "rtsp", "url": url, "retry_most_s": 1.0, "loops": "ignore"}
        with kioskd(tmp_path / "k", settings(broker, {"door-3": feed})) as daemon:
            assert first_action(seen, "door-3")["livenessConfirmed"] == "true"
            assert daemon.stop() == 0
    check_against_schemas(seen)
    said = daemon.log + "".join(letter.body.decode() for letter in seen.seen)
    assert PASSWORD not in said
    states = [state["state"] for state in seen.payloads("state")]
    assert states[0] == "starting"
    assert "online" in states


def test_two_people_before_the_camera_open_nothing(tmp_path: Path) -> None:
    clip = side_by_side(LIVE, LIVE, tmp_path / "two.mp4")
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = settings(broker, {"door-3": file_feed(clip, repeat="once")})
        config["mqtt"]["diagnostics"] = True
        with kioskd(tmp_path / "k", config) as daemon:
            eventually(lambda: finished(seen))
            daemon.stop()
    assert any("several_faces" in diag.body.decode() for diag in seen.of("diag"))
    assert seen.of("action") == []
    assert [audit["currentState"] for audit in seen.payloads("audit")] in ([], ["LIVENESS_UNKNOWN"])


def finished(seen: Witness) -> bool:
    return any(state["reason"] == "finished" for state in seen.payloads("state"))


def test_bad_configuration_ends_with_status_2_and_a_sentence(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        config = settings(broker, {"door-3": file_feed(LIVE)})
    config["mqtt"]["prot"] = 1883
    daemon = Kioskd(tmp_path / "k", config)
    daemon.start()
    assert daemon.wait() == 2
    assert re.search(r"config\.yaml:\d+:\d+: mqtt\.prot: .*did you mean 'port'", daemon.log)
    assert "Traceback" not in daemon.log
