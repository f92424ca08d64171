"""What a kiosk says carries its signature, over bytes that a reader finds without building JSON."""

import base64
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from feeds.state import FeedState
from kioskd.config.load import load
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.courier import Courier
from kioskd.delivery.delivery_context import nobody
from kioskd.delivery.delivery_settings import DeliverySettings, Protocol
from kioskd.delivery.seal import Seal
from kioskd.delivery.wire import SchemaName
from kioskd.problems import Problems
from kioskd.signing.ed25519 import Signer, signer_at
from tests.support.broker import eventually, mosquitto, witness
from tests.support.daemon import LIVE, Kioskd, file_feed, kioskd
from tests.support.daemon import settings as with_doors
from tests.support.on_the_wire import RECENT, StillClock
from tests.support.schemas import check
from tests.support.scripted_broker import Published, ScriptedBroker, scripted_broker

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Signer(KEY)
SEAL = Seal(SIGNER.key_id, SIGNER.signature)
BASE = "hq/kiosk-07"


def settings(broker: ScriptedBroker, **more: Any) -> DeliverySettings:
    return replace(
        broker.settings(),
        version="0.1.0",
        model_version="hybrid:1f2e3d4c",
        config_digest="9b1c22d0",
        doors={"door-3": "side-entrance"},
        cameras={"door-3": "0123456789abcdef"},
        **more,
    )


def said(folder: Path, **more: Any) -> dict[str, list[Published]]:
    """By kind, all that a kiosk with a seal says about a person who is let in."""
    with scripted_broker() as broker:
        mine = settings(broker, **more)
        encode = partial(SEAL.encoded, f"{BASE}/audit")
        with closing(AuditLog(folder / "audit.db", encode=encode)) as log:
            courier = Courier(mine, log, Problems(nobody), nobody, StillClock(), seal=SEAL)
            courier.start()
            courier.feed_state(FeedState("door-3", "online", "", "", 1730000001.0))
            courier.deliver(RECENT)
            eventually(lambda: len(broker.of("audit")) == 2 and broker.of("state"))
            courier.stop()
            courier.join()
            return {kind: broker.of(kind) for kind in ("action", "state", "status", "audit")}


def proved(subject: str, body: bytes) -> dict[str, Any]:
    """The payload, by the rule of docs/connect/mqtt.md: InvalidSignature if it does not hold."""
    content, tail = body[:-97], body[-97:]
    assert tail[:8] == b',"sig":"'
    assert tail[-3:] == b'"}}'
    signature = base64.urlsafe_b64decode(tail[8:-3] + b"==")
    signed = b"kioskd-1\n" + subject.encode() + b"\n" + content
    KEY.public_key().verify(signature, signed)
    found: dict[str, Any] = json.loads(body)
    assert list(found)[-1] == "x"
    assert list(found["x"])[-1] == "sig"
    return found


SUBJECTS = {
    "action": f"{BASE}/door-3/action",
    "state": f"{BASE}/door-3/state",
    "status": f"{BASE}/status",
    "audit": f"{BASE}/audit",
}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_events_states_status_and_records_are_signed(tmp_path: Path, protocol: Protocol) -> None:
    messages = said(tmp_path, protocol=protocol)
    for kind, subject in SUBJECTS.items():
        assert messages[kind]
        for message in messages[kind]:
            payload = proved(subject, message.body)
            check(kind, payload)  # type: ignore[arg-type]
            assert payload["x"]["alg"] == "Ed25519"
            assert payload["x"]["keyId"] == SIGNER.key_id
            assert payload["x"]["clockSynchronised"] is True


def test_what_is_signed_says_by_which_camera_networks_and_configuration(tmp_path: Path) -> None:
    messages = said(tmp_path)
    (action,) = messages["action"]
    ours = proved(SUBJECTS["action"], action.body)["x"]
    assert {"seq", "bootId", "capturedAt", "expiresAt", "doorId"} <= ours.keys()
    state = proved(SUBJECTS["state"], messages["state"][-1].body)["x"]
    result = proved(SUBJECTS["audit"], messages["audit"][0].body)["x"]
    for told in (ours, state, result):
        assert told["cameraId"] == "0123456789abcdef"
        assert told["modelVersion"] == "hybrid:1f2e3d4c"
        assert told["configDigest"] == "9b1c22d0"
    numbers = [proved(SUBJECTS["status"], each.body)["x"]["seq"] for each in messages["status"]]
    assert numbers == sorted(set(numbers))


def test_what_was_said_on_one_topic_is_not_proved_on_another(tmp_path: Path) -> None:
    (action,) = said(tmp_path)["action"]
    for subject in (f"{BASE}/door-4/action", f"{BASE}/door-3/state", "hq/kiosk-08/door-3/action"):
        with pytest.raises(InvalidSignature):
            proved(subject, action.body)


def test_the_last_will_is_signed_too(tmp_path: Path) -> None:
    with scripted_broker() as broker, closing(AuditLog(tmp_path / "audit.db")) as log:
        mine = settings(broker)
        courier = Courier(mine, log, Problems(nobody), nobody, StillClock(), seal=SEAL)
        courier.start()
        eventually(lambda: broker.of("status"))
        courier.stop()
        courier.join()
        connect = broker.connects[0]
    will = connect[connect.index(b"{") :]
    payload = proved(SUBJECTS["status"], will)
    assert (payload["state"], payload["x"]["seq"], payload["x"]["issuedAt"]) == (
        "offline",
        None,
        None,
    )


COMPACT: dict[str, SchemaName] = {
    "action": "action_compact",
    "state": "state_compact",
    "status": "status_compact",
}


def test_the_compact_forms_stay_as_small_as_they_were_and_are_signed_where_that_is_asked_for(
    tmp_path: Path,
) -> None:
    plain, signed = (
        said(tmp_path / "a", payload="compact"),
        said(tmp_path / "b", payload="compact", signed_compact=True),
    )
    for kind, schema in COMPACT.items():
        assert all(message.size <= 256 for message in plain[kind])
        assert not any(b'"sig"' in message.body for message in plain[kind])
        for message in signed[kind]:
            payload = proved(SUBJECTS[kind], message.body)
            check(schema, payload)
            assert message.size <= 512
    ours = proved(SUBJECTS["action"], signed["action"][0].body)["x"]
    assert {"boot", "expiresAt", "seq", "doorId", "cameraId", "configDigest"} <= ours.keys()
    for messages in (plain, signed):
        for message in messages["audit"]:
            proved(SUBJECTS["audit"], message.body)


def test_signing_changes_no_field_that_readers_know(tmp_path: Path) -> None:
    signed, plain = said(tmp_path / "a"), said(tmp_path / "b", signed=False)
    for kind in ("action", "state", "status"):
        for one, other in zip(signed[kind], plain[kind], strict=True):
            with_, without = json.loads(one.body), json.loads(other.body)
            assert list(with_) == list(without)
            added = with_["x"].keys() - without["x"].keys()
            assert added == {"alg", "keyId", "sig"}


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("", None),
        ("signing: {enabled: false}", "signing.enabled is false"),
        ("form: compact", "signing.compact false"),
        ("form: compact\nsigning: {compact: true}", None),
    ],
)
def test_a_kiosk_that_signs_nothing_says_why(
    tmp_path: Path, section: str, reason: str | None
) -> None:
    form = ", payload: compact" if "form: compact" in section else ""
    (tmp_path / "config.yaml").write_text(
        f"site: hq\ndevice: k\nmqtt: {{broker: localhost{form}}}\n"
        "feeds: {f: {kind: usb, device: 0}}\n"
        "doors: {d: {mode: secure_access_rgb_liveness, feed: f}}\n"
        + section.replace("form: compact", "")
    )
    told = load(tmp_path / "config.yaml", {}).delivery.unsigned
    assert told is None if reason is None else told is not None and reason in told


def camera(tmp_path: Path, feed: str, environment: dict[str, str] | None = None) -> str:
    (tmp_path / "config.yaml").write_text(
        "site: hq\ndevice: k\nmqtt: {broker: localhost}\n"
        f"feeds: {{f: {feed}}}\n"
        "doors: {d: {mode: secure_access_rgb_liveness, feed: f}}\n"
    )
    return load(tmp_path / "config.yaml", environment or {}).delivery.cameras["f"]


def test_another_camera_has_another_identity_and_another_password_has_not(tmp_path: Path) -> None:
    of: Callable[..., str] = partial(camera, tmp_path)
    first = of('{kind: rtsp, url: "rtsp://me:${P}@192.0.2.1/a"}', {"P": "one"})
    assert first == of('{kind: rtsp, url: "rtsp://you:${P}@192.0.2.1/a", stall_s: 3}', {"P": "2"})
    others = {
        of('{kind: rtsp, url: "rtsp://me:${P}@192.0.2.2/a"}', {"P": "one"}),
        of('{kind: rtsp, url: "rtsp://me:${P}@192.0.2.1/b"}', {"P": "one"}),
        of("{kind: usb, device: 0}"),
        of("{kind: usb, device: 1}"),
        of('{kind: realsense, serial: "123456789012"}'),
    }
    assert len(others) == 5
    assert first not in others


def test_a_daemon_that_signs_nothing_says_so_and_makes_no_key(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = with_doors(broker, {"live": file_feed(LIVE)}) | {"signing": {"enabled": False}}
        with kioskd(tmp_path, config) as kiosk:
            eventually(lambda: seen.of("action") and seen.of("audit"))
            eventually(lambda: '"unsigned"' in seen.of("status")[-1].body.decode())
            kiosk.stop()
        assert not any(b'"sig"' in each.body for each in seen.seen)
        status = next(each for each in seen.of("status") if b'"unsigned"' in each.body)
        check("status", status.payload)
    assert not (tmp_path / "state" / "signing.key").exists()


def test_a_daemon_whose_key_others_may_read_does_not_start(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        config = with_doors(broker, {"live": file_feed(LIVE)})
        (tmp_path / "state").mkdir()
        key = tmp_path / "state" / "signing.key"
        signer_at(key)
        key.chmod(0o644)
        daemon = Kioskd(tmp_path, config)
        daemon.start()
        assert daemon.wait() == 2
        assert "others may read the key" in daemon.log
