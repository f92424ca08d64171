"""Moves what waits to the broker, and says what became of each action in the end."""

from collections.abc import Callable, Sequence

from kioskd.delivery import broker_sentences, wire
from kioskd.delivery.delivery_context import Shared
from kioskd.delivery.mqtt import Acked
from kioskd.delivery.outgoing import Outgoing
from kioskd.delivery.outgoing_messages import Action, AuditRow, Blamed, Dropped
from kioskd.delivery.refusals import Refusals
from kioskd.delivery.row_queue import RowQueue
from kioskd.happenings import ActionEnded

Note = Callable[[Action, wire.Outcome, str], object]


def nobody(_action: Action, _outcome: wire.Outcome, _detail: str) -> None:
    """Where no action is ever sent."""


class Pump:
    """`send`, `keep` and `send_unkept` may be called from any thread; the rest is the courier's.

    note  called with what became of each action in the end, for the record
    """

    def __init__(
        self, shared: Shared, outgoing: Outgoing, rows: RowQueue, note: Note = nobody
    ) -> None:
        self._doors = shared.settings.doors
        self._clock = shared.clock
        self._problems = shared.problems
        self._tell = shared.tell
        self._outgoing = outgoing
        self._rows, self._note_ended = rows, note
        self._refusals = Refusals(shared)
        self._clearing: dict[str, Callable[[], object]] = {}  # by topic; the lock is Outgoing's

    def send(self, action: Action) -> str:
        """Send it now, or as soon as may be; why the broker does not take it, or ""."""
        with self._outgoing.lock:
            self._outgoing.add(action)
            dropped = self._outgoing.flush(self._clock.monotonic())
            if self._outgoing.stopping:
                dropped += self._outgoing.give_up()
        self._note_dropped(dropped)
        return next((one.why for one in dropped if one.action is action), "")

    def keep(self, topic: str, body: bytes) -> None:
        """Set a retained value: sent in the next turn, and again at each new connection."""
        with self._outgoing.lock:
            self._clearing.pop(topic, None)
            self._outgoing.keep(topic, body)

    def clear(self, topic: str, then: Callable[[], object]) -> None:
        """Have the broker forget a retained value; `then` is called once it has."""
        with self._outgoing.lock:
            self._outgoing.keep(topic, b"")
            self._clearing[topic] = then

    def send_unkept(self, topic: str, body: bytes, correlation: bytes = b"") -> None:
        """Send it now or never."""
        with self._outgoing.lock:
            self._outgoing.send_unkept(topic, body, self._clock.monotonic(), correlation)

    def flush(self) -> None:
        """Send what may be sent, and drop what has grown too old."""
        with self._outgoing.lock:
            dropped = self._outgoing.flush(self._clock.monotonic())
            if self._outgoing.stopping and not self._outgoing.up:
                dropped += self._outgoing.give_up()
        self._note_dropped(dropped)

    def give_up(self) -> None:
        """Nothing will be sent any more: say so of what still waits."""
        with self._outgoing.lock:
            dropped = self._outgoing.give_up()
        self._note_dropped(dropped)

    def drain(self) -> None:
        """Send the next audit rows, as many as the broker's window has room for."""
        if self._outgoing.stopping:
            return
        with self._outgoing.lock:
            room = self._outgoing.room_for_rows
        for row in self._rows.next_rows(room, self._outgoing.row_fits):
            with self._outgoing.lock:
                gone = self._outgoing.send_row(row, self._clock.monotonic())
            if not gone:
                return
            self._rows.sent(row)

    def answered(self, ack: Acked) -> None:
        """The broker answered for a message."""
        with self._outgoing.lock:
            sent = self._outgoing.answered(ack.mid, self._clock.monotonic())
        if sent is None:
            return
        why = "" if ack.code in broker_sentences.OF_RIGHTS else ack.reason
        self._refusals.answered(sent.topic, ack.taken, why)
        match sent.what:
            case Action() as action:
                self._action_answered(action, ack, proven=sent.qos > 0)
            case AuditRow() as row if ack.taken:
                self._rows.taken(row)
            case AuditRow() as row if ack.code in broker_sentences.OF_THE_MESSAGE:
                size = self._outgoing.row_bytes(row)
                self._put_aside(row, broker_sentences.refused_row(row.id, size, ack.reason))
            case AuditRow():
                self._rows.refused()
            case str() as topic if ack.taken:
                self._cleared(topic)
            case _:
                pass

    def _cleared(self, topic: str) -> None:
        with self._outgoing.lock:
            if topic not in self._clearing or not self._outgoing.forget(topic):
                return
            then = self._clearing.pop(topic)
        then()

    def subscribed(self, topics: Sequence[str], granted: bool) -> None:
        """The broker answered for what we listen to."""
        for topic in topics:
            self._refusals.answered(topic, granted)

    def _action_answered(self, action: Action, ack: Acked, proven: bool) -> None:
        if not ack.taken:
            self._note(action, "refused", f"the broker said: {ack.reason}")
            return
        unheard = f"the broker took an event for {action.topic}, but nobody has subscribed to it"
        self._problems.set("action_dropped", None)
        self._problems.set("nobody_listens", unheard if ack.unheard else None)
        if not proven:
            self._note(action, "published", "sent with QoS 0, which no broker acknowledges")
            return
        self._note(action, "published", "nobody had subscribed" if ack.unheard else "")

    def blame(self, blamed: Blamed) -> None:
        """The broker hung up on this one again, and nothing else was on its way."""
        match blamed.what:
            case AuditRow() as row:
                self._put_aside(row, broker_sentences.hung_up_on_row(row.id, blamed.size))
            case Action(topic=topic):
                self._refusals.reject(broker_sentences.hung_up_on_action(topic, blamed.size))
            case str() as topic if blamed.retained:
                self._refusals.reject(broker_sentences.hung_up_on_retained(topic, blamed.size))
            case str() as topic:
                self._refusals.reject(broker_sentences.hung_up_on_topic(topic, blamed.size))

    def _put_aside(self, row: AuditRow, words: str) -> None:
        self._refusals.reject(words)
        if self._rows.put_aside(row):
            self._refusals.reject(broker_sentences.hung_up_on_rows(row.topic))

    def tell_limits(self) -> None:
        """What this broker lacks, and what is too large for it."""
        with self._outgoing.lock:
            limits, oversize = self._outgoing.limits, dict(self._outgoing.oversize)
        if limits is None:
            return
        rows = ""
        if self._rows.oversize and (row := self._rows.first_oversize) is not None:
            size = self._outgoing.row_bytes(row)
            rows = broker_sentences.rows_too_large(self._rows.oversize, row.id, size)
        self._refusals.limited(limits, oversize, rows)

    def _note_dropped(self, dropped: Sequence[Dropped]) -> None:
        for action, why in ((one.action, one.why) for one in dropped):
            if why:
                self._note(action, "refused", f"the broker does not take it: {why}")
                continue
            again = "it was sent once and may have arrived" if action.sent else "it was never sent"
            self._note(action, "expired", again)
            self._problems.set("action_dropped", action.expired_sentence)

    def _note(self, action: Action, outcome: wire.Outcome, detail: str) -> None:
        """What became of an action in the end: for the record, and for the log."""
        self._note_ended(action, outcome, detail)
        door = self._doors.get(action.source, "")
        self._tell(ActionEnded(action.event_id, action.source, door, outcome, detail))
