"""Messages as a kiosk signs them, made without the code that signs, for tests of who reads them."""

import base64
import copy
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kioskd.signing.ed25519 import key_id

BASE = "liveness/v1/hq/kiosk-07"
TOPIC, STATUS, AUDIT = f"{BASE}/door-3/action", f"{BASE}/status", f"{BASE}/audit"
BOOT = "af7792a9-e2c9-46ff-b8c4-00c98b51aed5"
NOW = 1730000001300  # ms: when the example comes

KEY = Ed25519PrivateKey.from_private_bytes(b"kioskd conformance, no real key!")
OTHER = Ed25519PrivateKey.from_private_bytes(b"and this one is of another kiosk")


def public(key: Ed25519PrivateKey = KEY) -> bytes:
    return key.public_key().public_bytes_raw()


def signed(
    topic: str, payload: dict[str, Any], key: Ed25519PrivateKey = KEY, *, ascii_alone: bool = False
) -> bytes:
    ours = {**payload.get("x", {}), "alg": "Ed25519", "keyId": key_id(public(key))}
    rest = {name: value for name, value in payload.items() if name != "x"}
    text = json.dumps({**rest, "x": ours}, ensure_ascii=ascii_alone, separators=(",", ":"))
    content = text.encode()[:-2]
    subject = topic.removeprefix("liveness/v1/").encode()
    signature = base64.urlsafe_b64encode(key.sign(b"kioskd-1\n" + subject + b"\n" + content))
    return content + b',"sig":"' + signature.rstrip(b"=") + b'"}}'


ACTION: dict[str, Any] = {
    "eventId": "f2da7ef8-1ebc-49a3-bd46-23f02214dcc3",
    "type": "action",
    "actionId": "rgbLiveness",
    "startTime": NOW - 1300,
    "endTime": NOW - 100,
    "siteId": "hq",
    "sourceId": "door-3",
    "personId": None,
    "idClass": None,
    "liveness": 0.93,
    "livenessConfirmed": "true",
    "x": {
        "schema": 1,
        "deviceId": "kiosk-07",
        "doorId": "side-entrance",
        "cameraId": "1c0d5a2b7f3e4d96",
        "bootId": BOOT,
        "seq": 4711,
        "trackId": 18,
        "mode": "secure_access_rgb_liveness",
        "attempt": 1,
        "frames": 10,
        "capturedAt": NOW - 100,
        "issuedAt": NOW - 82,
        "expiresAt": NOW + 4900,
        "latencyMs": 1218,
        "clockSynchronised": True,
        "rgbLivenessState": {"currentState": "LIVENESS_CONFIRMED"},
        "modelVersion": "hybrid:1f2e3d4c",
        "configDigest": "9b1c22d0",
    },
}
COMPACT: dict[str, Any] = {
    "eventId": ACTION["eventId"],
    "actionId": "rgbLiveness",
    "endTime": NOW - 100,
    "liveness": 0.93,
    "livenessConfirmed": "true",
    "x": {
        "boot": BOOT[:8],
        "expiresAt": NOW + 4900,
        "doorId": "side-entrance",
        "cameraId": "1c0d5a2b7f3e4d96",
        "seq": 4711,
        "clockSynchronised": True,
        "configDigest": "9b1c22d0",
    },
}
ONLINE: dict[str, Any] = {
    "schema": 1,
    "siteId": "hq",
    "deviceId": "kiosk-07",
    "bootId": BOOT,
    "version": "0.1.0",
    "state": "online",
    "problems": [],
    "since": NOW - 60000,
    "x": {"seq": 7, "issuedAt": NOW - 60000, "clockSynchronised": True},
}


def but(payload: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same with other values; under x those whose names begin with x_; None takes one out."""
    changed = copy.deepcopy(payload)
    for name, value in changes.items():
        place, key = (changed["x"], name[2:]) if name.startswith("x_") else (changed, name)
        place[key] = value
        if value is None and key not in ("personId", "idClass"):
            del place[key]
    return changed
