"""That a snapshot was kept, as the record has it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """One snapshot.

    event_id   of the attempt that it shows
    refusal    why one was kept (snapshots_settings.py)
    sha256     of the sealed file, 64 hexadecimal digits
    recipient  id of the key that opens it
    """

    event_id: str
    feed: str
    refusal: str
    sha256: str
    recipient: str
