"""When certificates end, and what to say of those that end soon."""

import time
from collections.abc import Mapping
from pathlib import Path

DAY_S = 86400.0


def end_of(file: Path, *, trusted: bool = False) -> float | None:
    """When a file of PEM certificates is of no use any more, since 1970; None: it cannot be read.

    trusted  it holds those who vouch for others: then the last of them decides, else the first
    """
    # Imported here: a kiosk without TLS starts without the library.
    from kioskd.signing.library import load_pem_x509_certificates

    try:
        found = load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        return None
    ends = [one.not_valid_after_utc.timestamp() for one in found]
    return max(ends) if trusted else min(ends)


def sentence(ends: Mapping[str, float], days: float, wall: float) -> str | None:
    """Which certificates end within so many days; None: none does.

    ends  by what each is; since 1970, as is `wall`
    """
    near = {what: end for what, end in sorted(ends.items()) if end - wall <= days * DAY_S}
    if not near:
        return None
    told = ", ".join(_one(what, end, wall) for what, end in near.items())
    return f"{told}: renew it in time, for nothing connects by a certificate that has ended"


def _one(what: str, end: float, wall: float) -> str:
    day = time.strftime("%Y-%m-%d", time.gmtime(end))
    if end <= wall:
        return f"{what} has ended on {day}"
    left = int((end - wall) // DAY_S)
    return f"{what} ends on {day}, in {left} days"
