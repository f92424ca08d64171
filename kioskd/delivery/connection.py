"""The courier's connection to its broker: made, tended, given up and made again."""

import queue
from collections.abc import Callable

from kioskd.delivery import broker_sentences
from kioskd.delivery.backoff import Backoff
from kioskd.delivery.broker_limits import Limits
from kioskd.delivery.delivery_context import Shared
from kioskd.delivery.incoming import Incoming
from kioskd.delivery.mqtt import (
    Acked,
    Connected,
    Heard,
    Letter,
    Link,
    Lost,
    Received,
    Subscribed,
)
from kioskd.delivery.name_clash import NameClash
from kioskd.delivery.outgoing import Outgoing
from kioskd.delivery.pump import Pump
from kioskd.delivery.row_queue import RowQueue
from kioskd.delivery.tls_renewal import Renewal
from kioskd.happenings import BrokerMet

PATIENCE_S = 20.0  # name lookup, TCP, TLS and the broker's answer together
GOODBYE_S = 0.5  # for the broker to take our goodbye
ASK_AGAIN_S = 15.0  # for a subscription that was refused
STEADY_S = 10.0  # a connection that lasted so long was a good one: next time wait little


class Connection:
    """Used by the courier's thread, except `wake`, which any thread may call.

    will  the last will's topic and payload
    """

    def __init__(
        self,
        shared: Shared,
        outgoing: Outgoing,
        pump: Pump,
        rows: RowQueue,
        incoming: Incoming,
        will: Letter,
    ) -> None:
        self._settings = shared.settings
        self._nodes = shared.settings.nodes
        self._node = 0  # the one that is spoken to, or tried next
        self._faults: dict[int, str] = {}  # of nodes, since one of them took us
        self._clock = shared.clock
        self._problems = shared.problems
        self._tell = shared.tell
        self._outgoing = outgoing
        self._pump = pump
        self._rows = rows
        self._incoming = incoming
        self._will = will
        self._inbox: queue.SimpleQueue[tuple[Link, Heard] | None] = queue.SimpleQueue()
        self._backoff = Backoff()
        self._clash = NameClash(shared.settings)
        self._renewal = Renewal(shared.settings.tls)
        self._will_limits = Limits()  # what the broker takes of a last will, as far as known
        self.certificate_ends: float | None = None  # the broker's, since 1970, as last seen
        self._refused: tuple[str, ...] = ()  # what the broker does not let us listen to
        self._ask_at = 0.0  # when it is asked again
        self._connect_at = self._since = shared.clock.monotonic()

    def wake(self) -> None:
        """There is something to do."""
        self._inbox.put(None)

    def listen(self, wait_s: float) -> None:
        """Wait a moment for something to happen, then take all that has."""
        link = self._outgoing.link
        dead = link is not None and not link.alive
        try:
            item = self._inbox.get(timeout=wait_s)
            while True:
                if item is not None and item[0] is self._outgoing.link:
                    self._take(item[1])
                item = self._inbox.get_nowait()
        except queue.Empty:
            pass
        if dead and self._outgoing.link is link:
            self._lose(Lost("the MQTT thread ended without a reason", "broken"))

    def tend(self) -> None:
        """Connect when it is time to, and give up on a broker that does not answer."""
        self._incoming_does(self._incoming.tend)
        now = self._clock.monotonic()
        link = self._outgoing.link
        if link is None:
            if now >= self._connect_at and not self._outgoing.stopping:
                self._connect(now)
        elif self._silent(now):
            link.drop()
            place = broker_sentences.place(self._nodes[self._node])
            self._lose(Lost(f"the broker at {place} does not answer: check it", "unreachable"))
        elif self._outgoing.accepted:
            self._clash.steady(now - self._since)
            self._problems.set("client_id", self._clash.sentence)
            self._ask_again(now)
            self._renew(now)

    def _ask_again(self, now: float) -> None:
        """For what we may not listen to: a cluster that has no leader refuses it for a while."""
        if (link := self._outgoing.link) is not None and self._refused and now >= self._ask_at:
            self._ask_at = now + ASK_AGAIN_S
            link.subscribe(self._refused)

    def _renew(self, now: float) -> None:
        """Connect again where the certificates are new, once nothing is on its way."""
        due = self._renewal.due(now)
        self._problems.set("certificate_files", self._renewal.fault)
        if not due or self._outgoing.longest_unanswered(now) > 0.0:
            return
        link = self._outgoing.link
        with self._outgoing.lock:
            self._outgoing.closed(now)
        if link is not None:
            link.close(GOODBYE_S)  # properly, so that nobody is told that we are gone
        self._backoff.reset()
        self._connect_at = now

    def close(self) -> None:
        """Say goodbye to the broker, if there is one."""
        with self._outgoing.lock:
            link, self._outgoing.link = self._outgoing.link, None
        if link is not None:
            link.close(GOODBYE_S)
        self._inbox = (
            queue.SimpleQueue()
        )  # with its last words the link would linger in the old one

    def _connect(self, now: float) -> None:
        limits, will = self._will_limits, self._will
        self._renewal.used()
        link = Link(
            self._nodes[self._node],
            self._hear,
            will=Letter(will.topic, will.body, limits.qos, limits.retain),
            subscribe=self._incoming.topics,
            largest_packet=self._incoming.largest_packet,
        )
        self._since = now
        with self._outgoing.lock:
            self._outgoing.link = link
        link.start()

    def _hear(self, link: Link, happening: Heard) -> None:
        """On the link's thread: keep it for the courier's, but no heap of what others send."""
        if isinstance(happening, Received) and not self._incoming.admits(
            happening.letter.topic, self._clock.monotonic(), len(happening.letter.body)
        ):
            return
        self._inbox.put((link, happening))

    def _silent(self, now: float) -> bool:
        if not self._outgoing.accepted:
            return now - self._since > PATIENCE_S
        return self._outgoing.longest_unanswered(now) > self._settings.ack_timeout_s

    def _take(self, happening: Heard) -> None:
        match happening:
            case Connected(limits, ends):
                self.certificate_ends = ends
                self._opened(limits)
            case Acked():
                self._pump.answered(happening)
            case Received(letter):
                self._incoming_does(lambda: self._incoming.take(letter))
            case Subscribed(granted, refused):
                self._pump.subscribed(granted, True)
                self._pump.subscribed(refused, False)
                self._refused = refused
                self._ask_at = self._clock.monotonic() + ASK_AGAIN_S
            case Lost():
                self._lose(happening)
            case _:
                pass

    def _incoming_does(self, work: Callable[[], object]) -> None:
        """A reader's mistake is told, and keeps nothing back that is for a door."""
        try:
            work()
        except Exception as error:
            self._problems.set("courier", broker_sentences.our_mistake(error))

    def _opened(self, limits: Limits) -> None:
        now = self._since = self._clock.monotonic()
        self._refused = ()
        self._rows.start_over()
        self._will_limits = limits
        with self._outgoing.lock:
            self._outgoing.opened(limits, now)
        self._faults.clear()
        self._problems.set("broker", None)
        self._tell(BrokerMet(broker_sentences.place(self._nodes[self._node])))

    def _lose(self, lost: Lost) -> None:
        now = self._clock.monotonic()
        accepted = self._outgoing.accepted
        with self._outgoing.lock:
            suspect = self._outgoing.on_their_way(now) and lost.cause != "taken_over"
            blamed = self._outgoing.closed(now, ended_by_broker=suspect and accepted)
        if not accepted:
            self._will_limits = broker_sentences.learned(lost.code, lost.cause, self._will_limits)
        elif suspect or self._outgoing.suspecting:
            # A busy machine hears late that the broker hung up: what is suspected explains that,
            # and no rival. The next try follows soon: actions wait for it.
            self._backoff.reset()
        else:
            self._thrown_out(lost, now - self._since)
        if blamed is not None:
            self._clash.explained()
            self._pump.blame(blamed)
        self._connect_at = now + self._backoff.wait()
        self._next_node(lost)

    def _next_node(self, lost: Lost) -> None:
        """It is a problem once every node has failed: until then another is tried."""
        self._faults[self._node] = lost.sentence
        self._node = (self._node + 1) % len(self._nodes)
        if len(self._faults) == len(self._nodes):
            self._problems.set("broker", "; ".join(dict.fromkeys(self._faults.values())))

    def _thrown_out(self, lost: Lost, lasted_s: float) -> None:
        self._clash.thrown_out(lost, lasted_s)
        self._problems.set("client_id", self._clash.sentence)
        if lasted_s >= STEADY_S:
            self._backoff.reset()
