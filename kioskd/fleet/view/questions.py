"""What the view asks the record: every figure in a terminal and in JSON rests on these."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from kioskd.fleet.database.library import Connection
from kioskd.fleet.view.drift import LATE_S, PAST_S, Lit, Look, Past, Tried
from kioskd.fleet.view.rates import Share

SILENT_S = 120.0  # a kiosk says its health every 30 s; as the record's own view fleet.silent
By = Literal["version", "config", "networks", "layer"]


@dataclass(frozen=True, slots=True)
class Kiosk:
    """One kiosk as it was heard of last.

    missing  rows that have not come; aside: messages that were put aside
    ringing  codes of alarms that ring, with their doors
    """

    site: str
    device: str
    last_heard: datetime | None
    status: str | None
    ready: bool | None
    version: str | None
    config: str | None
    networks: str | None
    problems: tuple[str, ...]
    ringing: tuple[str, ...]
    rows: int
    missing: int
    aside: int
    cloned_at: datetime | None
    clock_offset_s: float | None

    @property
    def name(self) -> str:
        return f"{self.site}/{self.device}"

    def silent(self, now: datetime) -> bool:
        """Whether nothing was heard of it for so long that it must be away; not once it stopped."""
        heard = self.last_heard
        if heard is not None and self.status == "stopped":
            return False
        return heard is None or (now - heard).total_seconds() > SILENT_S


@dataclass(frozen=True, slots=True)
class Door:
    """One door's attempts of a span.

    refused   those that were not passed, of all
    reasons   why not, most frequent first, with how often
    in_a_row  refused since somebody was passed, and since when; before: all of the weeks before it
    """

    site: str
    device: str
    door: str
    refused: Share
    attacks: int
    score: float | None
    reasons: tuple[tuple[str, int], ...]
    in_a_row: int
    since: datetime | None
    before: Share

    @property
    def name(self) -> str:
        return f"{self.site}/{self.device}/{self.door}"


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows that have not come."""

    site: str
    device: str
    epoch: str
    from_seq: int
    to_seq: int
    noticed: datetime


@dataclass(frozen=True, slots=True)
class PutAside:
    """Messages of one kiosk that were not believed, for one reason."""

    site: str
    device: str
    reason: str
    times: int
    last: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class Kind:
    """All kiosks of one version, configuration, networks or layers."""

    value: str
    kiosks: int
    doors: int
    refused: Share
    reasons: tuple[tuple[str, int], ...] = field(default=())


_KIOSKS = """
SELECT k.site, k.device, k.last_heard, k.status, k.ready, k.version, k.config_digest,
       k.model_version, coalesce(k.problems, '[]'), coalesce(k.alarms, '[]'), k.rows,
       coalesce(m.rows, 0)::bigint, k.aside, k.cloned_at, k.clock_offset_s
FROM fleet.kiosk k
LEFT JOIN (SELECT site, device, sum(rows) AS rows FROM fleet.missing GROUP BY site, device) m
       ON (m.site, m.device) = (k.site, k.device)
WHERE (%(site)s = '' OR k.site = %(site)s) AND (%(device)s = '' OR k.device = %(device)s)
ORDER BY k.site, k.device
"""

# One row for each door: attempts of the span, and all before it since the past weeks began.
_DOORS = """
WITH result AS (
    SELECT site, device, door, verdict, score, recorded_at,
           recorded_at >= %(since)s AS within
    FROM fleet.audit_row
    WHERE kind = 'result' AND recorded_at >= %(past)s AND recorded_at < %(now)s
      AND (%(site)s = '' OR site = %(site)s) AND (%(device)s = '' OR device = %(device)s)
), passed AS (
    SELECT site, device, door, max(recorded_at) AS at
    FROM result WHERE verdict = 'passed' GROUP BY site, device, door
)
SELECT r.site, r.device, r.door,
       count(*) FILTER (WHERE within) AS attempts,
       count(*) FILTER (WHERE within AND verdict <> 'passed') AS refused,
       count(*) FILTER (WHERE within AND verdict = 'failed') AS attacks,
       avg(score) FILTER (WHERE within AND verdict = 'passed') AS score,
       count(*) FILTER (WHERE p.at IS NULL OR recorded_at > p.at) AS in_a_row,
       min(recorded_at) FILTER (WHERE p.at IS NULL OR recorded_at > p.at) AS since,
       count(*) FILTER (WHERE recorded_at <= p.at) AS before,
       count(*) FILTER (WHERE recorded_at <= p.at AND verdict <> 'passed') AS before_refused
FROM result r LEFT JOIN passed p USING (site, device, door)
GROUP BY r.site, r.device, r.door
ORDER BY r.site, r.device, r.door
"""

_REASONS = """
SELECT site, device, door, reason, count(*) AS times
FROM fleet.audit_row, unnest(reasons) AS reason
WHERE kind = 'result' AND verdict <> 'passed'
  AND (reason <> 'time_over' OR cardinality(reasons) = 1)  -- which says that it ended, not why
  AND recorded_at >= %(since)s AND recorded_at < %(now)s
  AND (%(site)s = '' OR site = %(site)s) AND (%(device)s = '' OR device = %(device)s)
GROUP BY site, device, door, reason
ORDER BY site, device, door, times DESC, reason
"""

_GAPS = """
SELECT site, device, epoch, from_seq, to_seq, noticed FROM fleet.missing
WHERE %(site)s = '' OR site = %(site)s ORDER BY site, device, noticed, from_seq
"""

_ASIDE = """
SELECT coalesce(site, ''), coalesce(device, ''), reason, sum(times)::bigint, max(received_at),
       (array_agg(detail ORDER BY received_at DESC))[1]
FROM fleet.put_aside WHERE %(site)s = '' OR site = %(site)s
GROUP BY 1, 2, reason ORDER BY 4 DESC, 1, 2, reason
"""

# A rollout's kiosks have each a configuration of their own, for it is their file's and the layer's,
# and one name. Attempts under another configuration than the kiosk's present one were before.
# Health is not signed: what is no list of layers must not break the question.
_LAYERS = """
CASE WHEN r.config_digest IS DISTINCT FROM k.health ->> 'configDigest' THEN 'before'
     ELSE coalesce((
         SELECT string_agg((l.said ->> 'layer') || ': ' || (l.said ->> 'name'), ', '
                           ORDER BY l.number)
         FROM jsonb_array_elements(CASE jsonb_typeof(k.health -> 'layers') WHEN 'array'
              THEN k.health -> 'layers' ELSE '[]' END) WITH ORDINALITY AS l(said, number)
     ), 'none') END
"""
_COLUMNS: dict[By, str] = {
    "layer": _LAYERS,
    "version": "k.version",
    "config": "r.config_digest",
    "networks": "r.model_version",
}
# By what decided each attempt, as the row says, but for version and layers, which rows do not name.
_COMPARE = """
SELECT coalesce({column}, '?'), count(DISTINCT (r.site, r.device)),
       count(DISTINCT (r.site, r.device, r.door)), count(*),
       count(*) FILTER (WHERE r.verdict <> 'passed')
FROM fleet.audit_row r JOIN fleet.kiosk k USING (site, device)
WHERE r.kind = 'result' AND r.recorded_at >= %(since)s AND r.recorded_at < %(now)s
  AND (%(site)s = '' OR r.site = %(site)s)
GROUP BY 1 ORDER BY 2 DESC, 1
"""
_COMPARE_REASONS = """
SELECT coalesce({column}, '?'), reason, count(*)
FROM fleet.audit_row r JOIN fleet.kiosk k USING (site, device), unnest(r.reasons) AS reason
WHERE r.kind = 'result' AND r.verdict <> 'passed'
  AND (reason <> 'time_over' OR cardinality(r.reasons) = 1)
  AND r.recorded_at >= %(since)s AND r.recorded_at < %(now)s
  AND (%(site)s = '' OR r.site = %(site)s)
GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
"""

# Means of health are told until the next hour's, so one that was told before is not told again.
_MEANS = """
SELECT DISTINCT ON (site, device, door, what, ended) site, device, door, what, ended, told
FROM (
    SELECT h.site, h.device, d ->> 'doorId' AS door, w.what,
           (d -> w.what ->> 'until')::bigint AS ended, d -> w.what AS told
    FROM fleet.health h, jsonb_array_elements(h.doors) AS d,
         (VALUES ('light'), ('faces')) AS w(what)
    WHERE h.hour >= %(past)s AND h.heard_at < %(now)s AND h.site = %(site)s
      AND (%(device)s = '' OR h.device = %(device)s) AND d ? w.what
) AS each
ORDER BY site, device, door, what, ended
"""

_TRIED = """
SELECT site, device, door, date_trunc('hour', recorded_at) + interval '1 hour', count(*),
       count(*) FILTER (WHERE verdict = 'passed'),
       coalesce(sum(score) FILTER (WHERE verdict = 'passed'), 0),
       coalesce(sum(score * score) FILTER (WHERE verdict = 'passed'), 0)
FROM fleet.audit_row
WHERE kind = 'result' AND recorded_at >= %(past)s AND recorded_at < %(now)s
  AND site = %(site)s AND (%(device)s = '' OR device = %(device)s)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Which attempts are asked about: from `since` until `now`, of one site or kiosk or of all."""

    now: datetime
    since: datetime
    site: str = ""
    device: str = ""

    @property
    def told(self) -> dict[str, object]:
        past = self.now - timedelta(seconds=PAST_S + LATE_S)
        return {
            "now": self.now,
            "since": self.since,
            "past": min(past, self.since),
            "site": self.site,
            "device": self.device,
        }


def kiosks(database: Connection, site: str = "", device: str = "") -> list[Kiosk]:
    """Every kiosk that is trusted, heard or not."""
    rows = database.execute(_KIOSKS, {"site": site, "device": device})
    return [_kiosk(*row) for row in rows]


def _kiosk(*row: Any) -> Kiosk:
    read = (*row[:8], _codes(row[8]), _ringing(row[9]), *row[10:])
    return Kiosk(*read)


def doors(database: Connection, span: Span) -> list[Door]:
    """Every door with an attempt in the past weeks; some may have had none in the span."""
    reasons: dict[tuple[str, ...], list[tuple[str, int]]] = {}
    for site, device, door, reason, times in database.execute(_REASONS, span.told):
        reasons.setdefault((site, device, door), []).append((str(reason), int(times)))
    return [
        _door(tuple(reasons.get(row[:3], ())), *row) for row in database.execute(_DOORS, span.told)
    ]


def _door(reasons: tuple[tuple[str, int], ...], *row: Any) -> Door:
    site, device, door, attempts, refused, attacks, score, in_a_row, since, *before = row
    was = Share(before[1], before[0])
    now = Share(refused, attempts)
    return Door(site, device, door, now, attacks, score, reasons, in_a_row, since, was)


def whole(doors: list[Door]) -> Share:
    """The fleet's own, of all its doors together."""
    parts = [door.refused for door in doors]
    return Share(sum(one.part for one in parts), sum(one.whole for one in parts))


def gaps(database: Connection, site: str = "") -> list[Gap]:
    return [_gap(*row) for row in database.execute(_GAPS, {"site": site})]


def _gap(*row: Any) -> Gap:
    return Gap(*row)


def put_aside(database: Connection, site: str = "") -> list[PutAside]:
    found = database.execute(_ASIDE, {"site": site})
    return [
        PutAside(site, device, reason, times, last, detail)
        for site, device, reason, times, last, detail in found
    ]


def compare(database: Connection, by: By, span: Span) -> list[Kind]:
    """What decided attempts in the span, value by value, with the refusals of each."""
    told = span.told
    reasons: dict[str, list[tuple[str, int]]] = {}
    for value, reason, times in database.execute(_written(_COMPARE_REASONS, by), told):
        reasons.setdefault(str(value), []).append((str(reason), int(times)))
    return [
        Kind(value, kiosks, doors, Share(refused, attempts), tuple(reasons.get(value, ())))
        for value, kiosks, doors, attempts, refused in database.execute(
            _written(_COMPARE, by), told
        )
    ]


def _written(question: str, by: By) -> bytes:
    return question.format(column=_COLUMNS[by]).encode()


def pasts(database: Connection, span: Span) -> Iterator[tuple[str, str, str, Past]]:
    """Site, device, door and all that drift is told by; site after site, for there may be many."""
    named = [span.site] if span.site else _sites(database)
    for site in named:
        told = {**span.told, "site": site}
        found: dict[tuple[str, str, str], tuple[list[Look], list[Lit], list[Tried]]] = {}
        for each in database.execute(_MEANS, told):
            looks, lights, _ = found.setdefault(each[:3], ([], [], []))
            _take(each[3], each[5], looks, lights)
        for each in database.execute(_TRIED, told):
            tried = found.setdefault(each[:3], ([], [], []))[2]
            tried.append(Tried(each[3].timestamp(), *each[4:]))
        for (_, device, door), parts in sorted(found.items()):
            yield site, device, door, Past(*parts)


def _sites(database: Connection) -> list[str]:
    return [
        str(site)
        for (site,) in database.execute("SELECT DISTINCT site FROM fleet.kiosk ORDER BY site")
    ]


def _take(what: str, told: dict[str, Any], looks: list[Look], lights: list[Lit]) -> None:
    until = told["until"] / 1000
    if what == "light":
        lights.append(Lit(until, told["mean"]))
        return
    place = told["x"], told["y"], told["width"]
    looks.append(Look(until, told["people"], *place, told.get("sharpness")))


def _codes(problems: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(each["code"] for each in problems)


def _ringing(alarms: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(
        f"{each['code']} {each['doorId']}" if "doorId" in each else each["code"]
        for each in alarms
        if each.get("ended") is None
    )
