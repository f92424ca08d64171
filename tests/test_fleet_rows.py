"""The book of what the fleet has of an audit log: its own, whatever the door's broker took."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioskd.delivery.audit import AuditLog
from kioskd.delivery.clock import Reading
from kioskd.delivery.database import AuditError
from kioskd.uplink.fleet_rows import FILE, PACE, PACE_S, FleetRows, Lost
from kioskd.uplink.uplink import lost_sentence

DAY_S = 86400.0
NOON = 1.8e9  # unix seconds of a day in 2027


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    audit = AuditLog(tmp_path / "audit.db")
    yield audit
    audit.close()


def recorded(log: AuditLog, count: int) -> None:
    for _ in range(count):
        log.commit({}, NOON)


def numbers(book: FleetRows, after: int = 0, most: int = 100) -> list[int]:
    return [row.id for row in book.pending(after, most)]


def restarted(book: FleetRows, log: AuditLog, folder: Path) -> FleetRows:
    book.keep_now()
    return FleetRows(log, folder)


def test_neither_waits_for_the_other(log: AuditLog, tmp_path: Path) -> None:
    recorded(log, 3)
    book = FleetRows(log, tmp_path)
    log.acknowledge([1, 2, 3], NOON)  # by the door's broker
    assert numbers(book) == [1, 2, 3]
    recorded(log, 1)
    assert numbers(book, after=3) == [4]
    book.acknowledge([1, 2, 3, 4], NOON)
    assert book.waiting(100) == 0
    assert [row.id for row in log.pending(0, 10)] == [4]


def test_a_start_goes_on_where_the_fleet_had_come_to(log: AuditLog, tmp_path: Path) -> None:
    recorded(log, 5)
    book = FleetRows(log, tmp_path)
    assert numbers(book) == [1, 2, 3, 4, 5]
    book.acknowledge([1, 2, 4], NOON)  # 3 is on its way still
    assert book.waiting(100) == 3
    book = restarted(book, log, tmp_path)
    assert numbers(book) == [3, 4, 5]  # 4 comes twice, and is known by its number
    assert [row.payload for row in book.pending(0, 1)] == [log.rows([3])[0].payload]


def test_what_was_not_noted_is_sent_again(log: AuditLog, tmp_path: Path) -> None:
    recorded(log, 3)
    book = FleetRows(log, tmp_path)
    numbers(book)
    book.acknowledge([1], NOON)
    book.keep_now()
    book.acknowledge([2, 3], NOON)
    assert numbers(FleetRows(log, tmp_path)) == [2, 3]  # it was killed


@pytest.mark.parametrize("content", [b"", b"{}", b'{"epoch": "x", "upto": -1, "owed": []}', b"[]"])
def test_a_note_that_cannot_be_read_has_all_sent_again(
    log: AuditLog, tmp_path: Path, content: bytes
) -> None:
    recorded(log, 2)
    (tmp_path / FILE).write_bytes(content)
    assert numbers(FleetRows(log, tmp_path)) == [1, 2]


def test_a_long_outage_is_made_up_for_at_a_walk(log: AuditLog, tmp_path: Path) -> None:
    now = [100.0]
    recorded(log, PACE + 5)
    book = FleetRows(log, tmp_path, lambda: now[0])
    assert numbers(book, most=PACE) == list(range(1, PACE + 1))
    book.acknowledge(range(1, PACE), NOON)
    assert numbers(book, after=PACE) == [PACE + n for n in range(1, 6)]
    book.acknowledge([PACE], NOON)
    assert numbers(book, after=PACE) == []
    now[0] += PACE_S
    assert numbers(book, after=PACE) == [PACE + n for n in range(1, 6)]


def test_a_note_is_written_seldom(log: AuditLog, tmp_path: Path) -> None:
    now = [100.0]
    recorded(log, 3)
    book = FleetRows(log, tmp_path, lambda: now[0])
    numbers(book)
    for number, told in ((1, 1), (2, 1), (3, 3)):
        book.acknowledge([number], NOON)
        now[0] += 0.6
        book.keep()
        assert json.loads((tmp_path / FILE).read_bytes())["upto"] == told


def test_a_row_that_the_fleet_does_not_take_holds_up_none_and_is_offered_at_the_next_start(
    log: AuditLog, tmp_path: Path
) -> None:
    recorded(log, 4)
    book = FleetRows(log, tmp_path)
    numbers(book)
    book.acknowledge([1], NOON)
    book.leave_out(2)
    book.acknowledge([3, 4], NOON)
    assert book.waiting(100) == 1
    book = restarted(book, log, tmp_path)
    recorded(log, 1)
    assert numbers(book) == [2, 5]
    book.acknowledge([2, 5], NOON)
    assert numbers(restarted(book, log, tmp_path)) == []


def old(log: AuditLog, count: int) -> None:
    """Records that the door's broker took, and that are deleted now."""
    log.note_clock(Reading(NOON, NOON - DAY_S, "boot", True))
    first = log.last + 1
    recorded(log, count)
    log.acknowledge(list(range(first, first + count)), NOON)
    later = Reading(NOON + 100 * DAY_S, NOON - DAY_S, "boot", True)
    log.note_clock(later)
    assert log.prune(later, 90 * DAY_S, 1000) is not None


def test_what_is_deleted_before_the_fleet_had_it_is_told_and_holds_up_nothing(
    log: AuditLog, tmp_path: Path
) -> None:
    recorded(log, 2)  # and the door's broker has not taken these: they stay
    book = FleetRows(log, tmp_path)
    numbers(book)
    book.acknowledge([1, 2], NOON)
    book.look()
    assert book.lost is None
    old(log, 3)
    book.look()
    assert book.lost == Lost(3, 3, 5)
    recorded(log, 1)
    assert numbers(restarted(book, log, tmp_path)) == [6]
    told = lost_sentence(book.lost)
    assert told is not None
    assert "3 records" in told
    assert "from 3 to 5" in told


def test_a_gap_behind_what_waits_is_told_when_it_is_come_to(log: AuditLog, tmp_path: Path) -> None:
    book = FleetRows(log, tmp_path)
    assert numbers(book) == []
    recorded(log, 2)
    old(log, 3)
    recorded(log, 1)
    assert numbers(book) == [1, 2, 6]
    assert book.lost == Lost(3, 3, 5)


def test_what_was_deleted_before_there_was_a_road_is_no_loss(log: AuditLog, tmp_path: Path) -> None:
    old(log, 3)
    book = FleetRows(log, tmp_path)
    book.look()
    recorded(log, 1)
    assert numbers(book) == [4]
    assert book.lost is None


class Busy(AuditLog):
    """A judge records just after each look at where the rows begin."""

    def first_after(self, number: int) -> int | None:
        found = super().first_after(number)
        recorded(self, 1)
        return found


def test_what_is_recorded_during_a_look_is_not_lost(tmp_path: Path) -> None:
    log = Busy(tmp_path / "audit.db")
    book = FleetRows(log, tmp_path)
    assert numbers(book) == [1]  # recorded while the beginning was looked for
    book.acknowledge([1], NOON)
    book.look()
    assert numbers(book) == [2]
    assert book.lost is None
    log.close()


def test_an_older_copy_of_the_log_is_another_log_from_its_end_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    log = AuditLog(path)
    recorded(log, 3)
    log.close()
    copy = path.read_bytes()
    log = AuditLog(path)
    recorded(log, 4)
    book = FleetRows(log, tmp_path)
    numbers(book)
    book.acknowledge(range(1, 8), NOON)
    book.keep_now()
    log.close()
    path.write_bytes(copy)
    log = AuditLog(path)
    recorded(log, 2)  # under numbers that were given before, and a new epoch
    assert numbers(FleetRows(log, tmp_path)) == [4, 5]
    log.close()


def test_another_log_goes_up_whole(log: AuditLog, tmp_path: Path) -> None:
    recorded(log, 2)
    note = {"epoch": "of another log", "upto": 2, "owed": []}
    (tmp_path / FILE).write_text(json.dumps(note))
    assert numbers(FleetRows(log, tmp_path)) == [1, 2]


def test_a_disk_that_takes_no_note_is_told_in_a_sentence(log: AuditLog, tmp_path: Path) -> None:
    recorded(log, 1)
    (tmp_path / f"{FILE}.new").mkdir()
    book = FleetRows(log, tmp_path)
    numbers(book)
    book.acknowledge([1], NOON)
    with pytest.raises(AuditError, match=r"fleet\.json .* may come to it twice"):
        book.keep_now()
    assert numbers(book) == []  # and it goes on from memory
