"""What there is to send: events, audit rows, and what became of them on the way. Pure."""

from dataclasses import dataclass
from typing import Literal

from kioskd.delivery.hang_up_suspects import Key
from kioskd.delivery.mqtt import Letter


@dataclass(slots=True, eq=False)
class Action:
    """An event for the door, and how long it may still be sent.

    expires_at  seconds on the frames' clock
    sent        handed to a connection; the broker may not have taken it yet
    """

    event_id: str
    source: str
    topic: str
    body: bytes
    expires_at: float
    sent: bool = False
    dropped: bool = False

    @property
    def expired_sentence(self) -> str:
        told = "it was sent once and may have arrived" if self.sent else "the door was not told"
        return (
            f"event {self.event_id} of {self.source} grew too old before the broker took it, "
            f"and was dropped: {told}"
        )

    def letter(self, left_s: float) -> Letter:
        """With so many seconds left to live."""
        # MQTT counts whole seconds, and brokers take 0 for "never": so at least 1. The receiver
        # checks expiresAt itself.
        return Letter(self.topic, self.body, expiry_s=max(1, int(left_s)))


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of the audit log with its number there."""

    id: int
    topic: str
    body: bytes

    @property
    def letter(self) -> Letter:
        return Letter(self.topic, self.body)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message the broker has not answered for. `what` is an action, a row, or a plain topic."""

    what: Action | AuditRow | str
    at: float
    qos: Literal[0, 1] = 1

    @property
    def topic(self) -> str:
        return self.what if isinstance(self.what, str) else self.what.topic

    @property
    def key(self) -> Key:
        return self.what.id if isinstance(self.what, AuditRow) else self.topic


@dataclass(frozen=True, slots=True)
class Dropped:
    """An action that will never be sent: too old, or the broker does not take such a message."""

    action: Action
    why: str  # "": too old


@dataclass(frozen=True, slots=True)
class Blamed:
    """What made the broker hang up, certainly: a row, or a topic. `size` of its packet, bytes."""

    what: Action | AuditRow | str
    size: int
    retained: bool = False  # it goes on without being retained
