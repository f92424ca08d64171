"""`kioskd backup`: configuration and state of a kiosk in one file, while it runs."""

import sys
from collections.abc import Iterator
from pathlib import Path

from kioskd.backup.backup_manifest import BackupError
from kioskd.backup.making import Kiosk, Made, make
from kioskd.commands.configuration import FAILED, OK, state_dir
from kioskd.delivery.audit_check import Checked
from kioskd.delivery.database import AuditError
from kioskd.signing.passphrase import PassphraseError, usable

MOST_NAMED = 5  # rows of which the numbers are told


def run(target: Path, config: Path, *, keys: bool, passphrase: str | None) -> int:
    """Exit status 0; 1 where it cannot be made: then there is no file."""
    kiosk = Kiosk.at(config, state_dir(config))
    try:
        _refuse_open_keys(keys, passphrase)
        made = make(kiosk, target, keys=keys, passphrase=passphrase)
    except (BackupError, AuditError, PassphraseError) as error:
        print(error, file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"the backup {target} cannot be made ({error.strerror})", file=sys.stderr)
        return FAILED
    print(*_told(target, made, sealed=passphrase is not None), sep="\n")
    return OK


def _refuse_open_keys(keys: bool, passphrase: str | None) -> None:
    if passphrase is not None:
        usable(passphrase)
    elif keys:
        raise BackupError(
            "who has the keys can sign for this kiosk, so they are sealed by a passphrase: "
            "name a file that holds one, by --passphrase-file"
        )


def _told(target: Path, made: Made, *, sealed: bool) -> Iterator[str]:
    yield from (f"  {entry.name}" for entry in made.manifest.entries)
    if made.audit is not None:
        yield from about_log(made.audit)
    yield from (f"not in it: {path}" for path in made.left)
    what = "with its keys" if made.manifest.keys else "without keys and passwords"
    how = "sealed by your passphrase" if sealed else "readable by its owner alone (0600)"
    yield f"{target}: {len(made.manifest.entries)} files, {what}, {how}"


def about_log(found: Checked) -> Iterator[str]:
    """What is to be said of an audit log, in lines."""
    yield f"audit log: {found.rows} records"
    if found.unreadable:
        yield f"audit log: {found.unreadable} of them cannot be read, and are kept as they are"
    if found.broken:
        named = ", ".join(map(str, found.broken[:MOST_NAMED]))
        yield f"audit log: somebody changed it: {named} name another record than the one before"
