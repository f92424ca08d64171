"""`kioskd restore`: a backup back into its places, or onto another machine."""

import sys
from collections.abc import Iterator
from pathlib import Path

from kioskd.backup.archive import config_in, is_sealed
from kioskd.backup.backup_manifest import BackupError
from kioskd.backup.making import Kiosk
from kioskd.backup.restoring import ELSEWHERE, Restored, restore
from kioskd.commands.backup import about_log
from kioskd.commands.configuration import FAILED, OK, state_dir_of
from kioskd.config.load import check
from kioskd.delivery.database import AuditError
from kioskd.state_dir import StateDirError


def needs_passphrase(source: Path) -> bool:
    """Of a file that cannot be read `run` tells."""
    try:
        return is_sealed(source)
    except OSError:
        return False


def run(source: Path, config: Path, *, replace: bool, passphrase: str | None) -> int:
    """Exit status 0; 1 where it cannot be restored: then nothing was changed."""
    try:
        content = config_in(source, passphrase)
        kiosk = Kiosk.at(config, state_dir_of(content, config))
        restored = restore(kiosk, source, replace=replace, passphrase=passphrase)
    except BackupError as error:
        print(f"{source}: {error}", file=sys.stderr)
        return FAILED
    except (StateDirError, AuditError) as error:
        print(error, file=sys.stderr)
        return FAILED
    except OSError as error:
        where = error.filename2 or error.filename or source
        print(f"{where} cannot be used ({error.strerror})", file=sys.stderr)
        return FAILED
    print(*_told(restored, kiosk), sep="\n")
    for problem in check(config):
        print(problem, file=sys.stderr)
    return OK


def _told(restored: Restored, kiosk: Kiosk) -> Iterator[str]:
    yield from (f"  {path}" for path in restored.placed)
    if not restored.placed:
        yield "all of it was there already"
    if restored.log is not None:
        yield from about_log(restored.log.checked)
        yield f"audit log: its numbers go on under a new epoch, {restored.log.epoch}"
    yield from (f"stays as it is: {path} (it shuts doors)" for path in restored.stayed)
    yield from (f"what was there: {path}" for path in restored.asides)
    if any(path.is_relative_to(kiosk.folder / ELSEWHERE) for path in restored.placed):
        yield f"put the files in {kiosk.folder / ELSEWHERE} where config.yaml has them, by hand"
    if not restored.manifest.keys:
        yield "no keys were in it: see to signing.key and the passwords before the start"
    yield f"restored: {kiosk.config} and {kiosk.state}, of kioskd {restored.manifest.version}"
