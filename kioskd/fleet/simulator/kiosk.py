"""One kiosk without a camera: what it says, made and signed by the code that a real one uses.

It never makes an action event: nothing here can open a door. Time is a parameter; no clock is read.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, get_args
from uuid import UUID

from feeds.state import FeedState
from kioskd import __version__
from kioskd.alarms.alarm import Alarm
from kioskd.delivery import audit_rows, wire
from kioskd.delivery.audit_rows import Link
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.envelope import Envelope
from kioskd.delivery.seal import Seal
from kioskd.event import Result, Verdict
from kioskd.fleet.simulator.door_means import DoorMeans
from kioskd.fleet.simulator.story import HOUR_S, DoorStory, Person
from kioskd.health import DoorHealth, Health, Obstacle
from kioskd.signing.ed25519 import Signer
from kioskd.signing.library import Ed25519PrivateKey
from kioskd.time_service import ClockQuality

MODE, ACTION = "secure_access_rgb_liveness", "rgbLiveness"
SETTLED = ClockQuality(True, 0.3, 12.0)

What = Literal["row", "state", "status", "health", "alarms"]


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a kiosk.

    at        unix seconds at which it is made
    seq       of a row, its number; else 0
    spoilt    why it is not what a sound kiosk says on time; "" for all that is well
    """

    at: float
    kiosk: str
    what: What
    topic: str
    body: bytes
    seq: int = 0
    spoilt: str = ""

    @property
    def subject(self) -> str:
        """The topic less its prefix, as it is signed."""
        return self.topic[self.topic.index(f"/{self.kiosk}/") + 1 :]

    @property
    def retained(self) -> bool:
        return self.what != "row"


@dataclass(frozen=True, slots=True)
class Names:
    """Which kiosk it is, and what it runs.

    doors  by their names, each its story
    every  a result comes so often at each door, seconds; None: as the story has it
    off_s  by how much its clock is wrong
    """

    site: str
    device: str
    doors: Mapping[str, DoorStory]
    prefix: str = "liveness/v1"
    version: str = __version__
    model_version: str = "fused:1f2e3d4c"
    config_digest: str = "9b1c22d0"
    every_s: float | None = None
    health_s: float = 30.0
    off_s: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.site}/{self.device}"


@dataclass(slots=True)
class _Door:
    """What a door has counted since the start."""

    story: DoorStory
    tracks: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    means: DoorMeans = field(default_factory=DoorMeans)


class SimulatedKiosk:
    """Asked hour by hour, in order. The same seed and names say the same bytes."""

    def __init__(self, names: Names, seed: int) -> None:
        self.names = names
        self._seed = seed
        self.signer = signer(seed, names.name)
        self._seal = Seal(self.signer.key_id, self.signer.signature)
        self._topics = wire.Topics(names.prefix, names.site, names.device)
        self._ids = Random(f"{seed}/{names.name}/ids")
        self._sender = self._made_sender()
        self._envelope = Envelope(_settings(names), self._topics, self._seal)
        self._link = Link(1, self._uuid(), None)
        self._doors = {door: _Door(story) for door, story in names.doors.items()}
        self._told = 0
        self._began_at: float | None = None

    @property
    def epoch(self) -> str:
        return self._link.epoch

    @property
    def trust(self) -> dict[str, object]:
        """What the fleet is told of it: its names, and the keys to trust."""
        named = {"site": self.names.site, "device": self.names.device}
        return {**named, "keys": [self.signer.trust]}

    def course(self, begins: float, until: float) -> Iterator[Said]:
        """All that it says from `begins` to `until` (unix seconds), in order of time."""
        yield from self.start(begins)
        hour = begins // HOUR_S * HOUR_S
        while hour < until:
            yield from self._part(max(hour, begins), min(hour + HOUR_S, until))
            hour += HOUR_S

    def start(self, at: float) -> Iterator[Said]:
        """The words of a daemon that starts; from the second time on with a new boot id."""
        if self._began_at is not None:
            self._sender = self._made_sender()
        self._began_at = at
        yield self.status(at, "online")
        for feed in self._doors:
            state = FeedState(feed, "online", "", "", at + self.names.off_s)
            payload = wire.feed_state(self._sender, state, self._telling(at))
            yield self._signed(at, "state", self._topics.state(feed), payload)
        yield self.alarms(at, ())

    def _part(self, begins: float, until: float) -> Iterator[Said]:
        """What comes of an hour, or a part of one: rows of attempts, and health now and then."""
        courses = (self._attempts(feed, begins, until) for feed in self._doors)
        said_at = begins // self.names.health_s * self.names.health_s
        for at, feed, person in heapq.merge(*courses, key=lambda each: each[0]):
            while (due := said_at + self.names.health_s) <= at:
                said_at = due
                yield self.health(due)
            yield from self._attempt(at, feed, person)
        if until % HOUR_S == 0:
            for door in self._doors.values():
                door.means.turn()
        while (due := said_at + self.names.health_s) <= until:
            said_at = due
            yield self.health(due - 0.001)

    def status(self, at: float, state: wire.DaemonState) -> Said:
        off = at + self.names.off_s
        payload = wire.status(self._sender, state, {}, off, self._telling(at))
        return self._signed(at, "status", self._topics.status, payload)

    def alarms(self, at: float, ringing: Sequence[Alarm]) -> Said:
        payload = wire.alarms(self._sender, ringing, self._telling(at))
        return self._signed(at, "alarms", self._topics.alarms, payload)

    def health(self, at: float, why: tuple[Obstacle, ...] = ()) -> Said:
        up = at - (self._began_at or at)
        doors = tuple(self._door_health(feed, door, up) for feed, door in self._doors.items())
        told = Health(why, doors, 0, 1, 412_000_000, 41, up)
        body = wire.encode(wire.health(self._sender, told, at + self.names.off_s))
        return Said(at, self.names.name, "health", self._topics.health, body)

    def _attempts(
        self, feed: str, begins: float, until: float
    ) -> Iterator[tuple[float, str, Person]]:
        story, every = self._doors[feed].story, self.names.every_s
        if every is None:
            for person in story.hour(begins // HOUR_S * HOUR_S):
                if begins <= person.at < until:
                    yield person.at, feed, person
            return
        steady = Random(f"{self._seed}/{self.names.name}/{feed}/{begins:.0f}")
        at = begins + steady.random() * every
        while at < until:
            yield at, feed, story.person(steady, at)
            at += every

    def _attempt(self, at: float, feed: str, person: Person) -> Iterator[Said]:
        door, off = self._doors[feed], at + self.names.off_s
        door.tracks += 1
        door.verdicts[person.verdict] += 1
        door.means.take(person)
        result = _result(feed, door.tracks, person, at, off)
        event = self._uuid()
        yield self._row(at, wire.audited_result(self._sender, result, event, off, SETTLED))
        if result.emits:
            taken = off + 0.02
            record = wire.audited_delivery(
                self._sender, event, feed, taken, "published", "", SETTLED
            )
            yield self._row(at + 0.02, record)

    def _row(self, at: float, record: wire.Payload) -> Said:
        """The next of the chain, as the audit log makes it."""
        number = self._link.number
        stored = audit_rows.made(self._link, at + self.names.off_s, record, self._encode_row)
        body = stored[2].encode()
        self._link = Link(number + 1, self._link.epoch, audit_rows.digest(body))
        return Said(at, self.names.name, "row", self._topics.audit, body, number)

    def _encode_row(self, row: Mapping[str, wire.JsonValue]) -> bytes:
        return self._seal.encoded(self._topics.subject(self._topics.audit), row)

    def _signed(self, at: float, what: What, topic: str, payload: wire.Payload) -> Said:
        body = self._envelope.encoded(topic, payload, wire.whole)
        return Said(at, self.names.name, what, topic, body)

    def _telling(self, at: float) -> wire.Telling:
        self._told += 1
        return wire.Telling(self._told, at + self.names.off_s, SETTLED)

    def _door_health(self, feed: str, door: _Door, up_s: float) -> DoorHealth:
        frames = max(0, round(10 * up_s))
        passed, failed, undecided = (door.verdicts[each] for each in get_args(Verdict))
        counts = frames, frames, passed, failed, undecided
        return DoorHealth(feed, feed, "online", *counts, door.means.light, door.means.faces)

    def _made_sender(self) -> wire.Sender:
        one = self.names
        doors = {door: door for door in one.doors}
        boot = self._uuid()
        about = (one.version, one.model_version, one.config_digest, doors)
        return wire.Sender(one.site, one.device, boot, *about)

    def _uuid(self) -> str:
        return str(UUID(int=self._ids.getrandbits(128), version=4))


def signer(seed: int, name: str) -> Signer:
    """The key of a simulated kiosk: whoever knows the seed has it, so trust it in no real fleet."""
    secret = hashlib.sha256(f"kioskd simulate/{seed}/{name}".encode()).digest()
    return Signer(Ed25519PrivateKey.from_private_bytes(secret))


def _settings(names: Names) -> DeliverySettings:
    """As much of them as its words need."""
    return DeliverySettings("simulated", 1883, names.site, names.device, names.prefix)


def _result(feed: str, track: int, person: Person, at: float, wall: float) -> Result:
    """The attempt as a mode would end it. No score: it came to nothing before one was made."""
    told: dict[str, str | float] = {}
    if person.verdict != "undecided" and person.score is not None:
        confirmed = "true" if person.verdict == "passed" else "false"
        told = {"liveness": round(person.score, 4), "livenessConfirmed": confirmed}
    return Result(
        action=ACTION,
        feed=feed,
        mode=MODE,
        track_id=track,
        attempt=1,
        verdict=person.verdict,
        emits=person.verdict != "undecided",
        attributes=told,
        started_at=at - person.took_s,
        decided_at=at,
        captured_at=wall,
        frames=0 if person.score is None else 10,
        reasons=person.reasons,
        scores={} if person.score is None else {"fused": round(person.score, 4)},
        state=_STATES[person.verdict],
    )


_STATES: Mapping[str, Literal["LIVENESS_CONFIRMED", "NOTLIVE_CONFIRMED", "LIVENESS_UNKNOWN"]] = {
    "passed": "LIVENESS_CONFIRMED",
    "failed": "NOTLIVE_CONFIRMED",
    "undecided": "LIVENESS_UNKNOWN",
}
