"""Which files of the state folder belong to a backup.

What is not named here is of the moment alone (a lock, a socket, an answer), or is made anew.
"""

from kioskd.camera_pins import PREFIX
from kioskd.signing.key_files import BEFORE_FILE, KEY_FILE, NEXT_FILE

AUDIT = "audit.db"
DATABASES = (AUDIT, "sessions.db")
KEYS = (KEY_FILE, NEXT_FILE)
# What shuts doors: a restore that found them keeps them, so that it opens none.
STAYS = ("lockout.json", "doors.json")
_OTHERS = ("people.sealed", BEFORE_FILE, "home_assistant.json", *STAYS)
COMPANIONS = ("-wal", "-shm", "-journal", ".mark")  # of a database; they go where it goes


def is_kept(name: str) -> bool:
    """Whether a backup, one with keys, takes a file of that name."""
    camera = name.startswith(PREFIX) and name.endswith(".json")
    return camera or name in (*DATABASES, *KEYS, *_OTHERS)


def is_left(name: str) -> bool:
    """Whether it is worth keeping, and must be kept by hand: a log that was damaged."""
    return ".damaged-" in name
