"""Commands on the whole road: the real daemon, a real broker, the real socket; a clip as camera."""

import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kioskd.control.client import asked
from kioskd.delivery import wire
from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.daemon import ATTACK, LIVE, file_feed, kioskd, settings
from tests.support.ports import free_port
from tests.support.schemas import check
from tests.support.scraping import scrape

TOKEN = "a secret of an operator"
TOPICS = wire.Topics("liveness/v1", "hq", "kiosk-07")
ROUND = 180  # frames, more than the live clip has: within so many somebody is let in
Json = dict[str, Any]


def configuration(broker: Mosquitto, port: int) -> Json:
    """A live person before one door, an attack before another that a command lets in again."""
    feeds = {"cam": file_feed(LIVE), "yard": file_feed(ATTACK)}
    config = settings(broker, feeds, rest_s=0.0)
    lockout = {"attacks": 1, "first_s": 3600, "most_s": 3600, "ended_by": "command"}
    config["doors"]["yard-door"]["lockout"] = lockout
    config["commands"] = {"enabled": True, "token": "${COMMANDS}"}
    config["metrics"] = {"enabled": True, "port": port}
    return config


class Operator:
    """Who gives commands over MQTT, by messages of this moment."""

    def __init__(self, seen: Witness) -> None:
        self._seen, self._count = seen, 0

    def asks(self, command: str, *, retain: bool = False, **more: object) -> Json:
        self._count += 1
        now, name = round(time.time() * 1000), f"panel-{self._count}"
        said: Json = {"id": name, "credential": TOKEN, "issuedAt": now, "expiresAt": now + 60_000}
        self.sends({**said, "command": command, **more}, retain=retain)

        return eventually(lambda: self._answer(name))

    def _answer(self, name: str) -> Json:
        """Nothing, while there is none."""
        told: list[Json] = self._seen.payloads("response")
        return next((one for one in told if one["id"] == name), {})

    def sends(self, message: Json, *, retain: bool = False) -> None:
        body = json.dumps(message).encode()
        self._seen.client.publish(TOPICS.commands("request"), body, qos=1, retain=retain)


def code(answer: Json) -> object:
    return answer["body"]["error"]["code"]


def opened(seen: Witness) -> int:
    """How often the first door was told to open."""
    return sum(one.topic == TOPICS.action("cam") for one in seen.of("action"))


def states(seen: Witness) -> list[Json]:
    return [one.payload for one in seen.of("state") if one.topic == TOPICS.state("cam")]


def test_an_operator_commands_a_kiosk_and_what_they_disabled_stays_disabled(tmp_path: Path) -> None:
    port, secret = free_port(), {"COMMANDS": TOKEN}
    place = tmp_path / "k" / "state" / "control.sock"
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        operator = Operator(seen)
        with kioskd(tmp_path / "k", configuration(broker, port), secret) as daemon:
            eventually(lambda: opened(seen))
            commanded_over_mqtt(operator, seen, port)
            eventually(lambda: re.search(r"\[debug.*door=yard-door", daemon.log))
            commanded_here(place, daemon.capture_pids)
            reloaded(place, daemon.config)
            assert daemon.stop() == 0
        seen.catch_up()
        count, boot = opened(seen), states(seen)[-1]["bootId"]
        assert boot == states(seen)[0]["bootId"]
        now = round(time.time() * 1000)
        left = {"id": "left", "credential": TOKEN, "issuedAt": now, "expiresAt": now + 60_000}
        operator.sends({**left, "command": "enable", "door": "cam-door"}, retain=True)
        with kioskd(tmp_path / "k", configuration(broker, port), secret) as daemon:
            eventually(lambda: "Retained" in [code(told) for told in refusals(seen)])
            eventually(lambda: states(seen)[-1]["bootId"] != boot)
            last = states(seen)[-1]
            assert (last["state"], last["reason"]) == ("offline", "disabled")
            eventually(lambda: scrape(port)[judged("cam-door")] > ROUND)
            assert opened(seen) == count
            assert "true" in ctl(place, "enable", "cam-door")
            eventually(lambda: opened(seen) > count)
            assert states(seen)[-1]["state"] == "online"
            assert daemon.stop() == 0
        seen.catch_up()
    recorded(seen)


def ctl(place: Path, *words: str) -> str:
    command = [sys.executable, "-m", "kioskd", "ctl", "--socket", str(place), *words]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def judged(door: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return "kioskd_frames_judged_total", frozenset({("door", door)})


def refusals(seen: Witness) -> list[Json]:
    return [told for told in seen.payloads("response") if told["status"] != 200]


def commanded_over_mqtt(operator: Operator, seen: Witness, port: int) -> None:
    told = operator.asks("status")["body"]
    assert (told["brokerConnected"], len(told["doors"])) == (True, 2)
    assert operator.asks("disable", door="cam-door")["status"] == 200
    count = opened(seen)
    eventually(lambda: states(seen)[-1]["reason"] == "disabled")
    gauge = "kioskd_door_enabled", frozenset({("door", "cam-door")})
    assert scrape(port)[gauge] == 0.0
    before = scrape(port)[judged("cam-door")]
    eventually(lambda: scrape(port)[judged("cam-door")] > before + ROUND)
    assert opened(seen) == count
    assert code(operator.asks("enable", door="cam-door", modified=1)) == "NotNewer"
    ahead = round(time.time() * 1000) + 3_600_000
    assert code(operator.asks("enable", door="cam-door", modified=ahead)) == "AheadOfClock"
    assert code(operator.asks("enable", door="cellar")) == "DoorNotFound"
    assert code(operator.asks("enable", door="cam-door", credential="a guess")) == "Unauthorized"
    assert code(operator.asks("end-lockout", door="cam-door")) == "EndsByTime"
    leased = operator.asks("debug", door="yard-door")["body"]
    assert leased == {"door": "yard-door", "seconds": 60.0}
    assert code(operator.asks("debug", door="cellar")) == "DoorNotFound"
    eventually(lambda: "locked_out" in str(seen.payloads("status")))
    assert operator.asks("end-lockout", door="yard-door")["status"] == 200


def commanded_here(place: Path, cameras: Callable[[], list[int]]) -> None:
    whole = {"cam-door": {"enabled": False}, "yard-door": {"enabled": True}}
    refused = asked(place, {"command": "set", "doors": {"cam-door": {"enabled": True}}})
    assert refused.body["error"]["code"] == "DoorMissing"
    assert asked(place, {"command": "set", "doors": whole}).done
    listed = {
        one["door"]: one["enabled"] for one in asked(place, {"command": "list"}).body["doors"]
    }
    assert listed == {"cam-door": False, "yard-door": True}
    before = set(cameras())
    assert asked(place, {"command": "restart", "feed": "cellar"}).status == 404
    assert asked(place, {"command": "restart", "feed": "yard"}).done
    eventually(lambda: len(now := set(cameras())) == 2 and len(now - before) == 1)
    told = asked(place, {"command": "diagnostics"}).body
    assert set(told["feeds"]) == {"cam", "yard"}
    assert len(json.dumps(told)) < 10_000  # numbers and sentences, and no picture
    assert TOKEN not in json.dumps(told)


def reloaded(place: Path, config: Path) -> None:
    """A good file is taken, also at a disabled door; a bad one is not, and the answer says why."""
    good = config.read_text()
    said = json.loads(good)
    said["doors"]["cam-door"]["pause_s"] = 1.0
    config.write_text(json.dumps(said, indent=1))
    answer = asked(place, {"command": "reload"})
    assert (answer.status, answer.body["applied"]) == (200, ["doors.cam-door.pause_s"])
    config.write_text(good[: len(good) // 2])
    refused = asked(place, {"command": "reload"})
    assert (refused.status, refused.body["error"]["code"]) == (422, "NotReloaded")
    assert f"{config}:" in refused.body["error"]["message"]
    config.write_text(good)
    assert asked(place, {"command": "status"}).body["configDigest"] == answer.body["after"]


def recorded(seen: Witness) -> None:
    """Every command stands in the record, whose chain no one breaks."""
    rows = [one.payload for one in seen.of("audit")]
    told = [row for row in rows if row["kind"] == "command"]
    for row in told:
        check("audit", row)
    answered = {one["id"]: one["status"] for one in seen.payloads("response")}
    by_mqtt = {row.get("requestId", ""): row["status"] for row in told if row["way"] == "mqtt"}
    assert by_mqtt == answered
    here = [row for row in told if row["way"] == "socket"]
    assert len(here) == 10
    assert all(str(row["by"]).startswith("uid ") for row in here)
    assert TOKEN not in json.dumps(told)
    bodies = {row["seq"]: one.body for one, row in zip(seen.of("audit"), rows, strict=True)}
    for row in told:
        before = bodies.get(int(row["seq"]) - 1)  # type: ignore[call-overload]
        assert before is None or row["previous"] == hashlib.sha256(before).hexdigest()
