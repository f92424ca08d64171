"""Layers: which documents are taken, what comes of them and the file, and that nothing loosens."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kioskd.commanded import Commanded
from kioskd.config.config import Config
from kioskd.config.load import load
from kioskd.config.problem import ConfigError
from kioskd.delivery.mqtt import Letter
from kioskd.layers.layer import EARLIEST_MS, EVERY, MOST_BYTES, write
from kioskd.layers.layer_taker import LayerTaker, Load, Ways
from kioskd.layers.network_pieces import pieces
from kioskd.reload.reloaded import Reloaded
from kioskd.signing.ed25519 import Signer, signer_at
from models.network_file import NetworkError, verified

MODE = "secure_access_rgb_liveness"
KEY = "liveness_detection_threshold"  # the higher, the less passes; 0.6 if nobody says more
NOW = time.time()
MS = round(NOW * 1000)


@dataclass
class Kiosk:
    """A kiosk's file and its taker, whose reload path is as short as can be: check, then take."""

    folder: Path
    signer: Signer
    said: dict[str, Any]
    records: list[Commanded] = field(default_factory=list)
    trouble: str | None = None
    broken: bytes = b""  # a network that does not load
    config: Config = field(init=False)
    taker: LayerTaker = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    @property
    def file(self) -> Path:
        return self.folder / "config.yaml"

    def start(self) -> None:
        self.file.write_text(json.dumps(self.said))
        (self.folder / "var").mkdir(exist_ok=True)
        (self.folder / "trust.json").write_text(json.dumps({"keys": [self.signer.trust]}))
        config = load(self.file)
        assert config.layers is not None
        ways = Ways(lambda work: work(), self._offer, self._prove, self.records.append, self._told)
        self.taker = LayerTaker(config, config.layers, self.file, ways, lambda: NOW)
        self.config = self.taker.over(config)
        self.taker.start()

    def read_again(self) -> None:
        self.file.write_text(json.dumps(self.said) + "\n")
        self._offer(self.taker.load)

    def _prove(self, config: Config) -> None:
        """As loading does, which looks at each file's digest first."""
        for added in config.perception.added:
            if verified(added.file) == self.broken:
                raise NetworkError("its input is another")

    def _told(self, sentence: str | None) -> None:
        self.trouble = sentence

    def _offer(self, load: Load) -> Reloaded:
        before = self.config.digest
        try:
            self.config = load(self.file)
        except ConfigError as error:
            return Reloaded(before, before, refused=error.problems)
        self.taker.took(self.config.digest)
        return Reloaded(before, self.config.digest)

    def comes(self, config: str, modified: int = MS, level: Any = "fleet", **more: Any) -> str:
        """A signed layer comes: the code of what was recorded then, "" where it was taken."""
        said = {"site": EVERY, "device": EVERY, "name": "a trial", **more}
        layer = write(self.signer, level=level, modified=modified, config=config, **said)
        return self.raw(json.dumps(layer).encode(), level)

    def raw(self, document: bytes, level: str = "fleet") -> str:
        reader = self.taker.readers[f"liveness/v1/hq/kiosk-07/layers/{level}"]
        reader(Letter("", document, 1, True))
        return self.records[-1].code if self.records else "nothing"

    def threshold(self, door: str = "main") -> float:
        return float(self.config.said["doors"][door]["rgb_liveness"][KEY])

    @property
    def standing(self) -> list[tuple[str, int]]:
        return [(one["layer"], one["modified"]) for one in self.taker.told]


def of_mode(value: object, key: str = KEY) -> str:
    return f"modes:\n  {MODE}:\n    rgb_liveness:\n      {key}: {value}\n"


def of_door(value: object, door: str = "main") -> str:
    return f"doors:\n  {door}:\n    rgb_liveness:\n      {KEY}: {value}\n"


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a clip, which nobody plays here")
    feed = {"kind": "file", "path": str(clip)}
    said = {
        "site": "hq",
        "device": "kiosk-07",
        "mqtt": {"broker": "127.0.0.1"},
        "feeds": {"a": feed, "b": feed},
        "doors": {"main": {"mode": MODE, "feed": "a"}, "side": {"mode": MODE, "feed": "b"}},
        "layers": {"trust": "trust.json"},
    }
    return Kiosk(tmp_path, signer_at(tmp_path / "fleet.key"), said)


def test_a_nearer_layer_wins_over_a_wider_one_and_a_door_over_its_mode(kiosk: Kiosk) -> None:
    assert kiosk.comes(of_mode(0.7), level="fleet") == ""
    assert kiosk.comes(of_mode(0.8), level="site") == ""
    assert kiosk.comes(of_door(0.9), level="device") == ""
    assert (kiosk.threshold("main"), kiosk.threshold("side")) == (0.9, 0.8)
    assert kiosk.comes(of_mode(0.75) + of_door(0.76), MS + 1, level="device") == ""
    assert (kiosk.threshold("main"), kiosk.threshold("side")) == (0.76, 0.75)
    assert kiosk.comes("", MS + 2, level="device") == ""
    assert (kiosk.threshold("main"), kiosk.threshold("side")) == (0.8, 0.8)


def test_what_stands_in_the_file_wins_over_every_layer(kiosk: Kiosk) -> None:
    kiosk.said["doors"]["main"]["rgb_liveness"] = {KEY: 0.65}
    kiosk.said["doors"]["side"]["rgb_liveness"] = None  # with nothing behind it: as ours are
    kiosk.start()
    assert kiosk.comes(of_mode(0.9)) == ""
    assert (kiosk.threshold("main"), kiosk.threshold("side")) == (0.65, 0.6)


@pytest.mark.parametrize(
    "config",
    [
        of_mode(0.59),
        of_mode("true", "reuse_frames_for_fake"),
        of_mode("false", "passive_evidence"),
        of_mode(0.9, "calibration_slope"),  # nobody can say which way it lets more pass
        of_mode("texture_unimodal", "detection_scheme"),
        f"modes: {{{MODE}: {{lockout: {{attacks: 0, within_s: 1}}}}}}",
        f"modes: {{{MODE}: {{gate: {{maximum_yaw_deg: 21}}}}}}",
        f"modes: {{{MODE}: {{gate: {{minimum_face_size_px: 40}}}}}}",
        f"modes: {{{MODE}: {{gate: {{face_policy: largest}}}}}}",
        f"modes: {{{MODE}: {{hours: {{time_zone: Asia/Tokyo}}}}}}",
    ],
)
def test_no_layer_lets_more_pass_than_the_file_unless_the_file_allows_it(
    kiosk: Kiosk, config: str
) -> None:
    before = kiosk.config.said
    assert kiosk.comes(config) == "Loosens"
    assert kiosk.config.said == before
    assert kiosk.standing == []
    assert kiosk.records[-1].code == "Loosens"
    assert kiosk.trouble
    kiosk.said["layers"]["may_loosen"] = True
    kiosk.start()
    assert kiosk.comes(config) == ""
    assert kiosk.config.said["doors"] != before["doors"]


def test_a_nearer_layer_may_take_back_what_a_wider_one_tightened_and_no_more(kiosk: Kiosk) -> None:
    assert kiosk.comes(of_mode(0.8)) == ""
    assert kiosk.comes(of_mode(0.6), level="device") == ""
    assert kiosk.threshold() == 0.6
    assert kiosk.comes(of_mode(0.5), MS + 1, level="device") == "Loosens"
    assert kiosk.threshold() == 0.6


def test_a_layer_is_taken_only_if_it_is_strictly_newer(kiosk: Kiosk) -> None:
    assert kiosk.comes(of_mode(0.7), MS) == ""
    told = len(kiosk.records)
    kiosk.comes(of_mode(0.7), MS)  # the same, as the broker brings it at each connection
    assert len(kiosk.records) == told
    assert kiosk.comes(of_mode(0.8), MS) == "NotNewer"
    assert kiosk.comes(of_mode(0.9), MS - 1) == "NotNewer"
    assert kiosk.threshold() == 0.7
    assert kiosk.trouble
    assert kiosk.comes(of_mode(0.8), MS + 1) == ""
    assert kiosk.threshold() == 0.8
    assert not kiosk.trouble


def not_of_this_kiosk(kiosk: Kiosk) -> list[tuple[str, Callable[[], str]]]:
    forger = signer_at(kiosk.folder / "forger.key")
    signed = write(
        kiosk.signer,
        level="fleet",
        site="hq",
        device="kiosk-07",
        name="n",
        modified=MS,
        config=of_mode(0.9),
    )
    payload = base64.b64decode(signed["payload"]).replace(b"0.9", b"0.8")
    forged = {**signed, "payload": base64.b64encode(payload).decode()}
    plain = json.dumps(signed).encode()
    other = json.dumps(kiosk.signer.sign({"kind": "a session", "layer": "fleet"})).encode()

    def by_forger() -> str:
        kiosk.signer, own = forger, kiosk.signer
        try:
            return kiosk.comes(of_mode(0.9))
        finally:
            kiosk.signer = own

    return [
        ("NotTrusted", by_forger),
        ("NotTrusted", lambda: kiosk.raw(json.dumps(forged).encode())),
        ("NotTrusted", lambda: kiosk.raw(json.dumps({"config": of_mode(0.9)}).encode())),
        ("BadRequest", lambda: kiosk.raw(b"\xff" * 100)),
        ("BadRequest", lambda: kiosk.raw(plain[:-20])),
        ("TooLarge", lambda: kiosk.raw(plain + b" " * MOST_BYTES)),
        ("OtherKind", lambda: kiosk.raw(other)),
        ("OtherLevel", lambda: kiosk.raw(plain, "site")),
        ("OtherKiosk", lambda: kiosk.comes(of_mode(0.9), site="annex")),
        ("OtherKiosk", lambda: kiosk.comes(of_mode(0.9), site="hq", device="kiosk-08")),
        ("NoRealDate", lambda: kiosk.comes(of_mode(0.9), 0)),
        ("NoRealDate", lambda: kiosk.comes(of_mode(0.9), EARLIEST_MS - 1)),
        ("AheadOfClock", lambda: kiosk.comes(of_mode(0.9), MS + 3_600_000)),
        ("NotYaml", lambda: kiosk.comes("doors: [")),
        ("NotYaml", lambda: kiosk.comes("doors: {}\ndoors: {}\n")),
        ("NotYaml", lambda: kiosk.comes("a: " + "[" * 30 + "]" * 30)),
        ("CheckRefuses", lambda: kiosk.comes(of_mode("high"))),
        ("CheckRefuses", lambda: kiosk.comes(of_mode(7))),
        ("CheckRefuses", lambda: kiosk.comes(of_mode(0.9, "no_such_key"))),
        ("NotALayers", lambda: kiosk.comes("mqtt: {broker: elsewhere.example.org}")),
        ("NotALayers", lambda: kiosk.comes("doors: {main: {feed: b}}")),
        ("NotALayers", lambda: kiosk.comes(f"modes: {{{MODE}: {{mode: depth_liveness}}}}")),
        ("NotALayers", lambda: kiosk.comes("doors: 3")),
        ("NoSuchDoor", lambda: kiosk.comes(of_door(0.9, "cellar"), level="device")),
    ]


def test_whatever_else_comes_changes_nothing_and_is_told_once(kiosk: Kiosk) -> None:
    assert kiosk.comes(of_mode(0.7), MS - 10) == ""
    digest, standing = kiosk.config.digest, kiosk.standing
    for code, comes in not_of_this_kiosk(kiosk):
        told = len(kiosk.records)
        assert comes() == code
        assert (kiosk.config.digest, kiosk.standing) == (digest, standing), code
        assert len(kiosk.records) == told + 1
        assert kiosk.records[-1].status >= 400
        assert kiosk.trouble, code
        comes()
        assert len(kiosk.records) == told + 1, f"{code} is told again and again"
    assert kiosk.threshold() == 0.7


def test_a_flood_of_forged_layers_does_not_fill_the_record(kiosk: Kiosk) -> None:
    for number in range(200):
        kiosk.raw(b"%d" % number)
    assert len(kiosk.records) == 30


def test_it_holds_after_a_restart_without_a_broker(kiosk: Kiosk) -> None:
    kiosk.comes(of_mode(0.7), level="site")
    kiosk.comes(of_mode(0.8), level="device")
    digest = kiosk.config.digest
    kiosk.start()
    assert (kiosk.threshold(), kiosk.config.digest) == (0.8, digest)
    assert kiosk.comes(of_mode(0.9), MS - 1, level="device") == "NotNewer"


def test_a_kept_layer_that_was_changed_on_the_disk_is_left_and_the_one_before_stands(
    kiosk: Kiosk,
) -> None:
    kiosk.comes(of_mode(0.7), MS)
    kiosk.comes(of_mode(0.8), MS + 1)
    path = kiosk.folder / "var" / "layers" / "fleet.json"
    path.write_bytes(path.read_bytes().replace(b"payload", b"paylaod"))
    kiosk.start()
    assert (kiosk.threshold(), kiosk.standing) == (0.7, [("fleet", MS)])


def test_a_layer_of_a_key_that_is_forgotten_holds_no_longer(kiosk: Kiosk) -> None:
    kiosk.comes(of_mode(0.7))
    kiosk.signer = signer_at(kiosk.folder / "other.key")
    kiosk.start()
    assert kiosk.threshold() == 0.6


def test_the_file_has_the_last_word_over_a_layer_that_does_not_fit_it_any_more(
    kiosk: Kiosk,
) -> None:
    kiosk.said["layers"]["may_loosen"] = True
    kiosk.start()
    kiosk.comes(of_mode(0.5))
    kiosk.comes(of_door(0.9), level="device")
    kiosk.said["layers"]["may_loosen"] = False
    kiosk.start()
    assert (kiosk.threshold("main"), kiosk.threshold("side")) == (0.9, 0.6)
    assert [level for level, _ in kiosk.standing] == ["device"]
    assert "side" in (kiosk.trouble or "")


def test_a_changed_file_keeps_its_layers(kiosk: Kiosk) -> None:
    kiosk.comes(of_mode(0.8))
    kiosk.said["doors"]["main"]["rgb_liveness"] = {KEY: 0.62}
    kiosk.read_again()
    assert (kiosk.threshold("main"), kiosk.threshold("side")) == (0.62, 0.8)
    assert kiosk.standing == [("fleet", MS)]


def test_a_layer_ahead_of_the_clock_is_taken_when_its_time_has_come(kiosk: Kiosk) -> None:
    assert kiosk.comes(of_mode(0.8), MS + 3_600_000) == "AheadOfClock"
    kiosk.taker.turn()
    assert kiosk.threshold() == 0.6
    kiosk.taker._wall = lambda: NOW + 3_600
    kiosk.taker._again_at = 0.0
    kiosk.taker.turn()
    assert kiosk.threshold() == 0.8


def test_a_layer_that_comes_while_the_file_is_broken_waits_for_it(kiosk: Kiosk) -> None:
    whole = kiosk.file.read_text()
    kiosk.file.write_text(whole[:-20])
    assert kiosk.comes(of_mode(0.8)) == "NotTaken"
    kiosk.file.write_text(whole)
    kiosk.taker.turn()
    assert kiosk.threshold() == 0.8


def network(content: bytes, **more: object) -> dict[str, Any]:
    """The entry of a network with this file."""
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "slot": 0}
    entry |= {"crop": {"scale": 1.5, "shape": "square", "resize": "area"}, "size": 128}
    entry |= {"colours": "rgb", "range": [0, 1], "output": "logits", "bona_fide": 0}
    return {**entry, "weight": 0.5, **more}


ONNX = bytes(range(256)) * 1500  # two pieces


@pytest.fixture
def trusting(kiosk: Kiosk) -> Kiosk:
    """One whose file lets a layer loosen, as a network of the fleet's may."""
    kiosk.said["layers"]["may_loosen"] = True
    kiosk.start()
    return kiosk


def piece(kiosk: Kiosk, slot: int, body: bytes) -> None:
    reader = kiosk.taker.readers[f"liveness/v1/hq/kiosk-07/layers/network/{slot}"]
    reader(Letter("", body, 1, True))
    kiosk.taker.turn()


def test_a_network_is_used_once_all_of_its_pieces_have_come(trusting: Kiosk) -> None:
    entry = network(ONNX)
    assert trusting.comes("", networks={"theirs": entry}) == "NetworkMissing"
    for slot, body in pieces(entry["sha256"], ONNX, 0):
        assert trusting.config.perception.added == ()
        piece(trusting, slot, body)
    (added,) = trusting.config.perception.added
    assert (added.name, added.weight, added.file.path.read_bytes()) == ("theirs", 0.5, ONNX)
    trusting.start()
    assert [one.name for one in trusting.config.perception.added] == ["theirs"]


def test_without_the_files_leave_no_network_is_taken(kiosk: Kiosk) -> None:
    assert kiosk.comes("", networks={"theirs": network(ONNX)}) == "Loosens"
    assert not any("network" in topic for topic in kiosk.taker.readers)


def test_pieces_that_make_another_file_are_never_written_down(trusting: Kiosk) -> None:
    entry = network(ONNX)
    trusting.comes("", networks={"theirs": entry})
    for slot, body in pieces(entry["sha256"], ONNX[:-1] + b"!", 0):
        piece(trusting, slot, body)
    assert trusting.config.perception.added == ()
    assert list((trusting.folder / "var").rglob("*.onnx")) == []


def test_a_network_that_does_not_load_is_not_used_then_nor_after_a_start(trusting: Kiosk) -> None:
    entry = network(ONNX)
    for slot, body in pieces(entry["sha256"], ONNX, 0):
        piece(trusting, slot, body)
    trusting.broken = ONNX
    assert trusting.comes(of_mode(0.7), networks={"theirs": entry}) == "NetworkRefused"
    assert trusting.threshold() == 0.6
    trusting.broken = b""
    assert trusting.comes(of_mode(0.7), MS + 1, networks={"theirs": entry}) == ""
    assert trusting.threshold() == 0.7
    trusting.broken = ONNX  # as after an upgrade of what runs it
    trusting.start()
    assert (trusting.threshold(), trusting.config.perception.added) == (0.6, ())
    assert trusting.trouble


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (network(ONNX, bytes=2**30), "BadLayer"),
        (network(ONNX, slot=31), "BadLayer"),
        (network(ONNX, slot=-1), "BadLayer"),
        (network(ONNX, sha256="../../x"), "BadLayer"),
        (network(ONNX, weight=9), "CheckRefuses"),
        (network(ONNX, more=9), "CheckRefuses"),
    ],
)
def test_an_entry_that_is_none_is_refused(
    trusting: Kiosk, entry: dict[str, Any], code: str
) -> None:
    for slot, body in pieces(hashlib.sha256(ONNX).hexdigest(), ONNX, 0):
        piece(trusting, slot, body)
    assert trusting.comes("", networks={"theirs": entry}) == code
    assert trusting.config.perception.added == ()


def test_files_that_no_layer_asks_for_any_more_go(trusting: Kiosk) -> None:
    for slot, body in pieces(network(ONNX)["sha256"], ONNX, 0):
        piece(trusting, slot, body)
    assert trusting.comes("", networks={"theirs": network(ONNX)}) == ""
    files = trusting.folder / "var" / "layers" / "networks"
    assert len(list(files.glob("*.onnx"))) == 1
    trusting.comes("", MS + 1)  # the one before asks for it still: it may come back
    assert len(list(files.glob("*.onnx"))) == 1
    trusting.comes("", MS + 2)
    assert list(files.iterdir()) == []
