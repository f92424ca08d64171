"""Whether a door may open: the rules of docs/connect/mqtt.md, in their order, each with a code."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

from kioskd.verify.proof import Code, RefusedError, proved

LONGEST_MS = 5000  # that an action may be acted on, from the capture of its deciding frame
REMEMBERED = 1000  # events that were opened on
BOOT_DIGITS = 8  # of the boot id, as the short form has them


@dataclass(frozen=True, slots=True)
class Door:
    """What a controller was told of its door.

    topic      on which its actions come, exactly
    action     the actionId of the door's mode
    attribute  what must be "true" beside it; None: the action itself says so (poseLiveness)
    keys       public keys of its kiosk, 32 bytes each
    prefix     of the topic: mqtt.topic_prefix of the kiosk
    door       doorId; None: the topic alone tells
    camera     cameraId; None: any
    apart_ms   so far may the two clocks be apart
    """

    topic: str
    action: str
    attribute: str | None
    keys: tuple[bytes, ...]
    prefix: str = "liveness/v1"
    door: str | None = None
    camera: str | None = None
    apart_ms: int = 2000

    def __post_init__(self) -> None:
        """Raises ValueError for what is no topic of actions."""
        levels = self.subject.split("/")
        if self.subject == self.topic or len(levels) != 4 or levels[3] != "action":
            raise ValueError(f"{self.topic!r} is no {self.prefix}/SITE/DEVICE/SOURCE/action")

    @property
    def subject(self) -> str:
        return self.topic.removeprefix(f"{self.prefix}/")

    @property
    def kiosk(self) -> str:
        """The site and the device."""
        return self.subject.rsplit("/", 2)[0]

    @property
    def source(self) -> str:
        return self.subject.split("/")[2]

    @property
    def status_topic(self) -> str:
        return f"{self.prefix}/{self.kiosk}/status"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be made of a message: `opens`, `noted` (of a status), or why it was refused."""

    code: Code | Literal["opens", "noted"]
    sentence: str = ""
    said: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def opens(self) -> bool:
        return self.code == "opens"


class Verifier:
    """One door's. It remembers the kiosk's status, and what it opened on."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._online: str | None = None  # the boot id of the kiosk, while it says that it is online
        self._boot, self._status_seq = "", 0  # of the newest status
        self._opened: OrderedDict[str, None] = OrderedDict()  # event ids
        self._last: dict[str, int] = {}  # by boot id, seq of the last event opened on

    def heard(self, topic: str, payload: bytes, retained: bool, now_ms: int) -> Verdict:
        """A message that came, actions and status alike; whatever is not right is refused.

        now_ms  the controller's own clock, milliseconds since 1970
        """
        try:
            if topic == self._door.status_topic:
                return self._noted(payload)
            return self._judged(topic, payload, retained, now_ms)
        except RefusedError as refusal:
            return Verdict(refusal.code, str(refusal))

    def _judged(self, topic: str, payload: bytes, retained: bool, now_ms: int) -> Verdict:
        door = self._door
        if topic != door.topic:
            raise RefusedError("other_topic", f"it came on {topic}, not on this door's topic")
        if retained is not False:
            raise RefusedError("retained", "it is retained: of an earlier time")
        said = proved(door.subject, payload, door.keys)
        ours = said["x"]
        self._of_this_door(said, ours)
        _confirmed(door, said)
        _fresh(door, said, ours, now_ms)
        event, boot, seq = (
            said.get("eventId"),
            ours.get("bootId", ours.get("boot")),
            ours.get("seq"),
        )
        if not (_text(event) and _text(boot) and _whole(seq)):
            raise RefusedError("unreadable", "eventId, x.seq or the boot id is missing")
        if len(boot) < BOOT_DIGITS:
            raise RefusedError("unreadable", "its boot id is cut short")
        self._new(event, boot[:BOOT_DIGITS], seq)
        if self._online is None or not self._online.startswith(boot):
            raise RefusedError("not_online", "the kiosk does not say that it is online, or not now")
        self._remember(event, boot[:BOOT_DIGITS], seq)
        return Verdict("opens", "", said)

    def _of_this_door(self, said: dict[str, Any], ours: dict[str, Any]) -> None:
        """The short form names no site, device and source: the signature binds it to the topic."""
        door = self._door
        kiosk = f"{said.get('siteId')}/{ours.get('deviceId')}"
        if ("siteId" in said or "deviceId" in ours) and kiosk != door.kiosk:
            raise RefusedError("other_kiosk", f"it is of the kiosk {kiosk}")
        other = said.get("sourceId", door.source) != door.source
        if other or (door.door is not None and ours.get("doorId") != door.door):
            raise RefusedError("other_door", "it is of another door or camera of that kiosk")
        if door.camera is not None and ours.get("cameraId") != door.camera:
            raise RefusedError("other_door", "it was seen by another camera than this door's")

    def _new(self, event: str, boot: str, seq: int) -> None:
        if event in self._opened:
            raise RefusedError("seen", "it was acted on already")
        if seq <= self._last.get(boot, 0):
            raise RefusedError("out_of_order", "a later event was acted on already")

    def _remember(self, event: str, boot: str, seq: int) -> None:
        self._opened[event] = None
        if len(self._opened) > REMEMBERED:
            self._opened.popitem(last=False)
        self._last = {boot: seq}  # events of any other start are not the online kiosk's

    def _noted(self, payload: bytes) -> Verdict:
        """The kiosk's availability. One that is refused changes nothing."""
        door = self._door
        said = proved(f"{door.kiosk}/status", payload, door.keys)
        boot, seq, state = said.get("bootId"), said["x"].get("seq"), said.get("state")
        told = f"{said.get('siteId')}/{said.get('deviceId')}"
        if "siteId" in said and told != door.kiosk:
            raise RefusedError("other_kiosk", f"it is of the kiosk {told}")
        if not _text(boot) or len(boot) < BOOT_DIGITS or not (seq is None or _whole(seq)):
            raise RefusedError("unreadable", "a status without a boot id or a number")
        if state == "online" and seq is None:
            raise RefusedError("unreadable", "a status that says online without a number")
        if seq is not None and boot == self._boot and seq < self._status_seq:
            raise RefusedError("old_status", "a newer status has come before")
        self._status_seq = seq or (self._status_seq if boot == self._boot else 0)
        self._boot = boot
        self._online = boot if state == "online" else None
        return Verdict("noted", "", said)


def _confirmed(door: Door, said: dict[str, Any]) -> None:
    if said.get("actionId") != door.action:
        raise RefusedError("other_action", f"{said.get('actionId')} is not this door's action")
    if door.attribute is not None and said.get(door.attribute) != "true":
        raise RefusedError("not_confirmed", f'{door.attribute} is not "true"')


def _fresh(door: Door, said: dict[str, Any], ours: dict[str, Any], now_ms: int) -> None:
    captured, expires = ours.get("capturedAt", said.get("endTime")), ours.get("expiresAt")
    if not (_whole(captured) and _whole(expires)):
        raise RefusedError("unreadable", "its times are missing")
    if now_ms >= expires:
        raise RefusedError("late", f"it came {now_ms - expires} ms too late")
    if captured > now_ms + door.apart_ms or expires > now_ms + LONGEST_MS + door.apart_ms:
        raise RefusedError("future", "it is of the future: one of the two clocks is wrong")


def _whole(value: object) -> TypeGuard[int]:
    return type(value) is int


def _text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""
