"""`kioskd fleet retain`: for how many days rows are kept, site by site."""

from kioskd.commands.exit_status import OK
from kioskd.commands.fleet import fleet


def run(address: str, days: int | None, site: str, *, now: bool) -> int:
    """Set it, where days are given, and print what holds; `now`: delete at once what is older.

    site  '' for every site that has none of its own
    """
    with fleet():
        from kioskd.fleet.database import retention
        from kioskd.fleet.database.library import connected

        with connected(address) as database:
            if days is not None:
                retention.keep(database, site, days)
            for named, count in retention.kept(database).items():
                print(f"{named or 'every other site':<40} {count} days")
            for what, gone in (retention.prune(database) if now else {}).items():
                print(f"deleted: {gone} of {what}")
    return OK
