"""What was sent, and what was spoilt on purpose, so that a table can be held against it."""

from collections import Counter
from dataclasses import dataclass, field

from kioskd.fleet.simulator.kiosk import Said

Json = dict[str, object]


@dataclass(slots=True)
class KioskSent:
    """Of one kiosk.

    last   the highest number of a row that was given; the first is 1
    rows   distinct rows that were sent, and so must stand in the table
    lost   numbers that were given and never sent: the gaps that must be found
    """

    epoch: str
    clock_off_s: float
    last: int = 0
    rows: int = 0
    lost: list[int] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)  # by what they are
    spoilt: Counter[str] = field(default_factory=Counter)  # by how

    def note(self, said: Said) -> None:
        """One word that was sent, or, marked lost, was not."""
        if said.spoilt:
            self.spoilt[said.spoilt] += 1
        if said.what != "row":
            self.words[said.what] += 1
            return
        self.last = max(self.last, said.seq)
        if said.spoilt == "lost":
            self.lost.append(said.seq)
        elif said.spoilt in ("", "late"):
            self.rows += 1

    def as_json(self) -> Json:
        return {
            "epoch": self.epoch,
            "clockOffS": self.clock_off_s,
            "last": self.last,
            "rows": self.rows,
            "lost": self.lost,
            **{name: self.words[name] for name in ("state", "status", "health", "alarms")},
            **{name: self.spoilt[name] for name in ("late", "again", "forged")},
        }


class Sent:
    """Of all."""

    def __init__(self) -> None:
        self.kiosks: dict[str, KioskSent] = {}
        self.messages = 0

    def note(self, said: Said) -> None:
        self.kiosks[said.kiosk].note(said)
        self.messages += said.spoilt != "lost"

    def total(self, name: str) -> int:
        """Of one of the figures that as_json has of each kiosk; of lists, how long they are."""
        figures = (each.as_json()[name] for each in self.kiosks.values())
        return sum(len(one) if isinstance(one, list) else int(str(one)) for one in figures)

    def as_json(self) -> Json:
        names = ("rows", "lost", "late", "again", "forged", "state", "status", "health", "alarms")
        clocks = sum(each.clock_off_s != 0.0 for each in self.kiosks.values())
        return {
            "messages": self.messages,
            **{name: self.total(name) for name in names},
            "clocksOff": clocks,
            "kiosks": {name: each.as_json() for name, each in self.kiosks.items()},
        }
