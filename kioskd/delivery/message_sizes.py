"""How large a kiosk's messages are on the wire, for controllers with little memory. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from feeds.state import FeedState
from kioskd.delivery import wire
from kioskd.delivery.broker_limits import packet_bytes
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.envelope import Envelope
from kioskd.delivery.seal import Seal
from kioskd.event import Result
from kioskd.time_service import ClockQuality

Compact = Callable[[wire.Payload], wire.Payload]

_ID = "00000000-0000-0000-0000-000000000000"
_CLOCK = ClockQuality(True, -12.345, 1234.567)  # as long as it is on a machine that is kept
_AT = 1730000000.0  # any time of this century has as many digits


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of whole MQTT packets, topic and all.

    status and state say that all is well; a sentence in them, or a problem, comes on top.
    """

    action: int
    status: int
    state: int


def sizes(settings: DeliverySettings, source: str) -> Sizes:
    """Of rgbLiveness events, the largest of the usual ones, from this source."""
    topics = settings.topics
    sender = wire.Sender(
        settings.site,
        settings.device,
        _ID,
        settings.version,
        settings.model_version,
        settings.config_digest,
        settings.doors,
        settings.cameras,
    )
    telling = wire.Telling(100, _AT, _CLOCK)
    issue = wire.Issue(_ID, 100_000, _AT, 1.2, 5.0, _CLOCK)
    action = wire.action(sender, _result(source), issue)
    status = wire.status(sender, "online", {}, _AT, telling)
    state = wire.feed_state(sender, FeedState(source, "online", "", "", _AT), telling)
    envelope, five = Envelope(settings, topics, _SEAL), settings.protocol == "5"

    def size(topic: str, payload: wire.Payload, compact: Compact, expires: bool = False) -> int:
        return packet_bytes(topic, envelope.encoded(topic, payload, compact), 1, five, expires)

    return Sizes(
        size(topics.action(source), action, wire.compact_action, expires=five),
        size(topics.status, status, wire.compact_status),
        size(topics.state(source), state, wire.compact_state),
    )


def _result(source: str) -> Result:
    return Result(
        action="rgbLiveness",
        feed=source,
        mode="secure_access_rgb_liveness",
        track_id=100,
        attempt=1,
        verdict="passed",
        state="LIVENESS_CONFIRMED",
        emits=True,
        attributes={"liveness": 0.9876, "livenessConfirmed": "true"},
        started_at=0.0,
        decided_at=1.2,
        captured_at=_AT,
        frames=10,
    )


def table(settings: DeliverySettings, source: str) -> str:
    """The sizes in every form, in Markdown."""
    compact = replace(settings, payload="compact")
    forms = {
        "full": settings,
        "full, unsigned": replace(settings, signed=False),
        "compact": compact,
        "compact, signed": replace(compact, signed_compact=True),
    }
    found = [sizes(form, source) for form in forms.values()]
    rows = [(name, *(str(getattr(one, name)) for one in found)) for name in _NAMES]
    lines = [("bytes", *forms), ("---",) * (1 + len(forms)), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_NAMES = ("action", "status", "state")
_SEAL = Seal("0" * 16, lambda _: bytes(64))  # every key and signature has as many bytes
# As in docs/connect/mqtt.md
EXAMPLE = DeliverySettings(
    "",
    0,
    site="hq",
    device="kiosk-07",
    version="0.1.0",
    model_version="context:5a6b7c8d,detail:7e8f9a0b,face_landmarks:8a5bef0f,hybrid:1f2e3d4c,"
    "texture:3c4d5e6f,yunet:21642bd2",  # those of the default scheme
    config_digest="9b1c22d0",
    doors={"door-3": "side-entrance"},
    cameras={"door-3": "1c0d5a2b7f3e4d96"},
)

if __name__ == "__main__":
    print(table(EXAMPLE, "door-3"))
