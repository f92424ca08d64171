"""A layer on the whole road: a real broker, the real daemon, a clip as camera."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kioskd.control.client import NoAnswerError, asked
from kioskd.delivery import wire
from kioskd.fleet.rollout.networks_file import networks
from kioskd.layers.layer import Level, write
from kioskd.layers.network_pieces import pieces
from kioskd.signing.ed25519 import Signer, signer_at
from models.manifest import shipped
from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.daemon import LIVE, Kioskd, file_feed, kioskd, settings
from tests.support.schemas import check

TOPICS = wire.Topics("liveness/v1", "hq", "kiosk-07")
MODE = "secure_access_rgb_liveness"
KEY = "minimum_brightness"
Json = dict[str, Any]


def configuration(broker: Mosquitto) -> Json:
    config = settings(broker, {"cam": file_feed(LIVE)}, rest_s=0.0)
    config["mqtt"]["health"] = True
    config["layers"] = {"trust": "trust.json"}
    return config


class Fleet:
    """Who publishes layers, retained, whether a kiosk is there or not."""

    def __init__(self, signer: Signer, seen: Witness) -> None:
        self._signer, self._seen = signer, seen
        self._modified = round(time.time() * 1000) - 1000

    def says(self, value: object, level: Level = "fleet") -> None:
        config = f"modes: {{{MODE}: {{gate: {{{KEY}: {value}}}}}}}"
        self.asks(f"{KEY} {value}", config, level)

    def asks(
        self,
        name: str,
        config: str,
        level: Level = "fleet",
        entries: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._modified += 1
        layer = write(
            self._signer,
            level=level,
            site="hq",
            device="*",
            name=name,
            modified=self._modified,
            config=config,
            networks=entries or {},
        )
        self.publishes(TOPICS.layer(level), json.dumps(layer).encode())

    def sends(self, file: Path) -> None:
        """The networks of a file: their pieces, and a layer that asks for them."""
        entries, files = networks(file)
        for entry in entries.values():
            content = files[entry["sha256"]]
            for slot, body in pieces(entry["sha256"], content, entry["slot"]):
                self.publishes(TOPICS.piece(slot), body)
        self.asks("a network more", "", entries=entries)

    def publishes(self, topic: str, body: bytes) -> None:
        self._seen.client.publish(topic, body, qos=1, retain=True)


def layers(seen: Witness) -> list[str]:
    """The names of those that stand, as the newest health says it."""
    told = seen.payloads("health")
    return [one["name"] for one in told[-1]["layers"]] if told else []  # type: ignore[attr-defined]


def codes(seen: Witness) -> list[object]:
    """What was recorded of each layer that came."""
    rows = seen.payloads("audit")
    return [row["code"] for row in rows if row.get("command") == "layer"]


def test_a_layer_holds_at_once_and_while_the_broker_is_away_and_after_a_restart(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "k"
    folder.mkdir()
    signer = signer_at(tmp_path / "fleet.key")
    (folder / "trust.json").write_text(json.dumps({"keys": [signer.trust]}))
    with mosquitto(tmp_path) as broker:
        with witness(broker) as seen:
            fleet = Fleet(signer, seen)
            with kioskd(folder, configuration(broker)) as daemon:
                cameras = taken_at_once(fleet, seen, daemon)
                refused(fleet, seen)
                assert daemon.capture_pids() == cameras
                assert daemon.stop() == 0
            fleet.says(0.17)  # to a kiosk that is away
            with kioskd(folder, configuration(broker)) as daemon:
                eventually(lambda: layers(seen) == [f"{KEY} 0.17"])
                assert daemon.stop() == 0
            seen.catch_up()
            recorded(seen)
        broker.kill()
        with kioskd(folder, configuration(broker)) as daemon:  # and nobody to say it again
            place = folder / "state" / "control.sock"
            told = eventually(lambda: status(place))
            assert [one["name"] for one in told["layers"]] == [f"{KEY} 0.17"]
            assert not told["brokerConnected"]
            assert daemon.stop() == 0


def test_a_network_of_the_fleet_judges_beside_ours_from_the_next_start_on(tmp_path: Path) -> None:
    signer = signer_at(tmp_path / "fleet.key")
    (tmp_path / "trust.json").write_text(json.dumps({"keys": [signer.trust]}))
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = configuration(broker)
        config["layers"]["may_loosen"] = True
        with kioskd(tmp_path, config) as daemon:
            eventually(lambda: seen.of("action"))
            Fleet(signer, seen).sends(hybrid_as("theirs", tmp_path))
            eventually(lambda: codes(seen)[-1:] == [""])
            eventually(lambda: "restart" in problems(seen))
            assert not scored(seen)
            assert daemon.stop() == 0
        with kioskd(tmp_path, config) as daemon:
            eventually(lambda: scored(seen))
            assert layers(seen) == ["a network more"]
            assert daemon.stop() == 0
        for one in scored(seen):  # a real network, added under another name
            assert one["theirs"] == pytest.approx(one["hybrid"], abs=1e-3)


def hybrid_as(name: str, folder: Path) -> Path:
    """A file of networks whose one is the shipped Hybrid, cut out as ours is."""
    ours = shipped().file("hybrid")
    entry = {
        "path": str(ours.path),
        "sha256": ours.sha256,
        "crop": {"scale": 2.7, "shape": "box", "resize": "linear"},
        "size": 80,
        "colours": "bgr",
        "range": [0, 255],
        "output": "logits",
        "bona_fide": 1,
        "weight": 0.5,
    }
    file = folder / "networks.yaml"
    file.write_text(json.dumps({"networks": {name: entry}}))  # JSON is YAML
    return file


def scored(seen: Witness) -> list[dict[str, float]]:
    """The scores of each attempt in which the added network looked too."""
    told = [row.get("scores") or {} for row in seen.payloads("audit")]
    return [scores for scores in told if "theirs" in scores]  # type: ignore[operator,misc]


def problems(seen: Witness) -> list[str]:
    return [one["code"] for one in seen.payloads("status")[-1]["problems"]]  # type: ignore[attr-defined]


def status(place: Path) -> Json:
    """What the daemon says of itself; nothing, while it is not there."""
    try:
        return asked(place, {"command": "status"}).body
    except NoAnswerError:
        return {}


def taken_at_once(fleet: Fleet, seen: Witness, daemon: Kioskd) -> list[int]:
    """The capture processes, which are the same before and after."""
    eventually(lambda: seen.of("action"))
    cameras = daemon.capture_pids()
    digest = eventually(lambda: seen.payloads("health"))[-1]["configDigest"]
    fleet.says(0.16)
    eventually(lambda: codes(seen) == [""])
    eventually(lambda: layers(seen) == [f"{KEY} 0.16"])
    told = seen.payloads("health")[-1]
    assert told["configDigest"] != digest
    count = len(seen.of("action"))
    eventually(lambda: len(seen.of("action")) > count)
    assert seen.payloads("action")[-1]["x"]["configDigest"] == told["configDigest"]  # type: ignore[index]
    return cameras


def refused(fleet: Fleet, seen: Witness) -> None:
    fleet.says(0.1)  # lets more pass than the file's 0.15
    eventually(lambda: codes(seen)[-1] == "Loosens")
    fleet.publishes(TOPICS.layer("site"), b"{}")
    eventually(lambda: codes(seen)[-1] == "NotTrusted")
    assert "layers" in problems(seen)
    fleet.publishes(TOPICS.layer("site"), b"")


def recorded(seen: Witness) -> None:
    for row in seen.payloads("audit"):
        check("audit", row)
    for told in seen.payloads("health"):
        check("health", told)
