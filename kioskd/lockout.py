"""Keeps a door shut for a while after repeated attacks, whoever stands there next.

    5 attacks in 120 s -> locked out for 30 s, then 60, 90 ... up to 300 s   (by default)

The rest after each single attack is the modes' (kioskd/modes/confirm.py) and belongs to their
attempts; this one counts over all tracks, modes, sessions and restarts of the kiosk, and keeps shut
what a mode would open. Pure: time comes with what happens, in unix seconds.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from kioskd.lockout_settings import LockoutSettings

FORMAT = 1


@dataclass(frozen=True, slots=True)
class DoorLockout:
    """What is remembered of one door.

    attacks  when they were, unix seconds, the latest of them
    until    it stays shut; 0: it never was
    length   seconds of the latest lockout
    """

    attacks: tuple[float, ...] = ()
    until: float = 0.0
    length: float = 0.0


def attacked(before: DoorLockout, at: float, settings: LockoutSettings) -> DoorLockout:
    """One more attack. While a door is locked out further ones change nothing."""
    if not settings.attacks or left_s(before, at, settings) > 0.0:
        return before
    recent = tuple(each for each in before.attacks if 0.0 <= at - each < settings.within_s)
    recent = (*recent, at)[-settings.attacks :]
    if len(recent) < settings.attacks:
        return replace(before, attacks=recent)
    # Who comes back soon after the latest is kept out for longer; after a quiet time not.
    soon = at - before.until < settings.most_s
    length = min(before.length + settings.first_s, settings.most_s) if soon else settings.first_s
    return DoorLockout((), at + length, length)


def ended(before: DoorLockout, at: float) -> DoorLockout:
    """Let in again before its time. The next lockout is longer all the same."""
    return replace(before, until=min(before.until, at))


def left_s(door: DoorLockout, at: float, settings: LockoutSettings) -> float:
    """Seconds for which it still stays shut. A clock that was set back makes it no longer than
    the longest.
    """
    return min(max(0.0, door.until - at), settings.most_s)


def as_bytes(doors: Mapping[str, DoorLockout]) -> bytes:
    """For the state folder; `of_bytes` reads it."""
    told = {name: asdict(door) for name, door in doors.items()}
    return json.dumps({"format": FORMAT, "doors": told}).encode()


def of_bytes(content: bytes) -> dict[str, DoorLockout]:
    """Raises ValueError for what was not written so."""
    try:
        said = json.loads(content)
        if said["format"] != FORMAT:
            raise ValueError("another version of kioskd wrote it")
        return {str(name): _door(**door) for name, door in said["doors"].items()}
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError("it is no record of lockouts") from error


def _door(*, attacks: list[float], until: float, length: float) -> DoorLockout:
    return DoorLockout(tuple(map(float, attacks)), float(until), float(length))
