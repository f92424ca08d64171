"""Every row of the suite, in the table's order."""

from tests.faults import (
    broker,
    camera,
    clock,
    day,
    depth,
    disk,
    fuzz,
    kills,
    lockout,
    pressure,
    reading,
    soak,
)
from tests.faults.rows import ROWS

__all__ = [
    "ROWS",
    "broker",
    "camera",
    "clock",
    "day",
    "depth",
    "disk",
    "fuzz",
    "kills",
    "lockout",
    "pressure",
    "reading",
    "soak",
]
