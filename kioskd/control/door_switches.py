"""The doors that an operator disabled: kept in the state folder, and asked before a door opens.

A door is shut from the moment at which that is decided, before it is on the disk; it is let open
only once it is on the disk that it may. Where the file cannot be read nobody knows which doors may
open, so none may.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic

from feeds.state import FeedState
from kioskd.control.door_switch import (
    INSTALLED,
    NotNewerError,
    Switch,
    as_bytes,
    changed,
    newest,
    of_bytes,
)
from kioskd.event import Result
from kioskd.modes.reasons import Reason
from kioskd.private_file import replace_file, sync_folder
from kioskd.refused import RefusedError

FILE = "doors.json"
UNREADABLE = (
    "the file of disabled doors ({}) cannot be read, so no door may open: enable those that may"
    " (kioskd ctl enable DOOR)"
)
TOLD = "an operator disabled this door"
UNKEPT = "which doors are disabled cannot be kept ({}): a restart would enable what was disabled"


class DoorSwitches:
    """Of one kiosk; for any thread.

    doors    those there are
    trouble  told why the file is of no use, in a sentence; None: it is again
    tell     called with a door that was enabled or disabled, where the change is asked for
    """

    def __init__(
        self,
        path: Path,
        doors: Iterable[str],
        trouble: Callable[[str | None], object],
        tell: Callable[[str], object],
    ) -> None:
        self._path, self._doors = path, tuple(doors)
        self._trouble, self._tell = trouble, tell
        self._change_lock = threading.Lock()  # one change at a time, for which a disk may be slow
        self._enabled_at: dict[str, float] = {}  # monotonic seconds, of those enabled in this run
        self._wrong: str | None = None
        self._unnamed = INSTALLED  # the state of a door that the file does not name
        self._switches: Mapping[str, Switch] = self._kept()  # replaced whole

    def start(self) -> None:
        """Tell whether the file could be read."""
        self._trouble(self._wrong)

    def of(self, door: str) -> Switch:
        return self._switches.get(door, self._unnamed)

    def enabled(self, door: str) -> bool:
        return self.of(door).enabled

    def check(self, door: str, result: Result) -> Result:
        """The same result, or one that opens nothing: on its judge's thread, and waits for nothing.

        An attempt that began while the door was disabled opens nothing either.
        """
        if result.verdict != "passed":
            return result
        if self.enabled(door) and result.started_at >= self._enabled_at.get(door, 0.0):
            return result
        return result.refused(Reason.DISABLED.value)

    def shown(self, door: str, state: FeedState) -> FeedState:
        """A feed's state as others are told of it: that of a disabled door is no reason to open.

        So a controller that knows nothing of commands takes the door for one without a camera.
        """
        switch = self.of(door)
        if switch.enabled:
            return state
        return replace(
            state, phase="offline", reason="disabled", detail=TOLD, since=switch.modified / 1000
        )

    def change(
        self, wanted: Mapping[str, bool], modified: int | None, now: int
    ) -> dict[str, Switch]:
        """Enable and disable doors; the states of those it names.

        modified  the change's date, ms since 1970; None: `now`, or later if need be to be newer

        Raises RefusedError: NotNewer; and NotKept where what was disabled is so until a restart
        alone, and nothing was enabled.
        """
        with self._change_lock:
            before = self._switches
            was = {door: self.enabled(door) for door in wanted}
            date = max(now, newest(before, wanted) + 1) if modified is None else modified
            try:
                after = changed(before, wanted, date)
            except NotNewerError as error:
                raise RefusedError(409, "NotNewer", str(error)) from None
            try:
                self._shut(before, after)
                self._keep(after)
                self._open(wanted, after)
            finally:
                self._tell_changes(was)
            return {door: after[door] for door in wanted}

    def _shut(self, before: Mapping[str, Switch], after: Mapping[str, Switch]) -> None:
        """At once, and by no new date: what cannot be kept may be asked for again by the same."""
        self._switches = {
            door: replace(
                before.get(door, self._unnamed), enabled=switch.enabled and self.enabled(door)
            )
            for door, switch in after.items()
        }

    def _open(self, wanted: Mapping[str, bool], after: Mapping[str, Switch]) -> None:
        at = monotonic()
        self._enabled_at |= {
            door: at for door, on in wanted.items() if on and not self.enabled(door)
        }
        self._switches = after

    def _tell_changes(self, was: Mapping[str, bool]) -> None:
        for door, enabled in was.items():
            if enabled != self.enabled(door):
                self._tell(door)

    def _keep(self, switches: Mapping[str, Switch]) -> None:
        try:
            replace_file(self._path, as_bytes(switches))
            sync_folder(self._path.parent)
        except OSError as error:
            told = UNKEPT.format(error.strerror)
            self._trouble(told)
            raise RefusedError(503, "NotKept", told) from error
        self._trouble(None)

    def _kept(self) -> Mapping[str, Switch]:
        try:
            return of_bytes(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            self._wrong = UNREADABLE.format(self._path.name)
            self._unnamed = Switch(enabled=False)
            return dict.fromkeys(self._doors, self._unnamed)
