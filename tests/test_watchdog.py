"""The watchdog, against a real datagram socket in the service manager's place."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kioskd.watchdog import Watchdog, notify, overdue


@dataclass
class Hand:
    """A clock that is turned by hand."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield listening


def heard(manager: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(manager.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_it_is_fed_while_every_worker_makes_progress(manager: socket.socket) -> None:
    clock = Hand()
    watchdog = Watchdog({"judge front-door": 2.0, "courier": 5.0}, clock)
    for _ in range(3):
        clock.now += 1.5
        watchdog.progress("judge front-door")
        watchdog.progress("courier")
        assert watchdog.tend() == []
    assert heard(manager) == ["WATCHDOG=1"] * 3


def test_one_silent_worker_starves_it_and_is_named(manager: socket.socket) -> None:
    clock = Hand()
    watchdog = Watchdog({"judge front-door": 2.0, "courier": 5.0}, clock)
    clock.now += 2.1
    watchdog.progress("courier")
    assert watchdog.tend() == ["judge front-door"]
    assert heard(manager) == ["STATUS=No progress: judge front-door"]


def test_a_worker_that_recovers_feeds_it_again(manager: socket.socket) -> None:
    clock = Hand()
    watchdog = Watchdog({"judge": 2.0}, clock)
    clock.now += 3
    assert watchdog.tend() == ["judge"]
    watchdog.progress("judge")
    assert watchdog.tend() == []
    assert heard(manager)[-1] == "WATCHDOG=1"


def test_a_worker_that_never_reports_starves_it_once_its_limit_has_passed() -> None:
    clock = Hand()
    watchdog = Watchdog({"judge": 2.0}, clock)
    assert watchdog.tend() == []
    clock.now += 2.5
    assert watchdog.tend() == ["judge"]


def test_progress_that_was_noted_elsewhere_counts_from_when_it_was_made() -> None:
    clock = Hand()
    watchdog = Watchdog({"judge": 2.0}, clock)
    clock.now += 3
    watchdog.progress("judge", at=clock.now - 2.5)
    assert watchdog.tend() == ["judge"]
    watchdog.progress("judge", at=clock.now - 1.5)
    assert watchdog.tend() == []


def test_the_limit_itself_is_still_in_time() -> None:
    assert overdue({"judge": 10.0}, {"judge": 2.0}, now=12.0) == []
    assert overdue({"judge": 10.0}, {"judge": 2.0}, now=12.001) == ["judge"]


def test_a_required_worker_without_any_progress_is_overdue() -> None:
    assert overdue({}, {"judge": 2.0}, now=0.0) == ["judge"]


def test_progress_of_a_worker_nobody_watches_is_a_mistake_and_not_swallowed() -> None:
    with pytest.raises(KeyError, match="courrier"):
        Watchdog({"courier": 5.0}).progress("courrier")


def test_readiness_and_stopping_are_told(manager: socket.socket) -> None:
    watchdog = Watchdog({})
    watchdog.ready("2 feeds,\n1 mode")
    watchdog.stopping()
    assert heard(manager) == ["READY=1\nSTATUS=2 feeds, 1 mode", "STOPPING=1"]


def test_a_worker_that_comes_later_is_watched_from_then_on_until_it_is_forgotten(
    manager: socket.socket,
) -> None:
    clock = Hand()
    watchdog = Watchdog({}, clock)
    assert watchdog.tend() == []
    clock.now += 10.0
    watchdog.watch("judge-later", 2.0)
    assert watchdog.tend() == []  # its time begins when it comes
    clock.now += 2.1
    assert watchdog.tend() == ["judge-later"]
    watchdog.progress("judge-later")
    assert watchdog.tend() == []
    clock.now += 2.1
    watchdog.forget("judge-later")
    assert watchdog.tend() == []
    with pytest.raises(KeyError, match="judge-later"):
        watchdog.progress("judge-later")
    starved = "STATUS=No progress: judge-later"
    assert heard(manager) == ["WATCHDOG=1", "WATCHDOG=1", starved, "WATCHDOG=1", "WATCHDOG=1"]


def test_a_worker_name_cannot_smuggle_a_notification_in(manager: socket.socket) -> None:
    clock = Hand()
    watchdog = Watchdog({"door\nWATCHDOG=1": 1.0}, clock)
    clock.now += 2
    watchdog.tend()
    assert heard(manager) == ["STATUS=No progress: door WATCHDOG=1"]


def test_abstract_sockets_are_reached_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = f"kioskd-test{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        assert notify("READY=1")
        assert listening.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative/path", "vsock:2:1234", "/nowhere/notify"])
def test_without_a_manager_nothing_happens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not notify("READY=1")


def test_outside_of_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")


def test_a_manager_that_does_not_read_does_not_hold_the_daemon_up(manager: socket.socket) -> None:
    """Its queue fills; the notification after that is given up, not waited for."""
    sent = 0
    while notify("WATCHDOG=1") and sent < 100_000:
        sent += 1
    assert not notify("WATCHDOG=1")
    assert len(heard(manager)) == sent


def test_without_systemd_a_file_is_fresh_while_every_worker_makes_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign = tmp_path / "alive"
    sign.write_text("4711\n")  # of a daemon that was killed
    monkeypatch.setenv("KIOSKD_ALIVE", str(sign))
    clock = Hand()
    watchdog = Watchdog({"courier": 5.0}, clock)
    assert not sign.exists()
    watchdog.tend()
    assert sign.read_text() == f"{os.getpid()}\n"
    os.utime(sign, (0, 0))
    clock.now += 5.1
    assert watchdog.tend() == ["courier"]
    assert sign.stat().st_mtime == 0
    watchdog.progress("courier")
    watchdog.tend()
    assert sign.stat().st_mtime > 0


def test_a_file_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIOSKD_ALIVE", str(tmp_path / "missing" / "alive"))
    assert Watchdog({"courier": 5.0}, Hand()).tend() == []
