"""Records of a kiosk as its log signs and chains them, made without the code that does so."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kioskd.fleet.collector.record import Heard
from tests.support.signed import BOOT, KEY, signed

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)  # when the cluster took what these tests send
EPOCH = "6c1f0f4e-52a0-4d3c-8c55-0b7a3f3b9f10"


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@dataclass
class FleetKiosk:
    """A kiosk's log. `said` stands in every record; None takes a key out."""

    site: str = "hq"
    device: str = "kiosk-07"
    key: Ed25519PrivateKey = KEY
    epoch: str = EPOCH
    boot: str = BOOT
    seq: int = 0
    previous: str | None = None
    said: dict[str, Any] = field(default_factory=dict)

    def record(self, **changes: Any) -> bytes:
        """The next record, signed; `changes` stand in it instead of what usually does."""
        self.seq += 1
        payload = {**self._result(), **self.said, **changes}
        payload = {name: value for name, value in payload.items() if value is not REMOVED}
        body = signed(f"liveness/v1/{self.subject}", payload, self.key, ascii_alone=True)
        self.previous = hashlib.sha256(body).hexdigest()
        return body

    def records(self, count: int) -> list[bytes]:
        return [self.record() for _ in range(count)]

    @property
    def subject(self) -> str:
        return f"{self.site}/{self.device}/audit"

    def heard(self, *bodies: bytes, at: datetime = AT) -> list[Heard]:
        return [Heard(self.subject, body, at) for body in bodies]

    def told(self, kind: str, payload: dict[str, Any], at: datetime = AT) -> list[Heard]:
        """A status, a state, alarms, or health, which alone is not signed."""
        said = {"schema": 1, "siteId": self.site, "deviceId": self.device, "bootId": self.boot}
        said |= payload
        subject = f"{self.site}/{self.device}/{kind}"
        body = json.dumps(said).encode()
        if kind != "health":
            body = signed(f"liveness/v1/{subject}", said, self.key)
        return [Heard(subject, body, at)]

    def _result(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "epoch": self.epoch,
            "previous": self.previous,
            "schema": 1,
            "kind": "result",
            "eventId": f"f2da7ef8-1ebc-49a3-bd46-{self.seq:012x}",
            "siteId": self.site,
            "deviceId": self.device,
            "bootId": self.boot,
            "sourceId": "door-3",
            "doorId": "side-entrance",
            "recordedAt": ms(AT),
            "actionId": "rgbLiveness",
            "mode": "secure_access_rgb_liveness",
            "verdict": "passed",
            "emits": True,
            "attributes": {"liveness": 0.93, "livenessConfirmed": "true"},
            "reasons": [],
            "scores": {"hybrid": 0.93},
            "x": {
                "clockSynchronised": True,
                "modelVersion": "hybrid:1f2e3d4c",
                "configDigest": "9b1c22d0",
            },
        }


REMOVED = object()


def shuffled(bodies: Sequence[bytes], step: int) -> list[bytes]:
    """The same in another order, always the same one: every so-many-th, round and round."""
    return [bodies[(index * step) % len(bodies)] for index in range(len(bodies))]
