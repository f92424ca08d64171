"""Whatever comes to a collector: what is good is in the table once, the rest where one can look."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from kioskd.fleet.collector import trust
from kioskd.fleet.collector.batch import Desk, Kind
from kioskd.fleet.collector.record import Heard
from kioskd.fleet.collector.record_store import Tally
from kioskd.fleet.collector.taken_back import take_back
from kioskd.fleet.database.library import Connection, connected
from kioskd.fleet.database.migration import migrate
from tests.support.fleet_records import AT, REMOVED, FleetKiosk, ms, shuffled
from tests.support.postgres import postgres
from tests.support.signed import OTHER, public

HQ = ("hq", "kiosk-07")


@dataclass
class Fleet:
    """The tables, and a collector's desk before them."""

    database: Connection
    desk: Desk

    def take(self, *heard: Heard, kind: Kind = "audit") -> Tally:
        return self.desk.store(self.database, kind, heard)

    def asked(self, question: str) -> list[tuple[Any, ...]]:
        return self.database.execute(question).fetchall()

    def seqs(self) -> list[int]:
        return [seq for (seq,) in self.asked("SELECT seq FROM fleet.audit_row ORDER BY seq")]

    def gaps(self) -> list[tuple[int, int]]:
        return self.asked(
            "SELECT from_seq, to_seq FROM fleet.gap WHERE filled IS NULL ORDER BY from_seq"
        )

    def aside(self) -> list[tuple[str, int | None]]:
        return self.asked("SELECT reason, seq FROM fleet.put_aside ORDER BY reason, id")


@pytest.fixture(scope="module")
def database() -> Iterator[Connection]:
    with postgres() as server, connected(server.fresh()) as connection:
        migrate(connection)
        yield connection


@pytest.fixture
def fleet(database: Connection) -> Fleet:
    """With empty tables, and the key of one kiosk."""
    tables = "kiosk, audit_row, put_aside, gap, epoch, boot, state, status, alarm, health"
    named = ", ".join(f"fleet.{table}" for table in tables.split(", "))
    database.execute(f"TRUNCATE {named} CASCADE")
    trust.trust(database, HQ, (public(),))
    return Fleet(database, Desk())


@pytest.fixture
def kiosk() -> FleetKiosk:
    return FleetKiosk()


def test_a_record_stands_in_the_table_as_it_came(fleet: Fleet, kiosk: FleetKiosk) -> None:
    body = kiosk.record()
    assert fleet.take(*kiosk.heard(body)).rows == 1
    (row,) = fleet.asked(
        "SELECT site, device, door, verdict, reasons, score, scores, recorded_at, received_at,"
        " config_digest, payload, digest FROM fleet.audit_row"
    )
    digest = hashlib.sha256(body).digest()
    assert row[:4] == ("hq", "kiosk-07", "side-entrance", "passed")
    assert row[4:7] == ([], 0.93, {"hybrid": 0.93})
    assert row[7:] == (AT, AT, "9b1c22d0", body, digest)


def test_a_command_for_the_whole_kiosk_names_no_door_and_is_a_good_record(
    fleet: Fleet, kiosk: FleetKiosk
) -> None:
    said = {"kind": "command", "command": "layer", "status": 200, "code": "", "detail": ""}
    fleet.take(*kiosk.heard(kiosk.record(**said, sourceId=REMOVED, doorId=REMOVED)))
    assert fleet.asked("SELECT kind, source, door FROM fleet.audit_row") == [("command", "", "")]
    assert fleet.aside() == []


def test_what_comes_twice_stands_there_once(fleet: Fleet, kiosk: FleetKiosk) -> None:
    heard = kiosk.heard(*kiosk.records(5))
    assert fleet.take(*heard).rows == 5
    again = fleet.take(*heard[2:], *heard[:2], heard[4])
    assert (again.rows, again.again) == (0, 6)
    assert (fleet.seqs(), fleet.gaps(), fleet.aside()) == ([1, 2, 3, 4, 5], [], [])
    assert fleet.asked("SELECT rows, again FROM fleet.kiosk") == [(5, 6)]


@pytest.mark.parametrize("step", [1, 3, 7, 11])
def test_in_whatever_order_and_batches_they_come(
    fleet: Fleet, kiosk: FleetKiosk, step: int
) -> None:
    heard = kiosk.heard(*shuffled(kiosk.records(20), step))
    for start in range(0, 20, 6):
        fleet.take(*heard[start : start + 6])
    assert (fleet.seqs(), fleet.aside()) == (list(range(1, 21)), [])
    assert fleet.asked("SELECT count(*) FROM fleet.gap") == [(0,)]


def test_what_is_missing_is_a_gap_until_it_comes(fleet: Fleet, kiosk: FleetKiosk) -> None:
    heard = kiosk.heard(*kiosk.records(10))
    fleet.take(*heard[:2], *heard[7:])
    assert fleet.gaps() == [(3, 7)]
    assert fleet.asked("SELECT * FROM fleet.missing") == []  # it may be on its way
    fleet.database.execute("UPDATE fleet.gap SET noticed = noticed - interval '3 minutes'")
    assert fleet.asked("SELECT from_seq, rows FROM fleet.missing") == [(3, 5)]
    fleet.take(heard[4])
    assert fleet.gaps() == [(3, 4), (6, 7)]
    fleet.take(*heard)
    assert fleet.gaps() == []
    filled = "SELECT from_seq, to_seq FROM fleet.gap WHERE filled IS NOT NULL ORDER BY 1"
    assert fleet.asked(filled) == [(3, 4), (5, 5), (6, 7)]


def test_an_unknown_kiosk_is_kept_apart_until_somebody_trusts_it(fleet: Fleet) -> None:
    stranger = FleetKiosk(device="kiosk-08", key=OTHER)
    fleet.take(*stranger.heard(*stranger.records(3)))
    assert fleet.aside() == [("unknown_kiosk", None)] * 3
    assert fleet.seqs() == []
    trust.trust(fleet.database, ("hq", "kiosk-08"), (public(OTHER),))
    assert take_back(fleet.database, ("hq", "kiosk-08")).rows == 3
    assert (fleet.seqs(), fleet.aside()) == ([1, 2, 3], [])


def test_a_forged_record_takes_nobodys_place(fleet: Fleet, kiosk: FleetKiosk) -> None:
    forger = FleetKiosk(key=OTHER)
    real = kiosk.records(2)
    changed = real[1].replace(b'"passed"', b'"failed"')
    unsigned = b'{"seq": 2, "epoch": "e", "siteId": "hq", "deviceId": "kiosk-07"}'
    fleet.take(*kiosk.heard(real[0], *forger.records(2), changed, unsigned))
    assert fleet.aside() == [
        ("bad_signature", None),
        ("bad_signature", None),
        ("bad_signature", None),
        ("not_signed", None),
    ]
    fleet.take(*kiosk.heard(real[1]))
    assert fleet.seqs() == [1, 2]


def test_a_record_replayed_on_another_kiosks_topic_is_not_believed(
    fleet: Fleet, kiosk: FleetKiosk
) -> None:
    trust.trust(fleet.database, ("hq", "kiosk-08"), (public(),))  # even with the same key
    (heard,) = kiosk.heard(kiosk.record())
    fleet.take(heard, replace(heard, subject="hq/kiosk-08/audit"))
    assert (fleet.seqs(), fleet.aside()) == ([1], [("bad_signature", None)])


def test_a_replayed_record_is_counted_however_old_it_is(fleet: Fleet, kiosk: FleetKiosk) -> None:
    heard = kiosk.heard(*kiosk.records(3))
    fleet.take(*heard)
    fleet.database.execute("DELETE FROM fleet.audit_row WHERE seq = 1")  # kept for long enough
    assert fleet.take(heard[0]).again == 1
    assert fleet.seqs() == [2, 3]


def test_a_key_that_was_forgotten_is_named(fleet: Fleet, kiosk: FleetKiosk) -> None:
    trust.forget(fleet.database, HQ, trust.key_id(public()))
    fleet.take(*kiosk.heard(kiosk.record()))
    assert (fleet.seqs(), fleet.aside()) == ([], [("forgotten_key", None)])


def test_of_a_kiosk_cloned_on_two_machines_the_first_word_stands(
    fleet: Fleet, kiosk: FleetKiosk
) -> None:
    fleet.take(*kiosk.heard(*kiosk.records(3)))
    clone = replace(kiosk, boot="00000000-0000-4000-8000-000000000002", said={"doorId": "attic"})
    fleet.take(*kiosk.heard(kiosk.record()))
    fleet.take(*clone.heard(*clone.records(2)))
    fleet.take(*kiosk.heard(kiosk.record()))
    assert fleet.seqs() == [1, 2, 3, 4, 5]
    assert fleet.asked("SELECT DISTINCT door FROM fleet.audit_row") == [("side-entrance",)]
    assert fleet.aside() == [("broken", None), ("changed", None)]
    assert fleet.asked("SELECT cloned_at IS NOT NULL FROM fleet.kiosk") == [(True,)]


def test_a_start_that_comes_back_after_another_is_a_second_machine(
    fleet: Fleet, kiosk: FleetKiosk
) -> None:
    other = replace(kiosk, boot="00000000-0000-4000-8000-000000000002")
    for after, teller in enumerate((kiosk, other, kiosk)):
        at = AT + timedelta(minutes=after)
        fleet.take(*teller.told("health", HEALTH, at), kind="health")
    assert fleet.aside() == [("cloned", None)]
    assert fleet.asked("SELECT boot FROM fleet.kiosk") == [(other.boot,)]


def test_a_start_after_a_start_is_none(fleet: Fleet, kiosk: FleetKiosk) -> None:
    other = replace(kiosk, boot="00000000-0000-4000-8000-000000000002")
    first = kiosk.told("health", HEALTH)
    fleet.take(*first, kind="health")
    fleet.take(*other.told("health", HEALTH, AT + timedelta(minutes=1)), kind="health")
    fleet.take(*first, kind="health")  # handed out again, as after a collector that was killed
    gone = {**STATUS, "state": "offline"}  # the last will of the first, told late
    fleet.take(*kiosk.told("status", gone, AT + timedelta(minutes=2)), kind="status")
    assert fleet.aside() == []
    assert fleet.asked("SELECT boot, status FROM fleet.kiosk") == [(other.boot, None)]


def test_numbers_that_begin_anew_after_a_lost_file_are_another_log(
    fleet: Fleet, kiosk: FleetKiosk
) -> None:
    fleet.take(*kiosk.heard(*kiosk.records(3)))
    anew = FleetKiosk(epoch="00000000-0000-4000-8000-00000000000e")
    fleet.take(*anew.heard(*anew.records(2)))
    assert (fleet.seqs(), fleet.gaps(), fleet.aside()) == ([1, 1, 2, 2, 3], [], [])


def test_numbers_given_again_in_one_log_are_not_taken(fleet: Fleet, kiosk: FleetKiosk) -> None:
    """A snapshot of the state folder that was brought back: the kiosk itself cannot know it."""
    fleet.take(*kiosk.heard(*kiosk.records(3)))
    again = FleetKiosk(said={"doorId": "attic"})
    fleet.take(*again.heard(*again.records(3)))
    assert fleet.seqs() == [1, 2, 3]
    assert [reason for reason, _ in fleet.aside()] == ["changed"] * 3


@pytest.mark.parametrize("changes", [{"schema": 2}, {"kind": "tomorrow"}])
def test_a_layout_of_the_future_is_kept_apart_and_no_gap(
    fleet: Fleet, kiosk: FleetKiosk, changes: dict[str, Any]
) -> None:
    bodies = [kiosk.record(), kiosk.record(**changes), kiosk.record()]
    fleet.take(*kiosk.heard(*bodies))
    assert (fleet.seqs(), fleet.gaps()) == ([1, 3], [])
    assert fleet.aside() == [("future_schema", 2)]
    fleet.take(*kiosk.heard(*bodies))
    assert fleet.asked("SELECT times FROM fleet.put_aside") == [(1,)]


@pytest.mark.parametrize("recorded", [0, 86_400_000, ms(AT + timedelta(days=2)), 10**30, "now"])
def test_a_clock_that_is_off_is_kept_apart_and_no_gap(
    fleet: Fleet, kiosk: FleetKiosk, recorded: object
) -> None:
    bodies = [kiosk.record(), kiosk.record(recordedAt=recorded), kiosk.record()]
    fleet.take(*kiosk.heard(*bodies))
    assert (fleet.seqs(), fleet.gaps()) == ([1, 3], [])
    assert fleet.aside() == [("clock_wrong", 2)]


def test_how_far_a_kiosks_clock_is_off_is_noted(fleet: Fleet, kiosk: FleetKiosk) -> None:
    late = {**HEALTH, "at": ms(AT - timedelta(minutes=5))}
    fleet.take(*kiosk.told("health", late), kind="health")
    assert fleet.asked("SELECT clock_offset_s FROM fleet.kiosk") == [(-300.0,)]


def test_a_megabyte_is_kept_apart_and_cut(fleet: Fleet, kiosk: FleetKiosk) -> None:
    huge = kiosk.record(pad="x" * 2**20)
    fleet.take(*kiosk.heard(huge))
    assert fleet.seqs() == []
    kept = "SELECT reason, bytes, length(payload), digest FROM fleet.put_aside"
    digest = hashlib.sha256(huge).digest()
    assert fleet.asked(kept) == [("too_large", len(huge), 65536, digest)]


POISON: dict[str, dict[str, Any]] = {
    "a text PostgreSQL cannot hold": {"doorId": "side\0door"},
    "half a character": {"doorId": "\ud800"},
    "a number without end": {"scores": {"hybrid": 10**400}},
    "text for numbers": {"scores": {"hybrid": "high"}},
    "a number for a text": {"verdict": 7},
    "no list": {"reasons": {"a": 1}},
    "a zero byte deep within": {"measured": [{"key": "a\0b"}]},
    "nothing where a boot belongs": {"bootId": REMOVED},
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_a_poisoned_record_is_kept_apart_and_holds_up_nobody(
    fleet: Fleet, kiosk: FleetKiosk, poison: dict[str, Any]
) -> None:
    bodies = [kiosk.record(), kiosk.record(**poison), kiosk.record()]
    fleet.take(*kiosk.heard(*bodies))
    assert (fleet.seqs(), fleet.gaps()) == ([1, 3], [])
    ((reason, seq),) = fleet.aside()
    assert (reason in ("unreadable", "poisoned"), seq) == (True, 2)


@pytest.mark.parametrize(
    "place",
    [{"seq": 0}, {"seq": 2**63}, {"seq": "1"}, {"seq": True}, {"epoch": 7}, {"previous": "no"}],
    ids=str,
)
def test_a_record_without_a_place_is_kept_apart(
    fleet: Fleet, kiosk: FleetKiosk, place: dict[str, Any]
) -> None:
    fleet.take(*kiosk.heard(kiosk.record(**place)))
    assert (fleet.seqs(), fleet.aside()) == ([], [("unreadable", None)])


def test_a_kiosk_of_a_version_without_a_chain_is_believed(fleet: Fleet, kiosk: FleetKiosk) -> None:
    kiosk.said = {"previous": REMOVED}
    old = kiosk.records(3)
    kiosk.said = {}
    fleet.take(*kiosk.heard(*old, *kiosk.records(2)))
    assert (fleet.seqs(), fleet.aside()) == ([1, 2, 3, 4, 5], [])


def test_what_is_put_aside_again_is_counted(fleet: Fleet) -> None:
    forger = FleetKiosk(key=OTHER)
    heard = forger.heard(forger.record())
    for _ in range(3):
        fleet.take(*heard)
    assert fleet.asked("SELECT times FROM fleet.put_aside") == [(3,)]
    assert fleet.asked("SELECT aside FROM fleet.kiosk") == [(3,)]


HEALTH: dict[str, Any] = {
    "version": "0.1.0",
    "ready": True,
    "why": [],
    "doors": [],
    "auditRowsWaiting": 0,
    "memoryMb": 400,
    "openFiles": 40,
    "at": ms(AT),
}
STATUS: dict[str, Any] = {"version": "0.1.0", "state": "online", "problems": [], "since": ms(AT)}
ALARM = {"code": "disk", "detail": "it is nearly full", "began": ms(AT), "ended": None}
STATE = {
    "sourceId": "door-3",
    "doorId": "side-entrance",
    "state": "stalled",
    "reason": "no_frames",
    "detail": "no frame for 1.0 s",
    "since": ms(AT),
}


def test_what_a_kiosk_says_of_itself_is_kept(fleet: Fleet, kiosk: FleetKiosk) -> None:
    ours = {"x": {"configDigest": "9b1c22d0", "modelVersion": "hybrid:1f2e3d4c"}}
    fleet.take(*kiosk.told("status", {**STATUS, **ours}), kind="status")
    fleet.take(*kiosk.told("health", HEALTH), kind="health")
    fleet.take(*kiosk.told("alarms", {"alarms": [ALARM]}), kind="alarms")
    fleet.take(*kiosk.told("door-3/state", STATE), kind="states")
    assert fleet.aside() == []
    assert fleet.asked(
        "SELECT status, ready, version, config_digest, boot, last_heard FROM fleet.kiosk"
    ) == [("online", True, "0.1.0", "9b1c22d0", kiosk.boot, AT)]
    assert fleet.asked("SELECT code, began, ended FROM fleet.alarm") == [("disk", AT, None)]
    assert fleet.asked("SELECT door, state FROM fleet.state") == [("side-entrance", "stalled")]
    over = {"alarms": [{**ALARM, "ended": ms(AT + timedelta(hours=1))}]}
    fleet.take(*kiosk.told("alarms", over, AT + timedelta(hours=1)), kind="alarms")
    ended = fleet.asked("SELECT ended - began FROM fleet.alarm")
    assert ended == [(timedelta(hours=1),)]


@pytest.mark.parametrize(
    ("kind", "topic", "payload"),
    [
        ("status", "status", {**STATUS, "problems": 7}),
        ("status", "status", {**STATUS, "state": {"a": 1}}),
        ("health", "health", {**HEALTH, "memoryMb": "much"}),
        ("health", "health", {"at": ms(AT)}),
        ("alarms", "alarms", {"alarms": [{**ALARM, "began": "noon"}]}),
        ("states", "door-3/state", {**STATE, "detail": "a\0b"}),
        ("states", "door-3/state", {**STATE, "schema": 2}),
    ],
)
def test_news_that_cannot_be_read_holds_up_nobody(
    fleet: Fleet, kiosk: FleetKiosk, kind: Kind, topic: str, payload: dict[str, Any]
) -> None:
    bad, good = kiosk.told(topic, payload), kiosk.told("health", HEALTH)
    if kind == "health":
        fleet.take(*bad, *[replace(each, at=AT + timedelta(seconds=1)) for each in good], kind=kind)
    else:
        fleet.take(*bad, kind=kind)
        fleet.take(*good, kind="health")
    ((reason, _),) = fleet.aside()
    assert reason in ("unreadable", "poisoned", "future_schema")
    assert fleet.asked("SELECT ready FROM fleet.kiosk") == [(True,)]
