"""Whether a door is enabled, and how that changes: only by what is newer than what stands. Pure.

Each door's state has a modification date, given by whoever changed it last. A change applies only
if its date is strictly newer than that of every door that it names, and then to all of them. So
what arrives late or twice changes nothing, whatever way it takes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Switch:
    """One door's state.

    modified  whole milliseconds since 1970; 0: as the door was installed, before any change
    """

    enabled: bool = True
    modified: int = 0


INSTALLED = Switch()
Switches = Mapping[str, Switch]


class NotNewerError(Exception):
    """A change that is not newer than the state of these doors."""

    def __init__(self, doors: tuple[str, ...]) -> None:
        super().__init__(f"there is a change as new or newer of {', '.join(doors)}")
        self.doors = doors


def changed(before: Switches, wanted: Mapping[str, bool], modified: int) -> dict[str, Switch]:
    """The switches after a change of the doors that it names; the others stay as they are.

    wanted    whether each of these doors is to be enabled
    modified  the change's date, whole milliseconds since 1970; NotNewerError if it is not newer
    """
    older = tuple(door for door in wanted if modified <= before.get(door, INSTALLED).modified)
    if older:
        raise NotNewerError(older)
    return {**before, **{door: Switch(on, modified) for door, on in wanted.items()}}


def newest(before: Switches, wanted: Mapping[str, bool]) -> int:
    """The date of the newest state among these doors."""
    return max((before.get(door, INSTALLED).modified for door in wanted), default=0)


def as_bytes(doors: Switches) -> bytes:
    """For the state folder; `of_bytes` reads it."""
    told = {name: {"enabled": one.enabled, "modified": one.modified} for name, one in doors.items()}
    return json.dumps({"format": FORMAT, "doors": told}).encode()


def of_bytes(content: bytes) -> dict[str, Switch]:
    """Raises ValueError for what was not written so."""
    try:
        said = json.loads(content)
        if said["format"] != FORMAT:
            raise ValueError("another version of kioskd wrote it")
        return {str(name): _switch(**one) for name, one in said["doors"].items()}
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError("it is no record of doors") from error


def _switch(*, enabled: object, modified: object) -> Switch:
    if not isinstance(enabled, bool) or not isinstance(modified, int) or modified < 0:
        raise TypeError
    return Switch(enabled, modified)
