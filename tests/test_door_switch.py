"""Doors are enabled and disabled by what is newer alone: the rule, and what is kept of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.state import FeedState
from kioskd.control import door_switches
from kioskd.control.door_switch import (
    INSTALLED,
    NotNewerError,
    Switch,
    as_bytes,
    changed,
    of_bytes,
)
from kioskd.control.door_switches import DoorSwitches
from kioskd.refused import RefusedError
from tests.test_lockout import result

DOORS = ("main", "side", "back")
ONLINE = FeedState("cam", "online", "", "gives images", 5.0)
WANTED = st.dictionaries(st.sampled_from(DOORS), st.booleans(), min_size=1)
CHANGES = st.lists(st.tuples(WANTED, st.integers(1, 20)), max_size=6)
ONE_DOOR = st.tuples(st.sampled_from(DOORS), st.booleans())


def after(changes: list[tuple[dict[str, bool], int]]) -> Mapping[str, Switch]:
    """What stands after these, of which those that are not newer were refused."""
    standing: Mapping[str, Switch] = {}
    for wanted, modified in changes:
        try:
            standing = changed(standing, wanted, modified)
        except NotNewerError:
            continue
    return standing


@given(CHANGES, WANTED, st.integers(1, 20))
def test_a_change_applies_whole_if_it_is_strictly_newer_and_else_not_at_all(
    before: list[tuple[dict[str, bool], int]], wanted: dict[str, bool], modified: int
) -> None:
    standing = after(before)
    newer = all(modified > standing.get(door, INSTALLED).modified for door in wanted)
    if not newer:
        with pytest.raises(NotNewerError) as refusal:
            changed(standing, wanted, modified)
        assert set(refusal.value.doors) <= set(wanted)
        return
    now = changed(standing, wanted, modified)
    assert {door: now[door] for door in wanted} == {
        door: Switch(on, modified) for door, on in wanted.items()
    }
    untouched = set(standing) - set(wanted)
    assert {door: now[door] for door in untouched} == {door: standing[door] for door in untouched}


@given(CHANGES)
def test_no_date_ever_goes_back_and_a_repetition_changes_nothing(
    changes: list[tuple[dict[str, bool], int]],
) -> None:
    for count in range(len(changes)):
        before, now = after(changes[:count]), after(changes[: count + 1])
        assert all(now[door].modified >= switch.modified for door, switch in before.items())
        assert after([*changes[: count + 1], changes[count]]) == now


@given(st.dictionaries(st.integers(1, 50), ONE_DOOR, max_size=4))
def test_changes_of_single_doors_end_alike_in_whatever_order_they_come(
    changes: dict[int, tuple[str, bool]],
) -> None:
    told = [({door: on}, date) for date, (door, on) in changes.items()]
    ends = [after(list(order)) for order in permutations(told)]
    assert all(end == ends[0] for end in ends)


@given(st.dictionaries(st.text(max_size=5), st.builds(Switch, st.booleans(), st.integers(0))))
def test_what_is_kept_comes_back(doors: dict[str, Switch]) -> None:
    assert of_bytes(as_bytes(doors)) == doors


DAMAGED = (
    b"",
    b"[]",
    b"{}",
    b'{"format": 2, "doors": {}}',
    b'{"format": 1, "doors": {"a": {}}}',
    b'{"format": 1, "doors": {"a": {"enabled": 1, "modified": 1}}}',
    b'{"format": 1, "doors": {"a": {"enabled": true, "modified": "1"}}}',
    b'{"format": 1, "doors": {"a": {"enabled": true, "modified": -1}}}',
    b"[" * 100_000,
    b"\xff",
)


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_where_the_file_is_damaged_no_door_may_open_until_it_is_enabled(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "doors.json").write_bytes(content)
    kept = Kept(tmp_path)
    kept.switches.start()
    assert "cannot be read" in str(kept.troubles[-1])
    assert [kept.opens(door) for door in (*DOORS, "added later")] == [False] * 4
    kept.change({"main": True})
    assert kept.opens("main")
    assert kept.troubles[-1] is None
    assert [Kept(tmp_path).opens(door) for door in DOORS] == [True, False, False]


class Kept:
    """Switches in a folder, and what they told."""

    def __init__(self, folder: Path) -> None:
        self.troubles: list[str | None] = []
        self.told: list[str] = []
        self.switches = DoorSwitches(
            folder / "doors.json", DOORS, self.troubles.append, self.told.append
        )

    def change(self, wanted: Mapping[str, bool], modified: int | None = None) -> Any:
        return self.switches.change(wanted, modified, now=1000)

    def refusal(self, wanted: Mapping[str, bool], modified: int | None = None) -> str:
        with pytest.raises(RefusedError) as refusal:
            self.change(wanted, modified)
        return refusal.value.code

    def opens(self, door: str, began: float | None = None) -> bool:
        passed = result("passed", started_at=monotonic() if began is None else began)
        checked = self.switches.check(door, passed)
        assert checked.emits is (checked.verdict == "passed")
        assert checked is passed or checked.reasons == ("disabled",)
        return checked is passed


def test_a_disabled_door_opens_to_nobody_also_after_a_restart(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    assert kept.change({"side": False}, 7) == {"side": Switch(False, 7)}
    assert [kept.opens(door) for door in DOORS] == [True, False, True]
    again = Kept(tmp_path)
    assert [again.opens(door) for door in DOORS] == [True, False, True]
    assert again.refusal({"side": True}, 7) == "NotNewer"
    again.change({"side": True}, 8)
    assert again.opens("side")
    assert (kept.told, again.told) == (["side"], ["side"])


def test_an_attempt_that_began_before_its_door_was_enabled_opens_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    began = monotonic()
    kept.change({"side": False}, 7)
    kept.change({"side": True}, 8)
    assert not kept.opens("side", began)
    assert kept.opens("side")


def test_a_failed_attempt_is_told_as_it_is(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.change({"side": False})
    attack = result("failed")
    assert kept.switches.check("side", attack) is attack


def test_a_change_without_a_date_is_of_now_or_newer_than_what_stands(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    assert kept.change({"side": False})["side"].modified == 1000
    assert kept.change({"side": True})["side"].modified == 1001  # the clock was set back, perhaps
    assert kept.change({"side": True})["side"].modified == 1002
    assert kept.told == ["side", "side"]  # what is already so is told nobody


def test_a_whole_applies_to_all_of_its_doors_or_to_none(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.change({"side": False}, 7)
    whole = dict.fromkeys(DOORS, True)
    assert kept.refusal(whole, 7) == "NotNewer"
    assert not kept.opens("side")
    kept.change({**whole, "main": False}, 8)
    assert [kept.opens(door) for door in DOORS] == [False, True, True]


def test_what_cannot_be_kept_shuts_at_once_and_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path)
    kept.change({"back": False}, 5)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(door_switches, "replace_file", full)
        assert kept.refusal({"main": False, "side": True, "back": True}, 6) == "NotKept"
    assert [kept.opens(door) for door in DOORS] == [False, True, False]
    assert kept.told == ["back", "main"]
    assert "No space" in str(kept.troubles[-1])
    kept.change({"main": True, "back": True}, 6)  # by the same date, for it did not apply
    assert [kept.opens(door) for door in DOORS] == [True, True, True]
    assert kept.troubles[-1] is None
    assert json.loads((tmp_path / "doors.json").read_bytes())["doors"]["main"]["modified"] == 6


def test_a_disabled_doors_feed_is_told_as_one_that_no_controller_opens_for(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    assert kept.switches.shown("side", ONLINE) is ONLINE
    kept.change({"side": False}, 7000)
    told = replace(ONLINE, phase="offline", reason="disabled", detail=door_switches.TOLD, since=7.0)
    assert kept.switches.shown("side", ONLINE) == told
