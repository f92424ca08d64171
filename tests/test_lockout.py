"""Repeated attacks lock a door out: the rule, what is remembered of it, and the real daemon."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.feed_settings import FeedSettings, FileSource
from kioskd.config.config import Door
from kioskd.delivery.outcome import Delivery
from kioskd.door_guard import DoorGuard
from kioskd.event import Result
from kioskd.happenings import AttemptEnded
from kioskd.lockout import DoorLockout, as_bytes, attacked, ended, left_s, of_bytes
from kioskd.lockout_settings import LockoutSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.opening_hours import opening_hours
from kioskd.refused import RefusedError
from tests.support.broker import eventually, mosquitto, witness
from tests.support.daemon import ATTACK, LIVE, file_feed, kioskd, settings
from tests.test_enrolled import NOW, Clock

USUAL = LockoutSettings()


def after(*times: float, rule: LockoutSettings = USUAL) -> DoorLockout:
    door = DoorLockout()
    for at in times:
        door = attacked(door, at, rule)
    return door


def test_five_attacks_within_two_minutes_lock_a_door_for_half_a_minute() -> None:
    assert left_s(after(0, 10, 20, 30), 31, USUAL) == 0.0
    locked = after(0, 10, 20, 30, 40)
    assert [left_s(locked, at, USUAL) for at in (40, 60, 69.5, 70)] == [30.0, 10.0, 0.5, 0.0]
    assert left_s(after(0, 10, 20, 30, 150), 150, USUAL) == 0.0  # not within two minutes


def test_each_lockout_that_follows_is_longer_up_to_five_minutes() -> None:
    at, door, lengths = 1000.0, DoorLockout(), []
    for _ in range(12):
        for _ in range(5):
            door = attacked(door, at, USUAL)
        lengths.append(door.length)
        at = door.until
    assert lengths == [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]
    quiet = at + USUAL.most_s
    for _ in range(5):
        door = attacked(door, quiet, USUAL)
    assert door.length == 30


def test_attacks_while_locked_out_make_it_no_longer() -> None:
    door = after(0, 10, 20, 30, 40)
    assert attacked(door, 50, USUAL) == door


def test_one_that_was_ended_before_its_time_makes_the_next_no_shorter() -> None:
    let_in = ended(after(0, 10, 20, 30, 40), 45)
    assert left_s(let_in, 45, USUAL) == 0.0
    for at in (46, 47, 48, 49, 50):
        let_in = attacked(let_in, at, USUAL)
    assert let_in.length == 60
    quiet = DoorLockout(until=10.0)
    assert ended(quiet, 45) == quiet  # what is over stays over when it was


def test_a_site_may_do_without() -> None:
    never = LockoutSettings(attacks=0)
    assert left_s(after(*range(50), rule=never), 50, never) == 0.0


@given(st.lists(st.floats(-1e6, 1e9), max_size=40), st.floats(-1e6, 1e9))
def test_whatever_the_clock_does_no_lockout_lasts_beyond_the_longest(
    times: list[float], now: float
) -> None:
    assert 0.0 <= left_s(after(*times), now, USUAL) <= USUAL.most_s


@given(st.lists(st.floats(0, 1e9), max_size=12))
def test_what_is_kept_comes_back(times: list[float]) -> None:
    doors = {"a": after(*times), "b": DoorLockout()}
    assert of_bytes(as_bytes(doors)) == doors


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"format": 2, "doors": {}}', b'{"format": 1, "doors": {"a": {}}}',
     b'{"format": 1, "doors": [1]}', b'{"format": 1, "doors": {"a": 1}}', b"\xff"],
)  # fmt: skip
def test_what_was_not_kept_by_us_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        of_bytes(content)


def result(ended: str, **more: Any) -> Result:
    plain = Result(
        "rgbLiveness", "cam", "secure_access_rgb_liveness", 1, 1, "failed", True,
        {"liveness": 0.1, "livenessConfirmed": "false"}, 0.0, 1.0, NOW, 10,
        state="NOTLIVE_CONFIRMED",
    )  # fmt: skip
    good: dict[str, Any] = {"verdict": "passed", "state": "LIVENESS_CONFIRMED"}
    return replace(plain, **(good if ended == "passed" else {}), **more)


class Guarded:
    def __init__(self, folder: Path, **more: Any) -> None:
        self.clock = Clock()
        self.told: list[str | None] = []
        feed, gate, mode = FeedSettings("cam", FileSource("x")), GateSettings(), RgbSettings()
        doors = [Door(name, feed, gate, mode, **more) for name in ("main", "side")]
        self.guard = DoorGuard(folder / "lockout.json", doors, self.told.append, self.clock)

    def attack(self, door: str = "main", times: int = 1, **more: Any) -> None:
        for _ in range(times):
            ended = AttemptEnded(door, result("failed", **more), Delivery("recorded", "e"))
            self.guard.attempt_ended(ended)

    def opens(self, door: str = "main") -> bool:
        checked = self.guard.check(door, result("passed"))
        self.why = checked.reasons[:1]
        assert checked.emits is (checked.verdict == "passed")
        return checked.verdict == "passed"


def test_a_locked_door_opens_to_nobody_and_the_others_to_all(tmp_path: Path) -> None:
    at = Guarded(tmp_path)
    at.attack(times=4)
    assert at.opens()
    at.attack()
    assert not at.opens()
    assert at.why == ("locked_out",)
    assert at.opens("side")
    assert at.told == ["locked out after repeated attacks: main for 30 s"]
    at.clock.now += 30.0
    at.guard.turn()
    assert at.opens()
    assert at.told[-1] is None


def test_a_command_ends_a_lockout_where_the_site_chose_so(tmp_path: Path) -> None:
    at = Guarded(tmp_path, lockout=LockoutSettings(ended_by="command"))
    assert _refusal(at, "main") == "NotLockedOut"
    at.guard.start()
    at.attack(times=5)
    at.attack("side", times=5)
    at.guard.end_lockout("main")
    assert at.opens()
    assert not at.opens("side")
    eventually(lambda: at.told[-1] == "locked out after repeated attacks: side for 30 s")
    at.guard.stop()
    at.guard.join()
    again = Guarded(tmp_path, lockout=LockoutSettings(ended_by="command"))
    assert again.opens()  # a restart brings back neither less nor more
    assert not again.opens("side")


def test_by_default_time_alone_ends_a_lockout(tmp_path: Path) -> None:
    at = Guarded(tmp_path)
    at.attack(times=5)
    assert _refusal(at, "main") == "EndsByTime"
    assert not at.opens()


def _refusal(at: Guarded, door: str) -> str:
    with pytest.raises(RefusedError) as refusal:
        at.guard.end_lockout(door)
    return refusal.value.code


def test_a_door_with_hours_stays_shut_outside_them_and_by_a_clock_in_doubt(tmp_path: Path) -> None:
    hours = opening_hours("fri 08:00-09:00", None, "UTC")  # NOW is a Friday, 08:00
    at = Guarded(tmp_path, hours=hours)
    assert at.opens()
    at.clock.now += 3600.0
    assert not at.opens()
    assert at.why == ("out_of_hours",)
    at.clock.now -= 1800.0
    at.clock.synchronised = False
    assert not at.opens()


def test_once_it_opened_a_door_pauses(tmp_path: Path) -> None:
    at = Guarded(tmp_path, pause_s=5.0)
    assert at.opens()
    at.clock.run_s += 4.9
    assert not at.opens()
    assert at.why == ("just_opened",)
    assert at.opens("side")
    at.clock.run_s += 0.2
    assert at.opens()


def test_only_attacks_count(tmp_path: Path) -> None:
    at = Guarded(tmp_path)
    smile: dict[str, Any] = {
        "attributes": {"smile": "false"},
        "state": None,
        "reasons": ("no_smile",),
    }
    at.attack(times=9, **smile)
    at.attack(times=9, verdict="undecided")
    assert at.opens()
    at.attack(times=5, **{**smile, "reasons": ("not_live",)})
    assert not at.opens()


def test_a_restart_ends_no_lockout(tmp_path: Path) -> None:
    first = Guarded(tmp_path)
    first.guard.start()
    first.attack(times=5)
    eventually((tmp_path / "lockout.json").exists)
    first.guard.stop()
    first.guard.join()
    assert not Guarded(tmp_path).opens()


@pytest.mark.parametrize("content", [b"", b"damaged", b'{"format": 2, "doors": {}}'])
def test_who_was_locked_out_is_not_forgotten_by_a_file_that_cannot_be_read(
    tmp_path: Path, content: bytes
) -> None:
    """Every door that can be is locked for its longest time: once, and over no restart anew."""
    file = tmp_path / "lockout.json"
    file.write_bytes(content)
    first = Guarded(tmp_path)
    assert (first.opens(), first.opens("side")) == (False, False)
    first.guard.start()
    eventually(lambda: file.read_bytes() != content)
    first.guard.stop()
    first.guard.join()
    assert "lockout.json could not be read" in str(first.told[0])
    after = Guarded(tmp_path)
    after.clock.now += 299.0
    assert not after.opens()
    after.clock.now += 1.0
    assert after.opens()


def test_a_door_that_nothing_locks_out_is_not_by_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "lockout.json").touch()
    assert Guarded(tmp_path, lockout=LockoutSettings(attacks=0)).opens()


def test_a_file_that_cannot_be_read_or_written_locks_no_door_for_ever(tmp_path: Path) -> None:
    (tmp_path / "lockout.json").mkdir()
    at = Guarded(tmp_path)
    at.guard.start()
    assert not at.opens()
    at.clock.now += 300.0
    assert at.opens()
    at.guard.stop()
    at.guard.join()


def test_a_person_who_comes_after_attacks_waits_also_over_a_restart(tmp_path: Path) -> None:
    def run(clip: Path) -> dict[str, Any]:
        config = settings(broker, {"cam": file_feed(clip)}, rest_s=0.0)
        config["doors"]["cam-door"]["lockout"] = {"attacks": 1, "first_s": 3600, "most_s": 3600}
        return config

    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        with kioskd(tmp_path / "k", run(ATTACK)) as daemon:

            def problems() -> list[object]:
                return [told["problems"] for told in seen.payloads("status")]

            eventually(lambda: "locked_out" in str(problems()))
            assert daemon.stop() == 0
        with kioskd(tmp_path / "k", run(LIVE)) as daemon:

            def reasons() -> list[object]:
                rows = [row for row in seen.payloads("audit") if row["kind"] == "result"]
                return [row["reasons"] for row in rows]

            eventually(lambda: "locked_out" in str(reasons()))
            assert daemon.stop() == 0
        seen.catch_up()
    assert {told["livenessConfirmed"] for told in seen.payloads("action")} == {"false"}
