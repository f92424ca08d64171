"""What a message of a kiosk says, once its signature is proved; or why it is put aside. Pure."""

import hashlib
import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from kioskd.verify import RefusedError, proved

SCHEMA = 1  # the newest layout of a message that this version reads
KEPT_BYTES = 65536  # of what is put aside; kioskd.verify reads no more of a message either
AHEAD = timedelta(days=1)  # a record of later than tomorrow was written by a wrong clock
FIRST = datetime(2020, 1, 1, tzinfo=UTC)  # and so was one of before there was any kioskd
KINDS = ("result", "delivery", "reply", "command", "snapshot")

Reason = Literal[
    "unknown_kiosk",
    "other_topic",
    "too_large",
    "not_signed",
    "bad_signature",
    "forgotten_key",
    "unreadable",
    "other_kiosk",
    "future_schema",
    "clock_wrong",
    "changed",
    "broken",
    "cloned",
    "poisoned",
]
Kiosk = tuple[str, str]  # site, device
UNSAID = b""
_SHA256_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """Of one kiosk: those that are trusted, and those that were."""

    trusted: tuple[bytes, ...]
    forgotten: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as the cluster kept it. `subject`: its topic without the prefix."""

    subject: str
    body: bytes
    at: datetime

    @property
    def kiosk(self) -> Kiosk:
        site, device, *_ = (*self.subject.split("/"), "", "")
        return site, device


@dataclass(frozen=True, slots=True)
class Aside:
    """Kept apart where somebody can look."""

    heard: Heard
    reason: Reason
    detail: str
    epoch: str | None = None  # with seq: a trusted key gave it this place, so it is no gap
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Of a record in the chain of its log."""

    site: str
    device: str
    epoch: str
    seq: int

    @property
    def log(self) -> tuple[str, str, str]:
        return self.site, self.device, self.epoch


@dataclass(frozen=True, slots=True)
class Record:
    """Signed by a trusted key for this topic, and readable as far as its place.

    previous  digest of the record before it; None at the beginning of a log, UNSAID by a version
              that does not say it
    unfit     why it does not belong among the good rows, though its number has come
    columns   those of fleet.audit_row after `seq` up to `clock_synchronised`; empty where unfit
    """

    heard: Heard
    place: Place
    previous: bytes | None
    digest: bytes
    unfit: tuple[Reason, str] | None
    columns: tuple[Any, ...]

    @property
    def recorded_at(self) -> datetime:
        moment: datetime = self.columns[_RECORDED_AT]
        return moment


COLUMNS = (
    "boot",
    "kind",
    "event_id",
    "source",
    "door",
    "recorded_at",
    "mode",
    "action_id",
    "verdict",
    "reasons",
    "score",
    "scores",
    "measured",
    "emits",
    "outcome",
    "config_digest",
    "model_version",
    "clock_synchronised",
)
_RECORDED_AT = COLUMNS.index("recorded_at")


class UnfitError(Exception):
    """It does not belong among the good rows."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason


def signed(heard: Heard, keys: Keys) -> dict[str, Any]:
    """What it says, if a trusted key signed it for its topic. Raises UnfitError."""
    try:
        return proved(heard.subject, heard.body, keys.trusted)
    except RefusedError as refusal:
        if refusal.code == "bad_signature" and _fits(heard, keys.forgotten):
            raise UnfitError("forgotten_key", "its key is trusted no more") from None
        codes: dict[str, Reason] = {"not_signed": "not_signed", "bad_signature": "bad_signature"}
        raise UnfitError(codes.get(refusal.code, "unreadable"), str(refusal)) from None


Proof = Callable[[Heard, Keys], dict[str, Any]]  # what a message says, or UnfitError


def read(heard: Heard, keys: Keys | None, proof: Proof = signed) -> Record | Aside:
    """A record of `…/audit`; `keys` None: nobody trusts this kiosk."""
    try:
        said = believed(heard, keys, proof)
        return _record(heard, said)
    except UnfitError as error:
        return Aside(heard, error.reason, str(error))


def news(heard: Heard, keys: Keys | None, proof: Proof) -> dict[str, Any] | Aside:
    """What a kiosk says of itself, on `…/status` and its like; health alone is `unsigned`."""
    try:
        said = believed(heard, keys, proof)
        _of_today(said)
    except UnfitError as error:
        return Aside(heard, error.reason, str(error))
    return said


def believed(heard: Heard, keys: Keys | None, proof: Proof) -> dict[str, Any]:
    """What it says, if it is of the kiosk of its topic. Raises UnfitError."""
    if keys is None or not (keys.trusted or keys.forgotten):
        raise UnfitError("unknown_kiosk", "no key of this kiosk is trusted")
    if len(heard.body) > KEPT_BYTES:
        raise UnfitError("too_large", f"it has {len(heard.body)} bytes, {KEPT_BYTES} at most")
    said = proof(heard, keys)
    site, device = heard.kiosk
    if (said.get("siteId"), said.get("deviceId")) != (site, device):
        raise UnfitError("other_kiosk", f"it is of {said.get('siteId')}/{said.get('deviceId')}")
    return said


def _fits(heard: Heard, keys: Collection[bytes]) -> bool:
    try:
        return bool(keys) and bool(proved(heard.subject, heard.body, keys))
    except RefusedError:
        return False


def unsigned(heard: Heard, _keys: Keys) -> dict[str, Any]:
    try:
        said = json.loads(heard.body)
    except (ValueError, RecursionError):
        raise UnfitError("unreadable", "it is not JSON in UTF-8") from None
    if not isinstance(said, dict):
        raise UnfitError("unreadable", "it is no JSON object")
    return said


def _record(heard: Heard, said: Mapping[str, Any]) -> Record:
    place = Place(*heard.kiosk, _text(said, "epoch"), _number(said, "seq"))
    names = named(said)
    digest = hashlib.sha256(heard.body).digest()
    try:
        columns, unfit = _columns(heard, said), None
    except UnfitError as error:
        columns, unfit = (), (error.reason, str(error))
    return Record(heard, place, names, digest, unfit, columns)


def _columns(heard: Heard, said: Mapping[str, Any]) -> tuple[Any, ...]:
    _of_today(said)
    kind = said.get("kind")
    if kind not in KINDS:
        raise UnfitError("future_schema", f"it is a record of a kind that is not known: {kind!r}")
    ours = said["x"]  # kioskd.verify has seen that it is an object
    source, door = _place(said, kind)
    scores = _scores(said)
    return (
        _text(said, "bootId"),
        kind,
        _text(said, "eventId"),
        source,
        door,
        _recorded_at(heard, said),
        _maybe(said, "mode"),
        _maybe(said, "actionId"),
        _maybe(said, "verdict"),
        _reasons(said),
        _score(said, scores),
        scores or None,
        said.get("measured"),
        _truth(said, "emits"),
        _maybe(said, "outcome"),
        _maybe(ours, "configDigest"),
        _maybe(ours, "modelVersion"),
        _truth(ours, "clockSynchronised"),
    )


def _place(said: Mapping[str, Any], kind: str) -> tuple[str, str]:
    """Source and door; both empty of a command that is for the whole kiosk, as a layer is."""
    if kind == "command" and "sourceId" not in said:
        return "", "" if "doorId" not in said else _text(said, "doorId")
    source = _text(said, "sourceId")
    return source, _text(said, "doorId", source)


def _of_today(said: Mapping[str, Any]) -> None:
    schema = said.get("schema")
    if type(schema) is not int or schema > SCHEMA:
        raise UnfitError("future_schema", f"its layout is {schema}, this version reads {SCHEMA}")


def moment(milliseconds: object) -> datetime | None:
    """Of a payload's time, ms since 1970; None where it is none."""
    if type(milliseconds) is not int:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _recorded_at(heard: Heard, said: Mapping[str, Any]) -> datetime:
    at = moment(said.get("recordedAt"))
    if at is None:
        raise UnfitError("clock_wrong", f"recordedAt is {str(said.get('recordedAt'))[:40]}")
    if not FIRST <= at <= heard.at + AHEAD:
        raise UnfitError(
            "clock_wrong", f"recorded {at:%Y-%m-%d %H:%M}, came {heard.at:%Y-%m-%d %H:%M}"
        )
    return at


def _reasons(said: Mapping[str, Any]) -> list[str] | None:
    found = said.get("reasons")
    if found is None:
        return None
    if not isinstance(found, list):
        raise UnfitError("unreadable", "reasons is no list")
    return [storable(each, "reasons") for each in found]


def _scores(said: Mapping[str, Any]) -> dict[str, float]:
    found = said.get("scores")
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(map(_finite, found.values())):
        raise UnfitError("unreadable", "scores are no numbers")
    return {storable(name, "scores"): float(value) for name, value in found.items()}


def _score(said: Mapping[str, Any], scores: Mapping[str, float]) -> float | None:
    attributes = said.get("attributes")
    liveness = attributes.get("liveness") if isinstance(attributes, dict) else None
    if _finite(liveness):
        return float(liveness)  # type: ignore[arg-type]  # _finite has seen that it is a number
    return next(iter(scores.values()), None)


def _finite(value: object) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    except OverflowError:
        return False


def previous(body: bytes) -> bytes | None:
    """What a record that stands in the tables names."""
    return named(json.loads(body))


def named(said: Mapping[str, Any]) -> bytes | None:
    """Digest of the record before; None at the beginning, UNSAID by an old one. Or UnfitError."""
    found = said.get("previous", "")
    if found is None or found == "":
        return None if found is None else UNSAID
    try:
        digest = bytes.fromhex(found)
    except (TypeError, ValueError):
        digest = b""
    if len(digest) != _SHA256_BYTES:
        raise UnfitError("unreadable", "previous is no SHA-256")
    return digest


def _number(said: Mapping[str, Any], name: str) -> int:
    found = said.get(name)
    if type(found) is not int or not 1 <= found < 2**62:
        raise UnfitError("unreadable", f"{name} is no number of a record")
    return found


def _text(said: Mapping[str, Any], name: str, default: str | None = None) -> str:
    found = said.get(name, default)
    if not isinstance(found, str) or not 1 <= len(found) <= 200:
        raise UnfitError("unreadable", f"{name} is no text of up to 200 characters")
    return storable(found, name)


def _maybe(said: Mapping[str, Any], name: str) -> str | None:
    return None if said.get(name) is None else _text(said, name)


def _truth(said: Mapping[str, Any], name: str) -> bool | None:
    found = said.get(name)
    return found if isinstance(found, bool) else None


def storable(value: object, name: str) -> str:
    """A text that PostgreSQL can hold: whole Unicode, without U+0000."""
    if not isinstance(value, str) or "\0" in value:
        raise UnfitError("unreadable", f"{name} holds what is no text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnfitError("unreadable", f"{name} holds half a character") from None
    return value
