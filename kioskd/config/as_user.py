"""Looking as another user does, such as the service's own, before it is started."""

import errno
import grp
import os
import pwd
from contextlib import suppress

from kioskd.config import files

SERVICE = "kioskd"  # the unit's own user, which exists only while it runs (DynamicUser=yes)
SERVICE_GROUPS = ("video", "render", "plugdev")  # the unit's SupplementaryGroups=, a test holds
_DYNAMIC = range(61184, 65520)  # ids that systemd gives such users (systemd.exec, DynamicUser=)


class UserError(Exception):
    """Nobody can be looked as; the message says why, and what would help."""


def become(name: str) -> str:
    """Makes this process that user's, for good, and says as whom it looks. Raises UserError."""
    try:
        found = pwd.getpwnam(name)
        user, group, groups = found.pw_uid, found.pw_gid, os.getgrouplist(name, found.pw_gid)
        told = f"looked as user {name}"
    except (KeyError, ValueError):  # ValueError: a NUL in the name
        if name != SERVICE:
            raise UserError(f"there is no user {name!r} on this machine") from None
        user = group = _free_id()
        groups = _groups()
        told = f"looked as {name} will, a user who owns nothing until the service runs"
    if user != os.geteuid():
        _change(name, user, group, groups)
    return told


def _change(name: str, user: int, group: int, groups: list[int]) -> None:
    try:
        os.setgroups(groups)
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    except PermissionError as error:
        text = f"user {files.me()} may not look as {name}; run it as root, such as with sudo"
        raise UserError(text) from error
    except OSError as error:
        raise UserError(f"cannot look as {name}: {error.strerror}") from error


def _free_id() -> int:
    """An id that owns nothing, the highest of those that systemd takes for such users."""
    for user in reversed(_DYNAMIC):
        try:
            pwd.getpwuid(user)
        except KeyError:
            return user
    raise UserError(os.strerror(errno.EAGAIN))


def _groups() -> list[int]:
    found = []
    for name in SERVICE_GROUPS:
        with suppress(KeyError):
            found.append(grp.getgrnam(name).gr_gid)
    return found
