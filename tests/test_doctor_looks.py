"""What `kioskd doctor` says of who takes alarms, of a fleet, and of cameras that were refused."""

import json
from pathlib import Path

import pytest

from kioskd.camera_pins import CameraPins
from kioskd.config.config import Config
from kioskd.config.load import load
from kioskd.doctor import alarms, fleet, identities
from tests.support.alarm_receiver import receiver
from tests.support.broker import mosquitto, witness
from tests.support.daemon import LIVE, door, file_feed
from tests.support.ports import free_port


def config(folder: Path, url: str = "", **feed: object) -> Config:
    said = {
        "site": "hq",
        "device": "kiosk-07",
        "state_dir": "state",
        "mqtt": {"broker": "embedded"},
        "feeds": {"front": file_feed(LIVE, **feed)},
        "doors": {"main": door("front")},
        "alarms": {"enabled": bool(url), **({"url": url} if url else {})},
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(said))
    return load(path)


@pytest.mark.parametrize(
    ("answer", "verdict", "told"),
    [
        (204, "ok", "no alarm was posted"),
        (405, "ok", "no alarm was posted"),
        (501, "ok", "no alarm was posted"),
        (404, "note", "answers 404 (Not Found)"),
        (302, "note", "answers 302 (Found)"),
        (401, "FAIL", "alarms.token"),
        (503, "FAIL", "answers 503 (Service Unavailable)"),
    ],
)
def test_who_takes_alarms_is_looked_at_and_told_none(
    tmp_path: Path, answer: int, verdict: str, told: str
) -> None:
    with receiver() as there:
        there.head = answer
        (found,) = alarms.look(config(tmp_path, there.url))
        assert there.bodies == []
    assert (found.verdict, found.subject) == (verdict, "alarms")
    assert told in found.sentence
    assert "secret=in-the-url" not in str(found)


def test_nobody_who_takes_alarms_is_named(tmp_path: Path) -> None:
    port = free_port()
    (found,) = alarms.look(config(tmp_path, f"http://127.0.0.1:{port}/x"))
    assert (found.verdict, f"127.0.0.1 port {port}" in found.sentence) == ("FAIL", True)
    assert "cannot be reached" in found.sentence
    assert list(alarms.look(config(tmp_path))) == []


def with_fleet(folder: Path, *ports: int, **more: object) -> Config:
    path = folder / "config.yaml"
    said = json.loads(path.read_text())
    said["fleet"] = {"nodes": [f"127.0.0.1:{port}" for port in ports], **more}
    path.write_text(json.dumps(said))
    return load(path)


def test_each_node_of_a_fleet_is_asked_and_told_nothing(tmp_path: Path) -> None:
    assert list(fleet.look(config(tmp_path))) == []
    dead = free_port()
    with mosquitto(tmp_path, users={"hq.kiosk-07": "right", "eye": "x"}) as there:
        with witness(there, "eye", "x") as seen:
            right = {"username": "hq.kiosk-07", "password": "right"}
            found = list(fleet.look(with_fleet(tmp_path, there.port, dead, **right)))
            assert seen.seen == []
        assert [one.verdict for one in found] == ["ok", "note"]  # one of them is enough
        assert f"no MQTT broker listens at 127.0.0.1:{dead}" in found[1].sentence
        wrong = {"username": "hq.kiosk-07", "password": "wrong"}
        found = list(fleet.look(with_fleet(tmp_path, there.port, **wrong)))
        assert [one.verdict for one in found] == ["FAIL"]
        assert "check fleet.username, fleet.password" in found[0].sentence


def test_a_camera_that_was_refused_is_named_until_it_is_accepted(tmp_path: Path) -> None:
    pins = CameraPins(tmp_path / "state")
    (tmp_path / "state").mkdir()
    assert list(identities.look(config(tmp_path))) == []
    pins.distrust("front", {"serial": "1"})
    assert list(identities.look(config(tmp_path))) == []
    pins.distrust("front", {"serial": "2"})
    (found,) = identities.look(config(tmp_path))
    assert (found.verdict, found.subject) == ("FAIL", "camera front")
    assert "serial 1 is 2 now" in found.sentence
    assert "kioskd feeds accept front" in found.sentence
    assert list(identities.look(config(tmp_path, identity="off"))) == []
    pins.accept("front")
    assert list(identities.look(config(tmp_path))) == []
    (tmp_path / "state" / "camera.front.pinned.json").write_text("rubbish")
    (found,) = identities.look(config(tmp_path))
    assert (found.verdict, "cannot be read" in found.sentence) == ("FAIL", True)
