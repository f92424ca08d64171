"""`kioskd fleet kiosks`: who of the kiosks may say what to the cluster."""

import secrets
import sys
from pathlib import Path

from kioskd.commands.exit_status import FAILED, OK, WRONG
from kioskd.commands.fleet import kiosk_named
from kioskd.private_file import replace_file


def run(file: Path, kiosks: tuple[str, ...], prefix: str) -> int:
    """Add them to the file of users, and print the password of each that is new.

    Exit status 0; 1 where the file cannot be written, 2 where it or a name is not as it should be.
    """
    from kioskd.fleet.streams.users_file import UsersFileError, added

    named = tuple(map(kiosk_named, kiosks))
    try:
        text, made = added(file.read_text("utf-8"), named, prefix, lambda: secrets.token_hex(24))
        replace_file(file, text.encode())
    except UsersFileError as error:
        print(error, file=sys.stderr)
        return WRONG
    except OSError as error:
        print(error, file=sys.stderr)
        return FAILED
    for user, password in made.items():
        print(f"{user} {password}")
    return OK
