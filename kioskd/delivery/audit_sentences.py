"""What is to be said of the audit log, as sentences for the person who must act. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kioskd.delivery.audit import Aside, Begun

_BEGUN: Mapping[Begun, str] = {
    "gone": "is gone: somebody removed it or the disk lost it",
    "empty": "is empty: its disk or a copy has cut it off",
    "older": "is an older copy than the one last used here",
}


def damaged(moved: Sequence[Path]) -> str | None:
    if not moved:
        return None
    names = ", ".join(map(str, moved))
    return f"the audit log was damaged and moved aside to {names}: keep it, a new one is used"


def begun(why: Begun | None, path: Path) -> str | None:
    if why is None:
        return None
    return (
        f"the audit log {path} {_BEGUN[why]}. Records that the collector lacks may be lost: look "
        "for a copy. Numbers go on under a new epoch"
    )


def aside(count: int, newest: Sequence[Aside], path: Path) -> str | None:
    if not count:
        return None
    named = ", ".join(f"{row.id} ({row.why})" for row in newest)
    more = f" and {count - len(newest)} older" if count > len(newest) else ""
    records = "1 record" if count == 1 else f"{count} records"
    return (
        f"{records} of the audit log cannot be sent and will be missed by the collector: number "
        f"{named}{more}. They are kept in the table aside of {path}: save them, check the disk"
    )
