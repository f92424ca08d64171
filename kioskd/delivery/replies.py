"""What controllers answer to events: held against the events of the last seconds, told, recorded.

Nothing ever acts on a reply. It is for a screen and for the record: no decision, no event and no
state is another one for it, and tests/test_architecture.py holds who may read it.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from kioskd.delivery import reply_message, wire
from kioskd.delivery.delivery_context import Shared
from kioskd.delivery.incoming import MOST_A_SECOND, Reader
from kioskd.delivery.ledger import Ledger
from kioskd.delivery.mqtt import Letter
from kioskd.delivery.reply_message import Reply, ReplyError
from kioskd.delivery.seldom import Seldom
from kioskd.happenings import Replied, ReplyRefused

ANSWER_S = 8.0  # a reply is for who stands there: later than this they are gone
KNOWN_S = 60.0  # so long a late reply is known from one to an event that never was
EVENTS_MOST = 1000  # that are remembered

RETAINED = "it was retained: publish replies without retain"
UNKNOWN = f"it is for no event of this kiosk in the last {KNOWN_S:.0f} s"
OTHER_CAMERA = "it is for an event of another camera"
LATE = f"it came more than {ANSWER_S:.0f} s after its event was issued"
ANSWERED = "its event had another answer before, which stands"
TOO_MANY = f"more than {MOST_A_SECOND} came in a second, and these were not read"


@dataclass(slots=True)
class _Event:
    """One that a door was told of, issued `at` (seconds, monotonic)."""

    source: str
    at: float
    answer: Reply | None = None


class Replies:
    """`expect` may be called from any thread, the rest is for the courier's."""

    def __init__(self, shared: Shared, ledger: Ledger, topics: wire.Topics) -> None:
        self._clock = shared.clock
        self._tell = shared.tell
        self._ledger = ledger
        self._wanted = shared.settings.replies
        self._doors = shared.settings.doors
        self._sources = {topics.reply(source): source for source in self._doors}
        self._events: dict[str, _Event] = {}  # oldest first
        self._lock = threading.Lock()  # of the events
        self._refusals = Seldom(self._refused)

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Who reads which topic: one for each camera, and none where nobody wants replies."""
        if not self._wanted:
            return {}
        return {topic: partial(self._read, source) for topic, source in self._sources.items()}

    def expect(self, event_id: str, source: str) -> None:
        """An event is issued now, and may be answered from now on."""
        if not self._wanted:
            return
        now = self._clock.monotonic()
        with self._lock:
            for known, event in list(self._events.items()):
                if now - event.at <= KNOWN_S and len(self._events) < EVENTS_MOST:
                    break
                del self._events[known]
            self._events[event_id] = _Event(source, now)

    def tend(self, unread: Mapping[str, int]) -> None:
        """Say, from time to time, what was refused. `unread`: how many were not, by topic."""
        now = self._clock.monotonic()
        for topic, count in unread.items():
            if topic in self._sources:
                self._refusals.note((self._sources[topic], TOO_MANY), now, count)
        self._refusals.tend(now)

    def _read(self, source: str, letter: Letter) -> None:
        now = self._clock.monotonic()
        try:
            reply = self._first(source, letter, now)
        except ReplyError as error:
            self._refusals.note((source, str(error)), now)
            return
        if reply is not None:
            self._ledger.note_reply(source, reply)
            door, answer = self._doors[source], (reply.event_id, reply.granted, reply.text)
            self._tell(Replied(door, source, *answer, now))

    def _first(self, source: str, letter: Letter, now: float) -> Reply | None:
        """The reply, if it is an event's first; None if it came before, as with QoS 1 it may."""
        if letter.retain:
            raise ReplyError(RETAINED)
        reply = reply_message.read(letter.body)
        with self._lock:
            event = self._events.get(reply.event_id)
            if event is None:
                raise ReplyError(UNKNOWN)
            if event.source != source:
                raise ReplyError(OTHER_CAMERA)
            if now - event.at > ANSWER_S:
                raise ReplyError(LATE)
            if event.answer is not None and event.answer != reply:
                raise ReplyError(ANSWERED)
            known, event.answer = event.answer, reply
        return reply if known is None else None

    def _refused(self, what: tuple[str, str], times: int) -> None:
        source, why = what
        self._tell(ReplyRefused(self._doors[source], source, why, times))
