"""What the daemon hands its results to: first to the disk, then to the door.

Two threads work for it: its own (delivery_thread.py) and the MQTT connection's. An action is
published on the thread that delivers it, so the door does not wait for a thread to wake up.
"""

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from feeds.state import FeedState
from kioskd import prompts
from kioskd.alarms.alarm import Alarm
from kioskd.commanded import Commanded
from kioskd.delivery import wire
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.audit_upkeep import Upkeep
from kioskd.delivery.clock import Clock, Reading, SystemClock
from kioskd.delivery.connection import Connection
from kioskd.delivery.database import AuditError
from kioskd.delivery.delivery_context import Shared, Tell, nobody
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.delivery_thread import DeliveryThread
from kioskd.delivery.envelope import Envelope
from kioskd.delivery.incoming import Incoming, Reader
from kioskd.delivery.ledger import Ledger
from kioskd.delivery.mqtt import Letter
from kioskd.delivery.outcome import Delivery
from kioskd.delivery.outgoing import Outgoing
from kioskd.delivery.outgoing_messages import Action
from kioskd.delivery.patient_disk import PatientDisk
from kioskd.delivery.pump import Pump
from kioskd.delivery.replies import Replies
from kioskd.delivery.row_queue import RowQueue
from kioskd.delivery.seal import Seal
from kioskd.event import Result
from kioskd.happenings import Stepped
from kioskd.health import Health
from kioskd.part import failure_of
from kioskd.problems import Problems
from kioskd.snapshots.taken import Taken
from kioskd.time_service import ClockQuality


def nowhere(_topic: str, _body: bytes) -> None:
    """For a kiosk that tells nobody but its broker."""


class Courier:
    """Delivery, as the daemon sees it; safe to use from any thread. A part (kioskd/part.py).

    problems, tell  told what is wrong, and what else happens, from any thread
    readers         called with what comes in on each of their topics, see incoming.py
    seal            signs what is said; the audit log has it too. None: nothing is signed
    also            called with each status, state, health and alarms that is published, and its
                    topic, from any thread: it must wait for nothing. No event comes by it
    """

    name = "courier"
    stop_s = 1.0  # for the broker to take the last states, and again for the thread to end

    def __init__(
        self,
        settings: DeliverySettings,
        audit: AuditLog,
        problems: Problems,
        tell: Tell = nobody,
        clock: Clock | None = None,
        readers: Mapping[str, Reader] | None = None,
        seal: Seal | None = None,
        also: Callable[[str, bytes], object] = nowhere,
    ) -> None:
        self._settings, self._also = settings, also
        self._audit = audit
        self._words = prompts.words(settings.prompt_language)
        self._clock = clock or SystemClock()
        self._problems = problems
        self._topics = settings.topics
        self._sender = wire.Sender(
            settings.site,
            settings.device,
            str(uuid.uuid4()),
            settings.version,
            settings.model_version,
            settings.config_digest,
            settings.doors,
            settings.cameras,
            snapshots=settings.snapshots,
        )
        self._envelope = Envelope(settings, self._topics, seal)
        self._naming = threading.Lock()  # of what the sender says of itself
        self._telling = count(1)  # a number for each state and status
        self._order = threading.Lock()  # actions leave in the order of their numbers
        self._outgoing = Outgoing(five=settings.protocol == "5")
        self._feeds: dict[str, FeedState] = {}
        self._known: dict[str, str] | None = None  # the problems in the last status
        self._build(Shared(settings, self._clock, problems, tell), readers or {})

    def _build(self, shared: Shared, readers: Mapping[str, Reader]) -> None:
        disk, outgoing = PatientDisk(shared), self._outgoing
        ledger = Ledger(shared, self._audit, self._sender, disk)
        rows = RowQueue(shared, self._audit, self._topics.audit, disk)
        self._ledger = ledger
        self._replies = Replies(shared, ledger, self._topics)
        every = {**readers, **self._replies.readers}
        incoming = Incoming(every, self._replies.tend, pictures=bool(readers))
        self.last_will = self._status("offline", {}, None)
        will = Letter(self._topics.status, self.last_will)
        self._upkeep = Upkeep(shared, self._audit, disk)
        self._pump = Pump(shared, outgoing, rows, ledger.note)
        self._connection = Connection(shared, outgoing, self._pump, rows, incoming, will)

        def settle() -> None:
            ledger.settle()
            rows.settle()

        road = shared, outgoing, self._connection, self._pump
        self._thread = DeliveryThread("courier", *road, settle, self._upkeep.tend)

    @property
    def boot_id(self) -> str:
        return self._sender.boot_id

    @property
    def connected(self) -> bool:
        with self._outgoing.lock:
            return self._outgoing.up

    @property
    def certificate_ends(self) -> float | None:
        """When that of the broker does, since 1970, as of the last connection; None: unknown."""
        return self._connection.certificate_ends

    @property
    def progress_at(self) -> float:
        """Seconds, monotonic: the courier's own thread was alive."""
        return self._thread.progress_at

    @property
    def failure(self) -> str | None:
        return failure_of(self._thread, "delivering", None, on_purpose=self._outgoing.stopping)

    def decided_by(self, model_version: str) -> None:
        """Which networks decide from here on, as actions say it; before any result of theirs."""
        with self._naming:
            self._sender = replace(self._sender, model_version=model_version)

    def configured(self, digest: str) -> None:
        """Which configuration stands now, as states and status say it; no door has it yet."""
        with self._naming:
            before = self._sender.config_digest
            there = {} if before is None else dict.fromkeys(self._settings.doors, before)
            configs = there | dict(self._sender.configs)
            self._sender = replace(self._sender, config_digest=digest, configs=configs)

    def configured_at(self, feed: str, digest: str) -> None:
        """Which configuration decides at a feed's door from here on; before any result by it."""
        with self._naming:
            configs = {**self._sender.configs, feed: digest}
            self._sender = replace(self._sender, configs=configs)

    def start(self) -> None:
        if self._known is None:
            self.status({})
        self._upkeep.look_at_clock()  # before the first record is dated by it
        self._thread.start()

    def stop(self, failure: str | None = None) -> None:
        """Say that we end; `join` gives the broker time to hear it.

        failure  why, in a sentence, if it is not on purpose

        Results already delivered are on the disk; what the broker lacks follows at next start.
        """
        wall = self._clock.wall()
        reason, detail = ("stopped", "kioskd was stopped") if failure is None else ("bug", failure)
        for feed in list(self._feeds.values()):
            self.feed_state(FeedState(feed.feed, "offline", reason, detail, wall))
        with self._outgoing.lock:
            self._outgoing.stopping = True
            self._keep_status(self._farewell(failure, wall))
        self._connection.wake()

    def join(self, timeout: float = 3.0) -> None:
        """Wait so long for the broker's answer to our goodbye, then end both threads."""
        self._thread.end(timeout)

    def is_alive(self) -> bool:
        """Whether its own thread runs."""
        return self._thread.is_alive()

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
            self._pump.send_unkept(self._topics.diag(result.feed), body)
        self._connection.wake()
        return delivery

    def _recorded(self, result: Result) -> Delivery:
        event_id = str(uuid.uuid4())
        wall, reading = self._clock.wall(), self._clock.reading()
        record = wire.audited_result(self._sender, result, event_id, wall, reading.quality)
        try:
            seq = self._audit.commit(record, wall, reading)
        except AuditError as error:
            self._problems.set("audit", str(error))
            return Delivery("unrecorded", event_id, str(error))
        self._problems.set("audit", None)
        if not result.emits:
            return Delivery("recorded", event_id)
        return self._told(result, event_id, seq, reading.quality)

    def _told(self, result: Result, event_id: str, seq: int, clock: ClockQuality) -> Delivery:
        now = self._clock.monotonic()
        expiry = self._settings.action_expiry_s
        issue = wire.Issue(event_id, seq, self._clock.wall(), now, expiry, clock)
        topic = self._topics.action(result.feed)
        payload = wire.action(self._sender, result, issue)
        action = Action(
            event_id,
            result.feed,
            topic,
            self._envelope.encoded(topic, payload, wire.compact_action),
            min(result.decided_at, now) + expiry,
        )
        self._replies.expect(event_id, result.feed)
        return self._delivery(action, self._pump.send(action))

    def _delivery(self, action: Action, refusal: str) -> Delivery:
        if refusal:
            sentence = f"the broker does not take the event: {refusal}"
            return Delivery("refused", action.event_id, sentence)
        if action.dropped:
            return Delivery("expired", action.event_id, action.expired_sentence)
        if action.sent:
            return Delivery("sent", action.event_id)
        why = "the broker is busy" if self.connected else "there is no broker at the moment"
        until = self._clock.wall() + action.expires_at - self._clock.monotonic()
        return Delivery("waiting", action.event_id, f"{why}: the event waits for it", until)

    def feed_state(self, state: FeedState) -> None:
        """Publish a feed's state, retained; again after each reconnect."""
        topic = self._topics.state(state.feed)
        payload = wire.feed_state(self._sender, state, self._tells())
        self._feeds[state.feed] = state
        self._say(topic, self._envelope.encoded(topic, payload, wire.compact_state))

    def status(self, problems: Mapping[str, str]) -> None:
        """Publish that we are online, and what is wrong (code -> sentence); retained.

        What is already told is not told again: `since` is when it last changed.
        """
        body = self._status("online", problems, self._clock.wall())
        with self._outgoing.lock:
            if not self._outgoing.stopping and problems != self._known:
                self._known = dict(problems)
                self._keep_status(body)
        self._connection.wake()

    def _keep_status(self, body: bytes) -> None:
        """Whoever calls it holds the lock of what goes out, so that the newest is told last."""
        self._outgoing.keep(self._topics.status, body)
        self._also(self._topics.status, body)

    def _say(self, topic: str, body: bytes) -> None:
        self._pump.keep(topic, body)
        self._also(topic, body)
        self._connection.wake()

    def _status(
        self, state: wire.DaemonState, problems: Mapping[str, str], since: float | None
    ) -> bytes:
        telling = None if since is None else self._tells()
        payload = wire.status(self._sender, state, problems, since, telling)
        return self._envelope.encoded(self._topics.status, payload, wire.compact_status)

    def _tells(self) -> wire.Telling:
        reading = self._clock.reading()
        return wire.Telling(next(self._telling), reading.wall, reading.quality)

    def alarms(self, told: Sequence[Alarm]) -> bytes:
        """Publish the alarms, retained; again after each reconnect. What was published, signed."""
        topic = self._topics.alarms
        payload = wire.alarms(self._sender, told, self._tells())
        body = self._envelope.encoded(topic, payload, wire.whole)
        self._say(topic, body)
        return body

    def health(self, told: Health) -> None:
        """Publish how the kiosk is, retained; again after each reconnect."""
        body = wire.encode(wire.health(self._sender, told, self._clock.wall()))
        self._say(self._topics.health, body)

    def keep(self, topic: str, body: bytes) -> None:
        """Publish a retained value for others than controllers; again after each reconnect."""
        self._pump.keep(topic, body)
        self._connection.wake()

    def clear(self, topic: str, then: Callable[[], object]) -> None:
        """Have the broker forget one; `then` is called on the courier's thread when it has."""
        self._pump.clear(topic, then)
        self._connection.wake()

    def diagnostic(self, stepped: Stepped) -> None:
        """Publish what the state machine does, if the settings ask for it. May get lost."""
        if self._settings.diagnostics:
            s, wall = stepped, self._clock.wall()
            payload = wire.diag_phase(self._sender, s.feed, s.phase, s.reasons, s.found, wall)
            self._pump.send_unkept(self._topics.diag(s.feed), wire.encode(payload))

    def answer(self, topic: str, payload: wire.Payload, correlation: bytes = b"") -> None:
        """Publish what was asked for. May get lost: whoever asked asks again."""
        self._pump.send_unkept(topic, wire.encode(payload), correlation)

    def command(self, told: Commanded) -> None:
        """Record a command, on the disk when this returns; later, where the disk fails."""
        wall, reading = self._clock.wall(), self._clock.reading()
        name, clock = str(uuid.uuid4()), reading.quality
        record = wire.audited_command(self._sender, told, name, wall, clock)
        self._record(record, wall, reading)

    def snapshot(self, taken: Taken) -> None:
        """Record that one was kept, on the disk when this returns; later, where the disk fails."""
        wall, reading = self._clock.wall(), self._clock.reading()
        record = wire.audited_snapshot(self._sender, taken, wall, reading.quality)
        self._record(record, wall, reading)

    def _record(self, record: wire.Payload, wall: float, reading: Reading) -> None:
        try:
            self._audit.commit(record, wall, reading)
        except AuditError as error:
            self._problems.set("audit", str(error))
            self._ledger.remember(record, wall)
        self._connection.wake()

    def person(self, result: Result, event_id: str, id_class: str) -> None:
        """Tell that a stranger or a threat stands there. May get lost: the record has it too."""
        wall = self._clock.wall()
        body = wire.encode(wire.person(self._sender, result, event_id, id_class, wall))
        self._pump.send_unkept(self._topics.person(result.feed), body)

    def prompt(self, feed: str, code: str | None) -> None:
        """Tell the kiosk's screen what the person is to do; None: nothing. May get lost."""
        text = "" if code is None else self._words[code]
        language, wall = self._settings.prompt_language, self._clock.wall()
        body = wire.encode(wire.prompt(self._sender, feed, code, text, language, wall))
        self._pump.send_unkept(self._topics.prompt(feed), body)
