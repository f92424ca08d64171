"""The commands there are, and what each of them asks for and does. It knows no way they come by."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kioskd.config.section import Section
from kioskd.control.command_arguments import ChangeDoor, ChangeDoors, Nothing, OneDoor, OneFeed
from kioskd.control.door_switches import DoorSwitches
from kioskd.control.snapshot import Snapshot
from kioskd.judge import Judge, Reopen
from kioskd.metrics.kiosk_state import KioskState
from kioskd.refused import RefusedError

Json = dict[str, Any]
AHEAD_MS = 60_000  # a date further ahead comes of a clock that is wrong, and would keep others out


@dataclass(frozen=True, slots=True)
class Command:
    """One of them.

    asks  what it is asked with
    run   called with that, and when it was asked for (ms since 1970); raises RefusedError
    """

    name: str
    sentence: str
    asks: type[Section]
    run: Callable[[Any, int], Json]


@dataclass(frozen=True, slots=True)
class Reach:
    """What commands act on and read; each for any thread.

    end_lockout  of a door; raises RefusedError
    reload       reads config.yaml again, and says what came of it
    lease        has a door told of in debug lines for as many seconds as it answers
    """

    state: KioskState
    switches: DoorSwitches
    snapshot: Snapshot
    end_lockout: Callable[[str], object]
    reload: Callable[[], Json]
    lease: Callable[[str], float]


def commands(reach: Reach) -> Mapping[str, Command]:
    """By their names."""
    return {command.name: command for command in _all(_Doing(reach), reach)}


def _all(doing: "_Doing", reach: Reach) -> Iterator[Command]:
    snapshot = reach.snapshot
    yield Command("list", "The doors, and whether each is enabled.", Nothing, doing.list)
    yield Command("status", "How the kiosk is.", Nothing, lambda *_: snapshot.status())
    yield Command("enable", "Let a door decide again.", ChangeDoor, doing.enable)
    yield Command("disable", "Keep a door shut until it is enabled.", ChangeDoor, doing.disable)
    yield Command("set", "Say of every door whether it is enabled.", ChangeDoors, doing.set)
    yield Command("restart", "Close a feed's camera and open it again.", OneFeed, doing.restart)
    yield Command("end-lockout", "Let a door in again after attacks.", OneDoor, doing.end_lockout)
    yield Command("debug", "Log all of a door for a minute.", OneDoor, doing.debug)
    yield Command("reload", "Read config.yaml again.", Nothing, lambda *_: reach.reload())
    yield Command(
        "diagnostics",
        "All that can be told of the kiosk, without a picture.",
        Nothing,
        lambda *_: snapshot.diagnostics(),
    )


class _Doing:
    """What they do that is more than a call."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def list(self, _: Nothing, _at: int) -> Json:
        return {"doors": self._reach.snapshot.doors()}

    def enable(self, asked: ChangeDoor, at: int) -> Json:
        return self._one(asked, at, enabled=True)

    def disable(self, asked: ChangeDoor, at: int) -> Json:
        return self._one(asked, at, enabled=False)

    def set(self, asked: ChangeDoors, at: int) -> Json:
        wanted = {door: one.enabled for door, one in asked.doors.items()}
        known = [judge.door for judge in self._reach.state.judges]
        for door in wanted:
            self._judge(door)
        if missing := [door for door in known if door not in wanted]:
            told = f"say of every door what it is to be: {', '.join(missing)} is missing"
            raise RefusedError(400, "DoorMissing", told)
        return self._change(wanted, asked.modified, at)

    def restart(self, asked: OneFeed, _at: int) -> Json:
        for judge in self._reach.state.judges:
            if judge.feed.settings.name == asked.feed:
                judge.send(Reopen())
                return {"feed": asked.feed}
        raise RefusedError(404, "FeedNotFound", "there is no feed of this name")

    def end_lockout(self, asked: OneDoor, _at: int) -> Json:
        self._judge(asked.door)
        self._reach.end_lockout(asked.door)
        return {"door": asked.door}

    def debug(self, asked: OneDoor, _at: int) -> Json:
        self._judge(asked.door)
        return {"door": asked.door, "seconds": self._reach.lease(asked.door)}

    def _one(self, asked: ChangeDoor, at: int, *, enabled: bool) -> Json:
        self._judge(asked.door)
        return self._change({asked.door: enabled}, asked.modified, at)

    def _change(self, wanted: Mapping[str, bool], modified: int | None, at: int) -> Json:
        if modified is not None and modified > at + AHEAD_MS:
            told = "modified lies ahead of this kiosk's clock: set one of the two clocks"
            raise RefusedError(409, "AheadOfClock", told)
        states = self._reach.switches.change(wanted, modified, at)
        return {
            "doors": {
                door: {"enabled": one.enabled, "modified": one.modified}
                for door, one in states.items()
            }
        }

    def _judge(self, door: str) -> Judge:
        for judge in self._reach.state.judges:
            if judge.door == door:
                return judge
        raise RefusedError(404, "DoorNotFound", "there is no door of this name")
