"""The one door to nats-py: a connection to the cluster, its streams, and durable consumers.

JetStream keeps every message until each consumer has said that it is done with it. NATS' MQTT gate
acknowledges a message once it stands in the stream `$MQTT_msgs`, on most of the nodes.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error
from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.errors import APIError, NotFoundError

MQTT = "$MQTT.msgs."  # before the subject of what came through the MQTT gate
Change = Literal["made", "changed", "kept"]
_CONNECT_S = 10
FIRST_TRIES = 2  # of each node, until a command says that none answers
_FLUSH_S = 10
_ANSWER_S = 5  # a request of which nothing is heard for so long was lost with its connection
_ENDS = ("", "404", "408")  # nothing waits; its time is over
_FULL = ("Message Size Exceeds MaxBytes", "Exceeded MaxAckPending")
_LEVELS, _AT = 9, 7


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
    place   the subject on which the cluster hears what becomes of it
    """

    topic: str
    body: bytes
    at: datetime
    place: str


class Consumer:
    """Hands out what was not done with; what is neither done nor put off comes again by itself.

    nats-py's own `fetch` makes two tasks for every message; this one hears them where they come. By
    the cluster's protocol each request ends with the last message that it asked for, or with a
    status without a place, on the inbox of that request.
    """

    def __init__(self, client: Client, stream: str, name: str) -> None:
        self._client = client
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"
        self._inbox = client.new_inbox()
        self._sub: Subscription | None = None
        self._requests = 0
        self._wanted = 0
        self._came: list[Letter] = []
        self._status = ("", "")  # code and sentence of what ended the request without its last
        self._ended = asyncio.Event()
        self.name = name

    async def fetch(self, most: int, most_bytes: int, within_s: float) -> list[Letter]:
        """What waits, up to so many and so large; where nothing does, the first that comes.

        Empty where none comes within so many seconds. Raises LinkError.
        """
        with _saying():
            if self._sub is None:
                self._sub = await self._client.subscribe(f"{self._inbox}.*", cb=self._hear)
            await self._ask(most, _ANSWER_S, max_bytes=most_bytes, no_wait=True)
            if not self._came and within_s > 0:
                await self._ask(1, within_s + _ANSWER_S, expires=int(within_s * 1e9))
        letters, self._came = self._came, []
        return letters

    async def _ask(self, most: int, until_s: float, **how: object) -> None:
        """One request, until it ended. One that was lost on the way is over after `until_s`."""
        self._requests += 1
        self._wanted, self._status = most, ("", "")
        self._ended.clear()
        request = json.dumps({"batch": max(1, most - len(self._came)), **how}).encode()
        await self._client.publish(self._next, request, self._inbox_now())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), until_s)
        code, sentence = self._status
        if code not in _ENDS and not self._came and sentence not in _FULL:
            raise LinkError(sentence or f"the cluster answered {code}")

    def _inbox_now(self) -> str:
        return f"{self._inbox}.{self._requests}"

    async def _hear(self, raw: Msg) -> None:
        if raw.reply:
            self._came.append(_letter(raw))
            if len(self._came) >= self._wanted:
                self._ended.set()
        elif raw.subject == self._inbox_now():  # else of a request that was given up
            told = raw.headers or {}
            self._status = told.get("Status", ""), told.get("Description", "")
            self._ended.set()

    async def done(self, letters: Sequence[Letter]) -> None:
        """They are on the disk elsewhere. Lost on the way, this only makes them come again."""
        with _saying():
            for letter in letters:
                await self._client.publish(letter.place, b"+ACK")
            await self._client.flush(_FLUSH_S)

    async def later(self, letters: Sequence[Letter], delay_s: float) -> None:
        """They could not be kept now; the cluster hands them out again after so many seconds."""
        put_off = b'-NAK {"delay": %d}' % int(delay_s * 1e9)
        with suppress(Error, OSError):  # where this is lost they come again all the same
            for letter in letters:
                await self._client.publish(letter.place, put_off)

    async def close(self) -> None:
        """Hear nothing more; what came and was not fetched comes again."""
        with suppress(Error, OSError):
            if self._sub is not None:
                await self._sub.unsubscribe()


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
        return Consumer(self.client, stream, name)

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
        await _connect(client, cluster, name)
    client.options["max_reconnect_attempts"] = -1  # once it was there it is waited for
    try:
        yield Link(client)
    finally:
        with suppress(Error, OSError, TimeoutError):
            await asyncio.wait_for(client.close(), _FLUSH_S)


async def _connect(client: Client, cluster: Cluster, name: str) -> None:
    """Once, or LinkError. A node whose certificate is not believed will not be a moment later.

    nats-py alone would try for ever there: each node that speaks names all nodes anew.
    """
    unbelieved: asyncio.Future[ssl.SSLError] = asyncio.get_running_loop().create_future()

    async def heard(error: Exception) -> None:
        """What breaks a call is raised there; a connection that is lost is made again."""
        if isinstance(error, ssl.SSLError) and not unbelieved.done():
            unbelieved.set_result(error)

    connecting = asyncio.ensure_future(
        client.connect(
            list(cluster.servers),
            name=name,
            connect_timeout=_CONNECT_S,
            max_reconnect_attempts=FIRST_TRIES,
            reconnect_time_wait=1,
            allow_reconnect=True,
            error_cb=heard,
            tls=_tls(cluster),
            user=cluster.user,
            password=cluster.password,
        )
    )
    await asyncio.wait((connecting, unbelieved), return_when=asyncio.FIRST_COMPLETED)
    if connecting.done():
        return connecting.result()
    connecting.cancel()
    with suppress(asyncio.CancelledError, Error, OSError):
        await connecting
    raise LinkError(f"a node's certificate is not believed ({unbelieved.result()}): see --ca")


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
    """By `$JS.ACK.stream.consumer.delivered.seq.seq.ns since 1970.pending`, newer ones with a
    domain and an account before the stream."""
    told = raw.reply.split(".")
    at = int(told[_AT if len(told) == _LEVELS else _AT + 2]) / 1e9
    topic = raw.subject.removeprefix(MQTT).replace(".", "/")
    return Letter(topic, raw.data, datetime.fromtimestamp(at, UTC), raw.reply)


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
