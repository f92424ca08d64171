"""Every row of the suite, in the table's order."""

from tests.faults import broker, kills
from tests.faults.rows import ROWS

__all__ = ["ROWS", "broker", "kills"]
