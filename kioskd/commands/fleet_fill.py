"""`kioskd fleet fill`: records that a kiosk has and the fleet lacks, brought by hand."""

import sys
from pathlib import Path

from kioskd.commands.exit_status import OK, WRONG
from kioskd.commands.fleet import fleet, kiosk_named


def run(address: str, file: Path, kiosk: str) -> int:
    """Take what is missing, and say how much it was. Exit status 0, 1 or 2."""
    whose = kiosk_named(kiosk)
    with fleet():
        from kioskd.fleet.collector.audit_file import AuditFileError, fill
        from kioskd.fleet.database.library import connected

        try:
            with connected(address) as database:
                tally = fill(database, file, whose)
        except AuditFileError as error:
            print(error, file=sys.stderr)
            return WRONG
        aside = f", put aside {tally.aside.total()}" if tally.aside else ""
        print(f"taken {tally.rows}, there already {tally.again}{aside}")
    return OK
