"""Whether the broker lets more happen than a door can bear: tried, each answer a sentence.

What is sent says nothing and lies on topics that no controller acts on: `probe` of a site and of a
kiosk that are not there, and below this kiosk's own topics.
"""

import queue
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from kioskd.delivery import broker_sentences, wire
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.mqtt import Acked, Connected, Heard, Letter, Link, Lost, Received, Subscribed
from kioskd.delivery.probe import ANSWER_S, CONNECT_S, until

BODY = b"kioskd doctor tries whether this may be published"


@dataclass(frozen=True, slots=True)
class Right:
    """What was tried and came of it.

    verdict  well: the broker refuses it; open: it does not; untold: nobody can tell
    """

    verdict: Literal["well", "open", "untold"]
    sentence: str


def rights(settings: DeliverySettings, sources: Sequence[str]) -> Iterator[Right]:
    """What others may do at this broker, and this kiosk beyond its own topics.

    `settings` are those of a kiosk whose probe passed; `sources` are the names of its feeds.
    """
    place, nobody = broker_sentences.place(settings), _nameless(settings)
    with _guest(nobody) as (link, happenings):
        answer = until((Connected,), happenings, CONNECT_S)
        if isinstance(answer, Connected):
            yield Right("open", _ANYBODY.format(place))
            yield _write_here(settings, sources, _Writer(nobody, link, happenings, answer))
        elif isinstance(answer, Lost) and (answer.code in _NO or _has_certificate(settings)):
            yield Right("well", f"{place} takes no client without a name and password")
        else:
            why = answer.sentence if isinstance(answer, Lost) else "it does not answer"
            yield Right("untold", f"a client without a name could not try {place}: {why}")
    yield _write_elsewhere(settings)


_NO = (0x86, 0x87, 0x8C)  # bad user name or password, not authorised, bad way to prove who one is
_ANYBODY = (
    "the broker at {} lets clients in that have no name and no password: set allow_anonymous false "
    "in mosquitto.conf, and give each a user (kioskd broker-kit writes all of it)"
)
_HERE = (
    "whoever reaches the broker may publish on {} without a password, and so it seems where this "
    "kiosk's events go: let its own user alone write there, by the broker's ACL "
    "(docs/connect/mqtt.md)"
)
_ELSEWHERE = (
    "this kiosk may publish on {}, which are topics of others: whoever takes it over can speak for "
    "their doors; let its user write below {} only, by the broker's ACL (docs/connect/mqtt.md)"
)


@dataclass(frozen=True, slots=True)
class _Writer:
    """A client that is connected and about to try."""

    settings: DeliverySettings
    link: Link
    happenings: queue.SimpleQueue[Heard]
    answer: Connected

    @property
    def is_told(self) -> bool:
        """Whether this broker says which message it does not take."""
        return self.settings.protocol == "5" and self.answer.limits.qos == 1

    def taken(self, topics: Sequence[str]) -> tuple[list[str], bool]:
        """On which topics the broker acknowledges a message, and whether it answered on all."""
        found: list[str] = []
        for topic in topics:
            number = self.link.publish(Letter(topic, BODY, self.answer.limits.qos))
            answer = None if number is None else until((Acked,), self.happenings, ANSWER_S)
            if not isinstance(answer, Acked):
                return found, False
            found += [topic] if answer.taken else []
        return found, True


def _write_here(settings: DeliverySettings, sources: Sequence[str], nobody: _Writer) -> Right:
    topics = settings.topics
    tried = [topics.probe, *(f"{topics.action(source)}/probe" for source in sources)]
    open_, sure = _open(settings, nobody, tried)
    if open_:
        return Right("open", _HERE.format(" and ".join(open_)))
    who = f"a client without a name may not publish on {topics.everything}"
    return Right("well", who) if sure else Right("untold", _UNTOLD.format(who))


def _write_elsewhere(settings: DeliverySettings) -> Right:
    other = f"doctor-{secrets.token_hex(4)}"
    places = ((other, settings.device), (settings.site, other))
    tried = [wire.Topics(settings.prefix, *place).probe for place in places]
    own = f"{settings.topics.base}/"
    with _guest(settings) as (link, happenings):
        answer = until((Connected,), happenings, CONNECT_S)
        if not isinstance(answer, Connected):
            return Right("untold", "whether this kiosk may publish elsewhere could not be tried")
        open_, sure = _open(settings, _Writer(settings, link, happenings, answer), tried)
    if open_:
        return Right("open", _ELSEWHERE.format(" and ".join(open_), own))
    who = f"this kiosk may publish below {own} and not for another kiosk or site"
    return Right("well", who) if sure else Right("untold", _UNTOLD.format(who))


_UNTOLD = (
    "as far as can be seen {}; but the broker does not say of each message whether it was thrown "
    "away, as with MQTT 3.1.1, so look into its ACL"
)


def _open(
    settings: DeliverySettings, writer: _Writer, topics: Sequence[str]
) -> tuple[list[str], bool]:
    """Which of these topics the writer may publish on, and whether there are surely no more."""
    if writer.is_told:
        return writer.taken(topics)
    own = settings.topics.probe
    with _guest(settings, (*topics, own)) as (ear, happenings):
        if not isinstance(until((Subscribed,), happenings, CONNECT_S), Subscribed):
            return [], False
        writer.taken(topics)
        end = secrets.token_hex(8).encode()
        ear.publish(Letter(own, end, writer.answer.limits.qos))
        return _heard(happenings, end), False


def _heard(happenings: queue.SimpleQueue[Heard], end: bytes) -> list[str]:
    """On which topics a message came before that of our own, which was sent last."""
    found: list[str] = []
    while isinstance(received := until((Received,), happenings, ANSWER_S), Received):
        if received.letter.body == end:
            break
        if received.letter.body == BODY:
            found.append(received.letter.topic)
    return found


def _nameless(settings: DeliverySettings) -> DeliverySettings:
    """As a stranger comes who knows the address and nothing else."""
    tls = None if settings.tls is None else replace(settings.tls, certificate=None, key=None)
    return replace(settings, username=None, password=None, tls=tls)


def _has_certificate(settings: DeliverySettings) -> bool:
    """Whether a broker that ends TLS with a stranger may do so for the lack of one."""
    return settings.tls is not None and settings.tls.certificate is not None


@contextmanager
def _guest(
    settings: DeliverySettings, subscribe: tuple[str, ...] = ()
) -> Iterator[tuple[Link, queue.SimpleQueue[Heard]]]:
    """A connection beside the daemon's, under a client id of its own, and what happens on it."""
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    guest = replace(settings, client_id=f"{settings.name_on_broker}-{secrets.token_hex(4)}")
    link = Link(guest, lambda _, happening: happenings.put(happening), subscribe=subscribe)
    link.start()
    try:
        yield link, happenings
    finally:
        link.close(timeout=2.0)
