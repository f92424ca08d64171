"""One connection to an MQTT broker, used once. The one file that knows paho.

What paho does with messages it still holds when a connection breaks is wrong for a door: it
sends them again, as late as it likes, with the lifetime they had at first. So no paho client
survives its connection. A Link connects once, lives, and ends with exactly one `Lost`; whoever
owns it makes another. Nothing is published while it is not connected.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import paho.mqtt.client as paho
from paho.mqtt.client import ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from kioskd.delivery import broker_sentences
from kioskd.delivery.broker_limits import DEFAULT_WINDOW, Limits, packet_bytes
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.tls import speaks_http, tls_context

CONNECT_S = 5.0  # for TCP, and again for the TLS handshake


@dataclass(frozen=True, slots=True)
class Letter:
    """One message.

    expiry_s     the MQTT 5 message expiry, whole seconds
    correlation  MQTT 5 correlation data: of a request, and so of its answer
    answer_to    where a request asks to be answered, MQTT 5; nobody has to heed it
    """

    topic: str
    body: bytes
    qos: Literal[0, 1] = 1
    retain: bool = False
    expiry_s: int | None = None
    correlation: bytes = b""
    answer_to: str = ""

    def size(self, five: bool = True) -> int:
        """Bytes of its packet on the wire, with MQTT 5 or 3.1.1."""
        expires = five and self.expiry_s is not None
        told = len(self.correlation)
        return packet_bytes(self.topic, self.body, self.qos, five, expires, told)


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us, within its limits.

    certificate_ends  that of the broker, seconds since 1970; None without TLS
    """

    limits: Limits
    certificate_ends: float | None = None


@dataclass(frozen=True, slots=True)
class Acked:
    """The broker answered for message `mid`. With 3.1.1 `taken` is always True.

    With QoS 0 no broker answers: it only says that the message has left.
    """

    mid: int
    taken: bool
    unheard: bool  # taken, but nobody had subscribed
    reason: str
    code: int = 0  # MQTT 5 reason code


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker answered subscriptions; that it granted one does not mean that anything comes."""

    granted: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    letter: Letter


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is over, or never came about."""

    sentence: str
    cause: Literal["unreachable", "refused", "taken_over", "broken", "closed"]
    code: int = 0  # MQTT 5 reason code of the broker's, if it gave one


Heard = Connected | Acked | Subscribed | Received | Lost


class Link:
    """A connection and the thread that serves it.

    `tell` is called on that thread with everything that happens; it must only take note.
    largest_packet  bytes; an MQTT 5 broker is asked to send none that is larger
    """

    def __init__(
        self,
        settings: DeliverySettings,
        tell: Callable[["Link", Heard], None],
        will: Letter | None = None,
        subscribe: tuple[str, ...] = (),
        largest_packet: int | None = None,
    ) -> None:
        self._settings = settings
        self._largest_packet = largest_packet
        self._tell = tell
        self._subscribe = subscribe
        self._asked: dict[int, tuple[str, ...]] = {}  # by the number of what asked for them
        self._asking = threading.Lock()
        self._up = False
        self._wanted = True
        self._lost: Lost | None = None
        # OpenSSL's names of what the broker said when it ended TLS. A list of its own, so that
        # what notes it holds no reference to us and nothing lingers.
        self._alerts: list[str] = []
        self._certificate_ends: list[float] = []  # and one that the broker's certificate fills
        self._client = _client(settings)
        if will is not None:
            self._client.will_set(will.topic, will.body, will.qos, will.retain)
        self._guard_callbacks()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def connected(self) -> bool:
        return self._up and self._thread.is_alive()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def publish(self, letter: Letter) -> int | None:
        """Hand one message over without waiting: its number until `Acked`, None if not connected.

        The message is on its way only on this connection; it never moves to the next one.
        """
        if not self.connected:
            return None
        info = self._client.publish(
            letter.topic, letter.body, letter.qos, letter.retain, self._properties(letter)
        )
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def subscribe(self, topics: tuple[str, ...]) -> None:
        """Ask for these; `Subscribed` says which of them were granted."""
        if topics and self.connected:
            with self._asking:  # the answer may come before its number is known here
                _, number = self._client.subscribe([(topic, 1) for topic in topics])
                if number is not None:
                    self._asked[number] = topics

    def close(self, timeout: float) -> None:
        """Say goodbye, so that the broker keeps the last will to itself."""
        self._wanted = False
        self._client.disconnect()
        self._thread.join(timeout)
        if self._thread.is_alive():
            self.drop()

    def drop(self) -> None:
        """End without a word. What the kernel has not sent yet is thrown away with it."""
        self._wanted = False
        self._up = False
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # not sock.shutdown: on a TLS socket that would take the encryption off first
                socket.socket.shutdown(sock, socket.SHUT_RD)

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # a dead thread must never look like a quiet one
            self._end(broker_sentences.cannot_connect(error, self._settings), "unreachable")
        finally:
            self._up = False
            self._release()
        self._tell(self, self._lost or self._unexplained())

    def _serve(self) -> None:
        settings = self._settings
        if settings.tls is not None:
            noted = self._alerts.append, self._certificate_ends.append
            self._client.tls_set_context(tls_context(settings.tls, *noted))
        self._client.connect(
            settings.host,
            settings.port,
            settings.keepalive_s,
            clean_start=True if settings.protocol == "5" else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=self._our_limits(),
        )
        while self._client.loop(timeout=1.0) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            if not self._wanted and not self._up:
                break

    def _end(
        self, sentence: str, cause: Literal["unreachable", "refused", "broken"], code: int = 0
    ) -> None:
        """Keep the first explanation: what follows it are its consequences."""
        if self._lost is None:
            self._lost = Lost(sentence, cause, code)

    def _unexplained(self) -> Lost:
        if not self._wanted:
            return Lost("the connection was closed", "closed")
        return Lost(self._no_answer(), "broken")

    def _no_answer(self) -> str:
        """Why a broker hung up before it answered, as far as it can be found out."""
        settings = self._settings
        if self._alerts:
            return broker_sentences.tls_alert(self._alerts[-1], settings)
        if speaks_http(settings.host, settings.port, settings.tls):
            return broker_sentences.speaks_http(settings)
        return broker_sentences.gave_no_answer(settings)

    def _properties(self, letter: Letter) -> Properties | None:
        plain = letter.expiry_s is None and not letter.correlation
        if plain or self._settings.protocol != "5":
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if letter.expiry_s is not None:
            properties.MessageExpiryInterval = letter.expiry_s
        if letter.correlation:
            properties.CorrelationData = letter.correlation
        return properties

    def _our_limits(self) -> Properties | None:
        """What the broker is told of us when we connect."""
        if self._largest_packet is None or self._settings.protocol != "5":
            return None
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = self._largest_packet
        return properties

    def _guard_callbacks(self) -> None:
        """Callbacks only take note; nothing they do can raise into paho's loop and end it."""
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_socket_open = _at_once
        # With this set, publish() leaves the writing to our thread: two threads writing on
        # one socket could mix their bytes. The loop asks want_write() by itself. It stays set:
        # else a publish() during which the connection ends calls a message that left unsent.
        self._client.on_socket_register_write = lambda client, userdata, sock: None

    def _release(self) -> None:
        """Close the socket and cut the circle of references, so nothing lingers."""
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        client = self._client
        client.on_connect = client.on_disconnect = client.on_publish = None
        client.on_subscribe = client.on_message = None

    def _on_connect(
        self,
        client: paho.Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        with self._guarded():
            if reason.is_failure:
                sentence = broker_sentences.refused(reason.value, str(reason), self._settings)
                self._end(sentence, "refused", reason.value)
                return
            self._up = True
            self.subscribe(self._subscribe)
            ends = self._certificate_ends[-1] if self._certificate_ends else None
            self._tell(self, Connected(_limits(properties), ends))

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        with self._guarded():
            was_up, self._up = self._up, False
            if not self._wanted:
                return
            if not was_up and not flags.is_disconnect_packet_from_server:
                return  # _unexplained says more
            sentence = broker_sentences.disconnected(reason.value, str(reason), self._settings)
            if reason.value == broker_sentences.TAKEN_OVER:
                self._lost = Lost(sentence, "taken_over", reason.value)
            self._end(sentence, "broken", reason.value)

    def _on_publish(
        self,
        client: paho.Client,
        userdata: object,
        mid: int,
        reason: ReasonCode,
        properties: Properties,
    ) -> None:
        with self._guarded():
            unheard = reason.value == broker_sentences.NO_SUBSCRIBERS
            taken = not reason.is_failure
            self._tell(self, Acked(mid, taken, unheard, str(reason), reason.value))

    def _on_subscribe(
        self,
        client: paho.Client,
        userdata: object,
        mid: int,
        codes: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        with self._guarded():
            with self._asking:
                asked = list(zip(self._asked.pop(mid, ()), codes, strict=False))
            granted = tuple(topic for topic, code in asked if not code.is_failure)
            refused = tuple(topic for topic, code in asked if code.is_failure)
            self._tell(self, Subscribed(granted, refused))

    def _on_message(self, client: paho.Client, userdata: object, message: MQTTMessage) -> None:
        with self._guarded():
            told = message.properties
            expiry = getattr(told, "MessageExpiryInterval", None)
            qos: Literal[0, 1] = 1 if message.qos else 0
            letter = Letter(
                message.topic,
                bytes(message.payload),
                qos,
                message.retain,
                expiry,
                getattr(told, "CorrelationData", b""),
                getattr(told, "ResponseTopic", ""),
            )
            self._tell(self, Received(letter))

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._end(f"an MQTT message could not be handled: {error}", "broken")
            self.drop()


def _at_once(client: paho.Client, userdata: object, sock: object) -> None:
    """Let each message leave when it is written.

    TCP else keeps a small one back while the broker's kernel has not confirmed the one before, and
    that kernel may wait 40 ms for something to confirm it along with (Nagle's algorithm, RFC 896,
    and delayed acknowledgements, RFC 1122): an event behind an audit record came so much late.
    """
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _limits(properties: Properties | None) -> Limits:
    """What stands in the CONNACK. paho itself keeps to the broker's keep-alive, and we use no
    topic alias and no session, so the broker's word on those changes nothing.
    """
    return Limits(
        window=min(int(getattr(properties, "ReceiveMaximum", DEFAULT_WINDOW)), DEFAULT_WINDOW),
        packet_bytes=getattr(properties, "MaximumPacketSize", None),
        retain=bool(getattr(properties, "RetainAvailable", 1)),
        qos=1 if getattr(properties, "MaximumQoS", 1) else 0,
    )


def _client(settings: DeliverySettings) -> paho.Client:
    five = settings.protocol == "5"
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=settings.name_on_broker,
        clean_session=None if five else True,
        protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_S
    client.max_inflight_messages = 0  # we count ourselves: paho would queue, and send late
    if settings.username is not None:
        client.username_pw_set(settings.username, settings.password)
    return client
