"""`kioskd fleet migrate`: the record's tables, as this version needs them."""

from kioskd.commands.exit_status import OK
from kioskd.commands.fleet import fleet


def run(address: str) -> int:
    """Make or change them, and say which migrations that took. Exit status 0, 1 or 2."""
    with fleet():
        from kioskd.fleet.database.library import connected
        from kioskd.fleet.database.migration import migrate

        with connected(address) as database:
            applied = migrate(database)
        print(f"applied: {', '.join(applied)}" if applied else "as it was")
    return OK
