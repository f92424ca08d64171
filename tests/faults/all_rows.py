"""Every row of the suite, in the table's order."""

from tests.faults import broker, camera, clock, disk, fuzz, kills, lockout, pressure, soak
from tests.faults.rows import ROWS

__all__ = [
    "ROWS",
    "broker",
    "camera",
    "clock",
    "disk",
    "fuzz",
    "kills",
    "lockout",
    "pressure",
    "soak",
]
