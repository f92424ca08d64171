"""What a collector has done since its start: for its log, its row in the tables, and its metrics.

Written on the thread of its loop; whoever reads on another one sees numbers of this moment or of
the one before, each whole.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

from kioskd.fleet.collector.batch import KINDS, Kind
from kioskd.fleet.collector.record import Heard
from kioskd.fleet.collector.record_store import Tally

Party = Literal["cluster", "database"]
PARTIES: tuple[Party, ...] = get_args(Party)
Stage = Literal["read", "commit"]
STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(slots=True)
class Took:
    """How long batches took. `seconds`: all together, by the wall."""

    batches: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Counts:
    """Since the start.

    letters    that were committed, of each kind
    waiting    in the cluster: not handed out, or not done with; as of the last look
    behind_s   how old the newest of the last batch was when it was committed
    took       proving and reading a batch, and its transaction
    troubles   times that one of the two stopped the work
    """

    started: datetime
    tally: Tally = field(default_factory=Tally)
    letters: Counter[Kind] = field(default_factory=Counter)
    waiting: dict[Kind, int] = field(default_factory=dict)
    behind_s: dict[Kind, float] = field(default_factory=dict)
    took: dict[tuple[Kind, Stage], Took] = field(
        default_factory=lambda: {(kind, stage): Took() for kind in KINDS for stage in STAGES}
    )
    troubles: Counter[Party] = field(default_factory=Counter)
    troubled: dict[str, tuple[Party, str]] = field(default_factory=dict)

    def committed(self, kind: Kind, batch: Sequence[Heard], tally: Tally) -> None:
        self.tally.add(tally)
        self.letters[kind] += len(batch)
        newest = max(heard.at for heard in batch)
        self.behind_s[kind] = max(0.0, (datetime.now(UTC) - newest).total_seconds())

    def lasted(self, kind: Kind, stage: Stage, seconds: float) -> None:
        took = self.took[kind, stage]
        took.batches += 1
        took.seconds += seconds

    def trouble(self, part: str, party: Party, sentence: str) -> bool:
        """Whether that is new of this part."""
        before = self.troubled.get(part)
        if before is None:
            self.troubles[party] += 1
        self.troubled[part] = party, sentence
        return before != (party, sentence)

    def well(self, part: str) -> bool:
        """Whether it was not before."""
        return self.troubled.pop(part, None) is not None

    def said(self) -> dict[str, object]:
        """In a line of the log."""
        return {
            "rows": self.tally.rows,
            "again": self.tally.again,
            "aside": dict(self.tally.aside),
            "letters": self.letters.total(),
            "waiting": sum(self.waiting.values()),
        }
