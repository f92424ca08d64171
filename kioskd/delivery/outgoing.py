"""What is in memory on its way to the broker. No thread and no disk; its users hold the lock."""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from kioskd.delivery.broker_limits import Limits
from kioskd.delivery.hang_up_suspects import Key, Suspects
from kioskd.delivery.mqtt import Letter, Link
from kioskd.delivery.outgoing_messages import Action, AuditRow, Blamed, Dropped, Sent

UNPROVEN_S = 1.0  # QoS 0 is never answered: a connection that outlives it so long has taken it
AGAIN_S = 30.0  # what the broker does not keep for those who come later is said so often
REFUSED_S = 30.0  # no event is sent for so long on a topic that ended the connection
SHUT_S = 3600.0  # nothing else is


class Outgoing:
    """Retained states first, then actions, then audit rows; never more than the broker's window.

    A controller believes an action only of a kiosk that it knows to be online. While something is
    suspected of ending connections, it goes behind the actions, and by itself.

    lock      held by whoever changes what is in here, or needs several answers of one moment
    stopping  we end: nothing new is begun
    """

    def __init__(self, five: bool = True) -> None:
        self.lock = threading.Lock()
        self.stopping = False
        self.link: Link | None = None
        self.limits: Limits | None = None  # None while the broker has not taken us
        self.oversize: dict[str, int] = {}  # topics of what is too large for the broker, bytes
        self._five = five
        self._sent: dict[int, Sent] = {}
        self._unproven: list[Sent] = []  # gone with QoS 0 a moment ago
        self._waiting: deque[Action] = deque()
        self._retained: dict[str, bytes] = {}
        self._changed: dict[str, None] = {}  # topics in order, whose value the broker lacks
        self._suspects = Suspects()
        self._unretained: set[str] = set()  # topics whose retained messages made it hang up
        self._shut: dict[str, float] = {}  # topics that made it hang up, until when
        self._say_again_at = 0.0

    @property
    def accepted(self) -> bool:
        """The broker took us on this connection, which may have broken since."""
        return self.limits is not None

    @property
    def up(self) -> bool:
        return self.accepted and self.link is not None and self.link.connected

    @property
    def idle(self) -> bool:
        """Nothing is owed to the broker but audit rows, or there is no broker."""
        return not self.up or not (self._sent or self._waiting or self._changed)

    def opened(self, limits: Limits, now: float) -> None:
        """The broker took us and knows nothing: tell it every retained value again."""
        self.limits = replace(limits, window=max(1, limits.window))
        self.oversize.clear()
        self._say_again_at = now + AGAIN_S
        self._changed = dict.fromkeys(self._retained)

    def closed(self, now: float, ended_by_broker: bool = False) -> Blamed | None:
        """The connection is gone. Actions it may not have delivered wait for the next one.

        The message that made the broker end it, where that has become certain.
        """
        blamed = self._suspected(now) if ended_by_broker else None
        again = [
            sent.what
            for sent in self._sent.values()
            if isinstance(sent.what, Action) and not sent.what.dropped
        ]
        self._waiting.extendleft(reversed(again))
        self._sent.clear()
        self._unproven.clear()
        self.limits = None
        self.link = None
        return blamed

    def _suspected(self, now: float) -> Blamed | None:
        on_way = [*self._sent.values(), *self._still_unproven(now)]
        actions = [sent for sent in on_way if isinstance(sent.what, Action)]
        others = [sent for sent in on_way if not isinstance(sent.what, Action)]
        key = self._suspects.died([s.key for s in actions], [s.key for s in others])
        for sent in on_way:
            if sent.key == key:
                return self._blame(sent.what, now)
        return None

    def _blame(self, what: Action | AuditRow | str, now: float) -> Blamed:
        if isinstance(what, Action):
            self._shut[what.topic] = now + REFUSED_S
            return Blamed(what, self._size(what.letter(1)))
        if isinstance(what, AuditRow):
            return Blamed(what, self._size(what.letter))
        letter = Letter(what, self._retained.get(what, b""), 1, True)
        if what in self._retained and what not in self._unretained and self._retains:
            self._unretained.add(what)
            return Blamed(what, self._size(letter), retained=True)
        self._shut[what] = now + SHUT_S
        return Blamed(what, self._size(letter))

    def on_their_way(self, now: float) -> bool:
        """Something is with the broker and not answered, or has only just left."""
        return bool(self._sent) or any(self._still_unproven(now))

    @property
    def suspecting(self) -> bool:
        """A message is suspected of having ended a connection, and not cleared of it yet."""
        return self._suspects.careful

    def _still_unproven(self, now: float) -> Iterator[Sent]:
        return (sent for sent in self._unproven if now - sent.at < UNPROVEN_S)

    def keep(self, topic: str, body: bytes) -> None:
        """Set a retained value, to be sent now and at each new connection."""
        self._retained[topic] = body
        self._changed[topic] = None

    def forget(self, topic: str) -> bool:
        """Whether the broker has a retained value as it is, and so it need not be sent again."""
        on_way = any(sent.what == topic for sent in self._sent.values())
        if on_way or topic in self._changed:
            return False
        self._retained.pop(topic, None)
        return True

    def add(self, action: Action) -> None:
        self._waiting.append(action)

    def flush(self, now: float) -> list[Dropped]:
        """Send what may be sent now; the actions that will never be."""
        self._prove(now)
        self._say_again(now)
        self._flush_states(now, struck=False)
        dropped = self._flush_actions(now)
        self._flush_states(now, struck=True)
        return dropped

    def _prove(self, now: float) -> None:
        """QoS 0 messages that the connection has outlived were not its end."""
        if self.up:
            still = list(self._still_unproven(now))
            for sent in self._unproven:
                if sent not in still:
                    self._suspects.cleared(sent.key)
            self._unproven = still

    def _say_again(self, now: float) -> None:
        if not self.up or now < self._say_again_at:
            return
        self._say_again_at = now + AGAIN_S
        for topic in self._retained:
            if not self._retains or topic in self._unretained:
                self._changed[topic] = None

    @property
    def _retains(self) -> bool:
        return self.limits is None or self.limits.retain

    def _flush_states(self, now: float, struck: bool) -> None:
        for topic in list(self._changed):
            if self._suspects.struck(topic) != struck:
                continue
            letter = Letter(topic, self._retained[topic], 1, topic not in self._unretained)
            if self._is_shut(topic, now) or self._too_large(letter):
                del self._changed[topic]
                continue
            if (struck and self._waiting) or not self._publish(letter, topic, now):
                break
            del self._changed[topic]

    def _too_large(self, letter: Letter) -> bool:
        """What does not fit is left out, and its topic noted."""
        self.oversize.pop(letter.topic, None)
        if self.up and not self._takes(letter):
            self.oversize[letter.topic] = self._size(letter)
            return True
        return False

    def _flush_actions(self, now: float) -> list[Dropped]:
        dropped: list[Dropped] = []
        while self._waiting:
            action = self._waiting[0]
            left = action.expires_at - now
            letter = action.letter(left)
            if left <= 0:
                dropped.append(self._dropped(action, ""))
            elif self.up and self._is_shut(action.topic, now):
                dropped.append(self._dropped(action, "it hangs up on each message there"))
            elif self.up and self._too_large(letter):
                dropped.append(self._dropped(action, self._oversize_sentence(letter)))
            elif self._states_first or not self._publish(letter, action, now):
                break
            else:
                action.sent = True
            self._waiting.popleft()
        return dropped

    @property
    def _states_first(self) -> bool:
        """A state that has not left yet, and is not the one that ends connections."""
        return any(not self._suspects.struck(topic) for topic in self._changed)

    def _dropped(self, action: Action, why: str) -> Dropped:
        action.dropped = True
        if not self._suspects.struck(action.topic):
            self._suspects.cleared(action.topic)
        return Dropped(action, why)

    def _oversize_sentence(self, letter: Letter) -> str:
        most = self.limits.packet_bytes if self.limits else None
        return f"the message has {self._size(letter)} bytes and it takes {most} at most"

    def give_up(self) -> list[Dropped]:
        """Forget the actions that still wait; these."""
        given_up = [self._dropped(action, "") for action in self._waiting]
        self._waiting.clear()
        return given_up

    @property
    def room_for_rows(self) -> int:
        """How many audit rows may go now: half of the window always stays free for actions.

        None to a broker that acknowledges nothing: a row must be known to have arrived.
        """
        if not self.up or self.limits is None or self._changed or self.limits.qos == 0:
            return 0
        if self._suspects.careful:
            return 0 if self._waiting or self._sent else 1
        window = self.limits.window
        rows = sum(isinstance(sent.what, AuditRow) for sent in self._sent.values())
        return max(0, min(max(1, window // 2) - rows, window - len(self._sent)))

    def row_fits(self, row: AuditRow) -> bool:
        """Whether the broker takes a row of this size."""
        return self.limits is None or self._takes(row.letter)

    def row_bytes(self, row: AuditRow) -> int:
        return self._size(row.letter)

    def send_row(self, row: AuditRow, now: float) -> bool:
        return self._publish(row.letter, row, now)

    def send_unkept(self, topic: str, body: bytes, now: float, correlation: bytes = b"") -> bool:
        """Send once at most (QoS 0) if there is room, else not at all."""
        letter = Letter(topic, body, 0, correlation=correlation)
        if self._is_shut(topic, now) or not self._takes(letter):
            return False
        return self._publish(letter, topic, now)

    def _publish(self, letter: Letter, what: Action | AuditRow | str, now: float) -> bool:
        if not self.up or self.link is None or self.limits is None or not self._room(what):
            return False
        letter = self._fitted(letter)
        number = self.link.publish(letter)
        if number is None:
            return False
        self._sent[number] = Sent(what, now, letter.qos)
        return True

    def _room(self, what: Action | AuditRow | str) -> bool:
        assert self.limits is not None
        if len(self._sent) >= self.limits.window:
            return False
        if isinstance(what, Action):
            same = (sent for sent in self._on_way if isinstance(sent.what, Action))
            return not (self._suspects.careful and any(same))
        if isinstance(what, str) and what not in self._retained and not self._is_suspect(what):
            return True
        return not any(self._is_suspect(sent.key) for sent in self._on_way)

    @property
    def _on_way(self) -> list[Sent]:
        return [*self._sent.values(), *self._unproven]

    def _is_suspect(self, key: Key) -> bool:
        return self._suspects.suspected(key)

    def _fitted(self, letter: Letter) -> Letter:
        """As this broker takes it: without what it does not have."""
        limits = self.limits or Limits()
        return replace(
            letter,
            retain=letter.retain and limits.retain,
            qos=letter.qos if limits.qos else 0,
        )

    def _takes(self, letter: Letter) -> bool:
        return self.limits is None or self.limits.takes(self._size(letter))

    def _size(self, letter: Letter) -> int:
        return self._fitted(letter).size(self._five)

    def _is_shut(self, topic: str, now: float) -> bool:
        if self._shut.get(topic, now) > now:
            return True
        self._shut.pop(topic, None)
        return False

    def answered(self, number: int, now: float) -> Sent | None:
        sent = self._sent.pop(number, None)
        if sent is None:
            return None
        if sent.qos == 0:
            self._unproven.append(replace(sent, at=now))
        else:
            self._suspects.cleared(sent.key)
        return sent

    def longest_unanswered(self, now: float) -> float:
        """Seconds since the oldest unanswered message left; 0 without one."""
        return max((now - sent.at for sent in self._sent.values()), default=0.0)
