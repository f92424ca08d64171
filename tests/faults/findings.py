"""What a row of the fault suite found, and how it is told."""

import math
from dataclasses import dataclass, field

HEADINGS = (
    "row",
    "faults",
    "audit rows",
    "lost",
    "chain broken",
    "positive",
    "wrongly positive",
    "came late",
    "acted on late",
    "recovery, s (at most)",
    "memory, MB",
    "descriptors",
    "day",
    "again by",
)


@dataclass
class Findings:
    """Of one row.

    faults      how often something was broken
    records     audit rows that were written
    lost        of them, those that can be found nowhere: not in the log, not at a reader
    broken      places at which the chain of the records does not hold
    positive    events that say live
    wrong       of them, those that input which must not open has made
    late        actions that reached a reader after their expiry
    acted       of them, those that a controller by our rules would have opened on
    recoveries  seconds from a fault's end to its end for kioskd, each with what it may be at most,
                which is twice the back-off where kioskd tries again
    memory      resident MB of the daemon and its captures, at the start and at the end
    handles     open descriptors of the daemon, at the start and at the end
    said        sentences for whoever reads the table
    short       what was not as it must be, a sentence each
    """

    faults: int = 0
    records: int = 0
    lost: int = 0
    broken: int = 0
    positive: int = 0
    wrong: int = 0
    late: int = 0
    acted: int = 0
    recoveries: list[tuple[float, float]] = field(default_factory=list)
    memory: tuple[float, float] | None = None
    handles: tuple[int, int] | None = None
    said: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        counted = self.lost or self.broken or self.wrong or self.acted
        return not (counted or self.short or self.slow)

    @property
    def slow(self) -> list[tuple[float, float]]:
        """Recoveries that took longer than twice the back-off."""
        return [each for each in self.recoveries if each[0] > each[1]]

    @property
    def _slowest(self) -> str:
        if not self.recoveries:
            return "-"
        took, most = max(self.recoveries, key=lambda each: (each[0] / each[1], each[0]))
        return f"{took:.1f}" if most == math.inf else f"{took:.1f} ({most:.1f})"

    def line(self, row: str, day: str, command: str) -> str:
        """A line of the table."""
        held = "-" if self.memory is None else "{:.0f} → {:.0f}".format(*self.memory)
        opened = "-" if self.handles is None else "{} → {}".format(*self.handles)
        cells: tuple[object, ...] = (
            f"`{row}`",
            self.faults,
            self.records,
            self.lost,
            self.broken,
            self.positive,
            self.wrong,
            self.late,
            self.acted,
            self._slowest,
            held,
            opened,
            day,
            f"`{command}`",
        )
        return f"| {' | '.join(map(str, cells))} |"


def heading() -> str:
    return f"| {' | '.join(HEADINGS)} |\n|{'---|' * len(HEADINGS)}"


def replaced(page: str, row: str, line: str) -> str:
    """The page, with this line of its table instead of the one before, or behind the last.

    The page may have other tables, with rows of the same names.
    """
    lines = page.splitlines()
    first = lines.index(heading().splitlines()[1]) + 1
    end = next((at for at in range(first, len(lines)) if lines[at][:1] != "|"), len(lines))
    known = [at for at in range(first, end) if lines[at].startswith(f"| `{row}` ")]
    lines[known[0] if known else end : known[0] + 1 if known else end] = [line]
    return "\n".join(lines) + "\n"
