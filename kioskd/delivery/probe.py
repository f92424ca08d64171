"""Whether the broker can be used: asked step by step, each answer a sentence."""

import queue
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace

from kioskd.delivery import broker_sentences
from kioskd.delivery.broker_limits import Limits
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.mqtt import Acked, Connected, Heard, Letter, Link, Lost, Received

CONNECT_S = 15.0
ANSWER_S = 5.0
ENOUGH_BYTES = 2048  # for all but the longest audit records


def probe(settings: DeliverySettings) -> list[tuple[bool, str]]:
    """Connect, log in, and send ourselves a message on our own topic, as (well, sentence).

    The message must come back: a broker may grant a subscription and then deliver nothing.
    """
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    topic = settings.topics.probe
    guest = replace(settings, client_id=f"{settings.name_on_broker}-{secrets.token_hex(4)}")
    link = Link(guest, lambda _, happening: happenings.put(happening), subscribe=(topic,))
    link.start()
    try:
        answer = until((Connected,), happenings, CONNECT_S)
        found = [login(settings, answer)]
        if isinstance(answer, Connected):
            found += _limits(answer.limits, settings)
            found.append(_loop_back(link, Letter(topic, b"", answer.limits.qos), happenings))
        return found
    finally:
        link.close(timeout=2.0)


def login(settings: DeliverySettings, answer: Heard | None) -> tuple[bool, str]:
    """What came of connecting, as (well, sentence)."""
    match answer:
        case Connected():
            how = "with TLS" if settings.tls else "without TLS"
            who = settings.username or "nobody in particular"
            where = broker_sentences.place(settings)
            return True, f"connected to {where} {how} as {who}, MQTT {settings.protocol}"
        case Lost(sentence):
            return False, sentence
        case _:
            return False, f"the broker at {broker_sentences.place(settings)} does not answer"


def _limits(limits: Limits, settings: DeliverySettings) -> Iterator[tuple[bool, str]]:
    """What the broker lacks of what a door needs."""
    lacking = broker_sentences.lacks(limits)
    if not limits.takes(ENOUGH_BYTES):
        lacking.append(
            f"messages of more than {limits.packet_bytes} bytes are too large for it "
            "(docs/connect/mqtt.md has the sizes)"
        )
    if lacking:
        yield False, broker_sentences.limited(lacking, limits, settings)


def _loop_back(link: Link, empty: Letter, happenings: queue.SimpleQueue[Heard]) -> tuple[bool, str]:
    topic, nonce = empty.topic, secrets.token_hex(8).encode()
    sent_at = time.monotonic()
    link.publish(replace(empty, body=nonce))
    taken = False
    while (left := sent_at + ANSWER_S - time.monotonic()) > 0:
        match until((Acked, Received), happenings, left):
            case Received(letter) if letter.body == nonce:
                took_ms = 1000 * (time.monotonic() - sent_at)
                return True, f"a message on {topic} came back after {took_ms:.0f} ms"
            case Acked(taken=False):
                return False, broker_sentences.denied({topic: ""})
            case Acked():
                taken = True
            case Lost(sentence):
                return False, sentence
    if not taken:
        return False, f"the broker did not acknowledge a message on {topic}"
    return False, (
        f"the broker took a message on {topic} but did not bring it back: "
        "allow this user to write and read it in the broker's ACL"
    )


def until(
    kinds: tuple[type[Heard], ...],
    happenings: queue.SimpleQueue[Heard],
    timeout: float,
) -> Heard | None:
    """The next happening of one of these kinds, or the end of the connection; None in time."""
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        try:
            happening = happenings.get(timeout=left)
        except queue.Empty:
            break
        if isinstance(happening, (*kinds, Lost)):
            return happening
    return None
