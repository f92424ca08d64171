"""What is to be said of the audit log, as sentences for the person who must act. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kioskd.delivery.audit import Begun
from kioskd.delivery.audit_rows import Aside

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
        f"{records} of the audit log cannot be read or sent: number {named}{more}. The collector "
        "lacks those that the broker had not taken. They are kept in the table aside of "
        f"{path}: save them, and check the disk"
    )


def too_large(size: int, limit: float, path: Path) -> str | None:
    """Both in bytes."""
    if size <= limit:
        return None
    return (
        f"the audit log {path} holds {size / 1e6:,.0f} MB, more than audit.size_limit_mb. Nothing "
        "is deleted for this, and doors are told until the disk is full: see that the broker takes "
        "the records and that the clock is right, lower audit.keep_days, or allow more"
    )
