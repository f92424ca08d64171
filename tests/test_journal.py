"""Lines in systemd's journal with fields of their own, and the debug lines of one door."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from feeds.state import FeedState
from kioskd import log, log_lines
from kioskd.debug_leases import LEASE_S, DebugLeases
from kioskd.happenings import FeedChanged, Stepped
from kioskd.journal import leads_to_journal
from kioskd.modes.gate import Finding
from kioskd.modes.reasons import Reason


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    """What takes lines as the journal does, by a real datagram socket."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.settimeout(20.0)
        yield listening


def fields(datagram: bytes) -> dict[str, str]:
    """A reader of the protocol by its text, which shares nothing with what writes it."""
    found, rest = {}, datagram
    while rest:
        line, _, rest = rest.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + length], rest[8 + length :]
            assert rest[:1] == b"\n"
            rest = rest[1:]
        found[name.decode()] = value.decode()
    return found


@pytest.fixture
def read_by_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stream that systemd says is the journal's, set up as `logging.format: auto` is."""
    path = tmp_path / "stream"
    with path.open("w") as stream:
        about = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{about.st_dev}:{about.st_ino}")
        log.configure("info", "auto", stream, tmp_path / "socket")
        yield path


def test_a_line_has_fields_of_its_own_and_a_message_for_people(
    journal: socket.socket, read_by_the_journal: Path
) -> None:
    log.logger(door="main").warning(
        "feed stalled",
        detail="no frame for 1 s",
        attempt=3,
        reasons=["a", "b"],
        url="rtsp://u:p@c/",
    )
    said = fields(journal.recv(1 << 16))
    assert said == {
        "MESSAGE": 'feed stalled  door=main detail="no frame for 1 s" attempt=3'
        ' reasons="[\\"a\\", \\"b\\"]" url=rtsp://***@c/',
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "kioskd",
        "KIOSKD_EVENT": "feed stalled",
        "KIOSKD_DOOR": "main",
        "KIOSKD_DETAIL": "no frame for 1 s",
        "KIOSKD_ATTEMPT": "3",
        "KIOSKD_REASONS": '["a", "b"]',
        "KIOSKD_URL": "rtsp://***@c/",
    }
    assert read_by_the_journal.read_text() == ""


def test_a_traceback_and_line_breaks_arrive_whole(
    journal: socket.socket, read_by_the_journal: Path
) -> None:
    try:
        1 / 0  # noqa: B018 - for its traceback
    except ZeroDivisionError:
        log.logger().exception("a piece of work failed", text="two\nlines=1")
    said = fields(journal.recv(1 << 16))
    assert said["KIOSKD_TEXT"] == "two\nlines=1"
    assert said["MESSAGE"].endswith("ZeroDivisionError: division by zero")
    assert said["PRIORITY"] == "3"


@pytest.mark.parametrize("why", ["too long", "gone"])
def test_what_the_journal_does_not_take_stands_in_its_stream(
    journal: socket.socket, read_by_the_journal: Path, why: str
) -> None:
    if why == "gone":
        journal.close()
    log.logger().error("a line", more="x" * (5_000_000 if why == "too long" else 3))
    (line,) = read_by_the_journal.read_text().splitlines()
    assert line.startswith("<3>a line  more=xxx")
    assert len(line) < 3000


def test_a_journal_that_reads_nothing_holds_nobody_up_for_long(
    journal: socket.socket, read_by_the_journal: Path
) -> None:
    while not read_by_the_journal.read_text():  # until its heap is full, and the stream gets one
        log.logger().info("into a full heap", more="x" * 50_000)
    assert read_by_the_journal.read_text().startswith("<6>into a full heap")


def test_elsewhere_the_lines_are_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the journal reads another stream: standard error was led into a file."""
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    with (tmp_path / "stream").open("w+") as stream:
        assert not leads_to_journal(stream, os.environ)
        log.configure("info", "auto", stream)
        log.logger(door="main").info("feed online")
        stream.seek(0)
        said = json.loads(stream.read())
    assert (said["event"], said["door"], said["level"]) == ("feed online", "main", "info")
    assert "timestamp" in said


def test_at_a_terminal_the_lines_are_for_people() -> None:
    ours, theirs = os.openpty()
    with open(theirs, "w") as terminal, open(ours, "rb") as reads:
        log.configure("info", "auto", terminal)
        log.logger().info("feed online")
        terminal.flush()
        assert b"feed online" in reads.readline()


# Debug lines of one door


def test_a_lease_ends_by_itself_after_a_minute_unless_it_is_renewed() -> None:
    now = [100.0]
    leases = DebugLeases(["main", "side"], lambda: now[0])
    assert not leases.holds("main")
    assert leases.lease("main") == LEASE_S == 60.0
    now[0] = 159.9
    assert leases.holds("main")
    assert not leases.holds("side")
    leases.lease("main")
    now[0] = 219.8
    assert leases.holds("main")
    now[0] = 219.9
    assert not leases.holds("main")
    with pytest.raises(KeyError):
        leases.lease("no-such-door")


def test_a_file_asks_for_a_lease_and_is_taken_away(tmp_path: Path) -> None:
    leases = DebugLeases(["main", "side"])
    (tmp_path / "debug-side").touch()
    (tmp_path / "debug-other").touch()
    assert leases.look(tmp_path) == ["side"]
    assert leases.look(tmp_path) == []
    assert (leases.holds("side"), leases.holds("main")) == (True, False)
    assert [path.name for path in tmp_path.iterdir()] == ["debug-other"]


def test_what_is_told_closely_has_the_figures_of_what_failed() -> None:
    found = Finding("min_sharpness", Reason.BLURRY, 0.05, 0.15)
    (line,) = log_lines.closer(Stepped("main", "front", "IDLE", "IDLE", ("blurry",), (found,)))
    assert (line.event, line.level) == ("reasons", "debug")
    assert line.fields["reasons"] == ("blurry",)
    assert line.fields["found"] == {"min_sharpness": "0.05, at least 0.15, in 1 frame"}
    assert list(log_lines.closer(Stepped("main", "front", "IDLE", "OTHER", ()))) == []
    assert list(log_lines.closer(FeedChanged("main", FeedState("f", "online", "", "", 1.0)))) == []
