"""The one door to nats-py: a connection to the cluster, its streams, and durable consumers.

JetStream keeps every message until each consumer has said that it is done with it. NATS' MQTT gate
acknowledges a message once it stands in the stream `$MQTT_msgs`, on most of the nodes.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.errors import APIError, NotFoundError

MQTT = "$MQTT.msgs."  # before the subject of what came through the MQTT gate
Change = Literal["made", "changed", "kept"]
_CONNECT_S = 10
FIRST_TRIES = 2  # of each node, until a command says that none answers
_FLUSH_S = 10


class LinkError(Exception):
    """The cluster is away, or refuses; the sentence says what it said. To be tried again."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """How the cluster is reached.

    servers   `nats://host:port` or `tls://host:port`, any that answers will do
    ca        whom to believe about a server, where TLS is spoken; None: the system's
    """

    servers: tuple[str, ...]
    user: str | None = None
    password: str | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """What a stream keeps, as fleet/streams.toml says it. Ages in seconds, 0: for ever."""

    name: str
    subjects: tuple[str, ...]
    retention: Literal["interest", "limits", "workqueue"]
    replicas: int
    most_bytes: int
    when_full: Literal["new", "old"]
    longest_s: float


@dataclass(frozen=True, slots=True)
class Reader:
    """A durable consumer, which any number of collectors share."""

    name: str
    stream: str
    filter: str
    ack_wait_s: float
    most_pending: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as the cluster keeps it.

    topic   as the kiosk published it, by MQTT
    at      when the cluster took it
    times   how often it was handed out, this time included
    """

    topic: str
    body: bytes
    at: datetime
    times: int
    raw: Msg


class Consumer:
    """Hands out what was not done with; what is neither done nor put off comes again by itself."""

    def __init__(self, link: "Link", sub: JetStreamContext.PullSubscription, reader: str) -> None:
        self._link = link
        self._sub = sub
        self.name = reader

    async def fetch(self, most: int, within_s: float) -> list[Letter]:
        """What waits, up to so many; empty where nothing came within so many seconds."""
        with _saying():
            try:
                return [_letter(raw) for raw in await self._sub.fetch(most, within_s)]
            except TimeoutError:
                return []

    async def done(self, letters: Sequence[Letter]) -> None:
        """They are on the disk elsewhere. Lost on the way, this only makes them come again."""
        with _saying():
            for letter in letters:
                if letter.raw.reply:
                    await self._link.client.publish(letter.raw.reply, b"+ACK")
            await self._link.client.flush(_FLUSH_S)

    async def later(self, letters: Sequence[Letter], delay_s: float) -> None:
        """They could not be kept now; the cluster hands them out again after so many seconds."""
        with suppress(Error, OSError):  # where this is lost they come again all the same
            for letter in letters:
                await letter.raw.nak(delay=delay_s)


class Link:
    """A connection that is made again by itself, to whichever node answers."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._streams = client.jetstream(timeout=_CONNECT_S)

    async def consumer(self, stream: str, name: str) -> Consumer:
        """One that `kioskd fleet apply` made. Raises LinkError."""
        with _saying():
            try:
                await self._streams.consumer_info(stream, name)
            except NotFoundError:
                raise LinkError(f"there is no consumer {name}: run kioskd fleet apply") from None
            sub = await self._streams.pull_subscribe_bind(consumer=name, stream=stream)
        return Consumer(self, sub, name)

    async def waiting(self, stream: str, name: str) -> int:
        """How many messages no collector has taken yet, or has taken and not done."""
        with _saying():
            told = await self._streams.consumer_info(stream, name)
        return (told.num_pending or 0) + (told.num_ack_pending or 0)

    async def put(self, subject: str, body: bytes) -> None:
        """Into whichever stream takes this subject; on the disk of most nodes when it returns."""
        with _saying():
            await self._streams.publish(subject, body)

    async def apply_stream(self, stream: Stream) -> tuple[Change, str]:
        """Make it, or change what differs; and what was changed, in words. Raises LinkError."""
        with _saying():
            wanted = _config(stream)
            try:
                there = (await self._streams.stream_info(stream.name)).config
            except NotFoundError:
                await self._streams.add_stream(wanted)
                return "made", ""
            differs = {
                name: (getattr(there, name), getattr(wanted, name))
                for name in _OURS
                if getattr(there, name) != getattr(wanted, name)
            }
            if not differs:
                return "kept", ""
            if "retention" in differs:
                was, wanted_one = differs["retention"]
                raise LinkError(
                    f"the stream {stream.name} was made with the retention {was}, and none can be"
                    f" changed to {wanted_one}: stop the bridges, let the collectors finish, remove"
                    " the stream, and run this again before a kiosk connects"
                )
            changes = {name: new for name, (_, new) in differs.items()}
            await self._streams.update_stream(there.evolve(**changes))
        return "changed", _said(differs)

    async def apply_reader(self, reader: Reader) -> tuple[Change, str]:
        """The same for a consumer."""
        wanted = ConsumerConfig(
            durable_name=reader.name,
            filter_subject=reader.filter,
            ack_wait=reader.ack_wait_s,
            max_ack_pending=reader.most_pending,
            max_deliver=-1,
        )
        with _saying():
            try:
                there = (await self._streams.consumer_info(reader.stream, reader.name)).config
            except NotFoundError:
                await self._streams.add_consumer(reader.stream, wanted)
                return "made", ""
            differs = {
                name: (getattr(there, name), getattr(wanted, name))
                for name in ("filter_subject", "ack_wait", "max_ack_pending", "max_deliver")
                if getattr(there, name) != getattr(wanted, name)
            }
            if not differs:
                return "kept", ""
            await self._streams.add_consumer(reader.stream, wanted)
        return "changed", _said(differs)


_OURS = ("subjects", "retention", "num_replicas", "max_bytes", "discard", "max_age")


@asynccontextmanager
async def linked(cluster: Cluster, name: str = "kioskd") -> AsyncIterator[Link]:
    """A link for as long as the block lasts. Raises LinkError where no node answers."""
    client = Client()
    with _saying():
        await client.connect(
            list(cluster.servers),
            name=name,
            connect_timeout=_CONNECT_S,
            max_reconnect_attempts=FIRST_TRIES,
            reconnect_time_wait=1,
            allow_reconnect=True,
            error_cb=_unheard,
            tls=_tls(cluster),
            user=cluster.user,
            password=cluster.password,
        )
    client.options["max_reconnect_attempts"] = -1  # once it was there it is waited for
    try:
        yield Link(client)
    finally:
        with suppress(Error, OSError, TimeoutError):
            await asyncio.wait_for(client.close(), _FLUSH_S)


async def _unheard(_error: Exception) -> None:
    """What breaks a call is raised there; a connection that is lost is made again."""


def _tls(cluster: Cluster) -> ssl.SSLContext | None:
    if not any(server.startswith("tls:") for server in cluster.servers) and cluster.ca is None:
        return None
    context = ssl.create_default_context(cafile=cluster.ca)
    if cluster.certificate is not None:
        context.load_cert_chain(cluster.certificate, cluster.key)
    return context


def subject(topic: str) -> str:
    """What the MQTT gate makes of a topic, or of a filter with + and #."""
    levels = ({"+": "*", "#": ">"}.get(level, level) for level in topic.split("/"))
    return MQTT + ".".join(levels)


def _letter(raw: Msg) -> Letter:
    told = raw.metadata
    topic = raw.subject.removeprefix(MQTT).replace(".", "/")
    return Letter(topic, raw.data, told.timestamp, told.num_delivered, raw)


def _config(stream: Stream) -> StreamConfig:
    return StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=stream.retention,  # type: ignore[arg-type]  # the names are the enumeration's
        num_replicas=stream.replicas,
        max_bytes=stream.most_bytes,
        discard=stream.when_full,  # type: ignore[arg-type]
        max_age=stream.longest_s,
        storage="file",  # type: ignore[arg-type]
    )


def _said(differs: dict[str, tuple[object, object]]) -> str:
    return ", ".join(f"{name} {old} -> {new}" for name, (old, new) in differs.items())


@contextmanager
def _saying() -> Iterator[None]:
    """What nats-py raises becomes ours."""
    try:
        yield
    except APIError as error:
        raise LinkError(str(error.description or error)) from error
    except (Error, OSError, TimeoutError) as error:
        raise LinkError(str(error) or type(error).__name__) from error
