"""What the daemon hands its results to: first to the disk, then to the door.

Two threads work here: the courier's own (connect, expire, drain the audit log) and the MQTT
connection's. An action is published on the thread that delivers it, so the door does not wait
for a thread to wake up.
"""

import queue
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from feeds.state import FeedState
from kioskd import prompts
from kioskd.delivery import reasons, wire
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.backoff import Backoff
from kioskd.delivery.clock import Clock, SystemClock
from kioskd.delivery.database import AuditError
from kioskd.delivery.disk import Disk
from kioskd.delivery.keeper import Keeper
from kioskd.delivery.ledger import Ledger
from kioskd.delivery.limits import Limits
from kioskd.delivery.mqtt import Acked, Connected, Happening, Letter, Link, Lost
from kioskd.delivery.news import Ended, Met, Tell, nobody
from kioskd.delivery.outgoing import Action, AuditRow, Blamed, Dropped, Outgoing
from kioskd.delivery.problems import Problems, Report
from kioskd.delivery.rival import Rival
from kioskd.delivery.settings import DeliverySettings
from kioskd.event import Result

TURN_S = 0.5  # the courier looks around at least so often
CONNECT_PATIENCE_S = 20.0  # name lookup, TCP, TLS and the broker's answer together
GOODBYE_S = 0.5  # for the broker to take our goodbye
STEADY_S = 10.0  # a connection that lasted so long was a good one: next time wait little


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one result so far.

    recorded    in the audit log, and not for the door
    sent        in the audit log and handed to the broker, whose answer is recorded later
    waiting     in the audit log; there is no broker; it goes if one comes before `until`
    expired     in the audit log; too old for the door, which is not told
    refused     in the audit log; the broker takes no such message, the sentence says why
    unrecorded  the audit log cannot be written, so the door is not told

    until       unix seconds, for what waits
    """

    outcome: Literal["recorded", "sent", "waiting", "expired", "refused", "unrecorded"]
    event_id: str
    sentence: str = ""
    until: float | None = None


class Courier:
    """`on_problem(code, sentence or None)` is called from any thread and must return at once.

    The codes are those of problems.ProblemCode. So is `on_news`, with what is no problem.
    """

    def __init__(
        self,
        settings: DeliverySettings,
        audit: AuditLog,
        on_problem: Report,
        clock: Clock | None = None,
        on_news: Tell = nobody,
    ) -> None:
        self._settings = settings
        self._audit = audit
        self._words = prompts.words(settings.prompt_language)
        self._clock = clock or SystemClock()
        self._problems = Problems(on_problem)
        self._tell = on_news
        self._topics = wire.Topics(settings.prefix, settings.site, settings.device)
        self._sender = wire.Sender(
            settings.site,
            settings.device,
            str(uuid.uuid4()),
            settings.version,
            settings.model_version,
            settings.config_digest,
        )
        disk = Disk(self._clock, self._problems)
        self._ledger = Ledger(
            audit,
            self._sender,
            self._topics.audit,
            self._clock,
            disk,
        )
        self._keeper = Keeper(
            audit,
            settings.keep_days,
            settings.size_limit_mb,
            self._clock,
            disk,
            self._problems,
            on_news,
        )
        self._order = threading.Lock()  # actions leave in the order of their numbers
        self._lock = threading.Lock()  # everything in memory below
        self._outgoing = Outgoing(five=settings.protocol == "5")
        self._feeds: dict[str, FeedState] = {}
        self._known: dict[str, str] | None = None  # the problems in the last status
        self._stopping = False
        self._inbox: queue.SimpleQueue[tuple[Link, Happening] | None] = queue.SimpleQueue()
        self._quiet = threading.Event()
        self._ended = threading.Event()
        self._backoff = Backoff()
        now = self._clock.monotonic()
        self.last_progress = now  # seconds, monotonic: the courier's own thread was alive
        self._connect_at = now
        self._link_since = now
        self._denied: set[str] = set()
        self._rejected: dict[str, None] = {}  # what ended connections, in words, in order
        self._will_limits = Limits()  # what the broker takes of a last will, as far as known
        self._rival = Rival(settings)
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    @property
    def boot_id(self) -> str:
        return self._sender.boot_id

    @property
    def connected(self) -> bool:
        with self._lock:
            return self._outgoing.up

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        if self._known is None:
            self.status({})
        self._keeper.look_at_clock()  # before the first record is dated by it
        self._thread.start()

    def stop(self, failure: str | None = None, timeout: float = 3.0) -> None:
        """Say that we end, wait `timeout` for the broker's answer, end both threads.

        failure  why, in a sentence, if it is not on purpose

        Results already delivered are on the disk; what the broker lacks follows at next start.
        """
        wall = self._clock.wall()
        reason, detail = ("stopped", "kioskd was stopped") if failure is None else ("bug", failure)
        for feed in list(self._feeds.values()):
            self.feed_state(FeedState(feed.feed, "offline", reason, detail, wall))
        with self._lock:
            self._stopping = True
            self._outgoing.keep(self._topics.status, self._farewell(failure, wall))
        self._wake()
        if self._thread.is_alive():
            self._quiet.wait(timeout)
            self._ended.set()
            self._wake()
            self._thread.join(timeout + GOODBYE_S)

    def _farewell(self, failure: str | None, wall: float) -> bytes:
        if failure is None:
            return self._status("stopped", {}, wall)
        return self._status("offline", {**(self._known or {}), "failed": failure}, wall)

    def deliver(self, result: Result) -> Delivery:
        """Record the result durably, then tell the door if the result says so.

        Returns once the record is on the disk. Never raises for a full disk or a missing
        broker: the outcome says so, and the door stays shut.
        """
        with self._order:
            delivery = self._recorded(result)
        if self._settings.diagnostics:
            body = wire.encode(wire.diag_result(self._sender, result, delivery.event_id))
            self._send_diagnostic(result.feed, body)
        self._wake()
        return delivery

    def _recorded(self, result: Result) -> Delivery:
        event_id = str(uuid.uuid4())
        wall = self._clock.wall()
        record = wire.audited_result(self._sender, result, event_id, wall)
        try:
            seq = self._audit.commit(record, wall, self._clock.reading())
        except AuditError as error:
            self._problems.set("audit", str(error))
            return Delivery("unrecorded", event_id, str(error))
        self._problems.set("audit", None)
        if not result.emits:
            return Delivery("recorded", event_id)
        return self._told(result, event_id, seq)

    def _told(self, result: Result, event_id: str, seq: int) -> Delivery:
        now = self._clock.monotonic()
        expiry = self._settings.action_expiry_s
        issue = wire.Issue(event_id, seq, self._clock.wall(), now, expiry)
        action = Action(
            event_id,
            result.feed,
            self._topics.action(result.feed),
            self._encoded(wire.action(self._sender, result, issue), wire.compact_action),
            min(result.decided_at, now) + expiry,
        )
        with self._lock:
            self._outgoing.add(action)
            dropped = self._outgoing.flush(now)
            if self._stopping:
                dropped += self._outgoing.give_up()
        self._note_dropped(dropped)
        why = next((d.why for d in dropped if d.action is action), "")
        return self._delivery(action, why)

    def _delivery(self, action: Action, refusal: str) -> Delivery:
        if refusal:
            sentence = f"the broker does not take the event: {refusal}"
            return Delivery("refused", action.event_id, sentence)
        if action.dropped:
            return Delivery("expired", action.event_id, _expired_sentence(action))
        if action.sent:
            return Delivery("sent", action.event_id)
        why = "the broker is busy" if self.connected else "there is no broker at the moment"
        until = self._clock.wall() + action.expires_at - self._clock.monotonic()
        return Delivery("waiting", action.event_id, f"{why}: the event waits for it", until)

    def feed_state(self, state: FeedState) -> None:
        """Publish a feed's state, retained; again after each reconnect."""
        body = self._encoded(wire.feed_state(self._sender, state), wire.compact_state)
        with self._lock:
            self._feeds[state.feed] = state
            self._outgoing.keep(self._topics.state(state.feed), body)
        self._wake()

    def status(self, problems: Mapping[str, str]) -> None:
        """Publish that we are online, and what is wrong (code -> sentence); retained.

        What is already told is not told again: `since` is when it last changed.
        """
        body = self._status("online", problems, self._clock.wall())
        with self._lock:
            if not self._stopping and problems != self._known:
                self._known = dict(problems)
                self._outgoing.keep(self._topics.status, body)
        self._wake()

    def _status(
        self, state: wire.DaemonState, problems: Mapping[str, str], since: float | None
    ) -> bytes:
        payload = wire.status(self._sender, state, problems, since)
        return self._encoded(payload, wire.compact_status)

    def _encoded(
        self, full: wire.Payload, compact: Callable[[wire.Payload], wire.Payload]
    ) -> bytes:
        """In the form that the settings ask for."""
        return wire.encode(full if self._settings.payload == "full" else compact(full))

    def diagnostic(self, feed: str, phase: str, reasons: Sequence[str]) -> None:
        """Publish what the state machine does, if the settings ask for it. May get lost."""
        if self._settings.diagnostics:
            payload = wire.diag_phase(self._sender, feed, phase, reasons, self._clock.wall())
            self._send_diagnostic(feed, wire.encode(payload))

    def prompt(self, feed: str, code: str | None) -> None:
        """Tell the kiosk's screen what the person is to do; None: nothing. May get lost."""
        text = "" if code is None else self._words[code]
        language, wall = self._settings.prompt_language, self._clock.wall()
        body = wire.encode(wire.prompt(self._sender, feed, code, text, language, wall))
        with self._lock:
            topic = self._topics.prompt(feed)
            self._outgoing.send_unkept(topic, body, self._clock.monotonic())

    def _send_diagnostic(self, feed: str, body: bytes) -> None:
        with self._lock:
            self._outgoing.send_unkept(self._topics.diag(feed), body, self._clock.monotonic())

    def _wake(self) -> None:
        self._inbox.put(None)

    # What follows runs on the courier's own thread, save _note_dropped and _note.

    def _run(self) -> None:
        while not self._ended.is_set():
            self._turn_safely()
        with self._lock:
            given_up = self._outgoing.give_up()
            link, self._outgoing.link = self._outgoing.link, None
        self._note_dropped(given_up)
        self._keep_record()
        if link is not None:
            link.close(GOODBYE_S)

    def _turn_safely(self) -> None:
        """A mistake of ours does not end the thread that the doors hang on: it is told.

        A turn that never succeeds makes no progress either, and the watchdog sees that.
        """
        try:
            self._turn()
        except Exception as error:
            self._tell_mistake(error)
            self._ended.wait(TURN_S)

    def _tell_mistake(self, error: Exception) -> None:
        with suppress(Exception):  # whoever should hear it may be what fails: a log on a full disk
            self._problems.set("courier", reasons.our_mistake(error))

    def _turn(self) -> None:
        link = self._outgoing.link
        dead = link is not None and not link.alive
        self._take_happenings()
        if dead and self._outgoing.link is link:
            self._lose(Lost("the MQTT thread ended without a reason", "broken"))
        self._tend_link()
        self._flush()
        self._keep_record()
        self._tell_limits()
        if self._stopping and self._outgoing.idle:
            self._quiet.set()
        self.last_progress = self._clock.monotonic()

    def _keep_record(self) -> None:
        """The audit log's share of a turn: nothing in a file of records keeps an event back."""
        try:
            self._ledger.settle()
            self._drain()
            self._keeper.tend()
        except Exception as error:
            self._tell_mistake(error)
        else:
            self._problems.set("courier", None)

    def _take_happenings(self) -> None:
        """Wait a moment for something to happen, then take all that has."""
        try:
            item = self._inbox.get(timeout=TURN_S)
            while True:
                if item is not None and item[0] is self._outgoing.link:
                    self._handle(item[1])
                item = self._inbox.get_nowait()
        except queue.Empty:
            pass

    def _handle(self, happening: Happening) -> None:
        match happening:
            case Connected(limits):
                now = self._link_since = self._clock.monotonic()
                self._ledger.start_over()
                self._will_limits = limits
                with self._lock:
                    self._outgoing.opened(limits, now)
                self._problems.set("broker", None)
                self._tell(Met(reasons.place(self._settings)))
            case Acked():
                self._answered(happening)
            case Lost():
                self._lose(happening)
            case _:
                pass

    def _answered(self, ack: Acked) -> None:
        with self._lock:
            sent = self._outgoing.answered(ack.mid, self._clock.monotonic())
        if sent is None:
            return
        self._note_denied(sent.topic, ack.taken)
        match sent.what:
            case Action() as action:
                self._action_answered(action, ack, proven=sent.qos > 0)
            case AuditRow() as row if ack.taken:
                self._ledger.taken(row)
            case AuditRow() as row if ack.code in reasons.OF_THE_MESSAGE:
                self._reject(reasons.refused_row(row.id, self._outgoing.row_bytes(row), ack.reason))
                self._put_aside(row)
            case AuditRow():
                self._ledger.refused()
            case _:
                pass

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

    def _note(self, action: Action, outcome: wire.Outcome, detail: str) -> None:
        """What became of an action in the end: for the record, and for the log."""
        self._ledger.note(action, outcome, detail)
        self._tell(Ended(action.event_id, action.source, outcome, detail))

    def _note_denied(self, topic: str, taken: bool) -> None:
        before = len(self._denied)
        if taken:
            self._denied.discard(topic)
        else:
            self._denied.add(topic)
        if len(self._denied) != before:
            sentence = reasons.denied(", ".join(sorted(self._denied))) if self._denied else None
            self._problems.set("broker_acl", sentence)

    def _lose(self, lost: Lost) -> None:
        now = self._clock.monotonic()
        lasted_s = now - self._link_since
        accepted = self._outgoing.accepted
        with self._lock:
            suspect = self._outgoing.on_their_way(now) and lost.cause != "taken_over"
            blamed = self._outgoing.closed(now, ended_by_broker=suspect and accepted)
        if not accepted:
            self._will_limits = reasons.learned(lost.code, lost.cause, self._will_limits)
        elif suspect or self._outgoing.suspecting:
            # A busy machine hears late that the broker hung up: what is suspected explains that,
            # and no rival. The next try follows soon: actions wait for it.
            self._backoff.reset()
        else:
            self._rival.thrown_out(lost, lasted_s)
            self._problems.set("client_id", self._rival.sentence)
            if lasted_s >= STEADY_S:
                self._backoff.reset()
        if blamed is not None:
            self._blame(blamed)
        self._connect_at = now + self._backoff.wait()
        self._problems.set("broker", lost.sentence)

    def _blame(self, blamed: Blamed) -> None:
        """The broker hung up on this one again, and nothing else was on its way."""
        self._rival.explained()
        match blamed.what:
            case AuditRow() as row:
                self._reject(reasons.hung_up_on_row(row.id, blamed.size))
                self._put_aside(row)
            case Action(topic=topic):
                self._reject(reasons.hung_up_on_action(topic, blamed.size))
            case str() as topic if blamed.retained:
                self._reject(reasons.hung_up_on_retained(topic, blamed.size))
            case str() as topic:
                self._reject(reasons.hung_up_on_topic(topic, blamed.size))

    def _put_aside(self, row: AuditRow) -> None:
        if self._ledger.put_aside(row):
            self._reject(reasons.hung_up_on_rows(row.topic))

    def _reject(self, words: str) -> None:
        """Say what the broker does not take, the newest few of it."""
        self._rejected[words] = None
        self._problems.set("broker_rejects", reasons.rejects(tuple(self._rejected), self._settings))

    def _tell_limits(self) -> None:
        """What this broker lacks, and what is too large for it."""
        with self._lock:
            limits, oversize = self._outgoing.limits, dict(self._outgoing.oversize)
        if limits is None:
            return
        lacks = reasons.lacks(limits)
        lacks += [reasons.too_large(topic, n, self._settings) for topic, n in oversize.items()]
        if self._ledger.oversize and (row := self._ledger.first_oversize) is not None:
            size = self._outgoing.row_bytes(row)
            lacks.append(reasons.rows_too_large(self._ledger.oversize, row.id, size))
        sentence = reasons.limited(lacks, limits, self._settings) if lacks else None
        self._problems.set("broker_limits", sentence)

    def _tend_link(self) -> None:
        """Connect when it is time to, and give up on a broker that does not answer."""
        now = self._clock.monotonic()
        link = self._outgoing.link
        if link is None:
            if now >= self._connect_at and not self._stopping:
                self._connect(now)
        elif self._silent(now):
            link.drop()
            place = reasons.place(self._settings)
            self._lose(Lost(f"the broker at {place} does not answer: check it", "unreachable"))
        elif self._outgoing.accepted:
            self._rival.steady(now - self._link_since)
            self._problems.set("client_id", self._rival.sentence)

    def _silent(self, now: float) -> bool:
        if not self._outgoing.accepted:
            return now - self._link_since > CONNECT_PATIENCE_S
        return self._outgoing.longest_unanswered(now) > self._settings.ack_timeout_s

    def _connect(self, now: float) -> None:
        will = self._status("offline", {}, None)
        link = Link(
            self._settings,
            lambda link, happening: self._inbox.put((link, happening)),
            will=Letter(self._topics.status, will, self._will_limits.qos, self._will_limits.retain),
        )
        self._link_since = now
        with self._lock:
            self._outgoing.link = link
        link.start()

    def _flush(self) -> None:
        with self._lock:
            dropped = self._outgoing.flush(self._clock.monotonic())
            if self._stopping and not self._outgoing.up:
                dropped += self._outgoing.give_up()
        self._note_dropped(dropped)

    def _note_dropped(self, dropped: Sequence[Dropped]) -> None:
        for action, why in ((one.action, one.why) for one in dropped):
            if why:
                self._note(action, "refused", f"the broker does not take it: {why}")
                continue
            again = "it was sent once and may have arrived" if action.sent else "it was never sent"
            self._note(action, "expired", again)
            self._problems.set("action_dropped", _expired_sentence(action))

    def _drain(self) -> None:
        """Send the next audit rows, as many as the broker's window has room for."""
        if self._stopping:
            return
        with self._lock:
            room = self._outgoing.room_for_rows
        for row in self._ledger.next_rows(room, self._outgoing.row_fits):
            with self._lock:
                gone = self._outgoing.send_row(row, self._clock.monotonic())
            if not gone:
                return
            self._ledger.sent(row)


def _expired_sentence(action: Action) -> str:
    told = "it was sent once and may have arrived" if action.sent else "the door was not told"
    return (
        f"event {action.event_id} of {action.source} grew too old before the broker took it, "
        f"and was dropped: {told}"
    )
