"""What is in memory on its way to the broker. No thread and no disk; the courier holds the lock."""

from collections import deque
from dataclasses import dataclass

from kioskd.delivery.mqtt import Letter, Link


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


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of the audit log with its number there."""

    id: int
    topic: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A message the broker has not answered for. `what` is an action, a row, or a plain topic."""

    what: Action | AuditRow | str
    at: float

    @property
    def topic(self) -> str:
        return self.what if isinstance(self.what, str) else self.what.topic


class Outgoing:
    """Retained states first, then actions, then audit rows; never more than the broker's window.

    A controller believes an action only of a kiosk that it knows to be online.
    """

    def __init__(self) -> None:
        self.link: Link | None = None
        self._window = 0  # 0 while the broker has not taken us
        self._sent: dict[int, Sent] = {}
        self._waiting: deque[Action] = deque()
        self._retained: dict[str, bytes] = {}
        self._changed: dict[str, None] = {}  # topics in order, whose value the broker lacks

    @property
    def accepted(self) -> bool:
        """The broker took us on this connection, which may have broken since."""
        return self._window > 0

    @property
    def up(self) -> bool:
        return self.accepted and self.link is not None and self.link.connected

    @property
    def idle(self) -> bool:
        """Nothing is owed to the broker but audit rows, or there is no broker."""
        return not self.up or not (self._sent or self._waiting or self._changed)

    def opened(self, window: int) -> None:
        """The broker took us and knows nothing: tell it every retained value again."""
        self._window = max(1, window)
        self._changed = dict.fromkeys(self._retained)

    def closed(self) -> None:
        """The connection is gone. Actions it may not have delivered wait for the next one."""
        again = [sent.what for sent in self._sent.values() if isinstance(sent.what, Action)]
        self._waiting.extendleft(reversed(again))
        self._sent.clear()
        self._window = 0
        self.link = None

    def keep(self, topic: str, body: bytes) -> None:
        """Set a retained value, to be sent now and at each new connection."""
        self._retained[topic] = body
        self._changed[topic] = None

    def add(self, action: Action) -> None:
        self._waiting.append(action)

    def flush(self, now: float) -> list[Action]:
        """Send what may be sent now; the actions that grew too old to be sent."""
        for topic in list(self._changed):
            if not self._publish(Letter(topic, self._retained[topic], 1, True), topic, now):
                break
            del self._changed[topic]
        return self._flush_actions(now)

    def _flush_actions(self, now: float) -> list[Action]:
        expired: list[Action] = []
        while self._waiting:
            action = self._waiting[0]
            left = action.expires_at - now
            if left <= 0:
                action.dropped = True
                expired.append(action)
            elif self._changed or not self._publish(_action_letter(action, left), action, now):
                break
            else:
                action.sent = True
            self._waiting.popleft()
        return expired

    def give_up(self) -> list[Action]:
        """Forget the actions that still wait; these."""
        given_up = list(self._waiting)
        self._waiting.clear()
        for action in given_up:
            action.dropped = True
        return given_up

    @property
    def room_for_rows(self) -> int:
        """How many audit rows may go now: half of the window always stays free for actions."""
        if not self.up or self._changed:
            return 0
        rows = sum(isinstance(sent.what, AuditRow) for sent in self._sent.values())
        return max(0, min(max(1, self._window // 2) - rows, self._window - len(self._sent)))

    def send_row(self, row: AuditRow, now: float) -> bool:
        return self._publish(Letter(row.topic, row.body), row, now)

    def send_unkept(self, topic: str, body: bytes, now: float) -> bool:
        """Send once at most (QoS 0) if there is room, else not at all."""
        return self._publish(Letter(topic, body, 0), topic, now)

    def _publish(self, letter: Letter, what: Action | AuditRow | str, now: float) -> bool:
        if not self.up or self.link is None or len(self._sent) >= self._window:
            return False
        number = self.link.publish(letter)
        if number is None:
            return False
        self._sent[number] = Sent(what, now)
        return True

    def answered(self, number: int) -> Sent | None:
        return self._sent.pop(number, None)

    def longest_unanswered(self, now: float) -> float:
        """Seconds since the oldest unanswered message left; 0 without one."""
        return max((now - sent.at for sent in self._sent.values()), default=0.0)


def _action_letter(action: Action, left_s: float) -> Letter:
    # MQTT counts whole seconds, and brokers take 0 for "never": so at least 1. The receiver
    # checks expiresAt itself.
    return Letter(action.topic, action.body, expiry_s=max(1, int(left_s)))
