"""What kiosks say of themselves, kept as it stands now and as it changed.

Newer is what the cluster took later: a kiosk's own clock may be wrong, and is not asked. A start of
the daemon that comes back after another one was heard is a second machine with the same name.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from kioskd.fleet.collector.put_aside import put
from kioskd.fleet.collector.record import Aside, Heard, Kiosk, moment
from kioskd.fleet.collector.record_store import Tally
from kioskd.fleet.database.library import Connection, Jsonb, RowError, saying

Kind = Literal["status", "health", "alarms", "states"]
News = tuple[Heard, Mapping[str, Any]]


def take(connection: Connection, kind: Kind, batch: Sequence[News | Aside]) -> Tally:
    """Commit them, or what of them can be kept. Raises DatabaseError."""
    try:
        with saying(), connection.transaction():
            return _taken(connection, kind, batch)
    except RowError as error:
        if len(batch) == 1:
            heard = batch[0].heard if isinstance(batch[0], Aside) else batch[0][0]
            with saying(), connection.transaction():
                return _taken(connection, kind, [Aside(heard, "poisoned", str(error)[:400])])
    whole = Tally()
    for each in batch:
        whole.add(take(connection, kind, [each]))
    return whole


def _taken(connection: Connection, kind: Kind, batch: Sequence[News | Aside]) -> Tally:
    asides = [each for each in batch if isinstance(each, Aside)]
    news = [each for each in batch if not isinstance(each, Aside)]
    for heard, said in sorted(news, key=lambda each: (each[0].kiosk, each[0].at)):
        aside = _one(connection, kind, heard, said)
        if aside is not None:
            asides.append(aside)
    put(connection, asides)
    tally = Tally()
    tally.aside.update(each.reason for each in asides)
    return tally


def _one(connection: Connection, kind: Kind, heard: Heard, said: Mapping[str, Any]) -> Aside | None:
    boot = said.get("bootId")
    if not isinstance(boot, str) or not 1 <= len(boot) <= 200:
        return Aside(heard, "unreadable", "it names no start of the daemon")
    if _cloned(connection, heard.kiosk, boot, heard.at):
        if said.get("state") == "offline":  # the last will of a start that another one ended
            return None
        return Aside(heard, "cloned", f"the start {boot} came back after another was heard")
    try:
        _KEEPERS[kind](connection, heard, said)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Aside(
            heard, "unreadable", f"it lacks what a message of its kind has: {error!r}"[:200]
        )
    return None


def _cloned(connection: Connection, kiosk: Kiosk, boot: str, at: datetime) -> bool:
    """Note the start, and whether it is one that was over already."""
    row = connection.execute(
        "SELECT k.boot, k.boot_heard_at, b.boot IS NOT NULL FROM fleet.kiosk k"
        " LEFT JOIN fleet.boot b ON (b.site, b.device, b.boot) = (k.site, k.device, %s)"
        " WHERE (k.site, k.device) = (%s, %s) FOR UPDATE OF k",
        (boot, *kiosk),
    ).fetchone()
    now, heard_at, known = row if row else (None, None, False)
    late = heard_at is not None and at <= heard_at  # handed out once more, or out of order
    if now == boot or (late and known):
        return False
    if known:
        connection.execute(
            "UPDATE fleet.kiosk SET cloned_at = %s WHERE (site, device) = (%s, %s)", (at, *kiosk)
        )
        return True
    connection.execute(
        "INSERT INTO fleet.boot (site, device, boot, heard_at) VALUES (%s, %s, %s, %s)",
        (*kiosk, boot, at),
    )
    if not late:
        connection.execute(
            "UPDATE fleet.kiosk SET boot = %s, boot_heard_at = %s WHERE (site, device) = (%s, %s)",
            (boot, at, *kiosk),
        )
    return False


def _status(connection: Connection, heard: Heard, said: Mapping[str, Any]) -> None:
    problems = [
        {"code": str(each["code"]), "detail": str(each["detail"])} for each in said["problems"]
    ]
    ours = said["x"]
    was = connection.execute(
        "SELECT status, problems, boot FROM fleet.kiosk WHERE (site, device) = (%s, %s)",
        heard.kiosk,
    ).fetchone()
    new = connection.execute(
        "UPDATE fleet.kiosk SET status = %s, problems = %s, status_heard_at = %s,"
        " version = coalesce(%s, version), config_digest = coalesce(%s, config_digest),"
        " model_version = coalesce(%s, model_version), first_heard = coalesce(first_heard, %s),"
        " last_heard = greatest(last_heard, %s) WHERE (site, device) = (%s, %s)"
        " AND (status_heard_at IS NULL OR status_heard_at < %s) RETURNING boot",
        (
            *(said["state"], Jsonb(problems), heard.at, said.get("version")),
            *(ours.get("configDigest"), ours.get("modelVersion"), heard.at, heard.at),
            *(*heard.kiosk, heard.at),
        ),
    ).fetchone()
    if new is not None and was != (said["state"], problems, said["bootId"]):
        connection.execute(
            "INSERT INTO fleet.status (site, device, heard_at, boot, status, problems)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (*heard.kiosk, heard.at, said["bootId"], said["state"], Jsonb(problems)),
        )


def _health(connection: Connection, heard: Heard, said: Mapping[str, Any]) -> None:
    ready, at = bool(said["ready"]), moment(said["at"])
    offset = None if at is None else (at - heard.at).total_seconds()
    connection.execute(
        "UPDATE fleet.kiosk SET ready = %s, health = %s, health_heard_at = %s,"
        " clock_offset_s = %s, version = coalesce(%s, version),"
        " config_digest = coalesce(%s, config_digest),"
        " model_version = coalesce(%s, model_version), first_heard = coalesce(first_heard, %s),"
        " last_heard = greatest(last_heard, %s) WHERE (site, device) = (%s, %s)"
        " AND (health_heard_at IS NULL OR health_heard_at < %s)",
        (
            *(ready, Jsonb(dict(said)), heard.at, offset, said.get("version")),
            *(said.get("configDigest"), said.get("modelVersion"), heard.at, heard.at),
            *(*heard.kiosk, heard.at),
        ),
    )
    connection.execute(
        "INSERT INTO fleet.health (site, device, hour, heard_at, boot, ready, why, doors,"
        " audit_rows_waiting, memory_mb, open_files)"
        " VALUES (%s, %s, date_trunc('hour', %s::timestamptz), %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (site, device, hour) DO UPDATE SET heard_at = excluded.heard_at,"
        " boot = excluded.boot, ready = excluded.ready, why = excluded.why, doors = excluded.doors,"
        " audit_rows_waiting = excluded.audit_rows_waiting, memory_mb = excluded.memory_mb,"
        " open_files = excluded.open_files WHERE health.heard_at < excluded.heard_at",
        (
            *(*heard.kiosk, heard.at, heard.at, said["bootId"], ready),
            *(Jsonb(said["why"]), Jsonb(said["doors"]), said.get("auditRowsWaiting")),
            *(said.get("memoryMb"), said.get("openFiles")),
        ),
    )


def _alarms(connection: Connection, heard: Heard, said: Mapping[str, Any]) -> None:
    alarms = list(said["alarms"])
    rows = [
        (
            *(*heard.kiosk, str(each["code"]), str(each.get("doorId", ""))),
            *(_when(each["began"]), each["ended"] and _when(each["ended"])),
            *(str(each["detail"]), heard.at),
        )
        for each in alarms
    ]
    connection.execute(
        "UPDATE fleet.kiosk SET alarms = %s, alarms_heard_at = %s,"
        " first_heard = coalesce(first_heard, %s), last_heard = greatest(last_heard, %s)"
        " WHERE (site, device) = (%s, %s) AND (alarms_heard_at IS NULL OR alarms_heard_at < %s)",
        (Jsonb(alarms), heard.at, heard.at, heard.at, *heard.kiosk, heard.at),
    )
    connection.cursor().executemany(
        "INSERT INTO fleet.alarm (site, device, code, door, began, ended, detail, heard_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (site, device, code, door, began) DO UPDATE SET ended = excluded.ended,"
        " detail = excluded.detail, heard_at = excluded.heard_at"
        " WHERE alarm.heard_at < excluded.heard_at",
        rows,
    )


def _state(connection: Connection, heard: Heard, said: Mapping[str, Any]) -> None:
    source = str(said["sourceId"])
    connection.execute(
        "INSERT INTO fleet.state"
        " (site, device, source, door, heard_at, boot, state, reason, detail, since)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            *(*heard.kiosk, source, str(said.get("doorId", source)), heard.at, said["bootId"]),
            *(str(said["state"]), str(said["reason"]), str(said["detail"]), moment(said["since"])),
        ),
    )
    connection.execute(
        "UPDATE fleet.kiosk SET first_heard = coalesce(first_heard, %s),"
        " last_heard = greatest(last_heard, %s) WHERE (site, device) = (%s, %s)",
        (heard.at, heard.at, *heard.kiosk),
    )


def _when(milliseconds: object) -> datetime:
    at = moment(milliseconds)
    if at is None:
        raise ValueError(f"{milliseconds} is no time")
    return at


_KEEPERS = {"status": _status, "health": _health, "alarms": _alarms, "states": _state}
