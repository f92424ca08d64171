"""Publishes layers, retained, on the kiosks' own topics, by MQTT; and waits until each is taken."""

import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.mqtt import Acked, Connected, Heard, Letter, Link, Lost
from kioskd.delivery.wire import Topics

CONNECT_S, ANSWER_S = 15.0, 20.0
AT_ONCE = 100  # documents on their way: brokers take some hundreds


class PublishError(Exception):
    """The broker is away, or refuses; the sentence says what it said. To be tried again."""


@dataclass(frozen=True, slots=True)
class Document:
    """A signed layer, or with a slot a piece of a network's file; and whose it is."""

    site: str
    device: str
    level: str
    body: bytes
    slot: int | None = None


class Publisher:
    """`settings`: how the broker is reached; the site and device in there are nobody's."""

    def __init__(self, settings: DeliverySettings) -> None:
        # MQTT 3.1.1: NATS speaks no other, and nothing here needs more.
        self._settings = replace(settings, protocol="3.1.1")

    def publish(self, documents: Sequence[Document]) -> None:
        """Return once the broker took all of them; raises PublishError."""
        if not documents:
            return
        heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        link = Link(self._settings, lambda _, happening: heard.put(happening))
        link.start()
        try:
            if not isinstance(self._next(heard, Connected, CONNECT_S), Connected):
                raise PublishError("the broker does not answer")
            rest = iter(documents)
            while some := list(islice(rest, AT_ONCE)):
                self._send(link, some, heard)
        finally:
            link.close(timeout=2.0)

    def _send(
        self, link: Link, documents: Sequence[Document], heard: queue.SimpleQueue[Heard]
    ) -> None:
        waiting = set()
        for one in documents:
            topics = Topics(self._settings.prefix, one.site, one.device)
            topic = topics.layer(one.level) if one.slot is None else topics.piece(one.slot)
            waiting.add(link.publish(Letter(topic, one.body, 1, retain=True)))
        while waiting:
            answer = self._next(heard, Acked, ANSWER_S)
            if not isinstance(answer, Acked):
                raise PublishError("the broker does not acknowledge a layer")
            if not answer.taken:
                raise PublishError("the broker refuses a layer: its ACL must let us write it")
            waiting.discard(answer.mid)

    def _next(
        self,
        heard: queue.SimpleQueue[Heard],
        wanted: type[Connected] | type[Acked],
        within_s: float,
    ) -> Heard | None:
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                happening = heard.get(timeout=left)
            except queue.Empty:
                return None
            if isinstance(happening, Lost):
                raise PublishError(_why(happening, self._settings))
            if isinstance(happening, wanted):
                return happening
        return None


# What a kiosk's configuration calls so stands here on the command line. The longer names first.
_OPTIONS = {
    "mqtt.tls.ca_file": "--ca",
    "mqtt.broker and mqtt.port": "--broker",
    "mqtt.username, mqtt.password": "--user, its password",
    "mqtt.tls": "--ca",
    "mqtt.broker": "--broker",
    "mqtt.port": "--broker",
    "this kiosk": "this machine",
}


def _why(lost: Lost, settings: DeliverySettings) -> str:
    """For who rolls out: a node that was killed, too, hangs up before or after it answered."""
    if lost.cause == "broken":
        tls = "no TLS (leave --ca out)" if settings.tls else "TLS (say --ca)"
        return (
            f"the broker at {settings.host}:{settings.port} hung up: look whether that node still"
            f" runs, or name another by --broker; if it does run, it may want {tls}"
        )
    sentence = lost.sentence
    for name, option in _OPTIONS.items():
        sentence = sentence.replace(name, option)
    return sentence
