"""One finding of an inspection, and the rule that makes it: a number, two limits, a sentence.

Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal

Band = Literal["accept", "doubt", "reject"]
Group = Literal["input", "face", "light", "picture", "covered", "marks", "liveness", "identity"]

SEVERITY: tuple[Band, ...] = ("accept", "doubt", "reject")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing.

    code      of the rule, for programs
    found     the number; None: it could not be measured, or it is no number
    limits    from where it is a doubt, and from where it is rejected, as `more`/`less` says
    better    whether more of it is better, or less
    sentence  for the person who must act
    """

    code: str
    group: Group
    band: Band
    sentence: str
    found: float | None = None
    limits: tuple[float, float] | None = None
    better: Literal["more", "less"] = "more"


@dataclass(frozen=True, slots=True)
class Rule:
    """How a number becomes a finding.

    subject    what is measured, as a sentence begins
    unit       of the number, "" for none
    reject     short of it (better "more") or beyond it ("less") the image is rejected
    doubt      the same, of a doubt; never laxer than `reject`
    advice     what to do about it
    essential  whether nothing can be accepted while it could not be measured
    digits     that are shown behind the point
    worth      how well it tells, as measured, where that is little
    """

    code: str
    group: Group
    subject: str
    unit: str
    better: Literal["more", "less"]
    reject: float
    doubt: float
    advice: str
    essential: bool = True
    digits: int = 2
    worth: str = ""

    def __post_init__(self) -> None:
        if not (isfinite(self.reject) and isfinite(self.doubt)):
            raise ValueError(f"{self.code}: limits are numbers")
        if self._beyond(self.doubt, self.reject):
            first = "not above" if self.better == "more" else "not below"
            raise ValueError(f"{self.code}: the limit of rejection must be {first} that of doubt")

    def limited(self, reject: float, doubt: float) -> "Rule":
        """The rule with other limits. Raises ValueError, with a sentence."""
        return replace(self, reject=reject, doubt=doubt)

    def judge(self, found: float | None) -> Finding:
        """The finding; what is no number was not measured."""
        if found is None or not isfinite(found):
            band: Band = "doubt" if self.essential else "accept"
            return self.note(f"{self.subject} could not be measured", band)
        band = self._band(found)
        said = f"{self.subject} is {self._shown(found)}"
        if band != "accept":
            limit = self.reject if band == "reject" else self.doubt
            bound = "at least" if self.better == "more" else "at most"
            said += f", and {bound} {self._shown(limit)} is wanted: {self.advice}"
        if self.worth:
            said += f" ({self.worth})"
        return replace(self.note(said, band), found=float(found))

    def note(self, sentence: str, band: Band) -> Finding:
        """A finding of this rule that is no number."""
        limits = (self.doubt, self.reject)
        return Finding(self.code, self.group, band, sentence, None, limits, self.better)

    def _band(self, found: float) -> Band:
        if self._beyond(found, self.reject):
            return "reject"
        return "doubt" if self._beyond(found, self.doubt) else "accept"

    def _beyond(self, value: float, limit: float) -> bool:
        return value < limit if self.better == "more" else value > limit

    def _shown(self, value: float) -> str:
        return f"{value:.{self.digits}f}{' ' if self.unit else ''}{self.unit}"


def worst(findings: Sequence[Finding]) -> Band:
    """The recommendation: the most severe band of all findings; of none, reject.

    Whatever is essential and could not be measured stands among them as a doubt, so that nothing
    is accepted that was not looked at.
    """
    if not findings:
        return "reject"
    return max((each.band for each in findings), key=SEVERITY.index)
