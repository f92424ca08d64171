"""The folder that a daemon keeps its audit log in, which it shares with no other daemon."""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from kioskd.camera_pins import PREFIX

LOCK_FILE = "kioskd.lock"
UNFINISHED = "restore.unfinished"  # there while `kioskd restore` puts files in their places
STAGING, ASIDE = "restore.new", "before-restore-"  # its folders: of what comes, and what was there
# How the names begin of all that kioskd keeps here.
OURS = (
    "kioskd.lock",
    "audit.db",
    "sessions.db",
    "signing.",
    "people.",
    "lockout.json",
    "home_assistant.",
    "debug-",
    "reload.json",
    PREFIX,  # of what is known of the cameras
    "doors.json",
    "control.sock",
    "snapshots",
    "layers",
    "restore.",
    ASIDE,
)


class StateDirError(Exception):
    """The folder cannot be used."""


class WrongStateDirError(StateDirError):
    """It never can until somebody mends the configuration or the rights of this user."""


_NEVER = {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP}


class StateDir:
    """Claimed from here on until `close`, or until this process ends, however it ends."""

    def __init__(self, path: Path, *, restoring: bool = False) -> None:
        """Make the folder if need be, and claim it; StateDirError if either cannot be done.

        Half of a backup beside half of what was there is used by nobody but who restores again.
        """
        self.path = path
        self._lock = _claimed(_made(path) / LOCK_FILE)
        if not restoring and (path / UNFINISHED).exists():
            self.close()
            raise WrongStateDirError(
                f"a restore into {path} was cut off: run `kioskd restore FILE --replace` again"
            )

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _made(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close_to_others(path)
    except (FileExistsError, NotADirectoryError) as error:
        text = f"state_dir, {path}, must be a folder, and a file stands in its place"
        raise WrongStateDirError(text) from error
    except (OSError, ValueError) as error:
        raise _cannot(path, error) from error
    return path


def _close_to_others(folder: Path) -> None:
    """Who came and went at a door is nobody else's business, whatever the umask.

    A folder that holds other things is left as it is, for it may be anybody's home; the files of
    the audit log are closed to others there too.
    """
    if folder.stat().st_uid != os.geteuid():
        return  # its owner has to do it
    if all(entry.name.startswith(OURS) for entry in folder.iterdir()):
        folder.chmod(0o700)


def _claimed(path: Path) -> int | None:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except IsADirectoryError as error:
        raise StateDirError(f"{path} is a folder, and a file of ours: move it away") from error
    except OSError as error:
        raise _cannot(path.parent, error) from error
    with suppress(PermissionError):  # another user's
        os.fchmod(lock, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if isinstance(error, BlockingIOError):
            text = f"another kioskd uses {path.parent}: stop it, or give each its own state_dir"
            raise StateDirError(text) from error
        raise _cannot(path.parent, error) from error
    with suppress(OSError):  # a full disk: then nobody can ask it by a signal
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def holder(path: Path) -> int | None:
    """The process that has claimed a folder; None where nobody has, or who may not be asked.

    Its number stands in the lock file, and stays there when it is gone: it counts only while the
    process with this number has that very file open. Raises PermissionError for another user's.
    """
    lock = path / LOCK_FILE
    try:
        pid = int(lock.read_text("ascii"))
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                if each.samefile(lock):
                    return pid
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return None


def _cannot(path: Path, error: OSError | ValueError) -> StateDirError:
    if isinstance(error, ValueError):  # a NUL in the name
        return WrongStateDirError(f"state_dir, {str(path)!r}, is no folder's name")
    text = f"state_dir, {path}, cannot be used ({error.strerror}): give this user the folder"
    return WrongStateDirError(text) if error.errno in _NEVER else StateDirError(text)
