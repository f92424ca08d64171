"""What a look at one thing gave, as a line to read."""

import json
from dataclasses import dataclass

from kioskd.log import redacted


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line: what was looked at, whether it is well, and what was seen or is to be done."""

    subject: str
    well: bool
    sentence: str
    note: bool = False  # of what is allowed but unwise

    @property
    def verdict(self) -> str:
        return "note" if self.note else "ok" if self.well else "FAIL"

    def __str__(self) -> str:
        return f"{self.verdict:4}  {self.subject}: {redacted(self.sentence)}"

    def json(self) -> str:
        """For a program: one object on a line."""
        told = {"subject": self.subject, "verdict": self.verdict.lower()}
        return json.dumps(told | {"sentence": redacted(self.sentence)})
