"""How large a kiosk's messages are on the wire, for controllers with little memory. Pure."""

from dataclasses import dataclass

from feeds.state import FeedState
from kioskd.delivery import wire
from kioskd.delivery.broker_limits import packet_bytes
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.event import Result

_ID = "00000000-0000-0000-0000-000000000000"
_AT = 1730000000.0  # any time of this century has as many digits


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of whole MQTT packets, topic and all.

    status and state say that all is well; a sentence in them, or a problem, comes on top.
    """

    action: int
    status: int
    state: int


def sizes(settings: DeliverySettings, source: str, compact: bool) -> Sizes:
    """Of rgbLiveness events, the largest of the usual ones, from this source."""
    topics = wire.Topics(settings.prefix, settings.site, settings.device)
    sender = wire.Sender(
        settings.site,
        settings.device,
        _ID,
        settings.version,
        settings.model_version,
        settings.config_digest,
        settings.doors,
    )
    action = wire.action(sender, _result(source), wire.Issue(_ID, 100_000, _AT, 1.2, 5.0))
    status = wire.status(sender, "online", {}, _AT)
    state = wire.feed_state(sender, FeedState(source, "online", "", "", _AT))
    if compact:
        action, status = wire.compact_action(action), wire.compact_status(status)
        state = wire.compact_state(state)

    def size(topic: str, payload: wire.Payload, expires: bool = False) -> int:
        return packet_bytes(topic, wire.encode(payload), 1, settings.protocol == "5", expires)

    return Sizes(
        size(topics.action(source), action, expires=settings.protocol == "5"),
        size(topics.status, status),
        size(topics.state(source), state),
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
    """The sizes in both forms, in Markdown."""
    full, compact = (sizes(settings, source, form) for form in (False, True))
    rows = [f"| {name} | {getattr(full, name)} | {getattr(compact, name)} |" for name in _NAMES]
    return "\n".join(("| message | full, bytes | compact, bytes |", "|---|---|---|", *rows))


_NAMES = ("action", "status", "state")
# As in docs/connect/mqtt.md
EXAMPLE = DeliverySettings(
    "",
    0,
    site="hq",
    device="kiosk-07",
    version="0.1.0",
    model_version="context:5a6b7c8d,face_landmarks:8a5bef0f,hybrid:1f2e3d4c,texture:3c4d5e6f,"
    "yunet:21642bd2",  # those of the default scheme
    config_digest="9b1c22d0",
    doors={"door-3": "side-entrance"},
)

if __name__ == "__main__":
    print(table(EXAMPLE, "door-3"))
