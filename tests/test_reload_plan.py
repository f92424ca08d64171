"""What a change of config.yaml does at once, key by key, and what parts make of new rules."""

import base64
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from kioskd.config.build import build
from kioskd.config.config import Config, Door
from kioskd.config.config_keys import Settings, validate
from kioskd.config.keys import NAME, Key, walk
from kioskd.config.load import ConfigError, load_again
from kioskd.config.secrets import Vault
from kioskd.lockout_settings import LockoutSettings
from kioskd.reload.changes import plan
from tests.support.somebody import somebody
from tests.test_enrolled import Kiosk, passed
from tests.test_lockout import Guarded

SECRET = base64.b64encode(bytes(32)).decode()
FEEDS: dict[str, dict[str, Any]] = {
    "usb": {"kind": "usb", "device": 0},
    "rtsp": {"kind": "rtsp", "url": "rtsp://a/b"},
    "http": {"kind": "http", "url": "http://a/b"},
    "file": {"kind": "file", "path": "a.mov"},
    "realsense": {"kind": "realsense", "serial": "0000"},
}
RGB = "secure_access_rgb_liveness"
TEXT = {
    "open": "mon-fri 07:00-19:00", "closed_on": "2026-12-25", "time_zone": "Europe/Berlin",
    "recording": "a.db3", "added_networks": "a.yaml", "tell": "threat", "names": "a.example",
    "serial": "1111", "device": "/dev/video1", "address": "127.0.0.2", "broker": "other",
    "client_id": "me", "topic_prefix": "other", "url": "rtsp://c/d", "challenges": "smile",
    "of": "threat",
}  # fmt: skip


def base(feed: str = "usb", mode: str = RGB) -> dict[str, Any]:
    return {
        "site": "hq",
        "device": "k",
        "mqtt": {"broker": "localhost"},
        "feeds": {"main-feed": deepcopy(FEEDS[feed]), "side-feed": {"kind": "usb", "device": 1}},
        "doors": {
            "main": {"feed": "main-feed", "mode": mode},
            "side": {"feed": "side-feed", "mode": RGB},
        },
    }


def valid(said: dict[str, Any]) -> Settings:
    outcome = validate(said)
    assert isinstance(outcome, Settings), outcome
    return outcome


def built(said: dict[str, Any]) -> Config:
    return build(valid(said), Path("/"), Vault({}), (), "digest")


def other(name: str, kind: str, key: Key) -> Any:
    """A value that the key does not have by itself."""
    if name in TEXT and (name, kind) != ("device", ""):
        return TEXT[name]
    if key.type == "boolean":
        return not key.default
    if "minimum" in key.shape:
        return near(key.default, key.shape)
    if len(key.choices) > 1:
        return next(choice for choice in key.choices if choice != key.default)
    if key.words:
        known = (", ".join(key.words[:-1]), ", ".join(key.words[1:]))
        return next(words for words in known if words != key.default)
    return "other"


def near(usual: Any, shape: Any) -> float:
    """A number beside the usual one, so that what must keep an order keeps it."""
    low, high = shape["minimum"], shape["maximum"]
    whole = shape["type"] == "integer"
    step = shape.get("multipleOf", 1 if whole else (high - low) / 1000)
    if usual is None:
        return float(low) if not whole else int(low)
    return usual + step if usual + step <= high else usual - step  # type: ignore[no-any-return]


def changed(path: tuple[Any, ...], kind: str, key: Key) -> tuple[dict[str, Any], dict[str, Any]]:
    """The file before and after one key was given another value."""
    kinds = {"feed": kind} if kind in FEEDS else {"mode": kind} if kind else {}
    before = base(**kinds)
    after = deepcopy(before)
    place: Any = after
    names = iter(("main-feed" if path[0] == "feeds" else "main",))
    steps = [next(names) if step == NAME else step for step in path]
    for step in steps[:-1]:
        if step == "main" and step not in place:
            place["main"] = {}
        place = place.setdefault(step, {})
    place[steps[-1]] = other(str(steps[-1]), kind, key)
    return before, after


ONE_OF_A_KIND = {("feeds", NAME, "kind"), ("doors", NAME, "mode")}  # told apart by the kinds
KEYS = [each for each in walk() if each[0] not in ONE_OF_A_KIND]
LIVE = [each for each in KEYS if not each[2].shape["x-restart"]]
WAITING = [each for each in KEYS if each[2].shape["x-restart"]]


def test_each_key_that_is_said_to_hold_at_once_changes_what_its_door_goes_by() -> None:
    """And nothing else: the Door is what a judge, the lockout and the hours are given anew."""
    for path, kind, key in LIVE:
        before, after = (built(said) for said in changed(path, kind, key))
        found = plan(before.said, after.said)
        assert (len(found.applied), found.waiting) == (1, ()), path
        assert found.standing == after.said
        if path[0] == "doors":
            assert found.changed == {"main"}, path
            assert after.doors[0] != before.doors[0], path
            assert after.doors[0].feed == before.doors[0].feed
        else:
            assert (found.changed, path[0] in ("reload", "fleet")) == (frozenset(), True)


def test_each_other_key_waits_and_what_rests_on_it_waits_with_it() -> None:
    aside = {"page", "metrics", "inspect", "logging", "audit", "commands"}
    aside |= {"alarms", "home_assistant", "snapshots", "layers"}
    for path, kind, key in WAITING:
        before, after = (valid(said).model_dump() for said in changed(path, kind, key))
        found = plan(before, after)
        assert (len(found.waiting), found.applied) == (1, ()), path
        assert found.standing == before
        if path[0] in ("feeds", "doors"):
            assert found.whole == {"side"}, path
        else:
            assert found.whole == ({"main", "side"} if path[0] in aside else set()), path


def test_a_door_takes_all_of_a_file_or_nothing() -> None:
    """A stricter network section that waits, and a looser limit that need not: neither is taken."""
    before, after = base(), base()
    after["feeds"]["main-feed"]["rotate"] = 90
    for name in ("main", "side"):
        after["doors"][name]["pause_s"] = 3.0
    standing = built(before).said
    found = plan(standing, built(after).said)
    assert found.applied == ("doors.side.pause_s",)
    assert found.waiting == ("feeds.main-feed.rotate", "doors.main.pause_s")
    assert found.whole == {"side"}
    del after["feeds"]["main-feed"]["rotate"]
    found = plan(found.standing, built(after).said)
    assert (found.applied, found.waiting) == (("doors.main.pause_s",), ())


def test_doors_and_feeds_that_come_or_go_wait() -> None:
    before, after = base(), base()
    del after["doors"]["side"], after["feeds"]["side-feed"]
    after["doors"]["new"] = {"feed": "new-feed", "mode": RGB}
    after["feeds"]["new-feed"] = {"kind": "usb", "device": 2}
    after["doors"]["main"]["pause_s"] = 3.0
    found = plan(built(before).said, built(after).said)
    assert found.applied == ("doors.main.pause_s",)
    assert set(found.waiting) == {"feeds.side-feed", "feeds.new-feed", "doors.side", "doors.new"}
    assert found.whole == {"main"}


def test_a_secret_is_compared_and_never_told() -> None:
    before, after = base(), base()
    for said, word in ((before, "${ONE}"), (after, "${TWO}")):
        said["mqtt"] |= {"username": "me", "password": word}
    one, two = (valid(said).model_dump() for said in (before, after))
    found = plan(one, two)
    assert found.waiting == ("mqtt.password",)
    assert "TWO" not in repr(found)


class Meddling(Mapping[str, str]):
    """Secrets; whoever asks for one finds that the file was written meanwhile."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __getitem__(self, name: str) -> str:
        self._file.write_text(self._file.read_text() + "# more\n")
        return "secret"

    def __iter__(self) -> Iterator[str]:
        return iter(["SECRET"])

    def __len__(self) -> int:
        return 1


def test_a_file_that_is_written_while_it_is_read_is_refused(tmp_path: Path) -> None:
    file, said = tmp_path / "config.yaml", base()
    said["mqtt"] |= {"username": "me", "password": "${SECRET}"}
    file.write_text(json.dumps(said) + "\n")
    assert load_again(file, {"SECRET": "secret"}).doors
    with pytest.raises(ConfigError, match="was written while it was read"):
        load_again(file, Meddling(file))


# what each part makes of other rules


def test_a_door_s_rules_are_all_that_it_has_but_its_name_and_camera() -> None:
    """Whoever adds a field sees that somebody is given it: the mode, the guard or the people."""
    mode = {"gate", "mode", "arm", "opens_to", "one_person"}  # kioskd.daemon.own_mode
    guard = {"lockout", "hours", "pause_s"}  # DoorGuard.use
    assert {each.name for each in fields(Door)} == mode | guard | {"name", "feed"}


def test_the_guard_goes_by_other_rules_and_remembers_what_it_counted(tmp_path: Path) -> None:
    at = Guarded(tmp_path)
    door = built(base()).doors[0]
    at.attack(times=4)
    at.guard.use(replace(door, lockout=LockoutSettings(attacks=4)))
    assert at.opens()
    at.attack()
    assert not at.opens()
    at.guard.use(replace(door, pause_s=60.0))
    assert not at.opens()
    at.clock.now += 3600.0
    at.clock.run_s += 3600.0
    assert at.opens()
    assert not at.opens()
    assert at.why == ("just_opened",)


@pytest.mark.parametrize("recognises", [True, False])
def test_a_door_is_opened_to_the_enrolled_alone_or_to_all(tmp_path: Path, recognises: bool) -> None:
    kiosk = Kiosk(tmp_path)
    kiosk.enrolled.use("main", recognises=not recognises)
    kiosk.enrolled.use("main", recognises=recognises)
    assert (kiosk.said(passed(somebody(1)))[0] == "passed") is not recognises
