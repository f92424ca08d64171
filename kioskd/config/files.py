"""The one place where the configuration asks the file system; whatever comes back is a sentence.

A path may lead where this user may not look, round in a circle, or to a pipe that nobody writes
to. None of it raises anything but FileError, and nothing here waits.
"""

import errno
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path

_HERE = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # what a shell's <(...) and | are called
_LONGEST = 255  # bytes of a name, on every file system that a kiosk might have
_CANNOT_BE = {
    errno.ENOTDIR: "there is a file where its path needs a folder",
    errno.ELOOP: "a link in its path leads round in a circle",
    errno.ENAMETOOLONG: "its name is too long",
}


class FileError(Exception):
    """A file cannot be read; the message is a reason for brackets, such as "Is a directory"."""


def misspelled(text: str) -> str:
    """What is wrong with a path as it was typed; "" if nothing is.

    A service has no home and no shell, so ~ and $NAME would become folders of that name.
    """
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        return "holds a line break or another character that no file's name should hold"
    if text.startswith("~"):
        return "must not begin with ~, which stands for nobody's home here; write the path in full"
    if "$" in text:
        return "must not hold $: variables work in secrets alone; write the path in full"
    return ""


def wrong_file(path: Path) -> str:
    """Why this is no file that can be read, "" if it is one."""
    try:
        _opened(path)
    except FileNotFoundError:
        return "no such file"
    except (OSError, ValueError) as error:
        return _sentence(path, error)
    except FileError as error:
        return f"must be a file, and this {_lower(error)}"
    return ""


def wrong_video(path: Path) -> str:
    """Why this is no file and no folder that can be read, "" if it is one."""
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            _opened(path)
            return ""
        with os.scandir(path):
            pass
    except FileNotFoundError:
        return "no such video or folder"
    except (OSError, ValueError) as error:
        return _sentence(path, error)
    except FileError as error:
        return f"must be a video or a folder, and this {_lower(error)}"
    return "" if _may(path, os.X_OK) else f"user {me()} may not look into {path}"


def wrong_folder(path: Path) -> str:
    """Why this is no folder and none can be made there, "" if it is one or one can."""
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            return "must be a folder, and this is a file"
    except FileNotFoundError:
        if path.is_symlink():
            return "must be a folder, and this is a link that leads nowhere"
        if any(len(os.fsencode(part)) > _LONGEST for part in path.parts):
            return f"cannot be made: {_CANNOT_BE[errno.ENAMETOOLONG]}"
    except NotADirectoryError:
        return "must be a folder, and there is a file in its path"
    except (OSError, ValueError) as error:
        return _sentence(path, error)
    return ""


def may_write(folder: Path) -> bool:
    """Whether this user could make files in a folder, or the folder itself where it is none."""
    with suppress(OSError, ValueError):
        place = next(each for each in (folder, *folder.parents) if each.exists())
        return _may(place, os.W_OK | os.X_OK)
    return False


def exists(path: Path) -> bool:
    """Whether something is there, as far as this user may look."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def read(path: Path, most: int) -> bytes:
    """The first bytes of a file, `most` of them at most. Raises FileError."""
    try:
        if str(path).startswith(_HERE):
            with path.open("rb") as pipe:
                return pipe.read(most)
        with os.fdopen(_open(path), "rb") as file:
            return file.read(most)
    except OSError as error:
        raise FileError(_reason(path, error)) from error
    except ValueError:  # a NUL in the name
        raise FileError("that is no file name") from None


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells one content of a file from the next without reading it; None: there is no file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def me() -> str:
    """The user who looks, by name where there is one."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _lower(error: FileError) -> str:
    return str(error)[:1].lower() + str(error)[1:]


def _opened(path: Path) -> None:
    os.close(_open(path))


def _open(path: Path) -> int:
    """A descriptor of a regular file; raises OSError, ValueError or FileError."""
    _regular(os.stat(path).st_mode)  # first: to open a device may do something
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _regular(os.fstat(file).st_mode)
    except FileError:
        os.close(file)
        raise
    return file


def _regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise FileError(os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise FileError("Is a pipe, a socket or a device")


def _sentence(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return "is no file name"
    if isinstance(error, PermissionError):
        return _forbidden(path)
    why = _CANNOT_BE.get(error.errno or 0, error.strerror)
    return f"cannot be looked at: {why}"


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"{error.strerror}: {_forbidden(path)}"
    return str(error.strerror)


def _forbidden(path: Path) -> str:
    """Names the first folder on the way that stops this user, or says that it is the file."""
    for folder in reversed(Path(os.path.abspath(path)).parents):
        if exists(folder) and not _may(folder, os.X_OK):
            return f"user {me()} may not look into {folder}"
    return f"user {me()} may not read it"


def _may(path: Path, how: int) -> bool:
    try:
        return os.access(path, how, effective_ids=True)
    except (OSError, ValueError):
        return False
