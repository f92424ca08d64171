"""Each fault once, in one daemon's life; and that the suite sees what it is there to see."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kioskd.delivery.reply_message import ReplyError
from tests.faults import fuzz, reading
from tests.faults.bench import Bench, attack, backoff_s, bench
from tests.faults.clock import HOUR_S, put_to
from tests.faults.disk import full, scribbled
from tests.faults.findings import Findings, heading, replaced
from tests.faults.rows import Asked
from tests.faults.wrong_clock import WrongClock
from tests.support.broker import eventually
from tests.support.daemon import wait_gone


def test_a_kiosk_gets_over_each_fault_and_loses_nothing(tmp_path: Path) -> None:
    clock = WrongClock(tmp_path)
    with bench(tmp_path, attack()) as kiosk:
        kiosk.live_feeds = frozenset()
        kiosk.daemon.python = clock.python
        kiosk.start()
        kiosk.weigh()
        wire_and_broker(kiosk)
        for off_s in (HOUR_S, 0.0):
            with kiosk.fault(kiosk.told_again):
                put_to(kiosk, clock, off_s)
        with kiosk.fault(kiosk.told_again), full(kiosk, None):
            eventually(lambda: "audit" in kiosk.problems())
        kiosk.drained()
        with kiosk.fault(kiosk.told_again):
            scribbled(kiosk.state / "audit.db", kiosk.dice)
        for _ in range(2):
            captures = kiosk.daemon.capture_pids()
            kiosk.daemon.kill()
            wait_gone(captures)
            kiosk.start()
        kiosk.weigh()
        kiosk.drained()
        kiosk.stop()
        found = kiosk.count()
        assert found.records > 0
        assert (found.lost, found.broken, found.wrong, found.acted) == (0, 0, 0, 0)
        assert found.short == []
        the_suite_sees(kiosk)


def wire_and_broker(kiosk: Bench) -> None:
    with kiosk.fault(kiosk.connected_again):
        kiosk.wire.cut_after(500)
        eventually(kiosk.connected_again)
    with kiosk.fault(kiosk.told_again):
        kiosk.wire.held = True
        kiosk.wire.held = False
    with kiosk.fault(kiosk.connected_again):
        kiosk.broker.kill()
        kiosk.broker.start()


def the_suite_sees(kiosk: Bench) -> None:
    """A row that is nowhere, one that was changed, and somebody live where nobody may be."""
    # Each once: one that was on its way when the wire was cut may have come twice.
    audit = list({seen.payload["seq"]: seen for seen in kiosk.seen.of("audit")}.values())
    other = [seen for seen in kiosk.seen.seen if seen.kind != "audit"]
    seq = audit[1].payload["seq"]
    with closing(sqlite3.connect(kiosk.state / "audit.db")) as db, db:
        db.execute("DELETE FROM record")
        db.execute("DELETE FROM aside")
    kiosk.found = Findings()
    kiosk.seen.seen = [*other, *(seen for seen in audit if seen.payload["seq"] != seq)]
    assert kiosk.count().lost > 0
    kiosk.found = Findings()
    changed = replace(audit[1], body=audit[1].body.replace(b'"kind"', b'"kine"'))
    kiosk.seen.seen = [*other, audit[0], changed, *audit[2:]]
    assert kiosk.count().broken > 0
    (action,) = [seen for seen in other if seen.kind == "action"][:1]
    live = json.dumps({**action.payload, "livenessConfirmed": "true"}).encode()
    kiosk.found = Findings()
    kiosk.seen.seen = [*other, *audit, replace(action, body=live)]
    assert kiosk.count().wrong == 1
    kiosk.found = Findings()
    kiosk.seen.seen = [*other, *audit, replace(action, at=action.at + 60.0)]
    assert kiosk.count().late == 1


def test_what_nobody_would_send_is_refused(tmp_path: Path) -> None:
    for row, each in ((fuzz.configurations, 1), (fuzz.frames, 1), (reading.reading, 2)):
        found = row(Asked(tmp_path, times=60))
        assert found.faults == 60 * each
        assert (found.short, found.wrong) == ([], 0)


def test_the_suite_sees_a_reader_that_makes_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that a message can make raise, and one that refuses without a word."""

    def broken(_body: bytes) -> None:
        raise KeyError("x")

    for told in (broken, _wordless):
        monkeypatch.setattr("kioskd.delivery.reply_message.read", told)
        monkeypatch.setattr("kioskd.sessions.session_request.read", told)
        door = reading.Door()
        door.reads_reply(b"{}")
        door.reads("session/desk/request", b"{}")
        assert len(door.found.short) == 2


def _wordless(_body: bytes) -> None:
    raise ReplyError("")


def test_the_back_off_that_is_allowed_for() -> None:
    """Tries without jitter at 0, 0.5, 1.5, 3.5 and 7.5 s: then it waits for 8 s."""
    assert [backoff_s(fault) for fault in (0.0, 0.4, 0.6, 2.0, 4.0, 8.0)] == [0.5, 0.5, 1, 2, 4, 8]
    assert backoff_s(3600.0) == 30.0
    assert [backoff_s(0.1, before) for before in (0, 1, 2, 3, 9)] == [0.5, 1, 2, 4, 30]


def test_a_line_takes_the_place_of_the_one_before() -> None:
    first, second = (Findings(faults=n).line("kills", "2026-01-01", "x") for n in (1, 2))
    other = Findings().line("files", "2026-01-01", "y")
    page = f"# Page\n\n{heading()}\n\nText.\n"
    page = replaced(replaced(page, "kills", first), "files", other)
    assert page == f"# Page\n\n{heading()}\n{first}\n{other}\n\nText.\n"
    assert replaced(page, "kills", second) == page.replace(first, second)
    other_table = "| file | empty |\n|---|---|\n| `day` | goes on |\n"
    more = replaced(f"{page}\n{other_table}", "day", Findings().line("day", "2026-11-28", "again"))
    assert more.endswith(f"Text.\n\n{other_table}")
    assert more.index("again") < more.index("Text.")


def test_a_row_is_unsound_by_anything_that_must_not_be() -> None:
    assert Findings(faults=3, late=1, recoveries=[(1.0, 2.0)]).sound
    bad = ({"lost": 1}, {"broken": 1}, {"wrong": 1}, {"acted": 1}, {"short": ["so"]})
    assert not any(Findings(**each).sound for each in bad)
    assert not Findings(recoveries=[(2.1, 2.0)]).sound
