"""Makes an audit log out of a backup one that can go on: of today's layout, under a new epoch.

Records that came after the backup were given the next numbers, and collectors have seen them. So
a log that was restored never goes on under the epoch it has.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kioskd.backup.backup_manifest import BackupError
from kioskd.delivery import audit_check, high_water_mark
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.audit_check import Checked

_OF_NOBODY = high_water_mark.Mark("restored", 0)  # of an epoch that no log has


@dataclass(frozen=True, slots=True)
class RestoredLog:
    """What was in it, and the name under which its numbers go on."""

    checked: Checked
    epoch: str


def begin_anew(path: Path) -> RestoredLog:
    """Raises AuditError and BackupError for a log that cannot be used."""
    checked = audit_check.check(path)
    high_water_mark.write(path.with_name(f"{path.name}.mark"), _OF_NOBODY)
    with closing(AuditLog(path)) as log:
        if log.damaged or log.begun is None:
            raise BackupError("the audit log in it is damaged")
        return RestoredLog(checked, log.epoch)
