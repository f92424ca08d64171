"""A kiosk on a bench: the real daemon, a real broker behind a wire, and a reader who counts."""

import base64
import json
import math
import random
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from kioskd.signing.ed25519 import signer_at
from kioskd.signing.key_files import KEY_FILE
from kioskd.verify import Chain, Door, Verifier
from tests.faults.findings import Findings
from tests.support.broker import Certificates, Mosquitto, Seen, Witness, eventually, witness
from tests.support.chaos_wire import ChaosWire, chaos_wire
from tests.support.daemon import ATTACK, LIVE, Kioskd, file_feed, settings
from tests.support.ports import free_port

LIVE_FEED, ATTACK_FEED = "live", "attack"
BASE = "liveness/v1/hq/kiosk-07"
FRESH_S = 5.0  # an action may be acted on for so long: docs/connect/mqtt.md
_FIRST_S, _MOST_S = 0.5, 30.0  # the back-off of the courier, and of feeds
_NOTICE_S = 0.5  # what a look at a log and at a machine with other work may take
# problems of every bench: clips, a machine without NTP, and certificates of two days
_USUAL = {"recording", "clock", "certificate"}
_ENDED = re.compile(r"attempt ended.* event_id=(\S+)")
# An attempt that could not be recorded is told nobody, and says so: no row of it is missing.
_UNRECORDED = re.compile(r"the door was not told.* event_id=(\S+)")
# A door that keeps being told, for as many events as there can be.
_OFTEN = {
    "attack_ends_tries": False,
    "evidence_adds_up": False,
    "rest_s": 0,
    "cool_down_s": 0,
    "attempts_per_track": 100,
}


def backoff_s(fault_s: float, before: int = 0) -> float:
    """How long kioskd may wait by then: tries at 0.5, 1, 2, 4 ... s without any jitter.

    before  so many tries had failed when the fault began
    """
    first = _FIRST_S * 2.0**before
    return min(_MOST_S, first * 2.0 ** math.floor(math.log2(fault_s / first + 1.0)))


def both() -> dict[str, object]:
    """A live person at one door, and an attack at another, over and over."""
    return {LIVE_FEED: file_feed(LIVE), ATTACK_FEED: file_feed(ATTACK)}


def attack() -> dict[str, object]:
    """One door at which nobody may ever be live."""
    return {ATTACK_FEED: file_feed(ATTACK)}


@dataclass
class Bench:
    """What a row works with.

    live_feeds  at these alone somebody is live
    by_state    a positive event counts as wrong also while its feed does not say "online"
    blind       times at which no picture came through, unix seconds
    kept        records of logs that a row has thrown away
    shifts      by how much the kiosk's wall clock was wrong from when on, both in seconds
    """

    folder: Path
    broker: Mosquitto
    wire: ChaosWire
    seen: Witness
    config: dict[str, Any]
    environment: Mapping[str, str]
    found: Findings = field(default_factory=Findings)
    live_feeds: frozenset[str] = frozenset({LIVE_FEED})
    by_state: bool = False
    blind: list[tuple[float, float]] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    shifts: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])
    dice: random.Random = field(default_factory=lambda: random.Random(16))
    _daemon: Kioskd | None = None
    _begun: tuple[float, int] | None = None
    _connects: int = 0
    _ended: float = 0.0

    @property
    def daemon(self) -> Kioskd:
        if self._daemon is None:
            self._daemon = Kioskd(self.folder / "k", self.config, self.environment)
        return self._daemon

    @property
    def state(self) -> Path:
        return self.folder / "k" / "state"

    def start(self) -> None:
        """Until the first event has reached the reader."""
        told = len(self.seen.of("action"))
        self.daemon.start()
        eventually(lambda: len(self.seen.of("action")) > told)

    def stop(self) -> None:
        if self.daemon.running and self.daemon.stop() != 0:
            self.found.short.append("it did not stop in order")

    def more(self, count: int = 2, within: float = 120.0) -> None:
        """Waits for further actions."""
        told = len(self.seen.of("action"))
        eventually(lambda: len(self.seen.of("action")) >= told + count, within)

    def weigh(self) -> None:
        """Memory and descriptors: the first time as of the start, later as of the end."""
        now = weighed(self.daemon)
        begun = self._begun = self._begun or now
        self.found.memory, self.found.handles = (begun[0], now[0]), (begun[1], now[1])

    @property
    def connects(self) -> int:
        return self.daemon.log.count("connected to the broker")

    @contextmanager
    def fault(
        self, recovered: Callable[[], bool], tries: bool = False, before: int = 0
    ) -> Iterator[None]:
        """A fault for as long as the block lasts; then it is timed until `recovered`.

        tries   kioskd tries again, after longer and longer times: it may take twice the last one
        before  so many faults came shortly before, and made it longer
        """
        self.found.faults += 1
        self._connects = self.connects
        begun = time.monotonic()
        yield
        ended = time.monotonic()
        self._ended = time.time()
        eventually(recovered, within=120.0)
        allowed = math.inf
        if tries:
            opening_s = self._opened_in_s() if recovered == self.sees_again else 0.0
            allowed = 2.0 * backoff_s(ended - begun, before) + opening_s + _NOTICE_S
        self.found.recoveries.append((time.monotonic() - ended, allowed))

    def _opened_in_s(self) -> float:
        """What it took to open the camera when nothing was wrong, on this machine."""
        begun, ended = (
            datetime.fromisoformat(re.findall(rf"^(\S+) .*feed {word} ", self.daemon.log, re.M)[0])
            for word in ("starting", "online")
        )
        return (ended - begun).total_seconds()

    def connected_again(self) -> bool:
        """Whether the broker has been met since the fault began."""
        return self.connects > self._connects

    def told_again(self) -> bool:
        """Whether an event has reached the reader since the fault ended."""
        return any(seen.at > self._ended for seen in self.seen.of("action")[-1:])

    def sees_again(self) -> bool:
        """Whether every camera is said to be online."""
        newest = {seen.topic: seen.payload["state"] for seen in self.seen.of("state")}
        return len(newest) == len(self.config["feeds"]) and set(newest.values()) == {"online"}

    @contextmanager
    def unseen(self, grace_s: float = 1.5) -> Iterator[None]:
        """While no picture comes through: what says live of such a time is wrong."""
        begun = time.time() + grace_s
        yield
        if time.time() > begun:
            self.blind.append((begun, time.time()))

    def problems(self) -> dict[str, str]:
        listed: Any = self.seen.payloads("status")[-1]["problems"] if self.seen.of("status") else []
        return {problem["code"]: problem["detail"] for problem in listed}

    def drained(self) -> None:
        """Waits until the broker has taken every record."""
        path = self.state / "audit.db"

        def waiting() -> int:
            with closing(sqlite3.connect(path, timeout=10)) as db:
                query = "SELECT count(*) FROM record WHERE delivered_at IS NULL"
                return int(db.execute(query).fetchone()[0])

        eventually(lambda: waiting() < 3)

    def count(self) -> Findings:
        """Everything that was seen and written, once the daemon has ended."""
        self.seen.catch_up()
        self._count_records()
        self._count_actions()
        told = set(re.findall(r"problem=(\w+)", self.daemon.log)) - _USUAL
        if told:
            self.found.said.append(f"status told of: {', '.join(sorted(told))}")
        return self.found

    def _count_records(self) -> None:
        by_place, unread = self._records()
        found, chain = self.found, Chain((self._public,))
        numbers: dict[str, list[int]] = {}
        for epoch, number in by_place:
            numbers.setdefault(epoch, []).append(number)
        for epoch, present in numbers.items():
            wanted = range(1 if len(numbers) == 1 else min(present), max(present) + 1)
            absent = set(wanted) - set(present)
            found.lost += len(absent)
            for number in sorted(present):
                told = chain.heard(f"{BASE}/audit", by_place[epoch, number])
                if not told.sound and not (told.code == "gap" and number - 1 in absent):
                    found.broken += 1
                    found.short.append(f"the chain at {number}: {told.sentence or told.code}")
        found.records = len(by_place) + unread
        recorded = {json.loads(body).get("eventId") for body in by_place.values()}
        unrecorded = set(_UNRECORDED.findall(self.daemon.log)) - recorded
        unwritten = set(_ENDED.findall(self.daemon.log)) - recorded - unrecorded
        unwritten |= {each["eventId"] for each in self.seen.payloads("action")} - recorded
        if unrecorded:
            found.said.append(
                f"{len(unrecorded)} attempts could not be recorded, and nobody was told"
            )
        if unwritten and not unread:
            found.lost += len(unwritten)
            found.short.append(f"{len(unwritten)} attempts ended without a record")

    def _records(self) -> tuple[dict[tuple[str, int], bytes], int]:
        """By epoch and number all that are left anywhere; and how many lie aside, unreadable."""
        left, unread = self.in_log()
        by_place: dict[tuple[str, int], bytes] = {}
        for body in (*(seen.body for seen in self.seen.of("audit")), *self.kept, *left):
            said = json.loads(body)
            by_place.setdefault((said["epoch"], said["seq"]), body)
        return by_place, unread

    def in_log(self) -> tuple[list[bytes], int]:
        """The records in the log, as far as it can be read, and how many lie aside."""
        bodies, aside = [], 0
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.state / "audit.db")) as db:
            bodies = [row[0] for row in db.execute("SELECT CAST(body AS BLOB) FROM record")]
            aside = int(db.execute("SELECT count(*) FROM aside").fetchone()[0])
        return bodies, aside

    def _count_actions(self) -> None:
        controllers = {
            feed: Verifier(
                Door(f"{BASE}/{feed}/action", "rgbLiveness", "livenessConfirmed", (self._public,))
            )
            for feed in self.config["feeds"]
        }
        online: dict[str, bool] = {}
        for seen in self.seen.seen:
            if seen.kind == "state":
                online[str(seen.payload["sourceId"])] = seen.payload["state"] == "online"
            if seen.kind == "action":
                self._count_action(seen, online)
            opened = [
                controller.heard(seen.topic, seen.body, seen.retained, round(1000 * seen.at)).opens
                for controller in controllers.values()
            ]
            if any(opened) and self._late(seen):
                self.found.acted += 1

    @property
    def _public(self) -> bytes:
        return base64.b64decode(signer_at(self.state / KEY_FILE).trust["publicKey"])

    def _count_action(self, seen: Seen, online: Mapping[str, bool]) -> None:
        said: Any = seen.payload
        if self._late(seen):
            self.found.late += 1
        if said["livenessConfirmed"] != "true":
            return
        self.found.positive += 1
        feed, at = said["sourceId"], captured(seen)
        shut = any(begun <= at <= ended for begun, ended in self.blind)
        if feed not in self.live_feeds or shut or (self.by_state and not online.get(feed)):
            self.found.wrong += 1
            self.found.short.append(f"{seen.topic} said live of a frame of {at:.3f}")

    def _late(self, seen: Seen) -> bool:
        """Whether it came after its time, by a clock that is right."""
        return seen.at - self._true(captured(seen), seen.at) > FRESH_S

    def _true(self, told: float, before: float) -> float:
        """When that was, which the kiosk's clock may have told wrong."""
        ends = [*(begun for begun, _ in self.shifts[1:]), math.inf]
        could = [
            told - shift
            for (begun, shift), end in zip(self.shifts, ends, strict=True)
            if begun - 0.5 <= told - shift <= min(end, before) + 0.5
        ]
        return max(could, default=told)


def captured(seen: Seen) -> float:
    """When an action's deciding frame was captured, by the kiosk's clock, unix seconds."""
    said: Any = seen.payload
    return float(said["x"]["capturedAt"]) / 1000.0


def weighed(daemon: Kioskd) -> tuple[float, int]:
    """Resident MB of the daemon and its captures together, and the daemon's open descriptors."""
    pids = [daemon.pid, *daemon.capture_pids()]
    handles = len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))
    return sum(map(_resident_mb, pids)), handles


def _resident_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


@contextmanager
def bench(
    folder: Path,
    feeds: Mapping[str, object],
    *,
    behind_wire: bool = True,
    acl: str = "",
    certificates: Certificates | None = None,
    environment: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    doors: Mapping[str, Any] | None = None,
) -> Iterator[Bench]:
    """Set up, not started; ended whatever happens.

    behind_wire  the kiosk reaches its broker over the wire; readers never do
    more         of the configuration
    doors        keys that each door has beside the usual ones; None takes a usual one away
    """
    broker = Mosquitto(folder, acl=acl, certificates=certificates)
    broker.start()
    try:
        with chaos_wire(free_port(), broker.port) as wire, witness(broker) as seen:
            config = settings(broker, feeds, **_OFTEN)
            wanted = {"lockout": {"attacks": 0}, **(doors or {})}
            for name, usual in config["doors"].items():
                keys = (usual | wanted).items()
                config["doors"][name] = {key: said for key, said in keys if said is not None}
            config["mqtt"]["port"] = wire.port if behind_wire else broker.port
            if certificates is not None:
                config["mqtt"]["tls"] = {"ca_file": str(certificates.ca)}
            config |= more or {}
            made = Bench(folder, broker, wire, seen, config, environment or {})
            try:
                yield made
            finally:
                made.daemon.kill()
    finally:
        broker.kill()
