"""What goes over the wire, topics and payloads: all that another program may rely on. Pure.

docs/connect/mqtt.md describes each payload for its reader; schemas/*.json are checked against
what is sent. Times on the wire are whole milliseconds since 1970, UTC.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from math import isfinite
from typing import Literal

from feeds.one_line import is_one_line
from feeds.state import FeedState
from kioskd.alarms.alarm import Alarm
from kioskd.commanded import Commanded
from kioskd.event import Result
from kioskd.health import DoorHealth, Faces, Health, Light
from kioskd.modes.attempt import Spread, spread
from kioskd.modes.gate import Finding
from kioskd.snapshots.taken import Taken
from kioskd.time_service import UNKNOWN, ClockQuality

SCHEMA = 1
JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
Payload = dict[str, JsonValue]

DaemonState = Literal["online", "offline", "stopped"]
Outcome = Literal["published", "expired", "refused"]
SchemaName = Literal[
    "action",
    "action_compact",
    "alarms",
    "audit",
    "diag",
    "health",
    "person",
    "prompt",
    "reply",
    "state",
    "state_compact",
    "status",
    "status_compact",
]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topic tree of one kiosk."""

    prefix: str
    site: str
    device: str

    def __post_init__(self) -> None:
        for level in (*self.prefix.split("/"), self.site, self.device):
            check_level(level)

    @property
    def base(self) -> str:
        return f"{self.prefix}/{self.site}/{self.device}"

    @property
    def status(self) -> str:
        return f"{self.base}/status"

    @property
    def health(self) -> str:
        return f"{self.base}/health"

    @property
    def alarms(self) -> str:
        return f"{self.base}/alarms"

    @property
    def audit(self) -> str:
        return f"{self.base}/audit"

    @property
    def probe(self) -> str:
        """Where `kioskd doctor` sends itself a message."""
        return f"{self.base}/probe"

    @property
    def everything(self) -> str:
        return f"{self.base}/#"

    def subject(self, topic: str) -> str:
        """One of these topics without the prefix, as it is signed."""
        return topic.removeprefix(f"{self.prefix}/")

    def action(self, source: str) -> str:
        return f"{self.base}/{check_level(source)}/action"

    def state(self, source: str) -> str:
        return f"{self.base}/{check_level(source)}/state"

    def diag(self, source: str) -> str:
        return f"{self.base}/{check_level(source)}/diag"

    def prompt(self, source: str) -> str:
        return f"{self.base}/{check_level(source)}/prompt"

    def person(self, source: str) -> str:
        return f"{self.base}/{check_level(source)}/person"

    def sessions(self, client: str, what: Literal["request", "response", "result"]) -> str:
        """Where a client asks for sessions, and is answered and told of results."""
        return f"{self.base}/session/{check_level(client)}/{what}"

    def people(self, what: Literal["request", "response"]) -> str:
        """Where whoever enrols asks, and is answered."""
        return f"{self.base}/people/{what}"

    def inspect(self, what: Literal["request", "response"]) -> str:
        """Where whoever has a picture judged asks, and is answered."""
        return f"{self.base}/inspect/{what}"

    def commands(self, what: Literal["request", "response"]) -> str:
        """Where an operator gives commands, and is answered."""
        return f"{self.base}/commands/{what}"

    def layer(self, level: str) -> str:
        """Where the fleet says what holds for this kiosk, retained; the kiosk only reads."""
        return f"{self.base}/layers/{check_level(level)}"

    def piece(self, slot: int) -> str:
        """Where the fleet puts a piece of a network's file, retained; the kiosk only reads."""
        return f"{self.base}/layers/network/{slot}"

    def reply(self, source: str) -> str:
        """Where a controller answers, and the kiosk only reads."""
        return f"{self.base}/{check_level(source)}/reply"


def check_level(level: str) -> str:
    """The same text if it can be one level of a topic, else ValueError says why not."""
    if not level:
        raise ValueError("a level of an MQTT topic must not be empty")
    if wrong := sorted(set(level) & set("+#/\0")):
        raise ValueError(f"{level!r} cannot be part of an MQTT topic: it contains {wrong[0]!r}")
    if not is_one_line(level):
        raise ValueError(f"{level!r} cannot be part of an MQTT topic: it is not one line of text")
    if level.startswith("$"):
        raise ValueError(
            f"{level!r} cannot be part of an MQTT topic: brokers keep $ for themselves"
        )
    return level


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks. A new boot id is made at each start of the daemon."""

    site: str
    device: str
    boot_id: str
    version: str
    model_version: str | None = None
    config_digest: str | None = None
    doors: Mapping[str, str] = field(default_factory=dict)  # which door each source watches
    cameras: Mapping[str, str] = field(default_factory=dict)  # a digest of what each source is
    configs: Mapping[str, str] = field(default_factory=dict)  # where a source's is another
    snapshots: tuple[str, ...] = ()  # the refusals of which pictures are kept

    def door(self, source: str) -> Payload:
        """The name of the door that a source watches, as it stands beside the source's."""
        return {"doorId": self.doors[source]} if source in self.doors else {}

    def source(self, source: str) -> Payload:
        return {"sourceId": source, **self.door(source)}

    def camera(self, source: str) -> Payload:
        """Which camera it is, as config.yaml names it, so that another one is noticed."""
        return {"cameraId": self.cameras[source]} if source in self.cameras else {}

    def decided_by(self, source: str = "") -> Payload:
        """Which networks and which configuration decide, at a source's door, where it is known."""
        config = self.configs.get(source, self.config_digest)
        told: Payload = {"modelVersion": self.model_version, "configDigest": config}
        return {key: value for key, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Telling:
    """When a state is told.

    seq    the number of it since the daemon's start; None in the last will
    wall   unix seconds; None in the last will
    clock  how far that can be believed
    """

    seq: int | None = None
    wall: float | None = None
    clock: ClockQuality = UNKNOWN


@dataclass(frozen=True, slots=True)
class Issue:
    """What makes one result one event: its identity and the moment it was issued."""

    event_id: str
    seq: int
    wall: float  # unix seconds
    monotonic: float  # the same instant on the clock of the frames
    expiry_s: float
    clock: ClockQuality = UNKNOWN


def action(sender: Sender, result: Result, issue: Issue) -> Payload:
    """The event a door acts on: the vendor's fields first, everything of ours under `x`."""
    return {
        "eventId": issue.event_id,
        "type": "action",
        "actionId": result.action,
        **_span(result, issue.wall),
        "siteId": sender.site,
        "sourceId": result.feed,
        **_person(result),
        **result.attributes,
        "x": _ours(sender, result, issue),
    }


def _ours(sender: Sender, result: Result, issue: Issue) -> Payload:
    ours: Payload = {
        "schema": SCHEMA,
        "deviceId": sender.device,
        **sender.door(result.feed),
        **sender.camera(result.feed),
        "bootId": sender.boot_id,
        "seq": issue.seq,
        "trackId": result.track_id,
        "mode": result.mode,
        "attempt": result.attempt,
        "frames": result.frames,
        "capturedAt": _ms(_captured(result, issue.wall)),
        "issuedAt": _ms(issue.wall),
        "expiresAt": _ms(_expires(result, issue)),
        "latencyMs": max(0, _ms(issue.monotonic - result.started_at)),
        **_clock(issue.clock),
    }
    if result.state is not None:
        ours["rgbLivenessState"] = {"currentState": result.state}
    if result.challenges:
        ours["challenges"] = list(result.challenges)
    return ours | _session(result) | sender.decided_by(result.feed)


def audited_result(
    sender: Sender, result: Result, event_id: str, wall: float, clock: ClockQuality = UNKNOWN
) -> Payload:
    """One result for the audit log: also UNKNOWN, and what stood in its way."""
    return {
        **_audited(sender, "result", event_id, result.feed, wall),
        "actionId": result.action,
        "mode": result.mode,
        "verdict": result.verdict,
        **_state(result),
        "emits": result.emits,
        "attributes": dict(result.attributes),
        **_span(result, wall),
        "trackId": result.track_id,
        "attempt": result.attempt,
        "frames": result.frames,
        "reasons": list(result.reasons),
        "scores": dict(result.scores),
        "challenges": list(result.challenges),
        **_session(result),
        **({} if result.person is None else _person(result)),
        **_measured(result.measured),
        "x": {
            **sender.camera(result.feed),
            **_clock(clock),
            **sender.decided_by(result.feed),
        },
    }


def audited_delivery(
    sender: Sender,
    event_id: str,
    source: str,
    wall: float,
    outcome: Outcome,
    detail: str,
    clock: ClockQuality = UNKNOWN,
) -> Payload:
    """What became of an action: its result stands in the record with the same event id."""
    head = _audited(sender, "delivery", event_id, source, wall)
    return {**head, "outcome": outcome, "detail": detail, **_dated(clock)}


def _dated(clock: ClockQuality) -> Payload:
    return {"x": _clock(clock)}


def _clock(quality: ClockQuality) -> Payload:
    """How far the kiosk's times can be believed; numbers only where a time service gives them."""
    told = {"clockOffsetMs": quality.offset_ms, "clockErrorMs": quality.error_ms}
    numbers = {name: round(each, 1) for name, each in told.items() if each is not None}
    return {"clockSynchronised": quality.synchronised, **numbers}


def audited_reply(
    sender: Sender,
    event_id: str,
    source: str,
    wall: float,
    granted: bool,
    text: str,
    clock: ClockQuality = UNKNOWN,
) -> Payload:
    """What a controller answered to an action; `text` is left out where it said none."""
    head = _audited(sender, "reply", event_id, source, wall)
    answer: Payload = {"granted": granted, **({"text": text} if text else {})}
    return {**head, **answer, **_dated(clock)}


def audited_command(
    sender: Sender, told: Commanded, record_id: str, wall: float, clock: ClockQuality = UNKNOWN
) -> Payload:
    """A command that somebody gave, done or refused. What it was given with stands in none."""
    source = next((feed for feed, door in sender.doors.items() if door == told.door), None)
    known: Payload = {"command": told.command, "requestId": told.request, "by": told.who}
    more: Payload = {"refusedBefore": told.left_out} if told.left_out else {}
    return {
        "schema": SCHEMA,
        "kind": "command",
        "eventId": record_id,
        "siteId": sender.site,
        "deviceId": sender.device,
        "bootId": sender.boot_id,
        **({} if source is None else sender.source(source)),
        "recordedAt": _ms(wall),
        "way": told.way,
        **{key: value for key, value in known.items() if value},
        "status": told.status,
        "code": told.code,
        "detail": told.detail,
        **more,
        **_dated(clock),
    }


def audited_snapshot(
    sender: Sender, taken: Taken, wall: float, clock: ClockQuality = UNKNOWN
) -> Payload:
    """That a picture was kept of a refused attempt, whose result has the same event id."""
    return {
        **_audited(sender, "snapshot", taken.event_id, taken.feed, wall),
        "refusal": taken.refusal,
        "sha256": taken.sha256,
        "recipient": taken.recipient,
        **_dated(clock),
    }


def _audited(sender: Sender, kind: str, event_id: str, source: str, wall: float) -> Payload:
    return {
        "schema": SCHEMA,
        "kind": kind,
        "eventId": event_id,
        "siteId": sender.site,
        "deviceId": sender.device,
        "bootId": sender.boot_id,
        **sender.source(source),
        "recordedAt": _ms(wall),
    }


def audit_row(seq: int, epoch: str, record: Mapping[str, JsonValue]) -> Payload:
    """A record as it leaves: with its number in the audit log, so a gap is seen.

    Numbers are given once within an epoch; a log that had to be begun anew has another.
    """
    return {"seq": seq, "epoch": epoch, **record}


def feed_state(sender: Sender, state: FeedState, telling: Telling | None = None) -> Payload:
    return {
        **_head(sender),
        **sender.source(state.feed),
        "state": state.phase,
        "reason": state.reason,
        "detail": state.detail,
        "since": _ms(state.since),
        "x": {**sender.camera(state.feed), **_telling(sender, telling)},
    }


def _telling(sender: Sender, telling: Telling | None) -> Payload:
    told = telling or Telling()
    return {
        "seq": told.seq,
        "issuedAt": None if told.wall is None else _ms(told.wall),
        **_clock(told.clock),
        **sender.decided_by(),
    }


def status(
    sender: Sender,
    state: DaemonState,
    problems: Mapping[str, str],
    since: float | None,
    telling: Telling | None = None,
) -> Payload:
    """Availability. `since` is None in the last will, which is written before it happens."""
    return {
        **_head(sender),
        "version": sender.version,
        "state": state,
        "problems": [{"code": code, "detail": detail} for code, detail in problems.items()],
        "since": None if since is None else _ms(since),
        **({"snapshots": list(sender.snapshots)} if sender.snapshots else {}),
        "x": _telling(sender, telling),
    }


def alarms(sender: Sender, told: Sequence[Alarm], telling: Telling) -> Payload:
    """Those that ring, longest first, and when each of the others last rang."""
    return {
        **_head(sender),
        "version": sender.version,
        "alarms": [_alarm(one) for one in told],
        "x": _telling(sender, telling),
    }


def _alarm(one: Alarm) -> Payload:
    return {
        "code": one.code,
        **({"doorId": one.door} if one.door else {}),
        "detail": one.sentence,
        "began": _ms(one.began),
        "ended": None if one.ended is None else _ms(one.ended),
    }


def health(sender: Sender, told: Health, wall: float) -> Payload:
    """How the kiosk is, in short; nothing that a controller needs."""
    return {
        **_head(sender),
        "version": sender.version,
        "ready": told.ready,
        "why": [
            {"code": one.code, **({"doorId": one.door} if one.door else {}), "detail": one.detail}
            for one in told.why
        ],
        "doors": [_door_health(door) for door in told.doors],
        "auditRowsWaiting": told.rows_waiting,
        "brokerConnections": told.connections,
        "memoryMb": round(told.memory_bytes / 1e6),
        "openFiles": told.open_files,
        "upS": round(told.up_s),
        **sender.decided_by(),
        **({} if told.layers is None else {"layers": list(told.layers)}),
        **({} if told.fleet is None else {"fleet": told.fleet.told()}),
        "at": _ms(wall),
    }


def _door_health(door: DoorHealth) -> Payload:
    return {
        "doorId": door.door,
        "sourceId": door.feed,
        "state": door.phase,
        "captured": door.captured,
        "judged": door.judged,
        "passed": door.passed,
        "failed": door.failed,
        "undecided": door.undecided,
        **({} if door.light is None else {"light": _light(door.light)}),
        **({} if door.faces is None else {"faces": _faces(door.faces)}),
    }


def _light(light: Light) -> Payload:
    told = {"from": _ms(light.since), "until": _ms(light.until)}
    return {**told, "frames": light.frames, "mean": round(light.mean, 4)}


def _faces(faces: Faces) -> Payload:
    means = {
        "x": faces.x,
        "y": faces.y,
        "width": faces.width,
        "sharpness": faces.sharpness,
        "brightness": faces.brightness,
    }
    return {
        "from": _ms(faces.since),
        "until": _ms(faces.until),
        "people": faces.people,
        **{name: round(mean, 4) for name, mean in means.items() if mean is not None},
    }


def diag_result(sender: Sender, result: Result, event_id: str) -> Payload:
    return {
        **_head(sender),
        "kind": "result",
        **sender.source(result.feed),
        "eventId": event_id,
        "actionId": result.action,
        "mode": result.mode,
        "trackId": result.track_id,
        "attempt": result.attempt,
        "verdict": result.verdict,
        **_state(result),
        "frames": result.frames,
        "reasons": list(result.reasons),
        "scores": dict(result.scores),
        "at": _ms(result.captured_at),
        **_measured(result.measured),
    }


def diag_phase(
    sender: Sender,
    feed: str,
    phase: str,
    reasons: Sequence[str],
    found: Sequence[Finding],
    wall: float,
) -> Payload:
    """What a mode came to, with the checks of that frame that failed and its evidence."""
    told = [one for one in found if one.reason is None or not one.passed]
    return {
        **_head(sender),
        "kind": "phase",
        **sender.source(feed),
        "phase": phase,
        "reasons": list(reasons),
        "at": _ms(wall),
        **_measured(tuple(spread({}, told).values())),
    }


def _measured(spreads: Sequence[Spread]) -> Payload:
    """Each measured value with its limit; nothing where nothing was measured."""
    return {"measured": [_spread(one) for one in spreads]} if spreads else {}


def _spread(one: Spread) -> Payload:
    found = one.finding
    told: Payload = {"key": found.key}
    if found.reason is not None:
        told["reason"] = found.reason.value
    told["frames"] = one.frames
    if one.low is not None and one.high is not None:
        told |= {"low": _short(one.low), "high": _short(one.high)}
    told |= {"limit": _short(found.limit), "bound": found.bound}
    return told | {"unit": found.unit} if found.unit else told


def _short(value: float) -> float:
    """With the figures that mean something; what would round to no number stays as it is."""
    short = float(f"{value:.4g}")
    return short if isfinite(short) else value


def person(sender: Sender, result: Result, event_id: str, id_class: str, wall: float) -> Payload:
    """That somebody stands there of whom the site wants to know. It opens nothing."""
    known = result.person
    return {
        **_head(sender),
        **sender.source(result.feed),
        "eventId": event_id,
        "type": "person",
        "personId": None if known is None else known.person_id,
        "idClass": id_class,
        "at": _ms(_captured(result, wall)),
    }


def prompt(
    sender: Sender, feed: str, code: str | None, text: str, language: str, wall: float
) -> Payload:
    """What the person before a camera is to do; `code` is None when it is nothing."""
    return {
        **_head(sender),
        **sender.source(feed),
        "prompt": code,
        "text": text,
        "language": language,
        "at": _ms(wall),
    }


def _head(sender: Sender) -> Payload:
    return {
        "schema": SCHEMA,
        "siteId": sender.site,
        "deviceId": sender.device,
        "bootId": sender.boot_id,
    }


def _state(result: Result) -> Payload:
    return {} if result.state is None else {"currentState": result.state}


def _captured(result: Result, now: float) -> float:
    """Unix seconds of the deciding frame, never after `now`.

    A recording that is played fast, or a clock that was set back, would have it in the future.
    """
    return min(result.captured_at, now)


def _expires(result: Result, issue: Issue) -> float:
    """Unix seconds from which the action is late: whichever of the two clocks says sooner."""
    age = max(0.0, issue.monotonic - result.decided_at)
    return min(result.captured_at, issue.wall - age) + issue.expiry_s


def _session(result: Result) -> Payload:
    """Who asked for it, and how the look of who came compares with that of who was asked for."""
    told: Payload = {"sessionId": result.session} if result.session else {}
    if result.match is not None:
        confidence, identical = round(result.match.confidence, 6), result.match.identical
        told["verifyResult"] = {"matchConfidence": confidence, "isIdentical": identical}
    return told


def _person(result: Result) -> Payload:
    """Who it is, in the first source's words; null where nobody was known."""
    known = result.person
    return {
        "personId": None if known is None else known.person_id,
        "idClass": None if known is None else known.id_class,
    }


def _span(result: Result, now: float) -> Payload:
    lasted = result.decided_at - result.started_at
    ended = _captured(result, now)
    return {"startTime": _ms(ended - lasted), "endTime": _ms(ended)}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def compact_action(full: Payload) -> Payload:
    """What a small controller needs of an action: its attributes, its id and its times.

    Site, device and source stand in the topic, and the source tells the door. 8 digits of the boot
    id are enough to see that it is that of the status; it keeps no secret.
    """
    ours = full["x"]
    assert isinstance(ours, Mapping)
    kept = {
        key: value
        for key, value in full.items()
        if key not in _NOT_COMPACT and not (value is None and key in ("personId", "idClass"))
    }
    boot = {"boot": str(ours["bootId"])[:8], "expiresAt": ours["expiresAt"]}
    return {**kept, "x": boot}


_NOT_COMPACT = ("type", "startTime", "siteId", "sourceId", "x")
# What is signed in the compact forms as well; which networks decided stands in the record alone.
_COMPACT_SIGNED = (
    "doorId",
    "cameraId",
    "seq",
    "clockSynchronised",
    "configDigest",
)


def compact_signed(full: Payload, compact: Payload) -> Payload:
    """The compact form of a payload with what else is signed, for readers that have the room."""
    ours, kept = full["x"], compact.get("x", {})
    assert isinstance(ours, Mapping)
    assert isinstance(kept, Mapping)
    wanted = _COMPACT_SIGNED if "expiresAt" in ours else (*_COMPACT_SIGNED, "issuedAt")
    more = {key: ours[key] for key in wanted if key in ours}
    return {**compact, "x": {**kept, **more}}


def compact_status(full: Payload) -> Payload:
    """Without what stands in the topic, and of the problems only their codes."""
    problems = full["problems"]
    assert isinstance(problems, Sequence)
    codes = [{"code": problem["code"]} for problem in problems if isinstance(problem, Mapping)]
    return {**{key: full[key] for key in ("bootId", "state")}, "problems": codes, **_since(full)}


def whole(full: Payload) -> Payload:
    """The compact form of what has none."""
    return full


def compact_state(full: Payload) -> Payload:
    return {**{key: full[key] for key in ("bootId", "state", "reason")}, **_since(full)}


def _since(full: Payload) -> Payload:
    return {"since": full["since"]}


def encode(payload: Mapping[str, JsonValue]) -> bytes:
    """Compact UTF-8 JSON. NaN and infinity are not JSON: ValueError."""
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def schema(name: SchemaName) -> Payload:
    """The JSON Schema of one payload, as it ships."""
    file = resources.files("kioskd.delivery") / "schemas" / f"{name}.json"
    loaded: Payload = json.loads(file.read_text(encoding="utf-8"))
    return loaded
