"""A rollout as it stands in PostgreSQL, so that whoever runs the command again goes on with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from kioskd.fleet.database.library import Connection, Jsonb
from kioskd.fleet.rollout.rule import Share, Told

Phase = Literal["canary", "all", "done", "returning", "returned"]
AT_WORK: tuple[Phase, ...] = ("canary", "all", "returning")
PAST_DAYS = 14  # of a kiosk's own past
LATER = ("AheadOfClock", "NotTaken")  # refusals that a kiosk tries again by itself
PRESENT_H = 24  # a kiosk that was heard of within so long may be among the first

Kiosk = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rollout:
    """One row of fleet.rollout."""

    id: int
    name: str
    level: str
    config: str
    share: float
    wait_s: float
    patience_s: float
    phase: Phase
    began: datetime
    since: datetime
    why: str
    networks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """A kiosk that is to be told something: `config` under `name`, newer than `modified`."""

    site: str
    device: str
    name: str
    config: str
    modified: int
    networks: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Untold:
    """A layer that is to be published, and the networks that it asks for."""

    site: str
    device: str
    level: str
    modified: int
    document: bytes
    networks: Mapping[str, Any]


_COLUMNS = "id, name, level, config, share, wait_s, patience_s, phase, began, since, why, networks"


class RolloutStore:
    """Times are the database's and the cluster's, which are to agree to some seconds."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def find(self, name: str) -> Rollout | None:
        found = self._db.execute(
            f"SELECT {_COLUMNS} FROM fleet.rollout WHERE name = %s", (name,)
        ).fetchone()
        return None if found is None else Rollout(*found)

    def all(self) -> Iterator[Rollout]:
        """The newest first."""
        for row in self._db.execute(f"SELECT {_COLUMNS} FROM fleet.rollout ORDER BY id DESC"):
            yield Rollout(*row)

    def at_work(self) -> Rollout | None:
        return next((one for one in self.all() if one.phase in AT_WORK), None)

    def kiosks(self, sites: Sequence[str]) -> list[tuple[Kiosk, bool]]:
        """Those of the sites, of all where none is named, and whether each was heard of lately."""
        found = self._db.execute(
            "SELECT site, device, coalesce(last_heard > now() - %s * interval '1 hour', false)"
            " FROM fleet.kiosk WHERE %s OR site = ANY(%s) ORDER BY site, device",
            (PRESENT_H, not sites, list(sites)),
        )
        return [((str(site), str(device)), bool(present)) for site, device, present in found]

    def begin(self, rollout: Rollout, kiosks: Sequence[Kiosk], first: frozenset[Kiosk]) -> Rollout:
        """With what each kiosk has now, to which it can return."""
        with self._db.transaction():
            row = self._db.execute(
                "INSERT INTO fleet.rollout (name, level, config, share, wait_s, patience_s,"
                " networks, phase, began, since)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, 'canary', now(), now())"
                f" RETURNING {_COLUMNS}",
                (
                    rollout.name,
                    rollout.level,
                    rollout.config,
                    rollout.share,
                    rollout.wait_s,
                    rollout.patience_s,
                    Jsonb(dict(rollout.networks)),
                ),
            ).fetchone()
            assert row is not None
            begun = Rollout(*row)
            for site, device in kiosks:
                values = {"rollout": begun.id, "level": begun.level, "days": PAST_DAYS}
                values |= {"site": site, "device": device, "first": (site, device) in first}
                self._db.execute(_BEGIN, values)
        return begun

    def turn(self, rollout: Rollout, phase: Phase, why: str) -> None:
        self._db.execute(
            "UPDATE fleet.rollout SET phase = %s, since = now(), why = %s WHERE id = %s",
            (phase, why, rollout.id),
        )

    def says(self, rollout: Rollout, why: str) -> None:
        self._db.execute("UPDATE fleet.rollout SET why = %s WHERE id = %s", (why, rollout.id))

    def untold(self, rollout: Rollout, *, everybody: bool) -> list[Turn]:
        """Who has not been told the layer, of the first ones, or of all."""
        return self._turns(
            "SELECT k.site, k.device, %s, %s, coalesce(l.modified, 0), %s"
            " FROM fleet.rollout_kiosk k"
            " LEFT JOIN fleet.layer l ON l.site = k.site AND l.device = k.device AND l.level = %s"
            " WHERE k.rollout = %s AND k.told IS NULL AND (k.canary OR %s)",
            (
                rollout.name,
                rollout.config,
                Jsonb(dict(rollout.networks)),
                rollout.level,
                rollout.id,
                everybody,
            ),
        )

    def unreturned(self, rollout: Rollout) -> list[Turn]:
        """Who was told it, and not yet what they had before."""
        return self._turns(
            "SELECT k.site, k.device, coalesce(k.before_name, 'nothing'),"
            " coalesce(k.before_config, ''), coalesce(l.modified, 0),"
            " coalesce(k.before_networks, '{}') FROM fleet.rollout_kiosk k"
            " LEFT JOIN fleet.layer l ON l.site = k.site AND l.device = k.device AND l.level = %s"
            " WHERE k.rollout = %s AND k.told IS NOT NULL AND k.returned IS NULL",
            (rollout.level, rollout.id),
        )

    def _turns(self, asked: str, values: tuple[object, ...]) -> list[Turn]:
        return [Turn(*row) for row in self._db.execute(asked, values)]

    def tell(
        self,
        rollout: Rollout,
        turn: Turn,
        modified: int,
        digest: str,
        document: bytes,
        *,
        back: bool,
    ) -> None:
        """What is to be published: in a transaction of whoever calls, with others perhaps."""
        self._db.execute(
            "INSERT INTO fleet.layer"
            " (site, device, level, name, config, networks, modified, digest, document)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (site, device, level) DO UPDATE SET name = excluded.name,"
            " config = excluded.config, networks = excluded.networks, modified = excluded.modified,"
            " digest = excluded.digest, document = excluded.document, published = NULL",
            (
                turn.site,
                turn.device,
                rollout.level,
                turn.name,
                turn.config,
                Jsonb(dict(turn.networks)),
                modified,
                digest,
                document,
            ),
        )
        said = "returned = now()" if back else "told = now(), digest = %s"
        values: tuple[object, ...] = () if back else (digest,)
        self._db.execute(
            f"UPDATE fleet.rollout_kiosk SET {said} WHERE rollout = %s AND site = %s"
            " AND device = %s",
            (*values, rollout.id, turn.site, turn.device),
        )

    def unpublished(self) -> list[Untold]:
        """What the broker has not said that it took."""
        found = self._db.execute(
            "SELECT site, device, level, modified, document, networks FROM fleet.layer"
            " WHERE published IS NULL ORDER BY site, device, level"
        )
        return [Untold(*row) for row in found]

    def keep_file(self, sha256: str, content: bytes) -> None:
        """The file of a network, for as long as anybody may be told it."""
        self._db.execute(
            "INSERT INTO fleet.network_file VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (sha256, content),
        )

    def file(self, sha256: str) -> bytes:
        found = self._db.execute(
            "SELECT content FROM fleet.network_file WHERE sha256 = %s", (sha256,)
        ).fetchone()
        return b"" if found is None else bytes(found[0])

    def published(self, site: str, device: str, level: str, modified: int) -> None:
        self._db.execute(
            "UPDATE fleet.layer SET published = now() WHERE site = %s AND device = %s"
            " AND level = %s AND modified = %s",
            (site, device, level, modified),
        )

    def waited(self, rollout: Rollout) -> tuple[bool, bool]:
        """Whether the phase's time is over, and whether all patience is."""
        found = self._db.execute(
            "SELECT now() >= since + %s * interval '1 second',"
            " now() >= since + %s * interval '1 second' FROM fleet.rollout WHERE id = %s",
            (rollout.wait_s, rollout.patience_s, rollout.id),
        ).fetchone()
        assert found is not None
        return bool(found[0]), bool(found[1])

    def told(self, rollout: Rollout) -> list[Told]:
        """What is known of each kiosk that was told it."""
        found = self._db.execute(_TOLD, {"rollout": rollout.id, "later": list(LATER)})
        return [_told(*row) for row in found]

    def hours(self, rollout: Rollout, names: Sequence[str]) -> list[Share]:
        """Of these kiosks together, `site/device`: each hour that had attempts, in the days before
        the rollout, in order.
        """
        sites, devices = zip(*(name.split("/", 1) for name in names), strict=True)
        values: dict[str, object] = {"sites": list(sites), "devices": list(devices)}
        values |= {"began": rollout.began, "days": PAST_DAYS}
        return [Share(*row) for row in self._db.execute(_HOURS, values)]

    def rest(self, rollout: Rollout) -> tuple[Share, Share, Share]:
        """Of the kiosks that are not told yet: attempts since it began and before, and how many of
        them had an alarm that began.
        """
        found = self._db.execute(_REST, {"rollout": rollout.id}).fetchone()
        assert found is not None
        bad, of, bad_before, of_before, rang, kiosks = map(int, found)
        return Share(bad, of), Share(bad_before, of_before), Share(rang, kiosks)


def _told(
    name: str,
    taken: datetime | None,
    refusal: str | None,
    since: Sequence[int],
    before: Sequence[int],
    fresh: int,
    present: bool,
    alarms: Sequence[str] | None,
    silent: bool,
    rang: bool,
) -> Told:
    refused = "" if taken is not None else refusal or ""
    codes = (*(alarms or ()), *(("silent",) if silent else ()))
    shares = Share(*since), Share(*before)
    return Told(name, taken is not None, refused, *shares, fresh, present, codes, rang)


# What a kiosk has, to which it can return, and how many it refused until now; both counted once.
_BEGIN = """
INSERT INTO fleet.rollout_kiosk
    (rollout, site, device, canary, before_name, before_config, before_networks, past_bad,
        past_all)
SELECT %(rollout)s, %(site)s, %(device)s, %(first)s, layer.name, layer.config, layer.networks,
    past.bad, past.n
FROM (
    SELECT count(*) AS n, count(*) FILTER (WHERE verdict <> 'passed') AS bad FROM fleet.audit_row
    WHERE site = %(site)s AND device = %(device)s AND kind = 'result'
        AND recorded_at BETWEEN now() - %(days)s * interval '1 day' AND now()
) past
LEFT JOIN fleet.layer ON site = %(site)s AND device = %(device)s AND level = %(level)s
"""
# A layer's own record names its digest; signed by the kiosk, as all in audit_row is. Who is silent
# told of its health when it was told the layer.
_TOLD = """
WITH told AS (
    SELECT site, device, digest, told, past_bad, past_all, since AS phase_began
    FROM fleet.rollout_kiosk JOIN fleet.rollout ON id = rollout
    WHERE rollout = %(rollout)s AND told IS NOT NULL AND returned IS NULL
), answer AS (
    SELECT told.site, told.device,
        min(a.received_at) FILTER (WHERE said ->> 'status' = '200') AS taken,
        max((said ->> 'code') || ': ' || (said ->> 'detail'))
            FILTER (WHERE said ->> 'code' <> '' AND said ->> 'code' <> ALL(%(later)s)) AS refusal
    FROM told JOIN LATERAL (
        SELECT received_at, convert_from(payload, 'UTF8')::jsonb AS said FROM fleet.audit_row r
        WHERE r.site = told.site AND r.device = told.device AND kind = 'command'
            AND received_at >= told.told - interval '10 minutes'
            AND recorded_at >= told.told - interval '1 day'
    ) a ON said ->> 'requestId' = told.digest
    GROUP BY told.site, told.device
)
SELECT told.site || '/' || told.device, taken, refusal, ARRAY[since.bad, since.n],
    ARRAY[past_bad, past_all], since.fresh,
    coalesce(k.last_heard > now() - interval '10 minutes', false), alarm.codes,
    coalesce(k.health_heard_at < now() - interval '5 minutes'
        AND k.health_heard_at > told.told - interval '5 minutes', false),
    EXISTS (
        SELECT FROM fleet.alarm a WHERE a.site = told.site AND a.device = told.device
            AND began < told.told AND began >= told.told - (now() - told.told)
    )
FROM told
JOIN fleet.kiosk k USING (site, device)
LEFT JOIN answer USING (site, device)
LEFT JOIN LATERAL (
    SELECT count(*) AS n, count(*) FILTER (WHERE verdict <> 'passed') AS bad,
        count(*) FILTER (WHERE received_at >= told.phase_began) AS fresh
    FROM fleet.audit_row r
    WHERE r.site = told.site AND r.device = told.device AND kind = 'result'
        AND received_at >= taken AND recorded_at >= told.told - interval '1 day'
) since ON true
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT code) AS codes FROM fleet.alarm a
    WHERE a.site = told.site AND a.device = told.device AND began >= told.told
) alarm ON true
ORDER BY told.site, told.device
"""
_HOURS = """
SELECT count(*) FILTER (WHERE verdict <> 'passed'), count(*)
FROM unnest(%(sites)s::text[], %(devices)s::text[]) AS told (site, device)
JOIN fleet.audit_row USING (site, device)
WHERE kind = 'result' AND recorded_at BETWEEN
    %(began)s::timestamptz - %(days)s * interval '1 day' AND %(began)s::timestamptz
GROUP BY date_trunc('hour', recorded_at) ORDER BY date_trunc('hour', recorded_at)
"""
_REST = """
WITH begun AS (
    SELECT min(told) AS at FROM fleet.rollout_kiosk WHERE rollout = %(rollout)s
), rest AS (
    SELECT k.site, k.device, begun.at, t.past_bad, t.past_all,
        coalesce(k.health_heard_at < now() - interval '5 minutes'
            AND k.health_heard_at > begun.at - interval '5 minutes', false) AS silent
    FROM fleet.rollout_kiosk t JOIN fleet.kiosk k USING (site, device), begun
    WHERE t.rollout = %(rollout)s AND t.told IS NULL AND k.last_heard IS NOT NULL
)
SELECT coalesce(sum(a.bad), 0), coalesce(sum(a.n), 0),
    coalesce(sum(past_bad), 0), coalesce(sum(past_all), 0),
    count(*) FILTER (WHERE silent OR EXISTS (
        SELECT FROM fleet.alarm x WHERE x.site = rest.site AND x.device = rest.device
            AND began >= rest.at
    )), count(*)
FROM rest LEFT JOIN LATERAL (
    SELECT count(*) AS n, count(*) FILTER (WHERE verdict <> 'passed') AS bad FROM fleet.audit_row r
    WHERE r.site = rest.site AND r.device = rest.device AND kind = 'result'
        AND received_at >= rest.at AND recorded_at >= rest.at - interval '1 day'
) a ON true
"""
