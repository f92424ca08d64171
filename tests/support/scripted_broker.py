"""A small scripted MQTT server, for what mosquitto cannot be made to do. It speaks real bytes.

It takes every client, answers as MQTT says, delivers nothing to anybody, and hangs up on, or leaves
unanswered, what the script says. (OASIS MQTT 3.1.1 and 5.0, chapters 2 and 3.)
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from kioskd.delivery.delivery_settings import DeliverySettings

Answer = Literal["acknowledge", "hang up", "ignore"] | int  # a reason code of MQTT 5
CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12


@dataclass(frozen=True, slots=True)
class Published:
    """A PUBLISH packet as it came, and on which connection, counted from 0."""

    connection: int
    topic: str
    body: bytes
    qos: int
    retain: bool
    size: int  # bytes of the whole packet
    properties: bytes = b""  # of the packet, MQTT 5 only

    @property
    def kind(self) -> str:
        return self.topic.rsplit("/", 1)[-1]


def acknowledge(_: Published) -> Answer:
    return "acknowledge"


@dataclass
class ScriptedBroker:
    """What it was sent, by all its clients.

    script      what to do about a message
    properties  of the CONNACK, MQTT 5 only, as bytes
    refusal     of a CONNECT whose flags it is given: a reason code, 0 for none, -1 to hang up
    grants      whether it takes subscriptions, of one topic each
    """

    host: str
    port: int
    script: Callable[[Published], Answer]
    properties: bytes
    refusal: Callable[[int], int]
    grants: bool
    published: list[Published] = field(default_factory=list)
    connects: list[bytes] = field(default_factory=list)
    pings: int = 0

    def settings(self) -> DeliverySettings:
        return DeliverySettings(self.host, self.port, site="hq", device="kiosk-07")

    def of(self, kind: str) -> list[Published]:
        return [message for message in self.published if message.kind == kind]

    def serve(self, client: socket.socket) -> None:
        with closing(client), suppress(ConnectionError, _EndedError):
            five = self._welcome(client)
            connection = len(self.connects) - 1
            while True:
                head, packet = _packet(client)
                if not self._answer(client, connection, head, packet, five):
                    return

    def _welcome(self, client: socket.socket) -> bool:
        if client.recv(1, socket.MSG_PEEK)[:1] != bytes([CONNECT << 4]):
            raise _EndedError  # somebody asks whether this is a web server
        _, packet = _packet(client)
        self.connects.append(packet)
        five, flags = packet[6] == 5, packet[7]
        if (code := self.refusal(flags)) < 0:
            raise _EndedError
        properties = bytes([len(self.properties)]) + self.properties if five else b""
        client.sendall(bytes([0x20, 2 + len(properties), 0, code]) + properties)
        if code:
            raise _EndedError
        return five

    def _answer(
        self, client: socket.socket, connection: int, head: int, packet: bytes, five: bool
    ) -> bool:
        """Whether the connection goes on."""
        kind = head >> 4
        if kind == PINGREQ:
            self.pings += 1
            client.sendall(b"\xd0\x00")
        elif kind == SUBSCRIBE:
            code = b"\1" if self.grants else b"\x87" if five else b"\x80"
            client.sendall(
                bytes([0x90, 4 if five else 3]) + packet[:2] + (b"\0" if five else b"") + code
            )
        elif kind == PUBLISH:
            return self._published(client, connection, head, packet, five)
        return kind in (PINGREQ, SUBSCRIBE)

    def _published(
        self, client: socket.socket, connection: int, head: int, packet: bytes, five: bool
    ) -> bool:
        qos, end = head >> 1 & 3, 2 + int.from_bytes(packet[:2], "big")
        topic, rest = packet[2:end].decode(), packet[end:]
        number, rest = (rest[:2], rest[2:]) if qos else (b"", rest)
        properties, body = (rest[1 : 1 + rest[0]], rest[1 + rest[0] :]) if five else (b"", rest)
        size = 1 + _digits(len(packet)) + len(packet)
        message = Published(connection, topic, body, qos, bool(head & 1), size, properties)
        self.published.append(message)
        answer = self.script(message)
        if answer == "acknowledge" and qos:
            client.sendall(b"\x40\x02" + number)
        elif isinstance(answer, int) and qos:
            client.sendall(b"\x40\x03" + number + bytes([answer]))
        return answer != "hang up"


class _EndedError(Exception):
    """The client is gone, or was sent away."""


def _packet(client: socket.socket) -> tuple[int, bytes]:
    """The first byte of the next packet, and what follows its length."""
    head = _exactly(client, 1)[0]
    length = shift = 0
    while True:
        byte = _exactly(client, 1)[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return head, _exactly(client, length)


def _exactly(client: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = client.recv(count - len(found))
        if not more:
            raise _EndedError
        found += more
    return found


def _digits(length: int) -> int:
    return 1 + sum(length >= 128**digits for digits in (1, 2, 3))


@contextmanager
def scripted_broker(
    script: Callable[[Published], Answer] = acknowledge,
    properties: bytes = b"",
    refusal: Callable[[int], int] = lambda flags: 0,
    host: str = "127.0.0.1",
    grants: bool = True,
) -> Iterator[ScriptedBroker]:
    """Listening for as long as the block lasts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        broker = ScriptedBroker(host, server.getsockname()[1], script, properties, refusal, grants)
        clients: list[tuple[socket.socket, threading.Thread]] = []

        def listen() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    thread = threading.Thread(target=broker.serve, args=(client,))
                    clients.append((client, thread))
                    thread.start()

        listening = threading.Thread(target=listen)
        listening.start()
        try:
            yield broker
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            listening.join()
            for client, thread in clients:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)
                thread.join()
